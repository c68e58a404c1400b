import { mkdtempSync, rmSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { LoadBalancer } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateHostedZoneCommand, ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { V1Ingress } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAwsGateway } from '../../sandbox/aws/gateway.ts';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd } from '../../sandbox/cluster/etcd.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import { Speed } from '../../sandbox/contracts.ts';
import type { ControlPlane, NameServer, SandboxSettings } from '../../sandbox/contracts.ts';
import { startNameServer } from '../../sandbox/dns/name-server.ts';
import { LoadBalancers } from '../../sandbox/edge/load-balancers.ts';
import { ExternalDnsRunner } from '../../sandbox/external-dns/runner.ts';
import { freePort } from '../../sandbox/process/ports.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { createElb } from '../../src/adapters/elb.ts';

const CLUSTER = 'green';
const NAMESPACE = 'shop';
const HOST = 'web.example.test';
const WEB = { namespace: NAMESPACE, name: 'web' };
const OWN_HOST = 'web.green.example.test';
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

let dir: string;
let processes: Processes;
let planes: KubernetesControlPlanes;
let controlPlane: ControlPlane;
let gateway: Awaited<ReturnType<typeof startAwsGateway>>;
let names: NameServer;
let balancers: LoadBalancers;
let externalDns: ExternalDnsRunner;
let port: number;
let elb: ElasticLoadBalancingV2Client;
let route53: Route53Client;
let zoneId: string;
const problems: string[] = [];

const core = () => kubeConfigFor(controlPlane).makeApiClient(CoreV1Api);
const apps = () => kubeConfigFor(controlPlane).makeApiClient(AppsV1Api);
const networking = () => kubeConfigFor(controlPlane).makeApiClient(NetworkingV1Api);
const until = (what: string, condition: () => Promise<boolean>) => waitUntil(condition, { what, withinMs: 90_000 });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-edge-'));
  processes = new Processes({ logDir: join(dir, 'log') });
  const settings: SandboxSettings = { dir, speed: new Speed(60), account: '123456789012', region: 'eu-central-1' };
  names = await startNameServer({ zoneTtl: (seconds) => seconds / 60 });
  const [etcd, awsGateway] = await Promise.all([
    startEtcd({ dir, processes }),
    startAwsGateway({
      settings,
      processes,
      controlPlanes: () => planes,
      onInSync: (zone) => names.setZone(zone),
      targetHealth: (arn) => balancers.targetHealth(arn),
    }),
  ]);
  gateway = awsGateway;
  planes = new KubernetesControlPlanes({
    dir,
    processes,
    etcdUrl: etcd.url,
    region: settings.region,
    tokenWebhookUrl: (cluster) => gateway.tokenWebhookUrl(cluster),
  });
  controlPlane = await planes.boot({ name: CLUSTER, version: '1.36' });
  await planes.addNodes(CLUSTER, [
    { name: 'node-1', labels: {}, kubeletVersion: 'v1.36.3', providerId: 'aws:///eu-central-1a/i-1' },
  ]);

  port = await freePort();
  const aws = { gatewayUrl: gateway.url, key: gateway.rootKey };
  const log = (message: string) => problems.push(message);
  balancers = new LoadBalancers({
    ...aws,
    settings,
    nameServer: names,
    port,
    vpcId: 'vpc-1',
    subnetIds: ['subnet-1', 'subnet-2'],
    log,
  });
  externalDns = new ExternalDnsRunner({ ...aws, settings, processes, log });
  balancers.watchCluster(controlPlane);
  externalDns.watchCluster(controlPlane);

  const client = { endpoint: aws.gatewayUrl, region: settings.region, credentials: aws.key };
  elb = new ElasticLoadBalancingV2Client(client);
  route53 = new Route53Client(client);
  const { HostedZone } = await route53.send(
    new CreateHostedZoneCommand({ Name: 'example.test', CallerReference: 'test' }),
  );
  zoneId = HostedZone?.Id ?? '';
}, 180_000);

