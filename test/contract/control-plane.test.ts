import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AdmissionregistrationApi,
  ApiException,
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  PolicyV1Api,
  VersionApi,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlPlane } from '../../sandbox/contracts.ts';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd, wipeCluster } from '../../sandbox/cluster/etcd.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';

const REGION = 'eu-central-1';
const GROUP = { 'eks.amazonaws.com/nodegroup': 'main' };

let dir: string;
let processes: Processes;
let etcdUrl: string;
let webhook: Server;
let planes: KubernetesControlPlanes;
let blue: ControlPlane;
let green: ControlPlane;

/** Stands for the AWS side: takes the token `<cluster>:<group>` for a member of that group, in that cluster only. */
function review(url: string, token: string) {
  const cluster = new URL(url, 'http://x').pathname.split('/').at(-1);
  const [of, ...group] = token.split(':');
  if (of !== cluster) return { authenticated: false, error: 'no entry' };
  return { authenticated: true, user: { username: 'someone', groups: [group.join(':')] } };
}

const reviewTokens = () =>
  createServer((request, response) => {
    const answer = async () => {
      const { spec, apiVersion, kind }: any = await json(request);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion, kind, status: review(request.url ?? '', spec.token) }));
    };
    void answer();
  });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-control-plane-'));
  processes = new Processes({ logDir: join(dir, 'log') });
  webhook = reviewTokens().listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  const { port } = webhook.address() as AddressInfo;
  ({ url: etcdUrl } = await startEtcd({ dir, processes }));
  planes = new KubernetesControlPlanes({
    dir,
    processes,
    etcdUrl,
    region: REGION,
    tokenWebhookUrl: (cluster) => `http://127.0.0.1:${port}/authenticate/${cluster}`,
  });
  [blue, green] = await Promise.all([
    planes.boot({ name: 'blue', version: '1.33' }),
    planes.boot({ name: 'green', version: '1.36' }),
  ]);
}, 180_000);

afterAll(async () => {
  await processes.stopAll();
  webhook.closeAllConnections();
  webhook.close();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

const admin = (controlPlane: ControlPlane) => kubeConfigFor(controlPlane);
const core = (controlPlane: ControlPlane) => admin(controlPlane).makeApiClient(CoreV1Api);
const within = (what: string) => ({ what, withinMs: 60_000 });

function withToken({ name, endpoint, caData }: ControlPlane, token?: string): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name, server: endpoint, caData, skipTLSVerify: false },
    { name: 'x', ...(token === undefined ? {} : { token }) },
  );
  return config.makeApiClient(CoreV1Api);
}

/** The status code with which a call is refused. */
async function refusal(call: Promise<unknown>): Promise<number> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiException) return error.code;
    throw error;
  }
  throw new Error('the call was not refused');
}

const aNode = (name: string, nodegroup: string) => ({
  name,
  labels: { 'eks.amazonaws.com/nodegroup': nodegroup, 'topology.kubernetes.io/zone': 'eu-central-1a' },
  kubeletVersion: 'v1.33.5-eks-3025e55',
  providerId: `aws:///eu-central-1a/i-${name}`,
});

const pod = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'main', image: 'registry.example/none:1' }] },
});

describe('versions', () => {
  it('are served as by the minor that was asked for', async () => {
    const groupVersions = async (controlPlane: ControlPlane) =>
      (await admin(controlPlane).makeApiClient(AdmissionregistrationApi).getAPIGroup()).versions.map(
        ({ version }) => version,
      );
    const minor = async (controlPlane: ControlPlane) =>
      (await admin(controlPlane).makeApiClient(VersionApi).getCode()).emulationMinor;
    expect(await groupVersions(blue)).toEqual(expect.arrayContaining(['v1', 'v1beta1']));
    expect(await groupVersions(green)).toContain('v1');
    expect(await groupVersions(green)).not.toContain('v1beta1');
    expect([await minor(blue), await minor(green)]).toEqual(['33', '36']);
  });

  it('that the server cannot emulate fail with its own words, and leave nothing', async () => {
    await expect(planes.boot({ name: 'old', version: '1.20' })).rejects.toThrow(
      /old\.kube-apiserver: ended with exit code 1.*1\.20/s,
    );
    expect(processes.running.filter(({ name }) => name.startsWith('old.'))).toEqual([]);
    expect(existsSync(join(dir, 'clusters', 'old'))).toBe(false);
    expect(planes.get('old')).toBeUndefined();
  });
});

