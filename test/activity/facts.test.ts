import { describe, expect, it } from 'vitest';
import { KubeError } from '../../src/adapters/kube-error.ts';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import type { Environment, HandoverWorkload } from '../../src/domain/environment.ts';
import { ARGO } from '../../src/domain/ids.ts';
import { judgePreflight } from '../../src/domain/preflight.ts';
import { externalDns } from '../support/external-dns.ts';
import {
  ACTOR,
  answers,
  application,
  ARGOCD,
  awsError,
  cluster,
  colours,
  failureOf,
  prepare,
  REGION,
  run,
  THEIRS,
  weighted,
  type Prepared,
} from './fakes.ts';

const ENVIRONMENT: Environment = {
  name: 'test',
  account: '111122223333',
  region: REGION,
  zones: [{ id: 'Z1', name: 'example.test' }],
  live: { parameter: '/live' },
  target: { version: '1.36' },
  naming: { green: '{environment}-{version}' },
  cluster: {
    roleArn: 'arn',
    subnetIds: [],
    securityGroupIds: [],
    deletionProtection: true,
    oidcProvider: true,
    accessEntries: [],
    tags: {},
  },
  nodeGroups: [],
  addons: [],
  argocd: ARGOCD,
  apps: [
    {
      name: 'web',
      team: 'web',
      hosts: [{ name: 'web.example.test', zoneId: 'Z1' }],
      application: 'web-{cluster}',
      ingress: { namespace: 'web', name: 'web' },
      checks: [],
      start: 'with-upgrade',
      dependsOn: [],
      steps: [],
      revision: 'same',
    },
  ],
  approvals: [],
  externalDnsOwner: '{cluster}',
  metrics: [],
  analyses: [],
  onGateFailure: 'hold',
  stopAfterFailedApps: 2,
  drainSeconds: 0,
  soakSeconds: 0,
  prescale: { enabled: true },
};
const REQUEST = { environment: ENVIRONMENT, run: ACTOR.run };
const BLUE = cluster({ name: 'blue', version: '1.33' });
const ofBlue = colours(100, 0).filter(({ setIdentifier }) => setIdentifier === 'blue');

const ARGO_OF_BLUE = {
  applications: (_at: unknown, labels: Record<string, string>) =>
    Promise.resolve([application({ name: `${labels[ARGO.tier] === 'app' ? 'web' : 'crds'}-blue`, labels })]),
  registrationsOf: registered({ blue: ['made-by-hand'] }),
};

function registered(secrets: Readonly<Record<string, readonly string[]>>) {
  const labels = { [ARGOCD.platformLabel]: 'enabled', [ARGOCD.appsLabel]: 'enabled' };
  return (_at: unknown, { name }: { readonly name: string }) =>
    Promise.resolve((secrets[name] ?? []).map((secret) => ({ secret, labels })));
}

const entriesOf = (owner: string): ZoneRecord[] =>
  ['cname-', 'aaaa-'].map((prefix) =>
    weighted('blue', 100, {
      type: 'TXT',
      name: `${prefix}web.example.test`,
      alias: null,
      values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/web/web"`],
    }),
  );
const ofIngress = (annotations: Record<string, string>): Prepared => ({
  kube: {
    letsUsIn: answers(undefined),
    externalDns: answers([externalDns('blue')]),
    ingressAnnotations: answers(annotations),
  },
  argo: { ...ARGO_OF_BLUE, findApplication: answers(application({ name: 'web-blue' })) },
});

/** A world in which nothing is wrong, but for what a test changes. */
const world = (given: Prepared = {}): Prepared => ({
  ssm: { readParameter: answers('blue') },
  sts: { account: answers(ENVIRONMENT.account) },
  eks: {
    findCluster: (name: string) => Promise.resolve(name === 'blue' ? BLUE : null),
    offeredVersions: answers([{ version: '1.36', standardSupportEnds: '2027-08-02T00:00:00.000Z' }]),
  },
  kube: { letsUsIn: answers(undefined), externalDns: answers([externalDns('blue')]) },
  argo: ARGO_OF_BLUE,
  workloads: { cronJobs: answers([]) },
  route53: zone(ofBlue),
  ...given,
});

