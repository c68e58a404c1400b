import { describe, expect, it } from 'vitest';
import { KubeError } from '../../src/adapters/kube-error.ts';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import type { ExternalDns } from '../../src/domain/external-dns.ts';
import type { Keeper } from '../../src/domain/record-keeper.ts';
import { externalDns } from '../support/external-dns.ts';
import {
  activityEnvironment,
  answers,
  application,
  ARGOCD,
  colours,
  failureOf,
  FakeClock,
  prepare,
  REGION,
  run,
  weighted,
} from './fakes.ts';

const HOST = 'web.example.test';
const ZONE = { id: 'Z1', name: 'example.test', nameServers: ['192.0.2.1:53', '192.0.2.2:53'] };
const ANNOTATION = 'external-dns.alpha.kubernetes.io/aws-weight';
const INGRESS = { namespace: 'web', name: 'web' };
const APP = { application: 'web-{cluster}', ingress: INGRESS };
const SCOPE = { region: REGION, argocd: ARGOCD };
const KEEPER: Keeper = {
  cluster: 'green',
  deployment: 'dns/external-dns',
  ownerId: 'green',
  annotation: ANNOTATION,
  followsWithinSeconds: 60,
};

const entry = (owner: string, name: string, setIdentifier = owner): ZoneRecord =>
  weighted(setIdentifier, 100, {
    name,
    type: 'TXT',
    alias: null,
    values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/web/web"`],
  });
const registered = ['blue', 'green'].flatMap((owner) => [entry(owner, `cname-${HOST}`), entry(owner, `aaaa-${HOST}`)]);

/** A zone that has one state after the other, and stays in the last. */
function zone(...states: ZoneRecord[][]) {
  let looks = 0;
  return {
    recordsOf: (_zone: unknown, name: string) => {
      const state = states[Math.min(looks, states.length - 1)] ?? [];
      if (name === HOST) looks += 1;
      return Promise.resolve(state.filter((record) => record.name === name));
    },
  };
}

describe('findRecordOwners', () => {
  const clusters = ['blue', 'green'];
  const byCluster =
    <T>(of: Record<string, T | Error>) =>
    (at: { readonly cluster: string }) => {
      const found = of[at.cluster];
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    };
  const ask = { scope: SCOPE, app: APP, hosts: [{ host: HOST, zone: ZONE }], clusters, mustAnswer: true };

  it('asks of names that are nobody’s no more than the zone and the running external-dns', async () => {
    const kube = { externalDns: answers<ExternalDns[]>([]) };
    const found = await run(prepare({ kube, route53: zone(colours(100, 0)) }), 'findRecordOwners', ask);
    expect(found.hosts).toEqual([{ host: HOST, zoneId: 'Z1', isPrivate: false, owner: { kind: 'unregistered' } }]);
    expect(kube.externalDns.calls).toHaveLength(2);
  });

  it('tells of names of external-dns what both clusters and Argo CD say', async () => {
    const deps = prepare({
      kube: {
        externalDns: byCluster({ blue: [externalDns('blue')], green: [externalDns('green')] }),
        ingressAnnotations: byCluster({ blue: { [ANNOTATION]: '100' }, green: null }),
      },
      argo: {
        findApplication: (_at: unknown, name: string) =>
          Promise.resolve(
            name === 'web-blue'
              ? application({ name, syncOptions: ['RespectIgnoreDifferences=true'], selfHeals: true })
              : null,
          ),
      },
      route53: zone([...colours(100, 0), ...registered]),
    });
    const { hosts, colours: found } = await run(deps, 'findRecordOwners', ask);
    expect(hosts[0]?.owner).toMatchObject({
      kind: 'external-dns',
      claims: [
        { owner: 'blue', setIdentifier: 'blue', types: ['A', 'AAAA'] },
        { owner: 'green', setIdentifier: 'green', types: ['A', 'AAAA'] },
      ],
    });
    expect(found).toEqual([
      {
        cluster: 'blue',
        facts: {
          cluster: 'blue',
          externalDns: [externalDns('blue')],
          annotations: { [ANNOTATION]: '100' },
          application: { name: 'web-blue', selfHeals: true, ignored: [], respectsIgnored: true },
        },
      },
      {
        cluster: 'green',
        facts: { cluster: 'green', externalDns: [externalDns('green')], annotations: null, application: null },
      },
    ]);
  });

  it('cannot know the owner while an external-dns that may write the name has another registry', async () => {
    const found = async (given: Partial<ExternalDns>) => {
      const kube = { externalDns: answers([externalDns('blue', { registry: 'dynamodb', ...given })]) };
      const { hosts } = await run(prepare({ kube, route53: zone(colours(100, 0)) }), 'findRecordOwners', ask);
      return hosts[0]?.owner.kind;
    };
    expect(await found({})).toBe('cannot-know');
    expect(await found({ domains: ['example.org'] })).toBe('unregistered');
  });

  it('fails when a cluster does not answer, but on the way back, when what it would say stays unknown', async () => {
    const down = new KubeError('green', null, 'ECONNREFUSED');
    const kube = { externalDns: byCluster<ExternalDns[]>({ blue: [], green: down }) };
    const deps = prepare({ kube, route53: zone(colours(100, 0)) });
    expect(await failureOf(run(deps, 'findRecordOwners', ask))).toMatchObject({ type: 'k8s.unreachable' });
    const back = await run(deps, 'findRecordOwners', { ...ask, mustAnswer: false });
    expect(back.hosts[0]?.owner.kind).toBe('unregistered');
    expect(back.colours.map(({ facts }) => facts === null)).toEqual([false, true]);
  });
});

