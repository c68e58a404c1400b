import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
  type KubeConfig,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startArgoCd, type ArgoCd } from '../../sandbox/argocd/argo-cd.ts';
import { CLUSTER_LABELS } from '../../sandbox/argocd/application-sets.ts';
import { registerCluster, syncAll } from '../../sandbox/argocd/seed.ts';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd } from '../../sandbox/cluster/etcd.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import type { ControlPlane } from '../../sandbox/contracts.ts';
import { DEVELOPERS_APPS, PLATFORM_APPS } from '../../sandbox/gitops/catalog.ts';
import { makeGitOpsRepository } from '../../sandbox/gitops/repository.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { planWaves } from '../../src/domain/waves.ts';

const REGION = 'eu-west-1';
const BLUE = 'test-1-33';
const KEY = { accessKeyId: 'AKIAARGOCDARGOCDARGO', secretAccessKey: 'argocd-secret' };
const APPLICATIONS = { group: 'argoproj.io', version: 'v1alpha1', namespace: 'argocd', plural: 'applications' };
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const WAIT = { withinMs: 60_000 };

let dir: string;
let processes: Processes;
let webhook: Server;
let manager: ControlPlane;
let blue: ControlPlane;
let argoCd: ArgoCd;
let revision: string;
let ofManager: KubeConfig;
let ofBlue: KubeConfig;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'argocd-'));
  processes = new Processes({ logDir: join(dir, 'logs') });
  webhook = await startTokenWebhook();
  const address = webhook.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const etcd = await startEtcd({ dir, processes });
  const controlPlanes = new KubernetesControlPlanes({
    dir,
    processes,
    region: REGION,
    etcdUrl: etcd.url,
    tokenWebhookUrl: (cluster) => `http://127.0.0.1:${port}/${cluster}`,
  });
  [manager, blue] = await Promise.all([
    controlPlanes.boot({ name: 'manager', version: '1.36' }),
    controlPlanes.boot({ name: BLUE, version: '1.33' }),
  ]);
  ofManager = kubeConfigFor(manager);
  ofBlue = kubeConfigFor(blue);
  await controlPlanes.addNodes(
    BLUE,
    ['a', 'b', 'c'].map((zone) => ({
      name: `ip-10-0-0-${zone}`,
      labels: { 'eks.amazonaws.com/nodegroup': 'main' },
      kubeletVersion: 'v1.33.0',
      providerId: `aws:///${REGION}${zone}/i-${zone}`,
    })),
  );
  const environment = { name: 'test', region: REGION, zone: 'example.test', externalDnsIntervalMs: 1000 };
  const repository = await makeGitOpsRepository({ dir: join(dir, 'gitops'), environments: [environment] });
  revision = repository.revision;
  const before = Date.now();
  argoCd = await startArgoCd({
    dir: join(dir, 'argocd'),
    processes,
    manager,
    aws: { region: REGION, key: KEY },
    repositoryUrl: repository.url,
    environment: environment.name,
  });
  console.log(`Argo CD ready in ${Date.now() - before} ms`);
}, 120_000);

afterAll(async () => {
  await processes.stopAll();
  webhook.close();
  await rm(dir, { recursive: true });
}, 60_000);