describe('identity', () => {
  it('is EKS-like and each cluster’s own', async () => {
    expect(blue.issuer).toMatch(/^https:\/\/oidc\.eks\.eu-central-1\.amazonaws\.com\/id\/[0-9A-F]{32}$/);
    expect(new Set([blue.issuer, green.issuer]).size).toBe(2);
    expect(new Set([blue.caData, green.caData]).size).toBe(2);
    const body = { spec: { audiences: [] } };
    const { status } = await core(blue).createNamespacedServiceAccountToken({
      name: 'default',
      namespace: 'default',
      body,
    });
    const claims = JSON.parse(Buffer.from(status?.token?.split('.')[1] ?? '', 'base64url').toString());
    expect(claims.iss).toBe(blue.issuer);
    expect(await refusal(withToken(green, status?.token).listNamespace())).toBe(401);
  });

  it('is refused without a token, with a wrong one, and with another cluster’s', async () => {
    expect(await refusal(withToken(blue).listNamespace())).toBe(403);
    expect(await refusal(withToken(blue, 'wrong').listNamespace())).toBe(401);
    expect(await refusal(withToken(blue, green.adminToken).listNamespace())).toBe(401);
    expect(await refusal(withToken(blue, 'green:system:masters').listNamespace())).toBe(401);
  });

  it('that the webhook vouches for has the rights of its access policy', async () => {
    const view = withToken(blue, 'blue:eks:policy:view');
    expect((await view.listNamespacedPod({ namespace: 'default' })).items).toEqual([]);
    const secret = { namespace: 'default', body: { metadata: { generateName: 's-' } } };
    expect(await refusal(view.createNamespacedSecret(secret))).toBe(403);
    const edit = withToken(blue, 'blue:eks:policy:edit');
    expect((await edit.createNamespacedSecret(secret)).metadata?.name).toMatch(/^s-/);
    const grant = { namespace: 'default', name: 'x' };
    expect(await refusal(edit.deleteNamespacedServiceAccount(grant))).toBe(404);
    expect(await refusal(withToken(blue, 'blue:eks:policy:admin').listNode())).toBe(403);
    expect((await withToken(blue, 'blue:system:masters').listNode()).items).toBeInstanceOf(Array);
    expect(await refusal(withToken(blue, 'blue:nobody').listNamespace())).toBe(403);
  });

  it('of the sandbox is in a kubeconfig file that only we can read', async () => {
    const config = new KubeConfig();
    config.loadFromFile(blue.kubeconfig);
    const names = (await config.makeApiClient(CoreV1Api).listNamespace()).items.map(({ metadata }) => metadata?.name);
    expect(names).toEqual(expect.arrayContaining(['default', 'kube-system']));
  });
});

describe('nodes', () => {
  it('become Ready with what was asked for, and pods become Ready on them', async () => {
    await planes.addNodes('blue', [aNode('one', 'main'), aNode('two', 'main'), aNode('other', 'spare')]);
    expect(await planes.nodesReady('blue', GROUP)).toBe(true);
    const node = await core(blue).readNode({ name: 'one' });
    expect(node.metadata?.labels).toMatchObject({
      ...aNode('one', 'main').labels,
      'kubernetes.io/hostname': 'one',
      'kubernetes.io/os': 'linux',
    });
    expect(node.spec?.providerID).toBe('aws:///eu-central-1a/i-one');
    expect(node.status).toMatchObject({
      nodeInfo: { kubeletVersion: 'v1.33.5-eks-3025e55' },
      allocatable: { cpu: '16', memory: '64Gi', pods: '110' },
    });

    const apps = admin(blue).makeApiClient(AppsV1Api);
    const selector = { matchLabels: { app: 'web' } };
    const template = pod('web');
    const body = {
      metadata: { name: 'web' },
      spec: { replicas: 3, selector, template: { ...template, spec: { ...template.spec, nodeSelector: GROUP } } },
    };
    await apps.createNamespacedDeployment({ namespace: 'default', body });
    await waitUntil(
      async () =>
        (await apps.readNamespacedDeployment({ namespace: 'default', name: 'web' })).status?.readyReplicas === 3,
      within('three pods'),
    );
    const pods = (await core(blue).listNamespacedPod({ namespace: 'default', labelSelector: 'app=web' })).items;
    expect(pods.map(({ metadata }) => metadata?.labels?.['app'])).toEqual(['web', 'web', 'web']);
    expect(pods.filter(({ spec }) => spec?.nodeName !== 'one' && spec?.nodeName !== 'two')).toEqual([]);
    expect((await core(green).listPodForAllNamespaces()).items).toEqual([]);
  }, 120_000);

  it('go by label', async () => {
    await planes.addNodes('green', [aNode('one', 'main'), aNode('other', 'spare')]);
    await planes.removeNodes('green', GROUP);
    expect((await core(green).listNode()).items.map(({ metadata }) => metadata?.name)).toEqual(['other']);
  });
});

