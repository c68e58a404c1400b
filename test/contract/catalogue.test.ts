// What receives traffic on a cluster, read by the product's own activity as the worker's own principal: from a real API
// server, and from the gateway's Route 53, ELB and SSM.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateClusterCommand,
  DescribeClusterCommand,
} from '@aws-sdk/client-eks';
import { CreateLoadBalancerCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  type Change,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CoreV1Api, NetworkingV1Api, type KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, type Manifest } from '../../sandbox/argocd/manifests.ts';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd } from '../../sandbox/cluster/etcd.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import { WORKER_POLICY } from '../../sandbox/policies.ts';
import { createDependencies, type Dependencies } from '../../src/adapters/index.ts';
import { catalogueOf } from '../../src/domain/catalogue.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { run } from '../activity/fakes.ts';
import { serveCustomKinds } from '../support/crds.ts';
import { app, environment } from '../support/environment.ts';
import { clusterRequest, REGION, seedGround, startTestGateway, until, type TestGateway } from '../support/gateway.ts';

const BLUE = 'blue';
const ZONE = 'example.test';
const UP_TO_MS = 180_000;
const GATEWAY_API = 'gateway.networking.k8s.io';

let dir: string;
let aws: TestGateway;
let config: KubeConfig;
let zoneId: string;
let made: Environment;
let deps: Dependencies;
const balancers: Record<string, string> = {};
const envBefore = { ...process.env };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'eksodus-catalogue-'));
  let planes: KubernetesControlPlanes | undefined;
  aws = await startTestGateway({
    controlPlanes: async ({ processes, gateway }) => {
      const { url: etcdUrl } = await startEtcd({ dir, processes });
      const tokenWebhookUrl = (cluster: string): string => gateway.tokenWebhookUrl(cluster);
      planes = new KubernetesControlPlanes({ dir, processes, etcdUrl, region: REGION, tokenWebhookUrl });
      return planes;
    },
  });
  const { arn, key } = await aws.gateway.createPrincipal('worker', WORKER_POLICY);
  await makeCluster(arn);
  config = kubeConfigFor(planes!.get(BLUE)!);
  const client = { endpoint: aws.gateway.url, region: REGION, credentials: aws.gateway.rootKey };
  await new SSMClient(client).send(new PutParameterCommand({ Name: '/live', Value: BLUE, Type: 'String' }));
  const { HostedZone } = await aws.root.route53.send(
    new CreateHostedZoneCommand({ Name: ZONE, CallerReference: 'test' }),
  );
  zoneId = HostedZone!.Id!.replace('/hostedzone/', '');
  const zone = { id: zoneId, name: ZONE };
  const apps = [{ ...app('messages'), hosts: [{ name: `messages.${ZONE}`, zoneId }] }];
  const argocd = { ...environment().argocd, cluster: BLUE };
  made = environment({ region: REGION, zones: [zone], live: { parameter: '/live' }, argocd, apps });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.gateway.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
  });
  deps = createDependencies();
}, UP_TO_MS);

afterAll(async () => {
  await aws.stop();
  process.env = envBefore;
  await rm(dir, { recursive: true, force: true });
}, UP_TO_MS);

async function makeCluster(principalArn: string): Promise<void> {
  const { eks } = aws.root;
  await eks.send(new CreateClusterCommand(clusterRequest(await seedGround(aws), BLUE)));
  const status = async () => (await eks.send(new DescribeClusterCommand({ name: BLUE }))).cluster!.status;
  await until(async () => (await status()) === 'ACTIVE', `${BLUE} ACTIVE`);
  await eks.send(new CreateAccessEntryCommand({ clusterName: BLUE, principalArn }));
  const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
  const accessScope = { type: 'cluster' } as const;
  await eks.send(new AssociateAccessPolicyCommand({ clusterName: BLUE, principalArn, policyArn, accessScope }));
}

/** As a controller of the cluster does: a load balancer with the cluster's tag. */
async function makeBalancer(name: string): Promise<string> {
  const client = { endpoint: aws.gateway.url, region: REGION, credentials: aws.gateway.rootKey };
  const { LoadBalancers } = await new ElasticLoadBalancingV2Client(client).send(
    new CreateLoadBalancerCommand({ Name: name, Tags: [{ Key: 'elbv2.k8s.aws/cluster', Value: BLUE }] }),
  );
  balancers[name] = LoadBalancers![0]!.DNSName!;
  return balancers[name];
}

