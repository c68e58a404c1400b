// Workloads, autoscalers and Rollouts on a real API server with its real controllers: read, raised, and given back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiextensionsV1Api,
  AppsV1Api,
  AutoscalingV2Api,
  CoreV1Api,
  CustomObjectsApi,
  PatchStrategy,
  setHeaderOptions,
  type KubeConfig,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd } from '../../sandbox/cluster/etcd.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import type { KubeConnections } from '../../src/adapters/kube-connections.ts';
import { createReplicas, type Replicas } from '../../src/adapters/replicas.ts';
import { planPrescale } from '../../src/domain/prescale.ts';
import type { ReadinessFacts, WorkloadFacts } from '../../src/domain/readiness-facts.ts';
import { servingFacts } from '../support/readiness.ts';
import { ROLLOUT_CRD } from '../support/rollout-crd.ts';

const AT = { region: 'eu-central-1', cluster: 'green' };
const NAMESPACE = 'shop';
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const ROLLOUTS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts', namespace: NAMESPACE };
const named = (kind: string, name: string) => ({ kind, namespace: NAMESPACE, name });
const WEB = named('Deployment', 'web');
const DB = named('StatefulSet', 'db');
const CANARY = named('Rollout', 'canary');
const TEMPLATE = named('Deployment', 'canary');
const OTHER = named('Deployment', 'other');
const HPA = named('HorizontalPodAutoscaler', 'web');
const ALL = [WEB, DB, CANARY, TEMPLATE, named('Service', 'web')];
const ON = { enabled: true };

let dir: string;
let processes: Processes;
let config: KubeConfig;
let replicas: Replicas;

const until = (what: string, condition: () => Promise<boolean>) => waitUntil(condition, { what, withinMs: 60_000 });
const read = () => replicas.read(AT, ALL);
const workload = async (kind: string): Promise<WorkloadFacts | undefined> =>
  (await read()).workloads.find((one) => one.kind === kind);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-replicas-'));
  processes = new Processes({ logDir: join(dir, 'log') });
  const { url: etcdUrl } = await startEtcd({ dir, processes });
  const tokenWebhookUrl = () => 'http://127.0.0.1:9/nobody';
  const planes = new KubernetesControlPlanes({ dir, processes, etcdUrl, region: AT.region, tokenWebhookUrl });
  const plane = await planes.boot({ name: AT.cluster, version: '1.36' });
  await planes.addNodes(AT.cluster, [
    { name: 'node-1', labels: {}, kubeletVersion: 'v1.36.3', providerId: 'aws:///eu-central-1a/i-1' },
  ]);
  config = kubeConfigFor(plane);
  const connections: KubeConnections = { use: (_at, run) => run((api) => config.makeApiClient(api)) };
  replicas = createReplicas(connections);
  await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: NAMESPACE } } });
  await makeApp();
}, 180_000);

afterAll(async () => {
  await processes.stopAll();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

async function makeApp(): Promise<void> {
  const apps = config.makeApiClient(AppsV1Api);
  const spec = (name: string, count: number) => ({
    replicas: count,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: `shop/${name}:1` }] } },
  });
  for (const [name, count] of [
    ['web', 2],
    ['canary', 0],
    ['other', 1],
  ] as const)
    await apps.createNamespacedDeployment({
      namespace: NAMESPACE,
      body: { metadata: { name }, spec: spec(name, count) },
    });
  const db = { metadata: { name: 'db' }, spec: { ...spec('db', 1), serviceName: 'db' } };
  await apps.createNamespacedStatefulSet({ namespace: NAMESPACE, body: db });
  await config.makeApiClient(AutoscalingV2Api).createNamespacedHorizontalPodAutoscaler({
    namespace: NAMESPACE,
    body: {
      metadata: { name: 'web' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 2,
        maxReplicas: 10,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
      },
    },
  });
}

