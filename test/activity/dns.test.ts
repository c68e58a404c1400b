import { describe, expect, it } from 'vitest';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import type { RecordSetChange } from '../../src/domain/record-set.ts';
import type { Wish } from '../../src/domain/traffic.ts';
import { MAX_WISHES_PER_BATCH } from '../../src/domain/zone-batch.ts';
import { activityEnvironment, answers, awsError, colours, failureOf, prepare, run, weighted } from './fakes.ts';

const ZONE = { id: 'Z1', name: 'example.test', nameServers: ['127.0.0.1:5353', '127.0.0.2:5353'] };
const REFUSED = awsError('InvalidChangeBatch', '[values provided do not match the current values]');
const OTHER = { setIdentifier: 'other', weight: 1, target: { hostname: 'other.elb.test', hostedZoneId: 'ZLB' } };
const target = (colour: string) => ({ hostname: `${colour}.elb.test`, hostedZoneId: 'ZLB' });

const wish = (given: Partial<Wish> = {}): Wish => ({
  id: 'wish-1',
  host: 'web.example.test',
  want: [
    { setIdentifier: 'blue', weight: 75, target: target('blue') },
    { setIdentifier: 'green', weight: 25, target: target('green') },
  ],
  expected: { blue: 100, green: 0 },
  urgent: false,
  ...given,
});

/** A zone that answers for each name what the test gives, time after time. */
function zoneOf(...states: ZoneRecord[][]) {
  const reads: string[] = [];
  const state = (): ZoneRecord[] => states[Math.min(reads.length, states.length) - 1] ?? [];
  return {
    reads,
    recordsOf: (_zone: unknown, name: string) => {
      reads.push(name);
      return Promise.resolve(state().filter((record) => record.name === name));
    },
    recordsOfAll: (_zone: unknown, names: readonly string[]) => {
      reads.push(names.join(' '));
      const ofName = (name: string) => state().filter((record) => record.name === name.toLowerCase());
      return Promise.resolve(new Map(names.map((name) => [name, ofName(name)])));
    },
    allRecords: () => {
      reads.push('*');
      return Promise.resolve(state());
    },
  };
}

const batchOf = (calls: unknown[][]) =>
  (calls[0]![1] as RecordSetChange[]).map(({ action, record }) =>
    [action, record.name, record.type, record.setIdentifier, record.weight].join(' '),
  );

describe('readRecords', () => {
  it('sees the weighted alias records and nothing else', async () => {
    const others: ZoneRecord[] = [
      weighted('blue', 1, { type: 'TXT', alias: null, values: ['"text"'] }),
      weighted('x', 1, { alias: null, values: ['192.0.2.1'] }),
      weighted('y', 1, { healthChecked: true }),
      weighted('z', 1, { weight: null }),
    ];
    const route53 = zoneOf([...colours(100, 0), ...others]);
    const records = await run(prepare({ route53 }), 'readRecords', { zone: ZONE, host: 'web.example.test' });
    expect(records).toHaveLength(4);
    expect(records[0]).toEqual({
      type: 'A',
      setIdentifier: 'blue',
      weight: 100,
      target: target('blue'),
      evaluateTargetHealth: true,
    });
  });
});

