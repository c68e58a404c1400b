import { describe, expect, it } from 'vitest';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import { readExternalDns } from '../../src/domain/external-dns.ts';
import { app, environment, ZONE } from '../support/environment.ts';
import { targetGroup } from '../support/readiness.ts';
import { answers, awsError, FakeClock, prepare, REGION, run, weighted, type Prepared } from './fakes.ts';

const HOST = 'messages.example.test';
const entry = (name: string, owner: string, setIdentifier: string | null = 'stg-1-33'): ZoneRecord => ({
  ...weighted('', 100, { type: 'TXT', name, alias: null }),
  setIdentifier,
  values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/web/web"`],
});
const externalDns = (...args: string[]) =>
  readExternalDns({
    deployment: 'dns/external-dns',
    image: 'external-dns:v0.20.0',
    args: ['--txt-owner-id=stg-1-33', ...args],
    env: {},
    readyReplicas: 1,
  });

const ENVIRONMENT = environment({ region: REGION, apps: [app('messages'), app('files')] });

interface More {
  readonly externalDns?: unknown;
  readonly zone?: unknown;
  readonly elb?: Prepared['elb'];
  readonly clock?: FakeClock;
}

function world(records: readonly ZoneRecord[], more: More = {}) {
  const asked: string[] = [];
  const prepared: Prepared = {
    ssm: { readParameter: answers('stg-1-33') },
    eks: { findCluster: async (name: string) => (name === 'stg-1-33' ? { name } : null) },
    kube: { externalDns: more.externalDns ?? answers([externalDns()]) },
    route53: {
      recordsOfAll:
        more.zone ??
        ((_zone: unknown, names: readonly string[]) => {
          asked.push(...names);
          return Promise.resolve(new Map(names.map((name) => [name, records.filter((one) => one.name === name)])));
        }),
    },
    resolver: { resolve: answers(awsError('NoAnswer')) },
    ...(more.elb && { elb: more.elb }),
  };
  return { deps: prepare(prepared, more.clock), asked };
}

describe('lookAtNames', () => {
  const input = { environment: ENVIRONMENT, hosts: [HOST], askTtl: false };

  it('tells owner, records and registry entries of the names that were asked for', async () => {
    const records = [
      weighted('stg-1-33', 100, { name: HOST }),
      entry(`cname-${HOST}`, 'stg-1-33'),
      weighted('stg-1-33', 100, { name: 'files.example.test' }),
    ];
    const { deps } = world(records);
    const seen = await run(deps, 'lookAtNames', input);
    expect(seen).toMatchObject({
      blue: 'stg-1-33',
      green: 'stg-1-36',
      clusters: [{ cluster: 'stg-1-33', problem: null }],
    });
    expect(seen.names).toMatchObject([
      { host: HOST, app: 'messages', owner: { kind: 'external-dns' }, ttlSeconds: null },
    ]);
    expect(seen.names[0]?.records).toEqual(records.slice(0, 2));
  });

  it('reads where that external-dns has its entries, and says when they do not tell', async () => {
    const { deps, asked } = world([], { externalDns: answers([externalDns('--txt-prefix=reg-')]) });
    await run(deps, 'lookAtNames', input);
    expect(asked).toContain(`reg-cname-${HOST}`);
    const elsewhere = world([], { externalDns: answers([externalDns('--registry=dynamodb')]) });
    const seen = await run(elsewhere.deps, 'lookAtNames', input);
    expect(seen.names[0]?.owner).toMatchObject({ kind: 'cannot-know', why: expect.stringContaining('dynamodb') });
  });

  it('tells of a zone and a cluster that cannot be read, and of name servers that do not answer', async () => {
    const { deps } = world([], {
      externalDns: answers(Object.assign(new Error('no'), { name: 'KubeError', cluster: 'stg-1-33', status: 403 })),
      zone: answers(awsError('AccessDenied', 'not authorized', 403)),
    });
    const seen = await run(deps, 'lookAtNames', { ...input, hosts: null, askTtl: true });
    expect(seen.clusters[0]?.problem).toContain('403');
    expect(seen.names).toHaveLength(2);
    expect(seen.names[0]).toMatchObject({ problem: expect.stringContaining('not authorized'), ttlSeconds: null });
  });
});