afterAll(async () => {
  await balancers.stop();
  await externalDns.stop();
  await gateway.stop();
  await names.stop();
  await processes.stopAll();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

async function makeApp(replicas: number): Promise<void> {
  const labels = { 'app.kubernetes.io/name': 'storefront' };
  const metadata = { name: 'web', labels };
  await core().createNamespace({ body: { metadata: { name: NAMESPACE } } });
  await apps().createNamespacedDeployment({
    namespace: NAMESPACE,
    body: {
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'shop/web:1' }] } },
      },
    },
  });
  await core().createNamespacedService({
    namespace: NAMESPACE,
    body: { metadata, spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } },
  });
}

const ingress = (name: string): V1Ingress => ({
  metadata: {
    name,
    annotations: {
      'external-dns.alpha.kubernetes.io/ingress-hostname-source': 'annotation-only',
      'external-dns.alpha.kubernetes.io/hostname': OWN_HOST,
    },
  },
  spec: {
    ingressClassName: 'alb',
    rules: [
      {
        host: HOST,
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }],
        },
      },
    ],
  },
});
const makeIngress = (name: string) =>
  networking().createNamespacedIngress({ namespace: NAMESPACE, body: ingress(name) });
const readIngress = (name: string) => networking().readNamespacedIngress({ namespace: NAMESPACE, name });
const scale = (replicas: number) =>
  apps().patchNamespacedDeployment({ namespace: NAMESPACE, name: 'web', body: { spec: { replicas } } }, MERGE);

/** The load balancer of an Ingress, once its status names it. */
async function hostnameOf(name: string): Promise<string> {
  let hostname: string | undefined;
  await until(`a load balancer for Ingress ${name}`, async () => {
    hostname = (await readIngress(name)).status?.loadBalancer?.ingress?.[0]?.hostname;
    return hostname !== undefined;
  });
  return hostname ?? '';
}

async function resolve(name: string): Promise<string[]> {
  const resolver = new Resolver();
  resolver.setServers([names.address]);
  return resolver.resolve4(name);
}

function get(address: string, host: string): Promise<{ status: number | undefined; headers: any; body: string }> {
  const {
    promise,
    resolve: answered,
    reject,
  } = Promise.withResolvers<{ status: number | undefined; headers: any; body: string }>();
  const sent = request({ host: address, port, agent: false, headers: { host } }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
    response.on('end', () => answered({ status: response.statusCode, headers: response.headers, body }));
  });
  sent.on('error', reject);
  sent.end();
  return promise;
}
const statusBecomes = (address: string, status: number) =>
  until(`status ${status}`, async () => (await get(address, HOST)).status === status);

async function loadBalancers(): Promise<LoadBalancer[]> {
  return (await elb.send(new DescribeLoadBalancersCommand({}))).LoadBalancers ?? [];
}
/** As the product sees them. */
const targetsNow = async () => (await createElb(elb).targetsBehind(await hostnameOf('web'), WEB))?.targetGroups;

async function targetIps(loadBalancer: LoadBalancer | undefined): Promise<string[]> {
  const { TargetGroups } = await elb.send(
    new DescribeTargetGroupsCommand({ LoadBalancerArn: loadBalancer?.LoadBalancerArn }),
  );
  expect(TargetGroups).toHaveLength(1);
  const { TargetHealthDescriptions } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: TargetGroups?.[0]?.TargetGroupArn }),
  );
  return (TargetHealthDescriptions ?? []).map(({ Target }) => Target?.Id ?? '').toSorted();
}
async function records(name: string): Promise<ResourceRecordSet[]> {
  const { ResourceRecordSets } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
  return (ResourceRecordSets ?? []).filter(({ Name }) => Name === `${name}.`);
}
const isGone = async (read: () => Promise<unknown>): Promise<boolean> => {
  try {
    await read();
    return false;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return true;
    throw error;
  }
};

const isUnknown = async (name: string): Promise<boolean> => {
  try {
    await resolve(name);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOTFOUND';
  }
};

