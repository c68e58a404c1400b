import { describe, expect, it } from 'vitest';
import type { Environment } from '../../src/domain/environment.ts';
import type { ExternalDns } from '../../src/domain/external-dns.ts';
import { judgePreflight, type PreflightFacts } from '../../src/domain/preflight.ts';
import type { RecordOwner } from '../../src/domain/record-owner.ts';
import type { Finding } from '../../src/domain/status.ts';
import { RECORD_TYPES, type ObservedRecord } from '../../src/domain/traffic.ts';
import { environment } from '../support/environment.ts';
import { externalDns } from '../support/external-dns.ts';

const AT = '2026-06-01T09:00:00.000Z';
const RUN = 'upgrade/stg/run-1';
const HOST = 'messages.example.test';

type Host = PreflightFacts['hosts'][number];
type Blue = NonNullable<PreflightFacts['blue']>;

const records = (setIdentifier: string, weight: number, types: readonly ObservedRecord['type'][] = RECORD_TYPES) =>
  types.map((type): ObservedRecord => ({
    type,
    setIdentifier,
    weight,
    target: { hostname: `${setIdentifier}.elb.test`, hostedZoneId: 'ZALB' },
    evaluateTargetHealth: false,
  }));
const host = (app: string): Host => ({
  app,
  host: `${app}.example.test`,
  zoneId: 'Z0123456789',
  zoneProblem: null,
  records: records('stg-1-33', 100),
  otherRecords: [],
  owner: { kind: 'unregistered' },
});
const ownedBy = (owner: string, setIdentifier = 'stg-1-33'): RecordOwner => ({
  kind: 'external-dns',
  claims: [{ owner, resource: null, setIdentifier, types: ['A', 'AAAA'], entries: [] }],
});
const withOwner = (owner: RecordOwner, app: string): Host => ({ ...host(app), owner });
const application = (app: string, needs: readonly string[] = []) => ({
  name: `${app}-stg-1-33`,
  app,
  needs,
  sync: 'Synced',
  health: 'Healthy',
  revision: 'abc1234',
});
const registration = (
  secret: string,
  labels = { 'eksodus.dev/platform': 'enabled', 'eksodus.dev/apps': 'enabled' },
) => ({
  secret,
  labels,
});
const blue: Blue = {
  name: 'stg-1-33',
  version: '1.33',
  status: 'ACTIVE',
  reachable: true,
  unreachableBecause: null,
  externalDns: [
    externalDns('stg-1-33', { deployment: 'dns/public' }),
    externalDns('private', { deployment: 'dns/private', policy: null, domains: ['example.internal'] }),
  ],
  registrations: [registration('cluster-stg-1-33')],
};
const evaluated = (some: readonly ObservedRecord[]) =>
  some.map((record) => Object.assign({}, record, { evaluateTargetHealth: true }));
const good: PreflightFacts = {
  at: AT,
  account: '123456789012',
  blue,
  blueProblem: null,
  manager: { reachable: true, unreachableBecause: null },
  greenTaken: null,
  greenRegistrations: [],
  offeredVersions: [
    { version: '1.33', standardSupportEnds: '2026-07-29T00:00:00.000Z' },
    { version: '1.36', standardSupportEnds: '2027-08-01T00:00:00.000Z' },
  ],
  platformApplications: [application('crds'), application('policy', ['crds'])],
  appApplications: [application('messages'), application('files')],
  handovers: [],
  cronJobs: [],
  hosts: [host('messages'), host('files')],
  annotated: [],
};

const judge = (facts: PreflightFacts, given: Environment = environment()): Finding[] =>
  judgePreflight(given, facts, RUN);
const withBlue = (change: Partial<Blue>): PreflightFacts => ({ ...good, blue: { ...blue, ...change } });
const withHost = (change: Partial<Host>): PreflightFacts => ({
  ...good,
  hosts: [{ ...host('messages'), ...change }, host('files')],
});

interface Case {
  readonly id: string;
  readonly facts?: PreflightFacts;
  readonly environment?: Partial<Environment>;
  readonly subject: string;
  /** What the text must tell. */
  readonly tells: string;
}