describe('showNames', () => {
  const BLUE_LB = 'stg-1-33.elb.test';
  const GREEN_LB = 'stg-1-36.elb.test';
  const both = (name: string) =>
    (['A', 'AAAA'] as const).flatMap((type) => [
      weighted('stg-1-33', 100, { name, type }),
      weighted('stg-1-36', 0, { name, type }),
    ]);
  const behind = (healthy: Readonly<Record<string, number>>) => (hostname: string) => {
    const count = healthy[hostname];
    if (count === undefined) return Promise.resolve(null);
    return Promise.resolve({ hostname, targetGroups: [targetGroup({ healthy: count, unhealthy: 2 - count })] });
  };

  function show(targetsBehind: unknown, records = both(HOST), hosts: readonly string[] | null = [HOST]) {
    const { deps } = world(records, { elb: { targetsBehind } });
    return run(deps, 'showNames', { environment: ENVIRONMENT, hosts });
  }

  it('tells the health of each record’s targets, and who is answered because of it', async () => {
    const well = await show(behind({ [BLUE_LB]: 2, [GREEN_LB]: 2 }));
    expect(well.names[0]?.records).toMatchObject([
      {
        types: ['A', 'AAAA'],
        colour: 'blue',
        receives: { kind: 'share', percent: 100 },
        targets: { health: 'healthy', targetGroups: [{ healthy: 2 }] },
      },
      {
        colour: 'green',
        receives: { kind: 'possible', when: 'no target of stg-1-33 is healthy' },
        targets: { health: 'healthy' },
      },
    ]);
    const sick = await show(behind({ [BLUE_LB]: 0, [GREEN_LB]: 2 }));
    expect(sick.names[0]?.records).toMatchObject([
      { receives: { kind: 'possible', when: 'its targets are healthy again' }, targets: { health: 'unhealthy' } },
      { receives: { kind: 'share', percent: 100 } },
    ]);
  });

  it('looks at each load balancer once and as a whole, also where A, AAAA and names share it', async () => {
    const targetsBehind = answers({ hostname: BLUE_LB, targetGroups: [targetGroup()] });
    const again = weighted('stg-1-33', 100, {
      name: 'files.example.test',
      alias: { hostname: `dualstack.${BLUE_LB}.`, hostedZoneId: 'ZLB', evaluateTargetHealth: true },
    });
    const seen = await show(targetsBehind, [...both(HOST), again], null);
    expect(targetsBehind.calls).toEqual([
      [BLUE_LB, null],
      [GREEN_LB, null],
    ]);
    expect(seen.names.map(({ records }) => records[0]?.targets?.health)).toEqual(['healthy', 'healthy']);
  });

  it('says what it does not know and why, and shows the rest', async () => {
    const green = (hostname: string, otherwise: Error) =>
      hostname === GREEN_LB ? Promise.reject(otherwise) : behind({ [BLUE_LB]: 2 })(hostname);
    for (const refusal of [awsError('AccessDenied', 'not authorized', 403), awsError('Throttling', 'slow down')]) {
      const seen = await show((hostname: string) => green(hostname, refusal));
      expect(seen.names[0]?.records).toMatchObject([
        { targets: { health: 'healthy' } },
        { targets: { health: 'unknown', why: expect.stringContaining(refusal.message) } },
      ]);
    }
    const strange = await show(behind({ [BLUE_LB]: 2 }));
    expect(strange.names[0]?.records[1]?.targets).toEqual({
      health: 'unknown',
      why: 'no load balancer of this account and region has this name',
    });
  });

  it('ends in time, however many there are, with ten questions open at most', async () => {
    const clock = new FakeClock();
    let [open, most] = [0, 0];
    const targetsBehind = async (hostname: string) => {
      open += 1;
      most = Math.max(most, open);
      await clock.sleep(1_500, new AbortController().signal);
      open -= 1;
      return { hostname, targetGroups: [targetGroup()] };
    };
    const many = environment({
      region: REGION,
      apps: Array.from({ length: 30 }, (_, index) => app(`app${index}`)),
    });
    const records = many.apps.map(({ name }) =>
      weighted('stg-1-33', 100, {
        name: `${name}.example.test`,
        alias: { hostname: `${name}.elb.test`, hostedZoneId: 'ZLB', evaluateTargetHealth: true },
      }),
    );
    const { deps } = world(records, { elb: { targetsBehind }, clock });
    const seen = await run(deps, 'showNames', { environment: many, hosts: null });
    const targets = seen.names.map((name) => name.records[0]?.targets);
    expect(most).toBe(10);
    expect(targets.filter((one) => one?.health === 'healthy').length).toBeGreaterThanOrEqual(10);
    expect(targets.find((one) => one?.health === 'unknown')).toMatchObject({
      why: expect.stringContaining('within 20 s'),
    });
  });
});

describe('findOwnEntries', () => {
  it('finds what adoption has left of one cluster, and nothing of external-dns or the other', async () => {
    const mine = entry(`cname-${HOST}`, 'eksodus');
    const others = [
      entry('cname-x.test', 'stg-1-33'),
      entry('cname-y.test', 'eksodus', 'stg-1-36'),
      weighted('stg-1-33', 1),
    ];
    const deps = prepare({ route53: { allRecords: answers([mine, ...others]) } });
    expect(await run(deps, 'findOwnEntries', { zone: ZONE, setIdentifier: 'stg-1-33' })).toEqual([mine]);
  });
});

describe('a rewrite', () => {
  it('changes records and entries in one batch, and is drift when one of them is not as it was seen', async () => {
    const before = [weighted('stg-1-33', 100, { name: HOST }), entry(`cname-${HOST}`, 'stg-1-33')];
    const add = [entry(`cname-${HOST}`, 'eksodus')];
    const rewrite = { remove: [before[1]!], add };
    const wish = { id: 'w', host: HOST, rewrite, urgent: false };
    const apply = (there: readonly ZoneRecord[], change = answers('C1')) => {
      const recordsOfAll = (_zone: unknown, names: readonly string[]) =>
        Promise.resolve(new Map(names.map((name) => [name, there.filter((one) => one.name === name)])));
      const deps = prepare({ route53: { recordsOfAll, change } });
      return run(deps, 'applyWishes', { zone: ZONE, wishes: [wish] });
    };
    const change = answers('C1');
    expect(await apply(before, change)).toEqual([{ wish: 'w', outcome: 'changed', changeId: 'C1' }]);
    expect(change.calls[0]?.[1]).toEqual([
      { action: 'DELETE', record: before[1] },
      { action: 'CREATE', record: add[0] },
    ]);
    // An attempt whose answer was lost: confirmed.
    const again = answers('C2');
    expect(await apply(add, again)).toMatchObject([{ outcome: 'changed', changeId: 'C2' }]);
    expect(again.calls[0]?.[1]).toEqual([
      { action: 'DELETE', record: add[0] },
      { action: 'CREATE', record: add[0] },
    ]);
    expect(await apply([entry(`cname-${HOST}`, 'other')])).toMatchObject([
      { outcome: 'refused', type: 'drift.detected', why: expect.stringContaining('owner=other') },
    ]);
  });
});
