// The Kubernetes adapters against a real TLS server that answers as an API server would.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createArgo } from '../../src/adapters/argo.ts';
import type { Aws, AwsRegion } from '../../src/adapters/aws.ts';
import type { EksCluster } from '../../src/adapters/eks-clusters.ts';
import { createKubeConnections } from '../../src/adapters/kube-connections.ts';
import { createKube } from '../../src/adapters/kube.ts';
import { cluster, FakeClock } from '../activity/fakes.ts';
import { tlsIdentity } from '../support/certificate.ts';

const AT = { region: 'eu-central-1', cluster: 'green' };
const ARGO_AT = { ...AT, namespace: 'argocd' };
const LIST = { status: 200, body: { kind: 'List', apiVersion: 'v1', metadata: {}, items: [] } };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly port: number | undefined;
  readonly body: string;
}

async function apiServer(reply: (asked: Asked) => Reply = () => LIST) {
  const asked: Asked[] = [];
  const { key, cert, caData } = tlsIdentity();
  const server = createServer({ key, cert }, (request, response) => {
    const answer = async () => {
      const { method, url, headers, socket } = request;
      const given = { line: `${method} ${url}`, headers, port: socket.remotePort, body: await text(request) };
      asked.push(given);
      const { status, body } = reply(given);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    void answer();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, asked, at: { endpoint, caData } };
}

/** EKS that knows one cluster, and counts how often it is asked for it. */
function connect(described: Partial<EksCluster> | null) {
  const clock = new FakeClock();
  const lookups: string[] = [];
  const region = {
    credentials: () => Promise.resolve({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }),
    eks: {
      findCluster: (name: string) => {
        lookups.push(name);
        return Promise.resolve(described && cluster({ name, ...described }));
      },
    },
  };
  const aws: Aws = () => region as unknown as AwsRegion;
  const connections = createKubeConnections(aws, clock);
  return { kube: createKube(connections), argo: createArgo(connections), lookups, clock };
}

const pass = (clock: FakeClock, ms: number) => clock.sleep(ms, new AbortController().signal);

describe('connections to API servers', () => {
  it('bear a token of EKS, and stay open between requests', async () => {
    const { at, asked } = await apiServer();
    const { kube } = connect(at);
    const requests = 6;
    for (let request = 0; request < requests; request += 1) await kube.letsUsIn(AT);
    expect(asked.map(({ line }) => line)).toEqual(Array(requests).fill('GET /api/v1/namespaces?limit=1'));
    for (const { headers } of asked) expect(headers.authorization).toMatch(/^Bearer k8s-aws-v1\.[\w-]+$/);
    // A connection is free again a moment after its answer was read, so there may be two in turn.
    expect(new Set(asked.map(({ port }) => port)).size).toBeLessThan(requests);
  });

  it('know a cluster’s endpoint for a minute', async () => {
    const { at } = await apiServer();
    const { kube, lookups, clock } = connect(at);
    await Promise.all([kube.letsUsIn(AT), kube.letsUsIn(AT)]);
    await pass(clock, 59_000);
    await kube.letsUsIn(AT);
    expect(lookups).toHaveLength(1);
    await pass(clock, 2_000);
    await kube.letsUsIn(AT);
    expect(lookups).toHaveLength(2);
  });

  it.each([
    ['were not let in', 401, 2],
    ['may not do this', 403, 1],
    ['asked for what is broken', 500, 1],
  ])('look a cluster up anew only when it may have changed: they %s', async (_what, status, count) => {
    const { at } = await apiServer(() => ({ status, body: { kind: 'Status', message: 'no' } }));
    const { kube, lookups } = connect(at);
    for (const _ of [1, 2])
      await expect(kube.letsUsIn(AT)).rejects.toMatchObject({ name: 'KubeError', status, cluster: 'green' });
    expect(lookups).toHaveLength(count);
  });

  it('look it up anew when nobody answers', async () => {
    const { at, server } = await apiServer();
    server.close();
    const { kube, lookups } = connect(at);
    for (const _ of [1, 2]) {
      await expect(kube.letsUsIn(AT)).rejects.toMatchObject({
        status: null,
        message: expect.stringContaining('ECONNREFUSED'),
      });
    }
    expect(lookups).toHaveLength(2);
  });

  it('trust the certificate authority that EKS names, and no other', async () => {
    const { at } = await apiServer();
    const { kube } = connect({ ...at, caData: tlsIdentity().caData });
    await expect(kube.letsUsIn(AT)).rejects.toMatchObject({
      status: null,
      message: expect.stringMatching(/certificate/i),
    });
  });

  it.each([
    ['is not there', null, 'EKS has no cluster of this name'],
    ['has no API server yet', { status: 'CREATING', endpoint: null }, 'has no endpoint (CREATING)'],
  ])('say of a cluster that it %s', async (_what, described, message) => {
    const { kube } = connect(described);
    await expect(kube.letsUsIn(AT)).rejects.toMatchObject({ name: 'KubeError', status: null, message });
  });
});

describe('looks at a cluster', () => {
  const look = async (body: unknown) => {
    const { at } = await apiServer(() => ({ status: 200, body }));
    return connect(at).kube;
  };

  it.each([
    [{ major: '1', minor: '33+' }, '1.33'],
    [{ major: '1', minor: '36', emulationMajor: '1', emulationMinor: '33' }, '1.33'],
  ])('read the version that is served: %o', async (version, served) => {
    expect(await (await look(version)).servedVersion(AT)).toBe(served);
  });

  it('tell which nodes are Ready', async () => {
    const node = (name: string, status: string) => ({
      metadata: { name, labels: { pool: 'a' } },
      status: { conditions: [{ type: 'Ready', status }] },
    });
    const kube = await look({ items: [node('a', 'True'), node('b', 'Unknown'), { metadata: { name: 'c' } }] });
    expect(await kube.nodes(AT)).toEqual([
      { name: 'a', labels: { pool: 'a' }, ready: true },
      { name: 'b', labels: { pool: 'a' }, ready: false },
      { name: 'c', labels: {}, ready: false },
    ]);
  });

  it('tell which workloads are settled', async () => {
    const metadata = (name: string) => ({ name, namespace: 'web', generation: 2 });
    const status = { observedGeneration: 2, updatedReplicas: 3, availableReplicas: 3 };
    const deployment = (name: string, given: object) => ({
      metadata: metadata(name),
      spec: { replicas: 3, selector: {}, template: {} },
      status: { ...status, ...given },
    });
    const daemonSet = {
      metadata: metadata('agent'),
      status: { observedGeneration: 2, desiredNumberScheduled: 5, updatedNumberScheduled: 5, numberAvailable: 4 },
    };
    const lists: Record<string, unknown> = {
      '/apis/apps/v1/deployments': {
        items: [
          deployment('good', {}),
          deployment('old', { observedGeneration: 1 }),
          deployment('rolling', { updatedReplicas: 2 }),
          deployment('down', { availableReplicas: 0 }),
        ],
      },
      '/apis/apps/v1/daemonsets': { items: [daemonSet] },
      '/apis/apps/v1/statefulsets': {
        items: [{ metadata: metadata('db'), spec: { replicas: 0 }, status: { replicas: 0, observedGeneration: 2 } }],
      },
    };
    const { at } = await apiServer(({ line }) => ({ status: 200, body: lists[line.replace('GET ', '')] }));
    const workloads = await connect(at).kube.workloads(AT);
    expect(workloads.map(({ kind, name, settled }) => `${kind} ${name} ${settled}`)).toEqual([
      'Deployment good true',
      'Deployment old false',
      'Deployment rolling false',
      'Deployment down false',
      'DaemonSet agent false',
      'StatefulSet db true',
    ]);
  });

  it('name what load balancers are made for', async () => {
    const named = (name: string, spec: object = {}) => ({ metadata: { name, namespace: 'web' }, spec });
    const lists: Record<string, unknown> = {
      '/apis/networking.k8s.io/v1/ingresses': { items: [named('web')] },
      '/api/v1/services': { items: [named('inner', { type: 'ClusterIP' }), named('outer', { type: 'LoadBalancer' })] },
    };
    const { at } = await apiServer(({ line }) => ({ status: 200, body: lists[line.replace('GET ', '')] }));
    expect(await connect(at).kube.exposures(AT)).toEqual([
      { kind: 'Ingress', namespace: 'web', name: 'web' },
      { kind: 'Service', namespace: 'web', name: 'outer' },
    ]);
  });

  it('tell how each external-dns is told to treat records', async () => {
    const deployment = (name: string, image: string, container: object) => ({
      metadata: { name, namespace: 'dns' },
      spec: { selector: {}, template: { spec: { containers: [{ name: 'sidecar' }, { name, image, ...container }] } } },
    });
    const image = 'registry.test:5000/external-dns/external-dns:v0.20.0';
    const kube = await look({
      items: [
        deployment('a', image, { args: ['--provider=aws', '--policy=upsert-only'] }),
        deployment('b', 'external-dns@sha256:00', { args: ['--policy', 'sync'] }),
        deployment('c', 'external-dns', { command: ['external-dns', '--policy=create-only'] }),
        deployment('d', image, { args: ['--policy-of-another-flag=x'] }),
        deployment('e', 'registry.test/external-dns-exporter:v1', { args: ['--policy=upsert-only'] }),
      ],
    });
    const found = await kube.externalDns(AT);
    expect(found.map(({ deployment: name, policy }) => `${name} ${policy}`)).toEqual([
      'dns/a upsert-only',
      'dns/b sync',
      'dns/c create-only',
      'dns/d sync',
    ]);
  });

  it('tell what variables tell an external-dns, and what only a Secret knows', async () => {
    const env = [
      { name: 'EXTERNAL_DNS_TXT_OWNER_ID', value: 'stg-1-33' },
      { name: 'EXTERNAL_DNS_TXT_PREFIX', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } },
    ];
    const containers = [{ name: 'dns', image: 'external-dns:v0.20.0', env }];
    const kube = await look({
      items: [
        {
          metadata: { name: 'a', namespace: 'dns' },
          spec: { selector: {}, template: { spec: { containers } } },
          status: { readyReplicas: 1 },
        },
      ],
    });
    expect(await kube.externalDns(AT)).toMatchObject([{ ownerId: 'stg-1-33', format: null, isRunning: true }]);
  });

  it('give the annotations of an ingress, and null while there is none', async () => {
    const ingress = { namespace: 'web', name: 'web' };
    expect(await (await look({ metadata: { annotations: { a: 'b' } } })).ingressAnnotations(AT, ingress)).toEqual({
      a: 'b',
    });
    expect(await (await look({ metadata: {} })).ingressAnnotations(AT, ingress)).toEqual({});
    const { at } = await apiServer(() => ({ status: 404, body: { kind: 'Status', message: 'not found' } }));
    expect(await connect(at).kube.ingressAnnotations(AT, ingress)).toBeNull();
  });

  it('are told one annotation, by who we are', async () => {
    const { at, asked } = await apiServer(() => ({ status: 200, body: {} }));
    await connect(at).kube.annotateIngress(AT, { namespace: 'web', name: 'web' }, { 'x/aws-weight': '5' });
    expect(asked[0]?.line).toBe('PATCH /apis/networking.k8s.io/v1/namespaces/web/ingresses/web?fieldManager=eksodus');
    expect(asked[0]?.headers['content-type']).toBe('application/merge-patch+json');
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ metadata: { annotations: { 'x/aws-weight': '5' } } });
  });

  it('give the host name of an ingress, or null while there is none', async () => {
    const ingress = { namespace: 'web', name: 'web' };
    const withName = await look({ status: { loadBalancer: { ingress: [{ hostname: 'lb.test' }] } } });
    expect(await withName.ingressHostname(AT, ingress)).toBe('lb.test');
    expect(await (await look({ status: {} })).ingressHostname(AT, ingress)).toBeNull();
    const { at } = await apiServer(() => ({ status: 404, body: { kind: 'Status', message: 'not found' } }));
    expect(await connect(at).kube.ingressHostname(AT, ingress)).toBeNull();
  });
});

