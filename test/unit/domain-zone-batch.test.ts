import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../sandbox/aws/route53/batch.ts';
import { fullName, type RecordSet } from '../../sandbox/aws/route53/records.ts';
import { applyBatch } from '../../sandbox/aws/route53/zone-rules.ts';
import { planHost, RECORD_TYPES, type ObservedRecord, type Wish } from '../../src/domain/traffic.ts';
import {
  afterRefusal,
  allOf,
  isWorthWriting,
  MAX_ELEMENTS,
  MAX_WISHES_PER_BATCH,
  nextBatch,
  superseded,
  without,
  type Waiting,
} from '../../src/domain/zone-batch.ts';

interface Request {
  readonly number: number;
  readonly wish: Pick<Wish, 'id' | 'host' | 'urgent'>;
}

const asking = (hosts: number) =>
  fc.record({ host: fc.integer({ min: 1, max: hosts }).map((n) => `h${n}.example.test`), urgent: fc.boolean() });
const requestsOf = (wishes: readonly { host: string; urgent: boolean }[]): Request[] =>
  wishes.map((wish, number) => ({ number, wish: { id: String(number), ...wish } }));
const queueOf = (hosts: number, maxLength: number): fc.Arbitrary<Request[]> =>
  fc.array(asking(hosts), { maxLength, size: 'max' }).map(requestsOf);
const queue = fc.oneof(queueOf(5, 30), queueOf(400, 400));
/** Some of it was refused as a batch before. */
const waiting = fc.tuple(queue, fc.nat({ max: 3 })).map(([requests, refusals]) => {
  let now: Waiting<Request> = { wishes: requests, halves: [] };
  for (let left = refusals; left > 0; left -= 1) {
    const { batch, rest } = nextBatch(now);
    now = batch.length > 1 ? afterRefusal(rest, batch) : rest;
  }
  return now;
});

const numbers = (requests: readonly Request[]): number[] => requests.map(({ number }) => number);
const inOrder = (requests: readonly Request[]): number[] => numbers(requests).toSorted((a, b) => a - b);
const ascending = (requests: readonly Request[]): void => expect(numbers(requests)).toEqual(inOrder(requests));
const isUrgent = ({ wish }: Request): boolean => wish.urgent;