describe('Argo CD', () => {
  it('makes an Application of every app for a registered cluster, and installs nothing by itself', async () => {
    await registerCluster(manager, {
      ...blue,
      labels: {
        [CLUSTER_LABELS.environment]: 'test',
        [CLUSTER_LABELS.platform]: 'enabled',
        [CLUSTER_LABELS.apps]: 'enabled',
      },
    });
    const expected = [...PLATFORM_APPS, ...DEVELOPERS_APPS].map(({ name }) => `${name}-${BLUE}`);
    await waitUntil(async () => (await applications()).length === expected.length, {
      what: 'all Applications',
      ...WAIT,
    });
    await waitUntil(async () => (await applications()).every(({ status }) => status?.sync?.status === 'OutOfSync'), {
      what: 'all Applications compared',
      ...WAIT,
    });
    const made = await applications();
    expect(new Set(made.map(({ metadata }) => metadata.name))).toEqual(new Set(expected));
    const policy = made.find(({ metadata }) => metadata.name === `policy-${BLUE}`);
    expect(policy.metadata.labels).toMatchObject({
      'eksodus.dev/cluster': BLUE,
      'eksodus.dev/app': 'policy',
      'eksodus.dev/tier': 'platform',
    });
    expect(policy.metadata.annotations['eksodus.dev/needs']).toBe('crds');
    expect(policy.metadata.finalizers).toEqual(['resources-finalizer.argocd.argoproj.io']);
    expect(made.filter(({ metadata }) => metadata.labels['eksodus.dev/tier'] === 'app')).toHaveLength(3);
    expect(made.filter(({ operation, status }) => operation ?? status.operationState)).toEqual([]);
  });

  it('brings the platform to Synced and Healthy in the order of needs', async () => {
    const before = Date.now();
    await syncAll(manager, {
      cluster: BLUE,
      waves: planWaves(PLATFORM_APPS.map(({ name, needs }) => ({ app: name, needs }))),
    });
    console.log(`platform Synced and Healthy in ${Date.now() - before} ms`);
    const state = new Map((await applications()).map((app) => [app.metadata.name, app.status]));
    for (const { name, needs } of PLATFORM_APPS) {
      const status = state.get(`${name}-${BLUE}`);
      expect(status).toMatchObject({
        sync: { status: 'Synced', revision },
        health: { status: 'Healthy' },
        operationState: { phase: 'Succeeded' },
      });
      for (const need of needs) {
        const { finishedAt } = state.get(`${need}-${BLUE}`).operationState;
        expect(Date.parse(status.operationState.startedAt)).toBeGreaterThanOrEqual(Date.parse(finishedAt));
      }
    }
  });

  it('brings the developers’ apps to Synced, and to Healthy once they have load balancers', async () => {
    const before = Date.now();
    const waves = [DEVELOPERS_APPS.map(({ name }) => name)];
    const synced = syncAll(manager, { cluster: BLUE, waves });
    const networking = ofBlue.makeApiClient(NetworkingV1Api);
    const ingresses = async (): Promise<any[]> => (await networking.listIngressForAllNamespaces()).items;
    await waitUntil(async () => (await ingresses()).length === DEVELOPERS_APPS.length, { what: 'Ingresses', ...WAIT });
    for (const { metadata } of await ingresses()) {
      const { name, namespace } = metadata;
      const hostname = `k8s-${name}.${REGION}.elb.amazonaws.com`;
      const body = { status: { loadBalancer: { ingress: [{ hostname }] } } };
      await networking.patchNamespacedIngressStatus({ name, namespace, body }, MERGE);
    }
    await synced;
    console.log(`developers' apps Synced and Healthy in ${Date.now() - before} ms`);
    const all = await applications();
    expect(all.map(({ status }) => `${status.sync.status} ${status.health.status}`)).toEqual(
      Array(8).fill('Synced Healthy'),
    );
  });

  it('renders with the name of the cluster and the values of the environment', async () => {
    const apps = ofBlue.makeApiClient(AppsV1Api);
    const dns = await apps.readNamespacedDeployment({ name: 'external-dns', namespace: 'external-dns' });
    const args = dns.spec?.template.spec?.containers[0]?.args;
    expect(args).toEqual(
      expect.arrayContaining([`--txt-owner-id=${BLUE}`, '--domain-filter=example.test', '--interval=1000ms']),
    );
    const ingress = await ofBlue
      .makeApiClient(NetworkingV1Api)
      .readNamespacedIngress({ name: 'messages', namespace: 'messages' });
    expect(ingress.spec?.rules?.map(({ host }) => host)).toEqual(['messages.example.test']);
    expect(ingress.metadata?.annotations).toMatchObject({
      'external-dns.alpha.kubernetes.io/ingress-hostname-source': 'annotation-only',
      'external-dns.alpha.kubernetes.io/hostname': `messages.${BLUE}.example.test`,
    });
  });

  it('leaves the number of replicas to whoever changed it', async () => {
    const apps = ofBlue.makeApiClient(AppsV1Api);
    const messages = { name: 'messages', namespace: 'messages' };
    await apps.patchNamespacedDeployment({ ...messages, body: { spec: { replicas: 4 } } }, MERGE);
    await syncAll(manager, { cluster: BLUE, waves: [['messages']] });
    expect((await apps.readNamespacedDeployment(messages)).spec?.replicas).toBe(4);
  });

  it('says why when a sync fails', async () => {
    const core = ofBlue.makeApiClient(CoreV1Api);
    const quota = { metadata: { name: 'no-services' }, spec: { hard: { 'count/services': '0' } } };
    await core.createNamespacedResourceQuota({ namespace: 'files', body: quota });
    await core.deleteNamespacedService({ name: 'files', namespace: 'files' });
    const waves = [['files']];
    await expect(syncAll(manager, { cluster: BLUE, waves })).rejects.toThrow(/sync of files-.* exceeded quota/s);
    await core.deleteNamespacedResourceQuota({ name: 'no-services', namespace: 'files' });
    await syncAll(manager, { cluster: BLUE, waves });
  });

  it('listens on loopback only', () => {
    const own = processes.running.filter(({ name }) => name.startsWith('argocd-'));
    const addresses = own.map(({ name, pid }): [string, string[]] => [name, [...new Set(listeners(pid))]]);
    expect(Object.fromEntries(addresses)).toEqual({
      'argocd-application-controller': ['127.0.0.1'],
      'argocd-applicationset-controller': ['127.0.0.1'],
      'argocd-redis': ['127.0.0.1'],
      'argocd-repo-server': ['127.0.0.1'],
    });
  });

  it('removes the developers’ apps, and nothing else, when the cluster loses their label', async () => {
    const secret = { name: `cluster-${BLUE}`, namespace: 'argocd' };
    const body = { metadata: { labels: { [CLUSTER_LABELS.apps]: null } } };
    const before = Date.now();
    await ofManager.makeApiClient(CoreV1Api).patchNamespacedSecret({ ...secret, body }, MERGE);
    await waitUntil(async () => (await applications()).length === PLATFORM_APPS.length, {
      what: 'the developers’ Applications to go',
      ...WAIT,
    });
    console.log(`developers' apps gone in ${Date.now() - before} ms`);
    const deployments = await ofBlue.makeApiClient(AppsV1Api).listDeploymentForAllNamespaces();
    const left = deployments.items.map(({ metadata }) => metadata?.name);
    expect(new Set(left)).toEqual(new Set(['external-dns', 'policy-engine']));
    const ingresses = await ofBlue.makeApiClient(NetworkingV1Api).listIngressForAllNamespaces();
    expect(ingresses.items).toEqual([]);
    expect((await applications()).every(({ status }) => status.sync.status === 'Synced')).toBe(true);
  });

  it('ends all its processes when stopped', async () => {
    for (const { name, pid } of processes.running) console.log(`${name} ${rssMb(pid)} MB`);
    await argoCd.stop();
    expect(processes.running.filter(({ name }) => name.startsWith('argocd-'))).toEqual([]);
  });
});

async function applications(): Promise<any[]> {
  const list: any = await ofManager.makeApiClient(CustomObjectsApi).listNamespacedCustomObject(APPLICATIONS);
  return list.items;
}

/** Takes EKS tokens that are signed with Argo CD's access key. It does not check signatures: the AWS gateway's does. */
async function startTokenWebhook(): Promise<Server> {
  const review = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked: any = await json(request);
    const presigned = Buffer.from(asked.spec.token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString();
    const authenticated = presigned.includes(`X-Amz-Credential=${KEY.accessKeyId}%2F`);
    const user = { username: 'arn:aws:iam::111122223333:user/argocd', groups: ['system:masters'] };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...asked, status: authenticated ? { authenticated, user } : { authenticated } }));
  };
  const server = createServer((request, response) => void review(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

/** Addresses on which a process accepts TCP connections. */
function listeners(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''];
      } catch {
        return [];
      }
    }),
  );
  const LISTEN = '0A';
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && sockets.has(fields[9] ?? ''))
      .map((fields) => (fields[1] ?? '').split(':')[0] ?? '')
      .map((address) => (address === '0100007F' ? '127.0.0.1' : `${table} ${address}`)),
  );
}

function rssMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