describe('applyWishes', () => {
  it('writes both colours and both types in one batch, as compare-and-swap', async () => {
    const change = answers('C1');
    const route53 = { ...zoneOf(colours(100, 0)), change };
    expect(await run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [wish()] })).toEqual([
      { wish: 'wish-1', outcome: 'changed', changeId: 'C1' },
    ]);
    expect(change.calls).toHaveLength(1);
    expect(batchOf(change.calls)).toEqual([
      'DELETE web.example.test A blue 100',
      'DELETE web.example.test A green 0',
      'CREATE web.example.test A blue 75',
      'CREATE web.example.test A green 25',
      'DELETE web.example.test AAAA blue 100',
      'DELETE web.example.test AAAA green 0',
      'CREATE web.example.test AAAA blue 75',
      'CREATE web.example.test AAAA green 25',
    ]);
  });

  it('confirms what is as wished already: an attempt of ours whose answer was lost may still be spreading', async () => {
    const change = answers('C1');
    const route53 = { ...zoneOf(colours(75, 25)), change };
    expect(await run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [wish()] })).toEqual([
      { wish: 'wish-1', outcome: 'changed', changeId: 'C1' },
    ]);
    const batch = batchOf(change.calls);
    const written = (action: string) =>
      batch.filter((text) => text.startsWith(action)).map((text) => text.slice(action.length));
    expect(written('CREATE')).toHaveLength(4);
    expect(written('CREATE')).toEqual(written('DELETE'));
  });

  it('does nothing where there is no record and none is wished', async () => {
    const nothing = wish({ want: [], expected: {} });
    expect(await run(prepare({ route53: zoneOf([]) }), 'applyWishes', { zone: ZONE, wishes: [nothing] })).toEqual([
      { wish: 'wish-1', outcome: 'nothing' },
    ]);
  });

  it('leaves out what somebody else changed, and writes the rest', async () => {
    const change = answers('C1');
    const route53 = { ...zoneOf([...colours(60, 40), ...colours(100, 0, 'mail.example.test')]), change };
    const outcomes = await run(prepare({ route53 }), 'applyWishes', {
      zone: ZONE,
      wishes: [wish(), wish({ id: 'wish-2', host: 'mail.example.test' })],
    });
    expect(outcomes).toEqual([
      {
        wish: 'wish-1',
        outcome: 'refused',
        type: 'drift.detected',
        why: 'web.example.test has A blue=60 green=40, expected A blue=100 green=0: somebody else changed it',
      },
      { wish: 'wish-2', outcome: 'changed', changeId: 'C1' },
    ]);
    expect(batchOf(change.calls).every((text) => text.includes('mail.example.test'))).toBe(true);
  });

  it('leaves it to the caller to split a refused batch of several', async () => {
    const route53 = {
      ...zoneOf([...colours(100, 0), ...colours(100, 0, 'mail.example.test')]),
      change: answers(REFUSED),
    };
    const wishes = [wish(), wish({ id: 'wish-2', host: 'mail.example.test' })];
    const failure = await failureOf(run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes }));
    expect(failure).toMatchObject({ type: 'dns.batch-refused', nonRetryable: true });
    expect(failure.message).toContain('values provided do not match');
  });

  it.each([
    ['somebody else', colours(10, 90), { outcome: 'refused', type: 'drift.detected' }],
    ['nobody', colours(100, 0), { outcome: 'refused', type: 'dns.refused' }],
  ])('looks again when a single wish is refused: %s was quicker', async (_who, after, outcome) => {
    const route53 = { ...zoneOf(colours(100, 0), after), change: answers(REFUSED) };
    const outcomes = await run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [wish()] });
    expect(outcomes).toEqual([expect.objectContaining({ wish: 'wish-1', ...outcome })]);
  });

  it('tries again when an earlier attempt of its own was quicker', async () => {
    const route53 = { ...zoneOf(colours(100, 0), colours(75, 25)), change: answers(REFUSED) };
    const failure = await failureOf(run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [wish()] }));
    expect(failure).toMatchObject({ type: 'cloud.busy', nonRetryable: false });
  });

  it('says why Route 53 refused a wish', async () => {
    const route53 = { ...zoneOf(colours(100, 0)), change: answers(REFUSED) };
    const outcomes = await run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [wish()] });
    expect(outcomes).toEqual([
      {
        wish: 'wish-1',
        outcome: 'refused',
        type: 'dns.refused',
        why: 'Route 53 refused web.example.test: [values provided do not match the current values]',
      },
    ]);
  });

  it('goes back whatever the weights are', async () => {
    const change = answers('C1');
    const route53 = { ...zoneOf(colours(33, 67)), change };
    const back = wish({
      want: [
        { setIdentifier: 'blue', weight: 100, target: target('blue') },
        { setIdentifier: 'green', weight: 0, target: target('green') },
      ],
      expected: null,
      urgent: true,
    });
    expect(await run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [back] })).toMatchObject([
      { outcome: 'changed' },
    ]);
  });

  it.each(['PriorRequestNotComplete', 'Throttling'])('comes again soon after %s', async (name) => {
    const route53 = { ...zoneOf(colours(100, 0)), change: answers(awsError(name)) };
    const failure = await failureOf(run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [wish()] }));
    expect(failure).toMatchObject({ type: 'cloud.throttled', nonRetryable: false });
    expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(500);
    expect(failure.nextRetryDelay).toBeLessThanOrEqual(1000);
  });

  it('reads the names of all wishes together', async () => {
    const hosts = ['mail.example.test', 'web.example.test'];
    const wishes = hosts.map((host) => wish({ id: host, host, want: [], expected: {} }));
    const route53 = zoneOf([]);
    await run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes });
    expect(route53.reads).toEqual(['mail.example.test web.example.test']);
  });

  it('never sends more elements than Route 53 takes, whatever is there, but leaves it to the caller to split', async () => {
    const hosts = Array.from({ length: MAX_WISHES_PER_BATCH }, (_, index) => `app${index}.example.test`);
    // One record more than the product makes, so each wish changes more than is reckoned with.
    const there = (host: string) => [...colours(100, 0, host), weighted('other', 0, { name: host })];
    const wishes = hosts.map((host) => wish({ id: host, host, expected: null, want: [...wish().want, OTHER] }));
    const change = answers('C1');
    const deps = prepare({ route53: { ...zoneOf(hosts.flatMap(there)), change } });
    const failure = await failureOf(run(deps, 'applyWishes', { zone: ZONE, wishes }));
    expect(failure).toMatchObject({ type: 'dns.batch-refused', nonRetryable: true });
    expect(change.calls).toEqual([]);
    await run(deps, 'applyWishes', { zone: ZONE, wishes: wishes.slice(0, 62) });
    expect(change.calls).toHaveLength(1);
  });

  it('takes the names of a zone as Route 53 does, without regard to case', async () => {
    const change = answers('C1');
    const route53 = { ...zoneOf(colours(75, 25)), change };
    const upper = wish({ host: 'Web.Example.test' });
    await run(prepare({ route53 }), 'applyWishes', { zone: ZONE, wishes: [upper] });
    // As wished, so only confirmed: four records out and the same four in.
    expect(batchOf(change.calls)).toHaveLength(8);
  });
});

