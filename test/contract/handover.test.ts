// A CronJob of every minute moves between two real clusters and back while Argo CD heals both: no run is lost or doubled.
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppsV1Api, BatchV1Api, CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHandoverWork } from '../../activities/handover.ts';
import type { HandoverActivities } from '../../activities/ports.ts';
import { startArgoCd } from '../../sandbox/argocd/argo-cd.ts';
import { apply } from '../../sandbox/argocd/manifests.ts';
import { registerCluster } from '../../sandbox/argocd/seed.ts';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd } from '../../sandbox/cluster/etcd.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import type { ControlPlane } from '../../sandbox/contracts.ts';
import { makeGitOpsRepository } from '../../sandbox/gitops/repository.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { judgeRuns, recordRuns, turnsOf, type CronRun } from '../../sandbox/rehearsal/cron-runs.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import type { Dependencies } from '../../src/adapters/index.ts';
import { createKubeConnections } from '../../src/adapters/kube-connections.ts';
import { createKubeWorkloads, type KubeWorkloads } from '../../src/adapters/kube-workloads.ts';
import type { HandoverWorkload } from '../../src/domain/environment.ts';
import type { AppStatus } from '../../src/domain/status.ts';
import * as messages from '../../workflows/messages.ts';
import { BLUE, GREEN, holds, migrationScene, until } from '../support/migration-scene.ts';
import { TestTemporal } from '../support/temporal.ts';
import { application } from '../support/argo-application.ts';

const REGION = 'eu-west-1';
const KEY = { accessKeyId: 'AKIAEKSODUSEKSODUS00', secretAccessKey: 'secret' };
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const WAIT = { withinMs: 90_000 };
const report: HandoverWorkload = { kind: 'CronJob', namespace: 'nightly', name: 'report' };
const mailer: HandoverWorkload = { kind: 'Deployment', namespace: 'nightly', name: 'mailer' };
const workloads = [report, mailer];
const actor = { environment: 'stg', region: REGION, run: 'upgrade/stg/1' };

let dir: string;
let processes: Processes;
let webhook: Server;
let clusters: Record<'manager' | 'blue' | 'green', ControlPlane>;
let real: HandoverActivities;
let kube: KubeWorkloads;
/** The group of whoever signs in. */
let group = 'system:masters';
let temporal: TestTemporal;
let repositoryUrl: string;
const runs = new Map<string, CronRun>();
const recording = new AbortController();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'handover-'));
  processes = new Processes({ logDir: join(dir, 'logs') });
  webhook = await startTokenWebhook();
  const address = webhook.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const etcd = await startEtcd({ dir, processes });
  const tokenWebhookUrl = (cluster: string): string => `http://127.0.0.1:${port}/${cluster}`;
  const planes = new KubernetesControlPlanes({ dir, processes, region: REGION, etcdUrl: etcd.url, tokenWebhookUrl });
  const environment = { name: 'test', region: REGION, zone: 'example.test', externalDnsIntervalMs: 60_000 };
  const [manager, blue, green, repository, started] = await Promise.all([
    planes.boot({ name: 'manager', version: '1.36' }),
    planes.boot({ name: BLUE, version: '1.33' }),
    planes.boot({ name: GREEN, version: '1.36' }),
    makeGitOpsRepository({ dir: join(dir, 'gitops'), environments: [environment] }),
    TestTemporal.start(),
  ]);
  temporal = started;
  clusters = { manager, blue, green };
  for (const { name } of [blue, green])
    await planes.addNodes(name, [
      { name: `node-${name}`, labels: {}, kubeletVersion: 'v1.33.0', providerId: `aws:///${REGION}a/i-${name}` },
    ]);
  await startArgoCd({
    dir: join(dir, 'argocd'),
    processes,
    manager,
    aws: { region: REGION, key: KEY },
    repositoryUrl: repository.url,
    environment: environment.name,
  });
  for (const cluster of [blue, green]) await registerCluster(manager, { ...cluster, labels: {} });
  const of: Pick<Dependencies, 'aws'> = { aws: asEks([manager, blue, green]) };
  const connections = createKubeConnections(of.aws, systemClock);
  kube = createKubeWorkloads(connections, systemClock);
  real = createHandoverWork({
    workloads: kube,
    clock: systemClock,
  } as Dependencies);
  await apply(kubeConfigFor(manager), [application('nightly', { cluster: BLUE, repositoryUrl: repository.url })]);
  await waitUntil(async () => (await sizesOn('blue')).join() === '1,1', { what: 'nightly on blue', ...WAIT });
  void recordRuns(report, () => [blue, green], { seen: runs, signal: recording.signal });
  repositoryUrl = repository.url;
}, 180_000);

