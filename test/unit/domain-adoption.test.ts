import { describe, expect, it } from 'vitest';
import { planAdoption, type OwnershipPlan } from '../../src/domain/adoption.ts';
import { writeRegistryText } from '../../src/domain/dns-registry.ts';
import { readExternalDns } from '../../src/domain/external-dns.ts';
import type { ClusterSeen, NameSeen, SourceSeen } from '../../src/domain/names-seen.ts';
import { whyNotKept } from '../../src/domain/ownership-kept.ts';
import { ownerOf } from '../../src/domain/record-owner.ts';
import { describeSets, planRewrite, reversed } from '../../src/domain/record-rewrite.ts';
import type { RecordSet } from '../../src/domain/record-set.ts';
import { findHeir, planRelease } from '../../src/domain/release.ts';

const [BLUE, GREEN] = ['stg-1-33', 'stg-1-36'];
const HOST = 'web.example.test';
const ZONE = { id: 'Z1', name: 'example.test' };
const PREFIX = 'external-dns.alpha.kubernetes.io/';

type Routing = Pick<RecordSet, 'setIdentifier' | 'weight'>;
const SIMPLE: Routing = { setIdentifier: null, weight: null };
const weighted = (setIdentifier: string, weight = 100): Routing => ({ setIdentifier, weight });

const address = (type: 'A' | 'AAAA', routing: Routing, to = BLUE): RecordSet => ({
  name: HOST,
  type,
  ...routing,
  ttlSeconds: null,
  alias: { hostname: `${to}.elb.test`, hostedZoneId: 'ZLB', evaluateTargetHealth: true },
  values: [],
  healthChecked: false,
});
const entry = (prefix: string, routing: Routing, owner: string): RecordSet => ({
  name: `${prefix}${HOST}`,
  type: 'TXT',
  ...routing,
  ttlSeconds: 300,
  alias: null,
  values: [writeRegistryText({ owner, resource: 'ingress/web/web' })],
  healthChecked: false,
});
const addresses = (routing: Routing, to = BLUE): RecordSet[] => [
  address('A', routing, to),
  address('AAAA', routing, to),
];
const owned = (routing: Routing, owner: string, to = BLUE): RecordSet[] => [
  ...addresses(routing, to),
  entry('cname-', routing, owner),
  entry('aaaa-', routing, owner),
];

const seen = (records: readonly RecordSet[]): NameSeen => ({
  app: 'web',
  host: HOST,
  zone: ZONE,
  records,
  owner: ownerOf(records, HOST, { formats: [], unreadable: null }),
  ttlSeconds: null,
  problem: null,
});
const clusterOf = (cluster: string, args: readonly string[] = []): ClusterSeen => ({
  cluster,
  externalDns: [
    readExternalDns({
      deployment: 'dns/external-dns',
      image: 'external-dns:v0.20.0',
      args: [`--txt-owner-id=${cluster}`, '--source=ingress', ...args],
      env: {},
      readyReplicas: 1,
    }),
  ],
  problem: null,
});
const CLUSTERS = [clusterOf(BLUE), clusterOf(GREEN, ['--interval=3m'])];

const source = (given: Readonly<Record<string, string>>, cluster = BLUE): SourceSeen => ({
  resource: 'ingress/web/web',
  annotations: Object.fromEntries(
    Object.entries({ hostname: HOST, ...given }).map(([key, value]) => [PREFIX + key, value]),
  ),
  ruleHosts: [],
  loadBalancer: `${cluster}.elb.test`,
});
const WEIGHTED = { 'set-identifier': BLUE, 'aws-weight': '60' };

function rewriteOf(plan: OwnershipPlan) {
  if (plan.kind !== 'rewrite') throw new Error(`expected a rewrite, got ${JSON.stringify(plan)}`);
  return plan;
}
const release = (name: NameSeen, cluster: string, from: SourceSeen | null): OwnershipPlan => {
  const found = findHeir({ blue: BLUE, clusters: CLUSTERS }, name, cluster);
  if ('why' in found) throw new Error(found.why);
  return planRelease(name, CLUSTERS, found.heir, from);
};