describe('annotateWeight', () => {
  const request = { region: REGION, keeper: KEEPER, ingress: INGRESS, weight: 25 };

  it('sets the one annotation on the one Ingress', async () => {
    const annotateIngress = answers(undefined);
    const kube = { ingressAnnotations: answers({ [ANNOTATION]: '5', other: 'x' }), annotateIngress };
    expect(await run(prepare({ kube }), 'annotateWeight', request)).toEqual({ changed: true });
    expect(annotateIngress.calls).toEqual([[{ region: REGION, cluster: 'green' }, INGRESS, { [ANNOTATION]: '25' }]]);
  });

  it('changes nothing when it is set', async () => {
    const kube = { ingressAnnotations: answers({ [ANNOTATION]: '25' }) };
    expect(await run(prepare({ kube }), 'annotateWeight', request)).toEqual({ changed: false });
  });

  it('may have been set by an attempt whose answer was lost', async () => {
    const deps = prepare({ kube: { ingressAnnotations: answers({ [ANNOTATION]: '25' }) } });
    const second = activityEnvironment({ attempt: 2 });
    expect(await run(deps, 'annotateWeight', request, second)).toEqual({ changed: true });
  });

  it('fails when there is no Ingress', async () => {
    const kube = { ingressAnnotations: answers(null) };
    expect(await failureOf(run(prepare({ kube }), 'annotateWeight', request))).toMatchObject({ type: 'k8s.refused' });
  });
});