describe('controllers', () => {
  it('look after what the workloads bring, and clean up after them', async () => {
    await planes.addNodes('green', [aNode('worker', 'main')]);
    const nodes = (await core(green).listNode()).items;
    const namespace = 'work';
    const api = {
      core: core(green),
      apps: admin(green).makeApiClient(AppsV1Api),
      batch: admin(green).makeApiClient(BatchV1Api),
    };
    const selector = { matchLabels: { app: 'db' } };
    await api.core.createNamespace({ body: { metadata: { name: namespace } } });
    await waitUntil(
      async () => (await api.core.readNamespacedServiceAccount({ name: 'default', namespace })).metadata !== undefined,
      within('service account'),
    );
    await api.core.createNamespacedService({
      namespace,
      body: { metadata: { name: 'db' }, spec: { selector: { app: 'db' }, ports: [{ port: 80 }] } },
    });
    await api.apps.createNamespacedStatefulSet({
      namespace,
      body: { metadata: { name: 'db' }, spec: { serviceName: 'db', replicas: 2, selector, template: pod('db') } },
    });
    await api.apps.createNamespacedDaemonSet({
      namespace,
      body: { metadata: { name: 'log' }, spec: { selector: { matchLabels: { app: 'log' } }, template: pod('log') } },
    });
    await api.batch.createNamespacedJob({
      namespace,
      body: {
        metadata: { name: 'once' },
        spec: { template: { spec: { ...pod('once').spec, restartPolicy: 'Never' } } },
      },
    });
    const policy = admin(green).makeApiClient(PolicyV1Api);
    await policy.createNamespacedPodDisruptionBudget({
      namespace,
      body: { metadata: { name: 'db' }, spec: { minAvailable: 1, selector } },
    });

    const endpoints = async () =>
      (await admin(green).makeApiClient(DiscoveryV1Api).listNamespacedEndpointSlice({ namespace })).items.flatMap(
        (slice) => slice.endpoints ?? [],
      );
    await waitUntil(
      async () => (await api.apps.readNamespacedStatefulSet({ name: 'db', namespace })).status?.readyReplicas === 2,
      within('StatefulSet'),
    );
    await waitUntil(
      async () =>
        (await api.apps.readNamespacedDaemonSet({ name: 'log', namespace })).status?.numberReady === nodes.length,
      within('DaemonSet on all nodes'),
    );
    await waitUntil(
      async () => (await api.batch.readNamespacedJob({ name: 'once', namespace })).status?.succeeded === 1,
      within('Job'),
    );
    await waitUntil(
      async () =>
        (await policy.readNamespacedPodDisruptionBudget({ name: 'db', namespace })).status?.disruptionsAllowed === 1,
      within('PodDisruptionBudget'),
    );
    await waitUntil(
      async () => (await endpoints()).filter(({ conditions }) => conditions?.ready).length === 2,
      within('EndpointSlice'),
    );

    await api.apps.deleteNamespacedDaemonSet({ name: 'log', namespace });
    await waitUntil(
      async () => (await api.core.listNamespacedPod({ namespace, labelSelector: 'app=log' })).items.length === 0,
      within('garbage collection'),
    );
    await api.core.deleteNamespace({ name: namespace });
    await waitUntil(
      async () => (await refusal(api.core.readNamespace({ name: namespace }))) === 404,
      within('end of the namespace'),
    );
    expect((await api.core.listPodForAllNamespaces()).items).toEqual([]);
  }, 180_000);
});

