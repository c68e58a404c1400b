import { describe, expect, it } from 'vitest';
import { ignoreSnippet, leavesAnnotation, type ArgoPolicy } from '../../src/domain/argo-differences.ts';
import type { IgnoredDifference } from '../../src/domain/ignored-differences.ts';
import type { ExternalDns } from '../../src/domain/external-dns.ts';
import type { ColourFacts } from '../../src/domain/record-keeper.ts';
import {
  decideBack,
  decideMove,
  recordFacts,
  type MoveDecision,
  type RecordFacts,
} from '../../src/domain/record-moves.ts';
import type { Claim, RecordOwner } from '../../src/domain/record-owner.ts';
import { externalDns } from '../support/external-dns.ts';

const PREFIX = 'external-dns.alpha.kubernetes.io/';
const WEIGHT = `${PREFIX}aws-weight`;
const INGRESS = { namespace: 'web', name: 'web' };

const claim = (owner: string, given: Partial<Claim> = {}): Claim => ({
  owner,
  resource: 'ingress/web/web',
  setIdentifier: owner,
  types: ['A', 'AAAA'],
  entries: [`cname-web.example.test`, 'aaaa-web.example.test'],
  ...given,
});
const owned = (...claims: Claim[]): RecordOwner => ({ kind: 'external-dns', claims });
const annotated = (setIdentifier: string, weight: string, prefix = PREFIX): Record<string, string> => ({
  [`${prefix}set-identifier`]: setIdentifier,
  [`${prefix}aws-weight`]: weight,
});
const colour = (cluster: string, weight: string, given: Partial<ColourFacts> = {}): ColourFacts => ({
  cluster,
  externalDns: [externalDns(cluster)],
  annotations: annotated(cluster, weight),
  application: null,
  ...given,
});
const facts = (given: Partial<RecordFacts> = {}): RecordFacts => ({
  host: 'web.example.test',
  zoneId: 'Z1',
  isPrivate: false,
  owner: owned(claim('blue'), claim('green')),
  ingress: INGRESS,
  ownerPattern: '{cluster}',
  blue: colour('blue', '100'),
  green: colour('green', '0'),
  ...given,
});
const problems = (decision: MoveDecision): string[] =>
  decision.kind === 'blocked' ? decision.problems.map(({ id }) => id) : [];
const blueDns = (given: Partial<ExternalDns>): Partial<RecordFacts> => ({
  blue: colour('blue', '100', { externalDns: [externalDns('blue', given)] }),
});
const blueSays = (annotations: Record<string, string> | null): Partial<RecordFacts> => ({
  blue: colour('blue', '100', { annotations }),
});
const policy = (given: Partial<ArgoPolicy> = {}): ArgoPolicy => ({
  name: 'web-blue',
  selfHeals: true,
  ignored: [],
  respectsIgnored: true,
  ...given,
});
const ignored = (given: Partial<IgnoredDifference>): IgnoredDifference => ({
  group: 'networking.k8s.io',
  kind: 'Ingress',
  namespace: null,
  name: null,
  jsonPointers: [],
  jqPathExpressions: [],
  managedFieldsManagers: [],
  ...given,
});