function zone(records: ZoneRecord[]) {
  return {
    zone: answers({ name: 'example.test', nameServers: [] }),
    recordsOfAll: () => Promise.resolve(Map.groupBy(records, ({ name }) => name)),
    allRecords: answers(records),
  };
}

const gather = (prepared: Prepared, environment = ENVIRONMENT) =>
  run(prepare(prepared), 'gatherPreflight', { ...REQUEST, environment });
const findings = async (prepared: Prepared, environment = ENVIRONMENT) =>
  judgePreflight(environment, await gather(prepared, environment), ACTOR.run).map(({ id }) => id);

describe('gatherPreflight', () => {
  it('looks at what changes hands, on blue and in Argo CD', async () => {
    const report: HandoverWorkload = { kind: 'CronJob', namespace: 'web', name: 'report' };
    const handover = { maxGapSeconds: 60, workloads: [report], idle: [] };
    const apps = ENVIRONMENT.apps.map((one) => Object.assign({}, one, { handover }));
    const seen = (change: { version?: string | null; deadline?: number | null; denied?: string[] }) => ({
      cronJobs: answers<readonly HandoverWorkload[]>([report]),
      denied: answers(change.denied ?? []),
      look: answers({ workload: report, version: change.version ?? null }),
      timing: answers({ schedule: '* * * * *', startingDeadlineSeconds: change.deadline ?? null }),
    });
    const ignored = {
      group: 'batch',
      kind: 'CronJob',
      name: null,
      namespace: null,
      jqPathExpressions: [],
      managedFieldsManagers: [],
    };
    const leftAlone = application({
      name: 'web-blue',
      syncOptions: ['RespectIgnoreDifferences=true'],
      ignoreDifferences: [{ ...ignored, jsonPointers: ['/spec/suspend'] }],
    });
    const found = async (one: typeof leftAlone, workloads: ReturnType<typeof seen>) => {
      const argo = { ...ARGO_OF_BLUE, findApplication: answers(one) };
      const ids = await findings(world({ argo, workloads }), { ...ENVIRONMENT, apps });
      return ids.filter((id) => id.startsWith('handover.'));
    };
    expect(await found(leftAlone, seen({ version: '7' }))).toEqual([]);
    const another = {
      ...seen({ version: '7' }),
      cronJobs: answers<readonly HandoverWorkload[]>([report, { ...report, name: 'cleanup' }]),
    };
    expect(await found(leftAlone, another)).toEqual(['handover.unnamed']);
    expect(await found(application({ name: 'web-blue' }), seen({ version: '7' }))).toEqual(['handover.healed']);
    expect(await found(leftAlone, seen({}))).toEqual(['handover.missing']);
    expect(await found(leftAlone, seen({ denied: ['patch cronjobs'] }))).toEqual(['handover.denied']);
    expect(await found(leftAlone, seen({ version: '7', deadline: 10 }))).toEqual(['handover.deadline']);
  });

  it('gathers facts in which nothing is wrong', async () => {
    const facts = await gather(world());
    expect(facts).toMatchObject({
      account: '111122223333',
      blue: {
        name: 'blue',
        version: '1.33',
        status: 'ACTIVE',
        reachable: true,
        externalDns: [externalDns('blue')],
        registrations: [{ secret: 'made-by-hand' }],
      },
      manager: { reachable: true },
      greenTaken: null,
      greenRegistrations: [],
      hosts: [
        { app: 'web', host: 'web.example.test', zoneProblem: null, otherRecords: [], owner: { kind: 'unregistered' } },
      ],
    });
    expect(facts.platformApplications).toHaveLength(1);
    expect(facts.hosts[0]?.records).toHaveLength(2);
    // Its records evaluate health, as external-dns writes them.
    expect(judgePreflight(ENVIRONMENT, facts, ACTOR.run)).toMatchObject([
      { id: 'dns.falls-back', severity: 'warning' },
    ]);
  });

  it.each<[string, Prepared, string]>([
    ['the parameter is empty', { ssm: { readParameter: answers(null) } }, 'blue.unknown'],
    ['the parameter names a cluster that is not there', { ssm: { readParameter: answers('gone') } }, 'blue.unknown'],
    [
      'the live cluster does not answer',
      { kube: { letsUsIn: answers(undefined), externalDns: answers(new KubeError('blue', null, 'ECONNREFUSED')) } },
      'blue.unreachable',
    ],
    [
      'Argo CD’s cluster does not answer',
      { kube: { letsUsIn: answers(new KubeError('manager', null, 'ECONNREFUSED')), externalDns: answers([]) } },
      'manager.unreachable',
    ],
    [
      'Argo CD’s applications may not be read',
      { argo: { ...ARGO_OF_BLUE, applications: answers(new KubeError('manager', 403, 'forbidden')) } },
      'manager.unreachable',
    ],
    [
      'Argo CD’s cluster Secrets may not be read',
      { argo: { ...ARGO_OF_BLUE, registrationsOf: answers(new KubeError('manager', 403, 'forbidden')) } },
      'manager.unreachable',
    ],
    [
      'Argo CD does not know the live cluster',
      { argo: { ...ARGO_OF_BLUE, registrationsOf: registered({}) } },
      'argocd.not-registered',
    ],
    [
      'Argo CD knows a cluster of green’s name',
      { argo: { ...ARGO_OF_BLUE, registrationsOf: registered({ blue: ['a'], 'test-1-36': ['b'] }) } },
      'green.registered',
    ],
    ['there is no platform to copy', { argo: { ...ARGO_OF_BLUE, applications: answers([]) } }, 'argocd.no-platform'],
    [
      'external-dns keeps its records',
      {
        kube: {
          letsUsIn: answers(undefined),
          externalDns: answers([externalDns('blue', { policy: 'upsert-only' })]),
        },
      },
      'external-dns.keeps-records',
    ],
    ['the credentials are of another account', { sts: { account: answers('444455556666') } }, 'account.differs'],
    [
      'green’s name is taken',
      {
        eks: {
          findCluster: (name: string) => Promise.resolve(name === 'blue' ? BLUE : cluster({ tags: THEIRS })),
          offeredVersions: answers([{ version: '1.36', standardSupportEnds: null }]),
        },
      },
      'green.name-taken',
    ],
    [
      'the zone is not there',
      { route53: { zone: answers(awsError('NoSuchHostedZone', 'No hosted zone found with ID: Z1', 404)) } },
      'dns.zone',
    ],
    [
      'the host is of another zone',
      { route53: { ...zone([]), zone: answers({ name: 'example.org', nameServers: [] }) } },
      'dns.zone',
    ],
    [
      'the record is not weighted',
      { route53: zone([weighted('', 0, { setIdentifier: null, weight: null, alias: null, values: ['192.0.2.1'] })]) },
      'dns.not-weighted',
    ],
    [
      'a weighted record names an address instead of a load balancer',
      { route53: zone([...ofBlue, weighted('blue', 100, { alias: null, values: ['192.0.2.1'] })]) },
      'dns.not-weighted',
    ],
    [
      'a record beside ours is routed otherwise',
      { route53: zone([...ofBlue, weighted('eu', 0, { weight: null })]) },
      'dns.not-weighted',
    ],
    [
      'a health check decides about the record',
      { route53: zone([...ofBlue, weighted('blue', 100, { healthChecked: true })]) },
      'dns.not-weighted',
    ],
    [
      'somebody else’s external-dns owns the record',
      { route53: zone([...ofBlue, ...entriesOf('other')]), ...ofIngress({}) },
      'record.owner-id',
    ],
    [
      'external-dns owns the record, and nothing tells it a weight',
      { route53: zone([...ofBlue, ...entriesOf('blue')]), ...ofIngress({}) },
      'record.set-identifier',
    ],
    [
      'external-dns owns the record, and Argo CD would put the weight back',
      {
        route53: zone([...ofBlue, ...entriesOf('blue')]),
        ...ofIngress({
          'external-dns.alpha.kubernetes.io/set-identifier': 'blue',
          'external-dns.alpha.kubernetes.io/aws-weight': '100',
        }),
      },
      'record.argocd-resets',
    ],
    [
      'external-dns has half of the records',
      { route53: zone([...ofBlue, ...entriesOf('blue').slice(0, 1)]), ...ofIngress({}) },
      'record.others',
    ],
    [
      'nobody can tell whose the record is',
      {
        kube: { letsUsIn: answers(undefined), externalDns: answers([externalDns('blue', { registry: 'dynamodb' })]) },
      },
      'record.owner-unknown',
    ],
  ])('turns it into a finding when %s', async (_what, given, finding) => {
    expect(await findings(world(given))).toContain(finding);
  });

  it('names a host whose zone the environment does not have', async () => {
    expect(await findings(world(), { ...ENVIRONMENT, zones: [] })).toContain('dns.zone');
  });

  it('describes records that are not ours to weigh', async () => {
    const records = [
      weighted('', 0, { setIdentifier: null, weight: null, alias: null, values: ['192.0.2.1'] }),
      weighted('eu', 0, { weight: null }),
      weighted('blue', 5, { alias: null, values: ['192.0.2.1'] }),
      weighted('blue', 5, { healthChecked: true }),
      weighted('blue', 5, { type: 'CNAME', alias: null }),
      weighted('blue', 5, { type: 'TXT', alias: null }),
    ];
    const facts = await gather(world({ route53: zone(records) }));
    expect(facts.hosts[0]?.otherRecords).toEqual([
      'A simple',
      'A other routing alias',
      'A weighted',
      'A weighted alias with a health check',
      'CNAME weighted',
    ]);
  });

  it('fails, to be tried again, for what passes by itself', async () => {
    const throttled = world({ route53: { zone: answers(awsError('Throttling', 'Rate exceeded')) } });
    expect(await failureOf(gather(throttled))).toMatchObject({ type: 'cloud.throttled', nonRetryable: false });
  });
});