describe('workloads of an app', () => {
  it('are read as their controllers have them, without those of others, where nobody knows Rollouts', async () => {
    await until('all to be ready', async () =>
      (await read()).workloads.every(({ ready, desired }) => ready === desired),
    );
    await until('the autoscaler’s first look', async () => (await read()).autoscalers[0]?.current === 2);
    const { workloads, autoscalers } = await read();
    const settled = { namespace: NAMESPACE, observed: true, raised: null, canary: null };
    expect(workloads).toEqual([
      { ...settled, ...TEMPLATE, desired: 0, ready: 0, updated: 0 },
      { ...settled, ...WEB, desired: 2, ready: 2, updated: 2 },
      { ...settled, ...DB, desired: 1, ready: 1, updated: 1 },
    ]);
    expect(autoscalers).toMatchObject([
      { name: 'web', target: { kind: 'Deployment', name: 'web' }, min: 2, max: 10, keptBy: null },
    ]);
    expect((await replicas.read(AT, [OTHER])).autoscalers).toEqual([]);
    expect(await replicas.read(AT, [])).toEqual({ workloads: [], autoscalers: [] });
  });

  /** What blue would have to have for these to be raised. */
  const facts = async (): Promise<ReadinessFacts> => ({ ...servingFacts('green'), workloads: { seen: await read() } });
  const blueWith = async (ready: number): Promise<ReadinessFacts> => {
    const { workloads, autoscalers } = await read();
    const there = workloads.map((one) => Object.assign({}, one, { ready, desired: ready, updated: ready }));
    return { ...servingFacts('blue'), workloads: { seen: { workloads: there, autoscalers } } };
  };

  it('become as many as blue has: by the autoscaler, and by themselves where nothing scales them', async () => {
    const { raises } = planPrescale(await facts(), await blueWith(4), ON);
    expect(raises).toEqual([
      { object: HPA, from: 2, to: 4, original: 2 },
      { object: DB, from: 1, to: 4, original: 1 },
    ]);
    // An attempt whose answer was lost is made once more.
    for (const _ of [1, 2])
      for (const { object, original, to } of raises) await replicas.raise(AT, object, { from: original, to });
    await until('four of each', async () => {
      const found = await read();
      return found.workloads
        .filter(({ kind, name }) => kind === 'StatefulSet' || name === 'web')
        .every(({ ready }) => ready === 4);
    });
    const { autoscalers } = await read();
    expect(autoscalers).toMatchObject([{ min: 4, raised: { from: 2, to: 4 } }]);
    expect(await workload('StatefulSet')).toMatchObject({ desired: 4, raised: { from: 1, to: 4 } });
    expect(planPrescale(await facts(), await blueWith(4), ON)).toEqual({ raises: [], obstacles: [] });
    expect(planPrescale(await facts(), await blueWith(6), ON).raises).toContainEqual({
      object: HPA,
      from: 4,
      to: 6,
      original: 2,
    });
  });

  it('get back what was there before, or keep what they have, and the note goes', async () => {
    await replicas.restore(AT, HPA, 2);
    await replicas.restore(AT, HPA, 2);
    await replicas.restore(AT, DB, null);
    expect((await read()).autoscalers).toMatchObject([{ min: 2, raised: null }]);
    expect(await workload('StatefulSet')).toMatchObject({ desired: 4, raised: null });
    await replicas.restore(AT, DB, 1);
    expect(await workload('StatefulSet')).toMatchObject({ desired: 1 });
  });
});

describe('a Rollout', () => {
  const api = () => config.makeApiClient(CustomObjectsApi);
  const status = (change: object) =>
    api().patchNamespacedCustomObjectStatus({ ...ROLLOUTS, name: 'canary', body: { status: change } }, MERGE);

  it('is read beside the Deployment whose template it takes, which is then none of the app', async () => {
    const body = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'canary' },
      spec: { replicas: 2, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'canary' } },
    };
    await config.makeApiClient(ApiextensionsV1Api).createCustomResourceDefinition({ body: ROLLOUT_CRD });
    await until('Rollouts to be served', async () =>
      api()
        .createNamespacedCustomObject({ ...ROLLOUTS, body })
        .then(
          () => true,
          () => false,
        ),
    );
    await status({
      observedGeneration: '1',
      phase: 'Healthy',
      stableRS: 'abc',
      currentPodHash: 'abc',
      readyReplicas: 2,
      updatedReplicas: 2,
    });
    expect((await read()).workloads.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'Deployment web',
      'StatefulSet db',
      'Rollout canary',
    ]);
    expect(await workload('Rollout')).toMatchObject({
      ready: 2,
      observed: true,
      canary: { phase: 'Healthy', pauses: [], aborted: false, stable: true },
    });
  });

  it('tells that it is paused in the middle of a canary, and that it was aborted', async () => {
    await status({
      phase: 'Paused',
      currentPodHash: 'def',
      controllerPause: true,
      pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '2026-11-21T10:00:00Z' }],
    });
    expect((await workload('Rollout'))?.canary).toMatchObject({
      phase: 'Paused',
      pauses: ['CanaryPauseStep'],
      stable: false,
    });
    await status({ phase: 'Degraded', abort: true, pauseConditions: null, message: 'RolloutAborted: by a person' });
    expect((await workload('Rollout'))?.canary).toMatchObject({
      aborted: true,
      pauses: [],
      message: 'RolloutAborted: by a person',
    });
  });

  it('is raised and given back by its own scale', async () => {
    await replicas.raise(AT, CANARY, { from: 2, to: 5 });
    expect(await workload('Rollout')).toMatchObject({ desired: 5, raised: { from: 2, to: 5 }, observed: false });
    await replicas.restore(AT, CANARY, 2);
    expect(await workload('Rollout')).toMatchObject({ desired: 2, raised: null });
  });
});