describe('decideMove', () => {
  it.each<RecordOwner>([{ kind: 'unregistered' }, { kind: 'ours', claims: [] }])(
    'leaves a name that is $kind to the zone’s writer',
    (owner) => {
      expect(decideMove(facts({ owner }))).toEqual({ kind: 'moved', mover: { kind: 'zone-writer' } });
    },
  );

  it('moves names of external-dns by the annotation that each Deployment names', () => {
    const prefix = 'dns.example.test/';
    const green = colour('green', '0', {
      annotations: annotated('green', '0', prefix),
      externalDns: [
        externalDns('green', { annotationPrefix: prefix, deployment: 'x/y', intervalSeconds: 30, cacheSeconds: 15 }),
      ],
    });
    expect(decideMove(facts({ green }))).toEqual({
      kind: 'moved',
      mover: {
        kind: 'external-dns',
        blue: {
          cluster: 'blue',
          deployment: 'dns/external-dns',
          ownerId: 'blue',
          annotation: WEIGHT,
          followsWithinSeconds: 60,
        },
        green: {
          cluster: 'green',
          deployment: 'x/y',
          ownerId: 'green',
          annotation: 'dns.example.test/aws-weight',
          followsWithinSeconds: 45,
        },
      },
    });
  });

  it('does so before green is built, and before green has its record', () => {
    const before = { owner: owned(claim('blue')) };
    expect(decideMove(facts({ ...before, green: null }))).toMatchObject({ kind: 'moved', mover: { green: null } });
    expect(decideMove(facts(before))).toMatchObject({ kind: 'moved', mover: { green: { ownerId: 'green' } } });
  });

  it('takes a name that is published by annotation alone', () => {
    const blue = colour('blue', '100', {
      externalDns: [externalDns('blue', { readsIngressRules: false })],
      annotations: {
        ...annotated('blue', '100'),
        [`${PREFIX}ingress-hostname-source`]: 'annotation-only',
        [`${PREFIX}hostname`]: 'Web.example.test',
      },
    });
    expect(decideMove(facts({ blue })).kind).toBe('moved');
  });

  it('forgets entries whose records are gone', () => {
    const owner = owned(claim('blue'), claim('green'), claim('old', { types: [] }));
    expect(decideMove(facts({ owner })).kind).toBe('moved');
  });

  it.each<[string, Partial<RecordFacts>, string]>([
    ['records of somebody else', { owner: { kind: 'other', what: 'CNAME weighted' } }, 'record.others'],
    ['a registry that cannot be read', { owner: { kind: 'cannot-know', why: 'DynamoDB' } }, 'record.owner-unknown'],
    ['a third record', { owner: owned(claim('blue'), claim('green'), claim('third')) }, 'record.others'],
    ['a record of a Service', { owner: owned(claim('blue', { resource: 'service/web/web' })) }, 'record.others'],
    ['another controller', blueSays({ ...annotated('blue', '100'), [`${PREFIX}controller`]: 'x' }), 'record.others'],
    ['no external-dns of that owner id', { blue: colour('blue', '100', { externalDns: [] }) }, 'record.owner-id'],
    ['an owner id that cannot be read', blueDns({ ownerId: null }), 'record.owner-id'],
    [
      'two external-dns of one owner id in a cluster',
      { blue: colour('blue', '100', { externalDns: [externalDns('blue'), externalDns('blue')] }) },
      'record.owner-id',
    ],
    [
      'an owner id that says nothing of its cluster',
      {
        owner: owned(claim('default', { setIdentifier: 'blue' })),
        blue: colour('blue', '100', { externalDns: [externalDns('default')] }),
        green: null,
      },
      'record.owner-id',
    ],
    ['a policy that is not told', blueDns({ policy: null }), 'record.unreadable'],
    ['an interval that is not told', blueDns({ intervalSeconds: null }), 'record.unreadable'],
    ['a cache that is not told', blueDns({ cacheSeconds: null }), 'record.unreadable'],
    ['a prefix that is not told', blueDns({ annotationPrefix: null }), 'record.unreadable'],
    ['--policy=create-only', blueDns({ policy: 'create-only' }), 'record.policy'],
    ['--dry-run', blueDns({ isDryRun: true }), 'record.policy'],
    ['no ready pod', blueDns({ isRunning: false }), 'record.not-running'],
    ['filters that leave it out', blueDns({ domains: ['example.org'] }), 'record.not-running'],
    ['no source of Ingresses', blueDns({ sources: ['service'] }), 'record.not-published'],
    ['rules that are not read', blueDns({ readsIngressRules: false }), 'record.not-published'],
    [
      'another name in the annotation alone',
      blueSays({
        ...annotated('blue', '100'),
        [`${PREFIX}ingress-hostname-source`]: 'annotation-only',
        [`${PREFIX}hostname`]: 'other.example.test',
      }),
      'record.not-published',
    ],
    ['no Ingress', blueSays(null), 'record.set-identifier'],
    ['no set identifier', blueSays({ [WEIGHT]: '100' }), 'record.set-identifier'],
    [
      'a set identifier that is that of the other cluster',
      { green: colour('green', '0', { annotations: annotated('blue', '0') }) },
      'record.set-identifier',
    ],
    [
      'a record without a set identifier',
      { owner: owned(claim('blue', { setIdentifier: null })) },
      'record.set-identifier',
    ],
    ['no weight', blueSays({ [`${PREFIX}set-identifier`]: 'blue' }), 'record.weight'],
    ['a weight in words', blueSays(annotated('blue', 'half')), 'record.weight'],
    ['a weight beyond 255', blueSays(annotated('blue', '256')), 'record.weight'],
    ['Argo CD that heals itself', { blue: colour('blue', '100', { application: policy() }) }, 'record.argocd-resets'],
    [
      'Argo CD that puts back at the next sync',
      { green: colour('green', '0', { application: policy({ selfHeals: false }) }) },
      'record.argocd-resets',
    ],
  ])('refuses %s', (_what, given, id) => {
    expect(problems(decideMove(facts(given)))).toEqual([id]);
  });

  it('refuses two clusters whose external-dns have one owner id', () => {
    const given = {
      ownerPattern: 'shared',
      owner: owned(claim('shared', { setIdentifier: 'blue' }), claim('shared', { setIdentifier: 'green' })),
      blue: colour('blue', '100', { externalDns: [externalDns('shared')] }),
      green: colour('green', '0', { externalDns: [externalDns('shared')] }),
    };
    const decision = decideMove(facts(given));
    expect(problems(decision)).toEqual(['record.owner-id']);
    expect(JSON.stringify(decision)).toContain('each deletes the other’s records');
  });

  it('gives the very lines to add to the Application', () => {
    const decision = decideMove(facts({ blue: colour('blue', '100', { application: policy() }) }));
    expect(decision).toMatchObject({
      problems: [
        {
          todo: expect.stringContaining(
            'spec: {ignoreDifferences: [{group: networking.k8s.io, kind: Ingress, jsonPointers: ["/metadata/annotations/external-dns.alpha.kubernetes.io~1aws-weight"]}], syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}}',
          ),
        },
      ],
    });
  });
});