describe('adopt', () => {
  it('names us in the entries of a weighted name, and leaves its records as they are', () => {
    const before = owned(weighted(BLUE), BLUE);
    const plan = rewriteOf(planAdoption(seen(before), CLUSTERS));
    expect(plan.rewrite.remove).toEqual(before.slice(2));
    expect(plan.rewrite.add).toEqual([
      entry('cname-', weighted(BLUE), 'eksodus'),
      entry('aaaa-', weighted(BLUE), 'eksodus'),
    ]);
    expect(plan.loopSeconds).toBe(180);
    expect(plan.notes).toEqual([expect.stringContaining('external-dns.alpha.kubernetes.io/controller: eksodus')]);
  });

  it('makes a simple name weighted, records and entries in one rewrite', () => {
    const before = owned(SIMPLE, BLUE);
    const { rewrite, notes } = rewriteOf(planAdoption(seen(before), CLUSTERS));
    expect(rewrite.remove).toEqual([before[0], before[1], before[2], before[3]]);
    expect(rewrite.add).toEqual(owned(weighted(BLUE), 'eksodus'));
    expect(notes).toEqual([expect.stringContaining('external-dns.alpha.kubernetes.io/controller: eksodus')]);
  });

  it.each<[string, readonly RecordSet[], OwnershipPlan['kind'], string]>([
    ['ours already', owned(weighted(BLUE), 'eksodus'), 'nothing', 'is ours already'],
    ['of nobody', addresses(weighted(BLUE)), 'nothing', 'nobody claims them'],
    ['not there', [], 'refused', 'has no records'],
    ['simple and of nobody', addresses(SIMPLE), 'refused', 'neither ours nor an external-dns’s'.replace('’', "'")],
    [
      'of a strange owner',
      owned(SIMPLE, 'other'),
      'refused',
      'no cluster of this environment has an external-dns with that id',
    ],
    [
      'of a strange set identifier',
      owned(weighted('old'), BLUE),
      'refused',
      'no cluster of this environment is called that',
    ],
    [
      'with a health check of its own',
      owned(weighted(BLUE), BLUE).map((record) => Object.assign({}, record, { healthChecked: true })),
      'refused',
      'with a health check of its own',
    ],
  ])('a name that is %s', (_what, records, kind, why) => {
    expect(planAdoption(seen(records), CLUSTERS)).toMatchObject({ kind, why: expect.stringContaining(why) });
  });

  it('does not begin when nobody can say how long two loops are', () => {
    const name = seen(owned(weighted(BLUE), BLUE));
    const away: ClusterSeen = { cluster: GREEN, externalDns: [], problem: 'no answer' };
    expect(planAdoption(name, [clusterOf(BLUE), away])).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('no answer'),
    });
    const untold = clusterOf(BLUE, ['--interval=soon']);
    expect(planAdoption(name, [untold])).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('how often it looks'),
    });
  });
});