afterAll(async () => {
  recording.abort();
  await temporal.stop();
  await processes.stopAll();
  webhook.close();
  await rm(dir, { recursive: true });
}, 60_000);

describe('a CronJob of every minute and a singleton, healed by Argo CD in both clusters', () => {
  it('comes to green stopped, although Git has it run, and stays so through syncs', async () => {
    // As bootstrap does: first the stopped copies, then Argo CD.
    expect(await real.copyStopped({ actor, from: BLUE, to: GREEN, workloads })).toEqual({ missing: [] });
    await apply(kubeConfigFor(clusters.manager), [application('nightly', { cluster: GREEN, repositoryUrl })]);
    await waitUntil(async () => (await stateOf(GREEN)) === 'Synced Healthy', { what: 'nightly on green', ...WAIT });
    await syncNow(GREEN);
    expect(await sizesOn('green')).toEqual([0, 0]);
    expect(turnsOf([...runs.values()])).not.toContain(GREEN);
  });

  it('moves, is taken back, and no run is lost or doubled', async () => {
    const app = {
      hosts: [],
      checks: [],
      steps: [{ greenPercent: 100, bakeSeconds: 0 }],
      handover: { maxGapSeconds: 60, workloads, idle: [] },
    };
    await migrationScene(temporal, { app, environment: { region: REGION }, activities: real }, async ({ move }) => {
      await waitUntil(async () => runs.size > 0, { what: 'a run on blue', ...WAIT });
      // So that neither side runs when the next minute comes: it must be made up for.
      await justBeforeAMinute();
      const moving = await move();
      const moved = await until(moving, ({ state }) => state === 'on-green');
      console.log(`moved with a gap of ${gapOf(moved)} s`);
      expect([await sizesOn('blue'), await sizesOn('green')]).toEqual([
        [0, 0],
        [1, 1],
      ]);
      await waitUntil(async () => turnsOf([...runs.values()]).at(-1) === GREEN, { what: 'a run on green', ...WAIT });
      await syncNow(BLUE);
      expect(await sizesOn('blue')).toEqual([0, 0]);

      // Now in the middle of a minute: what green has run for it must not be run again.
      await moving.executeUpdate(messages.abortUpdate, { args: [{ by: 'ana', role: 'developer', reason: 'test' }] });
      const back = await until(moving, holds('aborted'));
      console.log(`taken back with a gap of ${gapOf(back)} s`);
      await waitUntil(async () => turnsOf([...runs.values()]).length === 3, { what: 'a run on blue again', ...WAIT });
      const lastMinute = Math.max(...[...runs.values()].map(({ minute }) => minute));
      await waitUntil(async () => [...runs.values()].some(({ minute }) => minute > lastMinute), {
        what: 'the run after it',
        ...WAIT,
      });
      const seen = [...runs.values()];
      console.log(`runs: ${seen.map(({ minute, cluster }) => `${minute} ${cluster}`).join(', ')}`);
      expect(judgeRuns(seen)).toEqual([]);
      expect(turnsOf(seen)).toEqual([BLUE, GREEN, BLUE]);
      // Argo CD is content with both, and no note of ours is left.
      await waitUntil(async () => (await stateOf(BLUE)) === 'Synced Healthy', { what: 'nightly Healthy', ...WAIT });
      expect(await stateOf(GREEN)).toBe('Synced Healthy');
      for (const cluster of [BLUE, GREEN])
        for (const { stopped } of await real.lookAtWorkloads({ actor, cluster, workloads })) expect(stopped).toBeNull();
    });
  }, 400_000);

  it('is seen among all that run', async () => {
    const running = await kube.cronJobs({ region: REGION, cluster: BLUE });
    expect(running).toEqual([report]);
    expect(await kube.cronJobs({ region: REGION, cluster: GREEN })).toEqual([]);
  });

  it('is known to be allowed before anything is stopped', async () => {
    const denied = (workload: HandoverWorkload) => kube.denied({ region: REGION, cluster: BLUE }, workload);
    // API servers remember for some seconds who somebody is.
    const becomes = async (another: string, mayNot: number): Promise<void> => {
      group = another;
      const known = async (): Promise<boolean> => (await denied(report)).length === mayNot;
      await waitUntil(known, { what: `to be known as ${another}`, ...WAIT });
    };
    for (const workload of workloads) expect(await denied(workload)).toEqual([]);
    await becomes('nobody', 4);
    expect(await denied(report)).toEqual(['get cronjobs', 'patch cronjobs', 'patch cronjobs/status', 'list jobs']);
    expect(await denied(mailer)).toEqual(['get deployments', 'patch deployments', 'list pods']);
    await becomes('system:masters', 0);
  });

  it('does not start what has changed since it was looked at', async () => {
    const [cron] = await real.lookAtWorkloads({ actor, cluster: GREEN, workloads: [report] });
    const start = { workload: report, version: cron?.version ?? '', size: 1, lastRunAt: null, lastSuccessAt: null };
    // A stop that came in between, though there was nothing to stop.
    await real.stopWorkloads({ actor, cluster: GREEN, workloads: [report] });
    expect(await real.startWorkloads({ actor, cluster: GREEN, starts: [start] })).toEqual({ started: false });
    expect(await sizesOn('green')).toEqual([0, 0]);
  });
});