describe('awaitFollowed', () => {
  const request = {
    region: REGION,
    zone: ZONE,
    host: HOST,
    keeper: KEEPER,
    ingress: INGRESS,
    before: { blue: 95, green: 5 },
    want: { blue: 95, green: 25 },
    steadySeconds: 0,
  };
  const annotated = (weight = '25') => ({ ingressAnnotations: answers({ [ANNOTATION]: weight }) });
  const half = [
    ...colours(95, 25).filter(({ type }) => type === 'A'),
    ...colours(95, 5).filter(({ type }) => type !== 'A'),
  ];

  it('waits until Route 53 has both types', async () => {
    const clock = new FakeClock();
    const deps = prepare({ kube: annotated(), route53: zone(colours(95, 5), half, colours(95, 25)) }, clock);
    expect(await run(deps, 'awaitFollowed', request)).toEqual({ outcome: 'followed' });
    expect(clock.sleeps).toHaveLength(2);
  });

  it('waits as long as external-dns may still do what it was told before', async () => {
    const clock = new FakeClock();
    const deps = prepare({ kube: annotated(), route53: zone(colours(95, 25)) }, clock);
    await run(deps, 'awaitFollowed', { ...request, steadySeconds: 60 });
    expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(60_000);
  });

  it.each<[string, ZoneRecord[]]>([
    ['another weight of green', colours(95, 30)],
    ['another weight of blue', colours(90, 5)],
    ['a third record', [...colours(95, 25), weighted('third', 1)]],
    ['no record', []],
  ])('is drift when there is %s', async (_what, records) => {
    const deps = prepare({ kube: annotated(), route53: zone(records) });
    expect(await run(deps, 'awaitFollowed', request)).toMatchObject({
      outcome: 'drift',
      why: expect.stringContaining(HOST),
    });
  });

  it('is drift when the annotation was put back', async () => {
    const deps = prepare({ kube: annotated('0'), route53: zone(colours(95, 5)) });
    expect(await run(deps, 'awaitFollowed', request)).toMatchObject({
      outcome: 'drift',
      why: expect.stringContaining('says 0, and was set to 25'),
    });
  });

  it('takes any weights of both on the way back, and no third record', async () => {
    const back = { ...request, before: null };
    const deps = prepare({ kube: annotated(), route53: zone(colours(7, 7), colours(95, 25)) });
    expect(await run(deps, 'awaitFollowed', back)).toEqual({ outcome: 'followed' });
    const third = prepare({ kube: annotated(), route53: zone([...colours(95, 5), weighted('third', 1)]) });
    expect(await run(third, 'awaitFollowed', back)).toMatchObject({ outcome: 'drift' });
  });

  it.each<[string, ExternalDns[], string]>([
    ['runs', [externalDns('green')], 'its pod is ready'],
    ['is down', [externalDns('green', { isRunning: false })], 'none of its pods is ready'],
    ['is gone', [], 'it is gone'],
  ])('fails after three rounds, and says that external-dns %s', async (_what, found, tells) => {
    const clock = new FakeClock();
    const kube = { ...annotated(), externalDns: answers(found) };
    const failure = await failureOf(
      run(prepare({ kube, route53: zone(colours(95, 5)) }, clock), 'awaitFollowed', request),
    );
    expect(failure).toMatchObject({ type: 'dns.not-followed', nonRetryable: true });
    expect(failure.message).toContain(tells);
    expect(failure.message).toContain('last seen: A blue=95 green=5, AAAA blue=95 green=5');
    const waited = clock.sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(240_000);
    expect(waited).toBeLessThan(260_000);
  });
});

describe('awaitAnswers', () => {
  const target = { hostname: 'green.elb.test', hostedZoneId: 'ZLB' };
  const request = { zone: ZONE, host: HOST, target, shares: { before: 0, after: 0.05 }, resolvers: null };
  const address = (of: string) => [{ address: of, ttlSeconds: 60 }];

  /** Name servers of which each begins to give green's address with a certain question. */
  function servers(greenFrom: Readonly<Record<string, number>>) {
    const asked = new Map<string, number>();
    return {
      asked,
      resolve: (name: string, at: readonly string[] | null) => {
        if (name !== HOST) return Promise.resolve(address('192.0.2.200'));
        const server = at?.[0] ?? '';
        const count = (asked.get(server) ?? 0) + 1;
        asked.set(server, count);
        return Promise.resolve(address(count >= (greenFrom[server] ?? Infinity) ? '192.0.2.200' : '192.0.2.100'));
      },
    };
  }

  it('asks every name server until each has shown that it knows', async () => {
    const resolver = servers({ '192.0.2.1:53': 1, '192.0.2.2:53': 120 });
    await run(prepare({ resolver }), 'awaitAnswers', request);
    expect(resolver.asked.get('192.0.2.1:53')).toBeLessThanOrEqual(20);
    expect(resolver.asked.get('192.0.2.2:53')).toBeGreaterThanOrEqual(120);
  });

  it('names the servers that never do', async () => {
    const resolver = servers({ '192.0.2.1:53': 1 });
    const failure = await failureOf(run(prepare({ resolver }), 'awaitAnswers', request));
    expect(failure).toMatchObject({ type: 'wait.deadline' });
    expect(failure.message).toContain('not yet: 192.0.2.2:53');
  });

  it('asks nothing when the answers do not change', async () => {
    const deps = prepare({});
    const same = { ...request, shares: { before: 0, after: 0 } };
    expect(await run(deps, 'awaitAnswers', same)).toEqual({ inSyncAt: new Date(deps.clock.now()).toISOString() });
    // Nor when nobody could tell by any sensible number of answers.
    const hardly = { ...request, shares: { before: 5 / 105, after: 0.05 } };
    expect(await run(deps, 'awaitAnswers', hardly)).toHaveProperty('inSyncAt');
  });
});