describe('the network edge of a cluster', () => {
  let hostname: string;
  let address: string;

  it('gives an Ingress a load balancer in ELBv2, in DNS, in its status, and behind HTTP', async () => {
    await makeApp(2);
    await makeIngress('web');
    hostname = await hostnameOf('web');
    [address = ''] = await resolve(hostname);
    expect(address).toMatch(/^127\.\d+\.\d+\.\d+$/);
    expect((await readIngress('web')).metadata?.finalizers).toContain('ingress.k8s.aws/resources');

    await statusBecomes(address, 200);
    const { headers, body } = await get(address, `${HOST.toUpperCase()}:${port}`);
    expect(headers).toMatchObject({ 'x-served-by-cluster': CLUSTER, 'x-served-by-app': 'storefront' });
    expect(JSON.parse(body)).toEqual({ app: 'storefront', cluster: CLUSTER, host: HOST });
    expect((await get(address, 'other.example.test')).status).toBe(404);

    const [loadBalancer, ...others] = await loadBalancers();
    expect(others).toEqual([]);
    const labels = (app: string, host: string, code: string): string =>
      `load_balancer="${loadBalancer?.LoadBalancerName}",cluster="${CLUSTER}",app="${app}",host="${host}",code="${code}"`;
    expect(balancers.metrics).toContain(`alb_requests_total{${labels('', 'other.example.test', '4xx')}} 1\n`);
    expect(balancers.metrics).toContain(`alb_requests_total{${labels('storefront', HOST, '5xx')}} 0\n`);
    expect(loadBalancer).toMatchObject({
      DNSName: hostname,
      LoadBalancerName: expect.stringMatching(/^k8s-shop-web-[0-9a-f]{10}$/),
    });
    const { TagDescriptions } = await elb.send(
      new DescribeTagsCommand({ ResourceArns: [loadBalancer?.LoadBalancerArn ?? ''] }),
    );
    expect(TagDescriptions?.[0]?.Tags).toEqual(
      expect.arrayContaining([
        { Key: 'elbv2.k8s.aws/cluster', Value: CLUSTER },
        { Key: 'ingress.k8s.aws/stack', Value: 'shop/web' },
      ]),
    );
    const pods = await core().listNamespacedPod({ namespace: NAMESPACE });
    const ips = pods.items.map(({ status }) => status?.podIP ?? '').toSorted();
    expect(ips).toHaveLength(2);
    await until('both pods registered', async () => (await targetIps(loadBalancer)).join(' ') === ips.join(' '));
  });

  it('tells its targets as they are: healthy by their pods, unhealthy while the app fails, draining when they leave', async () => {
    const pods = { name: expect.stringMatching(/^k8s-shop-web-/), targetType: 'ip' };
    const none = { healthy: 0, initial: 0, unhealthy: 0, draining: 0, because: [] };
    expect(await targetsNow()).toEqual([{ ...pods, ...none, healthy: 2 }]);
    balancers.failApp(CLUSTER, 'storefront', { status: 500 });
    const failed = 'Health checks failed with these codes: [500]';
    expect(await targetsNow()).toEqual([{ ...pods, ...none, unhealthy: 2, because: [failed] }]);
    balancers.healApp(CLUSTER, 'storefront');
    expect(await targetsNow()).toEqual([{ ...pods, ...none, healthy: 2 }]);
    await scale(1);
    await until('one of them to leave', async () => (await targetsNow())?.[0]?.draining === 1);
    const leaves = 'Target deregistration is in progress';
    expect(await targetsNow()).toEqual([{ ...pods, ...none, healthy: 1, draining: 1, because: [leaves] }]);
    await until('it to be gone', async () => (await targetsNow())?.[0]?.draining === 0);
    expect(await createElb(elb).targetsBehind('nobody-1234abcd.eu-central-1.elb.amazonaws.com', WEB)).toBeNull();
  });

  it('answers 503 while no pod is Ready', async () => {
    await scale(0);
    await statusBecomes(address, 503);
    const [loadBalancer] = await loadBalancers();
    await until('no targets', async () => (await targetIps(loadBalancer)).length === 0);
    await scale(1);
    await statusBecomes(address, 200);
    expect(balancers.metrics).toMatch(/^alb_requests_total\{.*app="storefront".*code="5xx"\} [1-9]/m);
  });

  it('lets one app of one cluster fail on demand', async () => {
    balancers.failApp(CLUSTER, 'storefront', { status: 500 });
    expect(await get(address, HOST)).toMatchObject({ status: 500, headers: { 'x-served-by-cluster': CLUSTER } });
    balancers.failApp('blue', 'storefront', { status: 502 });
    balancers.healApp(CLUSTER, 'storefront');
    expect((await get(address, HOST)).status).toBe(200);
  });

  it('runs the real external-dns as the Deployment in the cluster says: alias and owner are in the zone', async () => {
    const labels = { 'app.kubernetes.io/name': 'external-dns' };
    const args = [
      '--source=ingress',
      '--ingress-class=alb',
      '--domain-filter=example.test',
      '--provider=aws',
      '--registry=txt',
      `--txt-owner-id=${CLUSTER}`,
      '--policy=sync',
      '--interval=500ms',
    ];
    await core().createNamespace({ body: { metadata: { name: 'external-dns' } } });
    await apps().createNamespacedDeployment({
      namespace: 'external-dns',
      body: {
        metadata: { name: 'external-dns' },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [{ name: 'external-dns', image: 'registry.k8s.io/external-dns/external-dns:v0.20.0', args }],
            },
          },
        },
      },
    });
    await until('a record by external-dns', async () => (await records(OWN_HOST)).some(({ Type }) => Type === 'A'));
    const [found] = await records(OWN_HOST);
    expect(found?.AliasTarget?.DNSName?.replace(/\.$/, '')).toBe(hostname);
    const [owner] = await records(`cname-${OWN_HOST}`);
    expect(owner?.ResourceRecords?.[0]?.Value).toContain(
      `external-dns/owner=${CLUSTER},external-dns/resource=ingress/shop/web`,
    );
    // The public host belongs to nobody's external-dns.
    expect(await records(HOST)).toEqual([]);

    await until('the name server answers it', async () => !(await isUnknown(OWN_HOST)));
    expect(await resolve(OWN_HOST)).toEqual([address]);
  });

  it('takes everything back when the Ingress is deleted', async () => {
    await networking().deleteNamespacedIngress({ namespace: NAMESPACE, name: 'web' });
    await until('the Ingress is gone', () => isGone(() => readIngress('web')));
    await expect(get(address, HOST)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(resolve(hostname)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(await loadBalancers()).toEqual([]);
    expect((await elb.send(new DescribeTargetGroupsCommand({}))).TargetGroups).toEqual([]);
    await until('the name server knows the host no more', () => isUnknown(OWN_HOST));
    await until(
      'external-dns has removed its records',
      async () => (await records(OWN_HOST)).length + (await records(`cname-${OWN_HOST}`)).length === 0,
    );
  });

  it('ends external-dns with its Deployment', async () => {
    const isRunning = () => processes.running.some(({ name }) => name.includes('external-dns'));
    expect(isRunning()).toBe(true);
    await apps().deleteNamespacedDeployment({ namespace: 'external-dns', name: 'external-dns' });
    await until('no process of external-dns', async () => !isRunning());
  });

  it('goes on where it was after AWS has refused a call', async () => {
    expect(problems).toEqual([]);
    // The SDK gives up after three attempts.
    gateway.faults.add({ service: 'elasticloadbalancing', operation: 'CreateListener', times: 4, kind: '5xx' });
    await makeIngress('again');
    [address = ''] = await resolve(await hostnameOf('again'));
    expect(problems.splice(0)).toEqual([expect.stringContaining(`load balancer of Ingress shop/again in ${CLUSTER}`)]);
    expect(await loadBalancers()).toHaveLength(1);
    expect((await elb.send(new DescribeTargetGroupsCommand({}))).TargetGroups).toHaveLength(1);
  });

  it('leaves load balancers behind, without targets, when the cluster goes first', async () => {
    await statusBecomes(address, 200);
    await balancers.unwatchCluster(CLUSTER);
    expect((await get(address, HOST)).status).toBe(503);
    expect(await loadBalancers()).toHaveLength(1);
    expect(problems).toEqual([]);
  });
});