const CASES: readonly Case[] = [
  {
    id: 'blue.unknown',
    facts: { ...good, blue: null, blueProblem: 'parameter /stg/live-cluster does not exist' },
    subject: '/stg/live-cluster',
    tells: 'parameter /stg/live-cluster does not exist',
  },
  { id: 'blue.not-active', facts: withBlue({ status: 'UPDATING' }), subject: 'stg-1-33', tells: 'UPDATING' },
  {
    id: 'blue.unreachable',
    facts: withBlue({ reachable: false, unreachableBecause: '401 Unauthorized' }),
    subject: 'stg-1-33',
    tells: '401 Unauthorized',
  },
  {
    id: 'external-dns.keeps-records',
    facts: withBlue({ externalDns: [externalDns('x', { deployment: 'dns/public', policy: 'upsert-only' })] }),
    subject: 'dns/public',
    tells: 'on stg-1-33 with --policy=upsert-only',
  },
  {
    id: 'dns.falls-back',
    facts: withHost({ records: evaluated(records('stg-1-33', 100)) }),
    subject: HOST,
    tells: 'Route 53 answers with green, even at weight 0',
  },
  { id: 'account.differs', facts: { ...good, account: '999' }, subject: '123456789012', tells: '999' },
  { id: 'version.same', facts: withBlue({ version: '1.36' }), subject: '1.36', tells: '1.36' },
  { id: 'version.downgrade', facts: withBlue({ version: '1.37' }), subject: '1.36', tells: '1.37' },
  { id: 'version.downgrade', facts: withBlue({ version: '2.36' }), subject: '1.36', tells: '2.36' },
  { id: 'version.unknown', environment: { target: { version: '1.99' } }, subject: '1.99', tells: '1.33, 1.36' },
  {
    id: 'version.unknown',
    facts: { ...good, offeredVersions: [] },
    subject: '1.36',
    tells: 'no version that we could read',
  },
  {
    id: 'version.extended-support',
    facts: { ...good, offeredVersions: [{ version: '1.36', standardSupportEnds: '2026-05-31T23:59:59.000Z' }] },
    subject: '1.36',
    tells: '2026-05-31',
  },
  {
    id: 'manager.unreachable',
    facts: { ...good, manager: { reachable: false, unreachableBecause: 'connection refused' } },
    subject: 'manager',
    tells: 'connection refused',
  },
  {
    id: 'argocd.on-blue',
    environment: { argocd: { ...environment().argocd, cluster: 'stg-1-33' } },
    subject: 'stg-1-33',
    tells: 'would be deleted with it',
  },
  {
    id: 'argocd.not-registered',
    facts: withBlue({ registrations: [] }),
    subject: 'stg-1-33',
    tells: 'no cluster Secret of Argo CD on manager',
  },
  {
    id: 'argocd.registered-twice',
    facts: withBlue({ registrations: [registration('a'), registration('b')] }),
    subject: 'stg-1-33',
    tells: 'a, b',
  },
  {
    id: 'argocd.not-labelled',
    facts: withBlue({ registrations: [{ secret: 'a', labels: { 'eksodus.dev/apps': 'enabled' } }] }),
    subject: 'a',
    tells: 'no label eksodus.dev/platform',
  },
  {
    id: 'argocd.no-platform',
    facts: { ...good, platformApplications: [] },
    subject: 'stg-1-33',
    tells: 'without a platform',
  },
  {
    id: 'green.name-taken',
    facts: { ...good, greenTaken: { run: 'upgrade/stg/run-0', status: 'ACTIVE' } },
    subject: 'stg-1-36',
    tells: 'upgrade/stg/run-0',
  },
  {
    id: 'green.name-taken',
    facts: { ...good, greenTaken: { run: null, status: 'CREATING' } },
    subject: 'stg-1-36',
    tells: 'nobody we know',
  },
  {
    id: 'green.registered',
    facts: { ...good, greenRegistrations: ['cluster-stg-1-36'] },
    subject: 'stg-1-36',
    tells: 'Secret cluster-stg-1-36',
  },
  {
    id: 'argocd.platform-order',
    facts: { ...good, platformApplications: [application('policy', ['crds'])] },
    subject: 'platform',
    tells: 'policy needs crds',
  },
  {
    id: 'argocd.apps-order',
    facts: { ...good, appApplications: [application('messages', ['files']), application('files', ['messages'])] },
    subject: 'apps',
    tells: 'messages, files',
  },
  {
    id: 'app.no-application',
    facts: { ...good, appApplications: [application('messages')] },
    subject: 'files',
    tells: 'files-stg-1-33',
  },
  { id: 'dns.zone', facts: withHost({ zoneProblem: 'no hosted zone Z1' }), subject: HOST, tells: 'no hosted zone Z1' },
  {
    id: 'record.others',
    facts: withHost({ owner: { kind: 'other', what: 'a stranger' } }),
    subject: HOST,
    tells: 'a stranger',
  },
  {
    id: 'record.owner-unknown',
    facts: withHost({ owner: { kind: 'cannot-know', why: 'it is in DynamoDB' } }),
    subject: HOST,
    tells: 'DynamoDB',
  },
  { id: 'record.owner-id', facts: withHost({ owner: ownedBy('default') }), subject: HOST, tells: '"default"' },
  { id: 'record.set-identifier', facts: withHost({ owner: ownedBy('stg-1-33') }), subject: HOST, tells: 'no ingress/' },
  { id: 'dns.not-weighted', facts: withHost({ otherRecords: ['CNAME'] }), subject: HOST, tells: 'CNAME' },
  { id: 'dns.blue-not-serving', facts: withHost({ records: [] }), subject: HOST, tells: 'stg-1-33' },
  { id: 'dns.blue-not-serving', facts: withHost({ records: records('stg-1-33', 0) }), subject: HOST, tells: 'above 0' },
  {
    id: 'dns.third-party',
    facts: withHost({ records: [...records('stg-1-33', 100), ...records('somebody', 1)] }),
    subject: HOST,
    tells: 'somebody',
  },
  {
    id: 'dns.types-differ',
    facts: withHost({ records: records('stg-1-33', 100, ['A']) }),
    subject: HOST,
    tells: 'AAAA has no records',
  },
  {
    id: 'dns.types-differ',
    facts: withHost({ records: [...records('stg-1-33', 100, ['A']), ...records('stg-1-33', 50, ['AAAA'])] }),
    subject: HOST,
    tells: 'A has stg-1-33=100, AAAA has stg-1-33=50',
  },
];