describe('release', () => {
  it('gives a name what its Ingress asks for, weights and all', () => {
    const name = seen(owned(weighted(BLUE, 100), 'eksodus'));
    const { rewrite } = rewriteOf(release(name, BLUE, source(WEIGHTED)));
    expect(rewrite.add).toEqual(owned(weighted(BLUE, 60), BLUE));
    expect(rewrite.remove).toEqual(name.records);
  });

  it('makes it simple again where its Ingress says no set identifier', () => {
    const name = seen(owned(weighted(BLUE, 100), 'eksodus'));
    expect(rewriteOf(release(name, BLUE, source({}))).rewrite.add).toEqual(owned(SIMPLE, BLUE));
  });

  it('makes the entries of a name that never had any', () => {
    const name = seen(addresses(weighted(GREEN, 100), GREEN));
    const asked = source({ 'set-identifier': GREEN, 'aws-weight': '100' }, GREEN);
    const { rewrite } = rewriteOf(release(name, GREEN, asked));
    expect(rewrite).toEqual({
      remove: [],
      add: [entry('cname-', weighted(GREEN), GREEN), entry('aaaa-', weighted(GREEN), GREEN)],
    });
  });

  it('moves it from one owner id to the other’s', () => {
    const name = seen(owned(SIMPLE, BLUE, GREEN));
    const { rewrite } = rewriteOf(release(name, GREEN, source({}, GREEN)));
    expect(rewrite.add).toEqual([entry('cname-', SIMPLE, GREEN), entry('aaaa-', SIMPLE, GREEN)]);
  });

  it.each<[string, readonly RecordSet[], SourceSeen | null, string]>([
    [
      'whose cluster has no Ingress for it',
      owned(weighted(BLUE), 'eksodus'),
      null,
      'would delete web.example.test at once',
    ],
    [
      'whose Ingress publishes another name',
      owned(weighted(BLUE), 'eksodus'),
      source({ hostname: 'x.test' }),
      'does not publish',
    ],
    [
      'whose Ingress is left to another controller',
      owned(weighted(BLUE), 'eksodus'),
      source({ ...WEIGHTED, controller: 'eksodus' }),
      'does not publish',
    ],
    [
      'that lacks the set identifier',
      owned(weighted(GREEN), 'eksodus', BLUE),
      source(WEIGHTED),
      'external-dns would delete it at once',
    ],
    ['without a weight', owned(weighted(BLUE), 'eksodus'), source({ 'set-identifier': BLUE }), 'no weight'],
    ['at weight 0', owned(weighted(BLUE), 'eksodus'), source({ ...WEIGHTED, 'aws-weight': '0' }), 'the weight "0"'],
    [
      'whose load balancer is another',
      owned(weighted(BLUE), 'eksodus', GREEN),
      source(WEIGHTED),
      'would move the traffic there',
    ],
    [
      'while both clusters have records',
      [...owned(weighted(BLUE), 'eksodus'), ...owned(weighted(GREEN, 0), 'eksodus', GREEN)],
      source(WEIGHTED),
      'has records of stg-1-33 and stg-1-36',
    ],
    ['of others', addresses(SIMPLE), source({}), 'not ours to give'],
  ])('is refused to an owner %s', (_what, records, from, why) => {
    expect(release(seen(records), BLUE, from)).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) });
  });

  it('needs to know whom: by owner id, or the one of the live cluster', () => {
    const name = seen([]);
    const all = { blue: BLUE, clusters: CLUSTERS };
    expect(findHeir(all, name, null)).toMatchObject({ heir: { cluster: BLUE } });
    expect(findHeir(all, name, GREEN)).toMatchObject({ heir: { cluster: GREEN } });
    expect(findHeir(all, name, 'nobody')).toMatchObject({
      why: expect.stringContaining('no external-dns has owner id "nobody"'),
    });
    const twice = { blue: BLUE, clusters: [clusterOf(BLUE), clusterOf(BLUE)] };
    expect(findHeir(twice, name, BLUE)).toMatchObject({ why: expect.stringContaining('more than one') });
  });
});

describe('a rewrite', () => {
  const before = owned(SIMPLE, BLUE);
  const { rewrite } = rewriteOf(planAdoption(seen(before), CLUSTERS));

  it('is compare-and-swap, known again when it is done, and taken back by its reverse', () => {
    expect(planRewrite(before, rewrite)).toMatchObject({ kind: 'change' });
    expect(planRewrite(rewrite.add, rewrite)).toEqual({ kind: 'done' });
    expect(planRewrite(before, reversed(rewrite))).toEqual({ kind: 'done' });
    const edited = before.map((record) => Object.assign({}, record, { ttlSeconds: 7 }));
    expect(planRewrite(edited, rewrite)).toMatchObject({ kind: 'drift', expected: describeSets(before) });
  });

  it('is kept as long as nothing is missing, changed or beside it', () => {
    const name = seen(before);
    const why = (records: readonly RecordSet[]) =>
      whyNotKept({ to: 'us' }, rewrite, { before: name, now: seen(records) });
    expect(why(rewrite.add)).toBeUndefined();
    expect(why(rewrite.add.slice(1))).toContain('expected A web.example.test');
    expect(why([...rewrite.add, address('A', weighted('x'))])).toContain('found A web.example.test x=100');
    expect(why(before)).toContain('owner=stg-1-33');
  });

  it('to an owner is kept as long as it answers alike and says so, whatever the weight', () => {
    const ours = seen(owned(weighted(BLUE), 'eksodus'));
    const given = rewriteOf(release(ours, BLUE, source(WEIGHTED))).rewrite;
    const why = (records: readonly RecordSet[]) =>
      whyNotKept({ to: 'owner', ownerId: BLUE }, given, { before: ours, now: seen(records) });
    expect(why(owned(weighted(BLUE, 3), BLUE))).toBeUndefined();
    expect(why(owned(weighted(BLUE), 'eksodus'))).toContain('does not say owner id');
    expect(why([])).toContain('found no such records');
    expect(why(owned(weighted(BLUE), BLUE, GREEN))).toContain('stg-1-36.elb.test');
  });
});