async function namespaces(...names: string[]): Promise<void> {
  for (const name of names) await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name } } });
}

const about = (namespace: string, name: string, given: object = {}) => ({ metadata: { namespace, name, ...given } });

async function makeIngress(
  name: string,
  given: { host: string; annotations?: object; labels?: object },
): Promise<void> {
  const { host, ...metadata } = given;
  const networking = config.makeApiClient(NetworkingV1Api);
  const port = { number: 80 };
  const paths = [{ path: '/', pathType: 'Prefix', backend: { service: { name, port } } }];
  const body = { ...about(name, name, metadata), spec: { rules: [{ host, http: { paths } }] } };
  await networking.createNamespacedIngress({ namespace: name, body });
  const status = { loadBalancer: { ingress: [{ hostname: await makeBalancer(name) }] } };
  await networking.replaceNamespacedIngressStatus({ namespace: name, name, body: { ...body, status } });
}

async function makeService(name: string, annotations: Record<string, string>): Promise<void> {
  const core = config.makeApiClient(CoreV1Api);
  const body = { ...about(name, name, { annotations }), spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } };
  await core.createNamespacedService({ namespace: name, body });
  const status = { loadBalancer: { ingress: [{ hostname: await makeBalancer(name) }] } };
  await core.replaceNamespacedServiceStatus({ namespace: name, name, body: { ...body, status } });
}

async function change(...changes: Change[]): Promise<void> {
  const ChangeBatch = { Changes: changes };
  await aws.root.route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch }));
}

const cname = (name: string, to: string): ResourceRecordSet => ({
  Name: `${name}.${ZONE}`,
  Type: 'CNAME',
  TTL: 60,
  ResourceRecords: [{ Value: to }],
});
const alias = (name: string, to: string, given: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  Name: `${name}.${ZONE}`,
  Type: 'A',
  AliasTarget: { DNSName: to, HostedZoneId: 'Z35SXDOTRQ7X7K', EvaluateTargetHealth: false },
  ...given,
});
const weighted = (id: string, weight: number): Partial<ResourceRecordSet> => ({ SetIdentifier: id, Weight: weight });
const create = (set: ResourceRecordSet): Change => ({ Action: 'CREATE', ResourceRecordSet: set });
const remove = (set: ResourceRecordSet): Change => ({ Action: 'DELETE', ResourceRecordSet: set });

const custom = (apiVersion: string, kind: string, given: object): Manifest =>
  ({ apiVersion, kind, ...given }) as Manifest;

const uncatalogued = async (): Promise<string[]> =>
  (await run(deps, 'findUncatalogued', { environment: made, cluster: BLUE })).map(({ subject }) => subject).toSorted();