describe('nextBatch', () => {
  it('loses nothing and doubles nothing, and what stays keeps its order', () => {
    fc.assert(
      fc.property(waiting, (given) => {
        const { batch, rest } = nextBatch(given);
        expect(inOrder([...batch, ...allOf(rest)])).toEqual(inOrder(allOf(given)));
        ascending(rest.wishes);
      }),
    );
  });

  it('takes reversals as long as there are any, and never an advance with them', () => {
    fc.assert(
      fc.property(waiting, (given) => {
        const { batch } = nextBatch(given);
        const mixed = given.halves.some((half) => half.some(isUrgent) && !half.every(isUrgent));
        expect(mixed).toBe(false);
        expect(batch.every(isUrgent)).toBe(allOf(given).some(isUrgent) || batch.length === 0);
        expect(batch.some(isUrgent)).toBe(allOf(given).some(isUrgent));
      }),
    );
  });

  it('takes one wish of a host, the one that was asked first', () => {
    fc.assert(
      fc.property(waiting, (given) => {
        const { batch, rest } = nextBatch(given);
        expect(new Set(batch.map(({ wish }) => wish.host)).size).toBe(batch.length);
        for (const { number, wish } of batch)
          for (const left of allOf(rest))
            if (left.wish.host === wish.host && left.wish.urgent === wish.urgent)
              expect(left.number).toBeGreaterThan(number);
      }),
    );
  });

  it('leaves a wish of its kind behind only for a full batch or its host, and never the oldest', () => {
    fc.assert(
      fc.property(queue, (requests) => {
        const { batch, rest } = nextBatch({ wishes: requests, halves: [] });
        expect(batch.length).toBeLessThanOrEqual(MAX_WISHES_PER_BATCH);
        const kind = batch.some(isUrgent);
        const oldest = requests.find((one) => isUrgent(one) === kind);
        if (oldest) expect(batch).toContain(oldest);
        if (batch.length === MAX_WISHES_PER_BATCH) return;
        const hosts = new Set(batch.map(({ wish }) => wish.host));
        for (const left of rest.wishes.filter((one) => isUrgent(one) === kind)) expect(hosts).toContain(left.wish.host);
      }),
    );
  });

  it('takes what stands together in the zone, so that it is read with few requests', () => {
    const hosts = Array.from({ length: 1000 }, (_, index) => `app-${String(index).padStart(4, '0')}.example.test`);
    fc.assert(
      fc.property(fc.shuffledSubarray(hosts, { minLength: 1000 }), (shuffled) => {
        let left: Waiting<Request> = {
          wishes: requestsOf(shuffled.map((host) => ({ host, urgent: true }))),
          halves: [],
        };
        const gone = new Set<string>();
        for (let batches = 0; batches < 8; batches += 1) {
          const { batch, rest } = nextBatch(left);
          const taken = new Set(batch.map(({ wish }) => wish.host));
          // Around the zone's end, and over what is done already: but for those there are no gaps.
          const places = hosts.filter((host) => !gone.has(host)).map((host) => taken.has(host));
          const begins = places.filter((is, index) => is && !places.at(index - 1)).length;
          expect(begins).toBeLessThanOrEqual(1);
          for (const host of taken) gone.add(host);
          left = rest;
        }
        expect(allOf(left)).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the queue of a zone', () => {
  /** What may happen between two batches. */
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.record({ asks: fc.array(asking(6), { minLength: 1, maxLength: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ withdraws: fc.nat({ max: 40 }) }) },
    { weight: 6, arbitrary: fc.constant('write' as const) },
  );

  it('ends every wish once, refuses only bad ones, and lets reversals overtake, whatever happens in which order', () => {
    const bad = fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), bad, (events, badNumbers) => {
        let asked = 0;
        let now: Waiting<Request> = { wishes: [], halves: [] };
        const ends = new Map<number, string>();
        const end = (requests: readonly Request[], how: string): void => {
          for (const { number } of requests) {
            expect(ends.has(number)).toBe(false);
            ends.set(number, how);
          }
        };
        const written: Request[] = [];
        const isBad = ({ number }: Request): boolean => badNumbers.includes(number);
        const write = (): void => {
          const pointless = superseded(now);
          for (const one of pointless)
            expect(allOf(now).some((other) => isUrgent(other) && other.wish.host === one.wish.host)).toBe(true);
          now = without(now, (one) => pointless.includes(one));
          end(pointless, 'superseded');
          const { batch, rest } = nextBatch(now);
          now = rest;
          if (!batch.some(isUrgent)) expect(allOf(rest).some(isUrgent)).toBe(false);
          if (!batch.some(isBad)) {
            written.push(...batch);
            end(batch, 'written');
          } else if (batch.length === 1) end(batch, 'refused');
          else now = afterRefusal(now, batch);
        };
        for (const one of events) {
          if (one === 'write') write();
          else if ('asks' in one) {
            const fresh = one.asks.map((wish, index) => ({
              number: asked + index,
              wish: { id: String(asked + index), ...wish },
            }));
            asked += fresh.length;
            now = { ...now, wishes: [...now.wishes, ...fresh] };
          } else {
            const gone = allOf(now).filter(({ number }) => number === one.withdraws);
            now = without(now, ({ number }) => number === one.withdraws);
            end(gone, 'withdrawn');
          }
        }
        let batches = 0;
        while (allOf(now).length > 0) {
          write();
          batches += 1;
        }
        expect(batches).toBeLessThanOrEqual(2 * asked);
        expect(ends.size).toBe(asked);
        for (const number of badNumbers) if (number < asked) expect(ends.get(number)).not.toBe('written');
        for (const [number, how] of ends) if (how === 'refused') expect(badNumbers).toContain(number);
        // What was asked for a host is written in the order of asking, kind by kind.
        for (const ofHost of Map.groupBy(written, ({ wish }) => `${wish.host} ${wish.urgent}`).values())
          ascending(ofHost);
        // And no advance after a reversal that was asked later.
        for (const [index, one] of written.entries())
          for (const earlier of written.slice(0, index))
            if (isUrgent(earlier) && !isUrgent(one) && earlier.wish.host === one.wish.host)
              expect(one.number).toBeGreaterThan(earlier.number);
      }),
      { numRuns: 300 },
    );
  });

  it('is worth writing at once when it is full, holds a reversal, or what was refused', () => {
    const advances = requestsOf(
      Array.from({ length: MAX_WISHES_PER_BATCH }, (_, index) => ({ host: `h${index}.example.test`, urgent: false })),
    );
    const [first, ...others] = advances;
    expect(isWorthWriting({ wishes: others, halves: [] })).toBe(false);
    expect(isWorthWriting({ wishes: advances, halves: [] })).toBe(true);
    expect(isWorthWriting({ wishes: [], halves: [[first!]] })).toBe(true);
    expect(isWorthWriting({ wishes: requestsOf([{ host: 'h.example.test', urgent: true }]), halves: [] })).toBe(true);
  });
});

describe('a full batch', () => {
  const COLOURS = ['stg-1-33', 'stg-1-36'];
  const weights = fc.tuple(fc.integer({ min: 1, max: 255 }), fc.nat({ max: 255 }));
  /** Blue only, or both colours; what is wished may be anything. */
  const host = fc.record({ there: weights, hasGreen: fc.boolean(), wished: weights, moves: fc.boolean() });

  const target = (name: string) => ({ hostname: `${name.padEnd(200, 'x')}.elb.amazonaws.com`, hostedZoneId: 'ZALB' });
  const records = (pair: readonly number[], where: string) =>
    COLOURS.map((setIdentifier, index) => ({ setIdentifier, weight: pair[index]!, target: target(where) }));
  const toSet = (name: string, { type, setIdentifier, weight, ...one }: ObservedRecord): RecordSet => ({
    name: fullName(name),
    type,
    setIdentifier,
    routing: { Weight: String(weight) },
    values: [],
    alias: {
      hostedZoneId: one.target.hostedZoneId,
      dnsName: fullName(one.target.hostname),
      evaluateTargetHealth: one.evaluateTargetHealth,
    },
  });

  it('is within the 1,000 elements and 32,000 characters that Route 53 takes, and what it leaves has weight', () => {
    fc.assert(
      fc.property(fc.array(host, { minLength: 200, maxLength: 200 }), (hosts) => {
        const named = hosts.map((one, index) => ({ ...one, name: `h${index}.example.test` }));
        const { batch } = nextBatch({
          wishes: requestsOf(named.map(({ name }) => ({ host: name, urgent: false }))),
          halves: [],
        });
        expect(batch).toHaveLength(MAX_WISHES_PER_BATCH);
        const before: RecordSet[] = [];
        const changes: Change[] = [];
        for (const { number } of batch) {
          const { name, there, hasGreen, wished, moves } = named[number]!;
          const observed = records(there, 'old')
            .slice(0, hasGreen ? 2 : 1)
            .flatMap((one) => RECORD_TYPES.map((type) => Object.assign({ type, evaluateTargetHealth: true }, one)));
          const plan = planHost(observed, { want: records(wished, moves ? 'new' : 'old'), expected: null });
          before.push(...observed.map((one) => toSet(name, one)));
          if (plan.kind === 'change')
            changes.push(...plan.changes.map(({ action, record }) => ({ action, set: toSet(name, record) })));
        }
        expect(changes.length).toBeLessThanOrEqual(MAX_ELEMENTS);
        // The judge is the gateway, which knows nothing of how batches are made.
        const after = applyBatch({ name: 'example.test.', records: before, protections: [] }, changes);
        for (const ofName of Map.groupBy(after, ({ name, type }) => `${name} ${type}`).values())
          expect(ofName.some(({ routing }) => Number(routing.Weight) > 0)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