describe('findLeftovers', () => {
  const request = {
    actor: ACTOR,
    cluster: 'blue',
    oidcIssuer: 'https://oidc.example.test/blue',
    zones: ENVIRONMENT.zones,
    argocd: ARGOCD,
    externalDnsOwner: 'dns-of-blue',
  };
  const owned = (owner: string) => ({
    ...weighted('x', 1, { type: 'TXT', name: 'a-mail.example.test', setIdentifier: null }),
    values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/mail/mail"`],
  });
  const nothing: Prepared = {
    eks: { findCluster: answers(null), listNodeGroups: answers([]) },
    iam: { findOidcProvider: answers(null) },
    elb: { loadBalancersOf: answers([]), targetGroupsOf: answers([]) },
    ec2: { networkInterfacesOf: answers([]), securityGroupsOf: answers([]) },
    argo: { registrationsOf: answers([]), applications: answers([]) },
    // The owner is the one of external-dns, not the cluster's name.
    route53: { allRecords: answers([weighted('green', 100), owned('blue'), owned('dns-of-green')]) },
  };

  it('finds nothing where nothing is', async () => {
    expect(await run(prepare(nothing), 'findLeftovers', request)).toEqual([]);
  });

  it('names everything that still bears the cluster’s name', async () => {
    const leftovers = await run(
      prepare({
        eks: { findCluster: answers(BLUE), listNodeGroups: answers(['general']) },
        iam: { findOidcProvider: answers({ arn: 'arn:provider', tags: {} }) },
        elb: { loadBalancersOf: answers(['arn:lb']), targetGroupsOf: answers(['arn:tg']) },
        ec2: { networkInterfacesOf: answers(['eni-1']), securityGroupsOf: answers(['sg-1']) },
        argo: {
          registrationsOf: answers([{ secret: 'made-by-hand', labels: {} }]),
          applications: answers([application({ name: 'web-blue' })]),
        },
        route53: { allRecords: answers([weighted('blue', 0), weighted('green', 100), owned('dns-of-blue')]) },
      }),
      'findLeftovers',
      request,
    );
    expect(leftovers.map(({ kind, id }) => `${kind}: ${id}`)).toEqual([
      'EKS cluster: blue',
      'EKS node group: general',
      'IAM OIDC provider: arn:provider',
      'load balancer: arn:lb',
      'target group: arn:tg',
      'network interface: eni-1',
      'security group: sg-1',
      'Argo CD cluster Secret: made-by-hand',
      'Argo CD application: web-blue',
      'DNS record: A web.example.test blue',
      'DNS record: TXT a-mail.example.test',
    ]);
  });

  it('asks for no OIDC provider when the cluster never had an issuer', async () => {
    const deps = prepare({ ...nothing, iam: {} });
    expect(await run(deps, 'findLeftovers', { ...request, oidcIssuer: '' })).toEqual([]);
  });
});