const gapOf = ({ handover }: AppStatus): number | undefined =>
  handover && 'gapSeconds' in handover ? handover.gapSeconds : undefined;

/** A handover then spans the change of the minute: stopping and the proof take five seconds and more. */
async function justBeforeAMinute(): Promise<void> {
  const LEAD_MS = 3_000;
  const toNext = 60_000 - (Date.now() % 60_000);
  await sleep(toNext > LEAD_MS ? toNext - LEAD_MS : toNext + 60_000 - LEAD_MS);
}

/** Of the CronJob and of the Deployment. */
async function sizesOn(colour: 'blue' | 'green'): Promise<number[]> {
  const config = kubeConfigFor(clusters[colour]);
  const cron = await config.makeApiClient(BatchV1Api).readNamespacedCronJob({ namespace: 'nightly', name: 'report' });
  const deployment = await config
    .makeApiClient(AppsV1Api)
    .readNamespacedDeployment({ namespace: 'nightly', name: 'mailer' });
  return [cron.spec.suspend ? 0 : 1, deployment.spec?.replicas ?? 1];
}

const APPLICATIONS = { group: 'argoproj.io', version: 'v1alpha1', namespace: 'argocd', plural: 'applications' };
const argo = (): CustomObjectsApi => kubeConfigFor(clusters.manager).makeApiClient(CustomObjectsApi);
const read = (cluster: string): Promise<any> =>
  argo().getNamespacedCustomObject({ ...APPLICATIONS, name: `nightly-${cluster}` });

async function stateOf(cluster: string): Promise<string> {
  const { status } = await read(cluster);
  return `${status?.sync?.status} ${status?.health?.status}`;
}

/** A sync of its own, which writes whatever Argo CD thinks should be there. */
async function syncNow(cluster: string): Promise<void> {
  const name = `nightly-${cluster}`;
  const id = `${Date.now()}`;
  const operation = {
    info: [{ name: 'test', value: id }],
    sync: { syncOptions: ['CreateNamespace=true', 'RespectIgnoreDifferences=true'] },
  };
  await argo().patchNamespacedCustomObject({ ...APPLICATIONS, name, body: { operation } }, MERGE);
  await waitUntil(
    async () => {
      const { status } = await read(cluster);
      const { phase, operation: of } = status?.operationState ?? {};
      // The one before it may have been Argo CD's own, which has no info.
      const info: readonly { value: string }[] = of?.info ?? [];
      return phase === 'Succeeded' && info.some(({ value }) => value === id);
    },
    { what: `a sync of ${name}`, ...WAIT },
  );
}

/** What the adapters ask of EKS, answered with the control planes that are there. */
function asEks(planes: readonly ControlPlane[]): Dependencies['aws'] {
  const findCluster = async (name: string): Promise<unknown> => planes.find((one) => one.name === name) ?? null;
  return (() => ({ eks: { findCluster }, credentials: async () => KEY })) as unknown as Dependencies['aws'];
}

/** Takes EKS tokens that are signed with our access key. It does not check signatures: the AWS gateway's does. */
async function startTokenWebhook(): Promise<Server> {
  const review = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked: any = await json(request);
    const presigned = Buffer.from(asked.spec.token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString();
    const authenticated = presigned.includes(`X-Amz-Credential=${KEY.accessKeyId}%2F`);
    const user = { username: 'arn:aws:iam::111122223333:user/test', groups: [group] };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...asked, status: authenticated ? { authenticated, user } : { authenticated } }));
  };
  const server = createServer((request, response) => void review(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}