describe('awaitInSync', () => {
  it('waits for INSYNC, no more than a request a second', async () => {
    const deps = prepare({ route53: { isInSync: answers(false, false, true) } });
    const began = deps.clock.now();
    const { inSyncAt } = await run(deps, 'awaitInSync', { zone: ZONE, changeId: 'C1' });
    expect(Date.parse(inSyncAt) - began).toBe(2000);
  });
});

describe('readTtl', () => {
  it('is the longest that any of the zone’s name servers answers', async () => {
    const resolver = {
      resolve: answers([{ address: '192.0.2.1', ttlSeconds: 30 }], [{ address: '192.0.2.2', ttlSeconds: 60 }]),
    };
    expect(await run(prepare({ resolver }), 'readTtl', { zone: ZONE, host: 'web.example.test' })).toEqual({
      ttlSeconds: 60,
    });
    expect(resolver.resolve.calls).toEqual([
      ['web.example.test', ['127.0.0.1:5353']],
      ['web.example.test', ['127.0.0.2:5353']],
    ]);
  });

  it('is not less than a load balancer’s in a private zone, whose resolver is a cache', async () => {
    const resolver = { resolve: answers([{ address: '192.0.2.1', ttlSeconds: 7 }]) };
    const zone = { ...ZONE, private: true };
    expect(await run(prepare({ resolver }), 'readTtl', { zone, host: 'web.example.test' })).toEqual({ ttlSeconds: 60 });
  });

  it('asks the servers that Route 53 names when the environment names none', async () => {
    const route53 = { zone: answers({ name: 'example.test', nameServers: ['ns-1.awsdns.test'] }) };
    const resolver = {
      resolve: answers([{ address: '192.0.2.53', ttlSeconds: 300 }], [{ address: '192.0.2.1', ttlSeconds: 60 }]),
    };
    const zone = { id: 'Z1', name: 'example.test' };
    expect(await run(prepare({ route53, resolver }), 'readTtl', { zone, host: 'web.example.test' })).toEqual({
      ttlSeconds: 60,
    });
    expect(resolver.resolve.calls).toEqual([
      ['ns-1.awsdns.test', null],
      ['web.example.test', ['192.0.2.53']],
    ]);
  });
});