describe('recordFacts', () => {
  it('put what was seen of each cluster to its side', () => {
    const hosts = [{ host: 'web.example.test', zoneId: 'Z1', isPrivate: false, owner: owned(claim('blue')) }];
    const colours = [
      { cluster: 'green', facts: null },
      { cluster: 'blue', facts: colour('blue', '100') },
    ];
    const of = { ingress: INGRESS, ownerPattern: '{cluster}', blue: 'blue', green: 'green' };
    expect(recordFacts({ hosts, colours }, of)).toEqual([
      facts({ owner: owned(claim('blue')), blue: colour('blue', '100'), green: null }),
    ]);
    const nobody = recordFacts({ hosts, colours: [] }, of);
    expect(nobody.map((one) => problems(decideMove(one)))).toEqual([['record.owner-id']]);
  });
});

describe('leavesAnnotation', () => {
  const POINTER = '/metadata/annotations/external-dns.alpha.kubernetes.io~1aws-weight';
  const says = (given: Partial<IgnoredDifference>): boolean =>
    leavesAnnotation(policy({ ignored: [ignored({ group: 'apps' }), ignored(given)] }), WEIGHT, INGRESS);

  it.each<[string, Partial<IgnoredDifference>, boolean]>([
    ['a pointer to it', { jsonPointers: [POINTER] }, true],
    ['a pointer to all annotations', { jsonPointers: ['/metadata/annotations'] }, true],
    ['a pointer to another', { jsonPointers: [`${POINTER}s`] }, false],
    ['a jq path', { jqPathExpressions: [`.metadata.annotations["${WEIGHT}"]`] }, true],
    ['a jq path with blanks and a dot', { jqPathExpressions: [`.metadata.annotations . "${WEIGHT}"`] }, true],
    ['whatever eksodus sets', { managedFieldsManagers: ['eksodus'] }, true],
    ['whatever another sets', { managedFieldsManagers: ['kubectl'] }, false],
    ['this Ingress', { jsonPointers: [POINTER], namespace: 'web', name: 'web' }, true],
    ['another Ingress', { jsonPointers: [POINTER], name: 'other' }, false],
    ['another namespace', { jsonPointers: [POINTER], namespace: 'other' }, false],
    ['another group', { jsonPointers: [POINTER], group: 'extensions' }, false],
    ['another kind', { jsonPointers: [POINTER], kind: 'Service' }, false],
    ['all kinds', { jsonPointers: [POINTER], group: '*', kind: '*' }, true],
  ])('by %s is %s', (_what, given, expected) => {
    expect(says(given)).toBe(expected);
  });

  it('holds only when syncs respect it', () => {
    const given = policy({ ignored: [ignored({ jsonPointers: [POINTER] })], respectsIgnored: false });
    expect(leavesAnnotation(given, WEIGHT, INGRESS)).toBe(false);
  });

  it('is brought about by the snippet', () => {
    expect(ignoreSnippet(WEIGHT)).toContain(POINTER);
  });
});

describe('decideBack', () => {
  const known = decideMove(facts({ green: null, owner: owned(claim('blue')) }));
  const mover = known.kind === 'moved' ? known.mover : { kind: 'zone-writer' as const };
  const back = (owner: RecordOwner, allAnswered: boolean) =>
    decideBack(facts({ owner, green: null }), [{ host: 'web.example.test', zoneId: 'Z1', mover }], allAnswered);

  it('keeps what was known of external-dns’s names while a cluster does not answer', () => {
    expect(mover.kind).toBe('external-dns');
    for (const owner of [{ kind: 'unregistered' }, { kind: 'other', what: 'several owners' }] as const)
      expect(back(owner, false)).toEqual({ kind: 'moved', mover });
    // Green's record looks like a third party's.
    expect(back(owned(claim('blue'), claim('green')), false)).toEqual({ kind: 'moved', mover });
  });

  it('takes what is seen when all have answered, and an entry that says ours at any time', () => {
    const ours = { kind: 'moved', mover: { kind: 'zone-writer' } };
    expect(back({ kind: 'unregistered' }, true)).toEqual(ours);
    expect(problems(back({ kind: 'other', what: 'A simple' }, true))).toEqual(['record.others']);
    expect(back({ kind: 'ours', claims: [] }, false)).toEqual(ours);
  });
});