describe('what Argo CD is told', () => {
  const told = async (tell: (argo: ReturnType<typeof connect>['argo']) => Promise<unknown>): Promise<Asked> => {
    const { at, asked } = await apiServer(() => ({ status: 200, body: {} }));
    await tell(connect(at).argo);
    return asked[0]!;
  };

  it('is a cluster Secret without any credential, applied by its owner', async () => {
    const labels = { tier: 'test' };
    const { line, headers, body } = await told((argo) =>
      argo.applyCluster(ARGO_AT, {
        name: 'green',
        endpoint: 'https://green.test',
        caData: 'Y2E=',
        labels,
        annotations: {},
      }),
    );
    expect(line).toBe('PATCH /api/v1/namespaces/argocd/secrets/cluster-green?fieldManager=eksodus&force=true');
    expect(headers['content-type']).toBe('application/apply-patch+yaml');
    const { data, metadata } = JSON.parse(body) as { data: Record<string, string>; metadata: object };
    const plain = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
    expect(metadata).toMatchObject({ labels: { tier: 'test', 'argocd.argoproj.io/secret-type': 'cluster' } });
    expect({ ...plain, config: JSON.parse(plain['config']!) as unknown }).toEqual({
      name: 'green',
      server: 'https://green.test',
      config: { awsAuthConfig: { clusterName: 'green' }, tlsClientConfig: { insecure: false, caData: 'Y2E=' } },
    });
  });

  it('is a sync by the top-level operation, of exactly the application that was seen', async () => {
    const { line, headers, body } = await told((argo) =>
      argo.requestSync(ARGO_AT, { application: 'web', resourceVersion: '7', requestId: 'r-1', syncOptions: ['a=b'] }),
    );
    expect(line).toBe('PATCH /apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web?fieldManager=eksodus');
    expect(headers['content-type']).toBe('application/merge-patch+json');
    expect(JSON.parse(body)).toEqual({
      metadata: { resourceVersion: '7' },
      operation: {
        initiatedBy: { username: 'eksodus' },
        info: [{ name: 'requestId', value: 'r-1' }],
        retry: { limit: 5, backoff: { duration: '2s', factor: 2, maxDuration: '30s' } },
        sync: { syncStrategy: { hook: {} }, syncOptions: ['a=b'] },
      },
    });
  });

  it('is to compare an application anew', async () => {
    const { line, headers, body } = await told((argo) => argo.requestRefresh(ARGO_AT, 'web'));
    expect(line).toBe('PATCH /apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web?fieldManager=eksodus');
    expect(headers['content-type']).toBe('application/merge-patch+json');
    expect(JSON.parse(body)).toEqual({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } });
  });

  it('is which labels of a Secret to set and which to remove', async () => {
    const { line, headers, body } = await told((argo) =>
      argo.labelSecret(ARGO_AT, 'made-by-hand', { a: 'b', c: null }),
    );
    expect(line).toBe('PATCH /api/v1/namespaces/argocd/secrets/made-by-hand?fieldManager=eksodus');
    expect(headers['content-type']).toBe('application/merge-patch+json');
    expect(JSON.parse(body)).toEqual({ metadata: { labels: { a: 'b', c: null } } });
  });

  it('is to delete what is not wanted, and what is gone is as well', async () => {
    const { at, asked } = await apiServer(() => ({ status: 404, body: { kind: 'Status', message: 'not found' } }));
    const { argo } = connect(at);
    await argo.removeSecret(ARGO_AT, 'made-by-hand');
    await argo.deleteApplication(ARGO_AT, 'web');
    expect(asked.map(({ line }) => line)).toEqual([
      'DELETE /api/v1/namespaces/argocd/secrets/made-by-hand',
      'DELETE /apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web',
    ]);
  });
});