describe('proveIdle', () => {
  const request = {
    zone: ZONE,
    host: 'web.example.test',
    setIdentifier: 'blue',
    target: target('blue'),
    resolvers: ['127.0.0.3:53'],
  };
  const resolverOf = (addressOf: (query: number) => string) => {
    let query = 0;
    const servers: unknown[] = [];
    const resolve = (name: string, asked: readonly string[]) => {
      if (name === 'blue.elb.test') return Promise.resolve([{ address: '192.0.2.1', ttlSeconds: 60 }]);
      servers.push(...asked);
      return Promise.resolve([{ address: addressOf(query++), ttlSeconds: 60 }]);
    };
    return { resolve, servers };
  };

  it('holds when no answer of forty leads there', async () => {
    const resolver = resolverOf(() => '192.0.2.2');
    const evidence = await run(prepare({ route53: zoneOf(colours(0, 100)), resolver }), 'proveIdle', request);
    expect(evidence).toMatchObject({
      passed: true,
      observed:
        'weight 0, 0 of 40 answers with such an address; Route 53 would answer with it when no target of green is healthy',
    });
    expect(resolver.servers).toHaveLength(40);
    expect(new Set(resolver.servers)).toEqual(new Set(ZONE.nameServers));
  });

  it('fails when a single answer leads there', async () => {
    const resolver = resolverOf((query) => (query === 39 ? '192.0.2.1' : '192.0.2.2'));
    const evidence = await run(prepare({ route53: zoneOf(colours(0, 100)), resolver }), 'proveIdle', request);
    expect(evidence).toMatchObject({
      passed: false,
      observed: expect.stringMatching(/^weight 0, 1 of 40 answers with such an address/),
    });
  });

  it('fails without a question when the record still has weight', async () => {
    const evidence = await run(prepare({ route53: zoneOf(colours(1, 99)) }), 'proveIdle', request);
    expect(evidence).toMatchObject({ passed: false, observed: 'weight 1' });
  });

  it('holds when the record is gone', async () => {
    const resolver = resolverOf(() => '192.0.2.2');
    const green = [weighted('green', 100)];
    const evidence = await run(prepare({ route53: zoneOf(green), resolver }), 'proveIdle', request);
    expect(evidence.passed).toBe(true);
  });
});

describe('awaitOwnedRecordsGone', () => {
  const registry = (owner: string, name: string): ZoneRecord => ({
    ...weighted('blue', 1, { type: 'TXT', name, alias: null }),
    values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/web/web"`],
  });

  it('waits until the owner has nothing in the registry, whatever others have', async () => {
    const theirs = registry('green', 'a-web.example.test');
    const ours = registry('blue', 'a-mail.example.test');
    const running = activityEnvironment();
    const route53 = zoneOf([theirs, ours], [theirs, ...colours(1, 1)]);
    await run(prepare({ route53 }), 'awaitOwnedRecordsGone', { zone: ZONE, owner: 'blue' }, running);
    expect(running.beats).toEqual([expect.objectContaining({ waiting: 'still there: a-mail.example.test' })]);
  });
});