describe('what receives traffic on a cluster', { timeout: UP_TO_MS }, () => {
  it('is read from a cluster without the Gateway API, and is nothing where all of it is in an app', async () => {
    await namespaces('argocd', 'messages', 'admin', 'queue', 'edge', 'shop');
    await serveCustomKinds(config, [
      { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', plural: 'applications' },
    ]);
    const ownName = { 'external-dns.alpha.kubernetes.io/hostname': `messages.${BLUE}.${ZONE}` };
    await makeIngress('messages', { host: `messages.${ZONE}`, annotations: ownName });
    await change(
      create(alias('messages', `dualstack.${balancers['messages']}`, weighted(BLUE, 100))),
      create(alias(`messages.${BLUE}`, balancers['messages']!)),
    );
    expect(await uncatalogued()).toEqual([]);
  });

  it('is found by Ingress, Service, Gateway with its route, and record, each with app and owner', async () => {
    await serveCustomKinds(config, [
      { group: GATEWAY_API, version: 'v1', kind: 'Gateway', plural: 'gateways' },
      { group: GATEWAY_API, version: 'v1', kind: 'HTTPRoute', plural: 'httproutes' },
    ]);
    await makeIngress('admin', {
      host: `admin.${ZONE}`,
      annotations: { 'argocd.argoproj.io/tracking-id': `console-${BLUE}:networking.k8s.io/Ingress:admin/admin` },
    });
    await makeService('queue', { 'external-dns.kubernetes.io/hostname': `queue.${ZONE}`, 'eksodus.dev/owner': 'jobs' });
    const listeners = [
      { name: 'shops', port: 80, hostname: `*.${ZONE}` },
      { name: 'other', port: 81, hostname: '*.example.org' },
    ];
    const parentRefs = [{ name: 'edge', namespace: 'edge', sectionName: 'shops' }];
    const hostnames = [`shop.${ZONE}`, 'shop.example.org'];
    await apply(config, [
      custom('argoproj.io/v1alpha1', 'Application', {
        ...about('argocd', `console-${BLUE}`, {
          labels: { 'eksodus.dev/cluster': BLUE, 'eksodus.dev/app': 'console' },
        }),
        spec: { project: 'back-office' },
      }),
      custom(`${GATEWAY_API}/v1`, 'Gateway', {
        ...about('edge', 'edge'),
        spec: { gatewayClassName: 'alb', listeners },
        status: { addresses: [{ type: 'Hostname', value: await makeBalancer('edge') }] },
      }),
      custom(`${GATEWAY_API}/v1`, 'HTTPRoute', {
        ...about('shop', 'shop', { labels: { team: 'shop' } }),
        spec: { parentRefs, hostnames },
      }),
    ]);
    await makeBalancer('lost');
    await change(
      create(alias('admin', balancers['admin']!)),
      create(cname('queue', balancers['queue']!)),
      create(cname('shop', balancers['edge']!)),
      // By hand, and by way of a name of the cluster's own.
      create(cname('old-messages', `messages.${BLUE}.${ZONE}`)),
      create(cname('elsewhere', 'www.example.org')),
    );

    const facts = await run(deps, 'gatherCatalogue', { environment: made });
    const { entries, cluster } = catalogueOf(made, facts);
    expect(cluster).toBe(BLUE);
    expect(
      entries.map(({ app: name, known, owner, hosts, names }) => ({
        name,
        known,
        owner,
        hosts: hosts.map((host) => host.replace(`.${ZONE}`, '')),
        names: names.map((one) => `${one.name}: ${one.records.join(', ')} of ${one.owner}`),
      })),
    ).toEqual([
      {
        name: 'console',
        known: false,
        owner: 'back-office',
        hosts: ['admin'],
        names: [`admin.${ZONE}: A alias of others`],
      },
      {
        name: 'edge',
        known: false,
        owner: null,
        hosts: ['*', '*.example.org'],
        names: [`shop.${ZONE}: CNAME of others`],
      },
      {
        name: 'messages',
        known: true,
        owner: 'team-messages',
        hosts: ['messages'],
        names: [
          `messages.${BLUE}.${ZONE}: A alias of others`,
          `messages.${ZONE}: A alias ${BLUE} weight 100 of nobody`,
        ],
      },
      { name: 'queue', known: false, owner: 'jobs', hosts: ['queue'], names: [`queue.${ZONE}: CNAME of others`] },
      { name: 'shop', known: false, owner: 'shop', hosts: ['shop'], names: [`shop.${ZONE}: CNAME of others`] },
    ]);
    expect(await uncatalogued()).toEqual(
      [
        '*.example.org',
        ...['admin', 'old-messages', 'queue', 'shop'].map((name) => `${name}.${ZONE}`),
        balancers['lost']!,
      ].toSorted(),
    );
  });

  it('is found no more once it was moved, removed, added to the file, or may go by the file', async () => {
    const green = `green.${REGION}.elb.amazonaws.com`;
    await change(
      // Moved: its Ingress is still there.
      remove(alias('admin', balancers['admin']!)),
      create(alias('admin', green, weighted('green', 100))),
      create(alias('admin', balancers['admin']!, weighted(BLUE, 0))),
      remove(cname('old-messages', `messages.${BLUE}.${ZONE}`)),
    );
    const shop = { ...app('shop'), hosts: [{ name: `shop.${ZONE}`, zoneId }] };
    const ignore = ['queue/queue', '*.example.org', balancers['lost']!].map((match) => ({ match, reason: 'may go' }));
    made = { ...made, apps: [...made.apps, shop], catalogue: { ownerLabel: 'team', ignore } };
    expect(await uncatalogued()).toEqual([]);
  });

  it('of a cluster that is gone is nothing', async () => {
    const found = await run(deps, 'findUncatalogued', { environment: made, cluster: 'gone' });
    expect(found).toEqual([]);
  });
});