describe('judgePreflight', () => {
  it('finds nothing in good facts', () => {
    expect(judge(good)).toEqual([]);
  });

  it.each(CASES)('finds $id, and only that: $tells', ({ id, facts, environment: change, subject, tells }) => {
    const findings = judge(facts ?? good, environment(change));
    expect(findings.map((one) => one.id)).toEqual([id]);
    const [finding] = findings;
    expect(finding).toMatchObject({ subject, seenAt: AT });
    expect(finding?.what).toContain(tells);
    expect(finding?.todo).not.toBe('');
  });

  it('lets nothing but what can be mended later, or costs only money, pass with a warning', () => {
    const warnings = CASES.flatMap(({ facts, environment: change }) => judge(facts ?? good, environment(change)))
      .filter(({ severity }) => severity === 'warning')
      .map(({ id }) => id);
    expect(warnings).toEqual(['external-dns.keeps-records', 'dns.falls-back', 'version.extended-support']);
  });

  it('says that green would have the name of the live cluster', () => {
    const findings = judge(
      { ...good, greenTaken: { run: RUN, status: 'ACTIVE' } },
      environment({ naming: { green: 'stg-1-33' } }),
    );
    expect(findings.map(({ id }) => id)).toEqual(['green.is-blue']);
  });

  it('lets a run go on with what it made itself, and with green records of before', () => {
    const ours = { greenTaken: { run: RUN, status: 'ACTIVE' }, greenRegistrations: ['cluster-stg-1-36'] };
    expect(judge({ ...good, ...ours })).toEqual([]);
    expect(judge(withHost({ records: [...records('stg-1-33', 100), ...records('stg-1-36', 0)] }))).toEqual([]);
  });

  it('says nothing of what it could not look at', () => {
    const blind = {
      ...withBlue({ registrations: [] }),
      manager: { reachable: false, unreachableBecause: 'x' },
      platformApplications: [],
      appApplications: [],
    };
    expect(judge(blind).map(({ id }) => id)).toEqual(['manager.unreachable']);
    // Least of all may it have a person remove records that may be the live cluster's.
    const nameless = {
      ...good,
      blue: null,
      platformApplications: [],
      handovers: [],
      cronJobs: [],
      hosts: [{ ...host('messages'), records: records('x', 1) }],
    };
    expect(judge(nameless).map(({ id }) => id)).toEqual(['blue.unknown']);
  });

  it('tells everything at once', () => {
    const findings = judge({
      ...withBlue({ status: 'FAILED', version: '1.36' }),
      manager: { reachable: false, unreachableBecause: 'x' },
      handovers: [],
      cronJobs: [],
      hosts: [
        { ...host('messages'), otherRecords: ['CNAME'] },
        { ...host('files'), owner: { kind: 'other', what: 'x' } },
      ],
    });
    expect(findings.map(({ id }) => id)).toEqual([
      'blue.not-active',
      'version.same',
      'manager.unreachable',
      'dns.not-weighted',
      'record.others',
    ]);
  });

  it('has nothing against a name that external-dns can be told to move', () => {
    const prefix = 'external-dns.alpha.kubernetes.io/';
    const annotations = { [`${prefix}set-identifier`]: 'stg-1-33', [`${prefix}aws-weight`]: '100' };
    const annotatedBy = (dns: readonly ExternalDns[]): PreflightFacts['annotated'] =>
      ['messages', 'files'].map((app) => ({
        app,
        cluster: 'stg-1-33',
        externalDns: dns,
        annotations,
        application: null,
      }));
    const hosts = [withOwner(ownedBy('stg-1-33'), 'messages'), withOwner(ownedBy('stg-1-33'), 'files')];
    expect(judge({ ...good, hosts, annotated: annotatedBy(blue.externalDns) })).toEqual([]);
    // What is wrong with the one external-dns is told once, for all its names.
    const down = annotatedBy([externalDns('stg-1-33', { isRunning: false })]);
    expect(judge({ ...good, hosts, annotated: down }).map(({ id }) => id)).toEqual(['record.not-running']);
  });

  it('counts standard support that ends later, or that EKS does not tell, as supported', () => {
    for (const standardSupportEnds of ['2026-06-01T09:00:00.001Z', null])
      expect(judge({ ...good, offeredVersions: [{ version: '1.36', standardSupportEnds }] })).toEqual([]);
  });
});