describe('clusters that Argo CD knows', () => {
  const encoded = (data: Record<string, string>) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
  const secret = (name: string, data: Record<string, string>) => ({
    metadata: { name, labels: { of: name } },
    data: encoded(data),
  });

  it('are found by what is in their Secrets: the name, or the API server however it is written', async () => {
    const { at, asked } = await apiServer(() => ({
      status: 200,
      body: {
        items: [
          secret('by-name', { name: 'green', server: 'https://proxy.test' }),
          secret('by-server', { name: 'g', server: 'HTTPS://Green.example.test:443/' }),
          secret('of-another', { name: 'greener', server: 'https://green.example.test.evil' }),
          secret('of-none', { server: 'arn:aws:eks:eu-central-1:111122223333:cluster/other' }),
          { metadata: { name: 'empty' } },
        ],
      },
    }));
    const { argo } = connect(at);
    const found = await argo.registrationsOf(ARGO_AT, { name: 'green', endpoint: 'https://green.example.test' });
    expect(found).toEqual([
      { secret: 'by-name', labels: { of: 'by-name' } },
      { secret: 'by-server', labels: { of: 'by-server' } },
    ]);
    expect(asked[0]?.line).toBe(
      'GET /api/v1/namespaces/argocd/secrets?labelSelector=argocd.argoproj.io%2Fsecret-type%3Dcluster',
    );
    const byNameAlone = await argo.registrationsOf(ARGO_AT, { name: 'green', endpoint: null });
    expect(byNameAlone.map((one) => one.secret)).toEqual(['by-name']);
  });
});