describe('sockets', () => {
  it('listen on loopback only', () => {
    // The webhook of this test: what listens is seen.
    expect(listeningAddresses(process.pid)).toContain('0100007F');
    const listening = processes.running.flatMap(({ name, pid }) =>
      listeningAddresses(pid).map((address) => ({ name, address })),
    );
    expect(new Set(listening.map(({ name }) => name)).size).toBe(processes.running.length);
    // As /proc/net/tcp writes 127.0.0.1; an IPv6 socket would be longer.
    expect(listening.filter(({ address }) => address !== '0100007F')).toEqual([]);
  });
});

/** Local addresses of a process's listening sockets, as the kernel writes them. */
function listeningAddresses(pid: number): string[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(`/proc/${pid}/fd/${fd}`)));
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9]))
      .map((fields) => fields[1]!.split(':')[0]!),
  );
}

function socketInode(file: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(file))?.[1];
  } catch {
    return undefined; // closed since it was listed
  }
}

describe('stop', () => {
  const processesOf = (name: string) => processes.running.filter((running) => running.name.startsWith(`${name}.`));

  it('leaves no process, no file and no data, and touches no other cluster', async () => {
    const marker = { namespace: 'default', name: 'marker' };
    for (const controlPlane of [blue, green])
      await core(controlPlane).createNamespacedConfigMap({
        namespace: 'default',
        body: { metadata: { name: 'marker' } },
      });
    const pids = processesOf('blue').map(({ pid }) => pid);
    expect(pids).toHaveLength(4);
    await planes.stop('blue');
    expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(existsSync(join(dir, 'clusters', 'blue'))).toBe(false);
    expect(planes.get('blue')).toBeUndefined();
    await expect(planes.addNodes('blue', [aNode('one', 'main')])).rejects.toThrow('cluster blue does not run');
    await planes.stop('blue');

    const again = await planes.boot({ name: 'blue', version: '1.34' });
    expect(planes.get('blue')).toEqual(again);
    expect(await refusal(core(again).readNamespacedConfigMap(marker))).toBe(404);
    expect((await core(again).listNode()).items).toEqual([]);
    expect(again.issuer).not.toBe(blue.issuer);
    expect((await core(green).readNamespacedConfigMap(marker)).metadata?.name).toBe('marker');
  }, 120_000);

  it('of a cluster that is booting ends the boot', async () => {
    const boot = planes.boot({ name: 'purple', version: '1.35' });
    await expect(planes.boot({ name: 'purple', version: '1.35' })).rejects.toThrow('cluster purple exists already');
    await waitUntil(async () => processesOf('purple').length === 1, within('the API server’s process'));
    await Promise.all([expect(boot).rejects.toThrow(/purple/), planes.stop('purple')]);
    expect(processesOf('purple')).toEqual([]);
    expect(existsSync(join(dir, 'clusters', 'purple'))).toBe(false);
  }, 120_000);

  it('wipes no cluster whose name only begins alike', async () => {
    const post = async (path: string, body: object) =>
      (await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })).json() as any;
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    for (const key of ['/red/pods/x', '/red-2/pods/x', '/red2/pods/x'])
      await post('put', { key: base64(key), value: '' });
    await wipeCluster(etcdUrl, 'red');
    const left = await post('range', { key: base64('/red'), range_end: base64('/ree'), keys_only: true });
    expect(left.kvs.map(({ key }: { key: string }) => Buffer.from(key, 'base64').toString())).toEqual([
      '/red-2/pods/x',
      '/red2/pods/x',
    ]);
  });

  it('of all leaves etcd alone', async () => {
    await planes.stopAll();
    expect(processes.running.map(({ name }) => name)).toEqual(['etcd']);
    expect(readdirSync(join(dir, 'clusters'))).toEqual([]);
  });
});
