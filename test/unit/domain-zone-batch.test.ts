import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planHost, RECORD_TYPES } from '../../src/domain/traffic.ts';
import { MAX_WISHES_PER_BATCH, nextBatch, superseded } from '../../src/domain/zone-batch.ts';

interface Request {
  readonly number: number;
  readonly wish: { readonly host: string; readonly urgent: boolean };
}

const queueOf = (hosts: number, maxLength: number): fc.Arbitrary<Request[]> =>
  fc
    .array(
      fc.record({ host: fc.integer({ min: 1, max: hosts }).map((n) => `h${n}.example.test`), urgent: fc.boolean() }),
      {
        maxLength,
        size: 'max',
      },
    )
    .map((wishes) => wishes.map((wish, number) => ({ number, wish })));
const queue = fc.oneof(queueOf(5, 30), queueOf(400, 400));

const numbers = (requests: readonly Request[]): number[] => requests.map(({ number }) => number);
const ascending = (requests: readonly Request[]): void =>
  expect(numbers(requests)).toEqual(numbers(requests).toSorted((a, b) => a - b));

describe('nextBatch', () => {
  it('loses nothing and doubles nothing, and what stays keeps its order', () => {
    fc.assert(
      fc.property(queue, (requests) => {
        const { batch, rest } = nextBatch(requests);
        expect(numbers([...batch, ...rest]).toSorted((a, b) => a - b)).toEqual(numbers(requests));
        ascending(rest);
      }),
    );
  });

  it('takes one wish of a host, urgent ones first, each kind in the order of asking', () => {
    fc.assert(
      fc.property(queue, (requests) => {
        const { batch } = nextBatch(requests);
        expect(new Set(batch.map(({ wish }) => wish.host)).size).toBe(batch.length);
        const urgent = batch.filter(({ wish }) => wish.urgent);
        expect(batch.slice(0, urgent.length)).toEqual(urgent);
        ascending(urgent);
        ascending(batch.slice(urgent.length));
      }),
    );
  });

  it('leaves a wish behind only for a full batch, or for one of its host that comes before it', () => {
    fc.assert(
      fc.property(queue, (requests) => {
        const { batch, rest } = nextBatch(requests);
        expect(batch.length).toBeLessThanOrEqual(MAX_WISHES_PER_BATCH);
        for (const left of rest) {
          const first = batch.find(({ wish }) => wish.host === left.wish.host);
          if (batch.length < MAX_WISHES_PER_BATCH) expect(first).toBeDefined();
          if (first) expect(first.wish.urgent || !left.wish.urgent).toBe(true);
          if (first && first.wish.urgent === left.wish.urgent) expect(first.number).toBeLessThan(left.number);
          if (left.wish.urgent && !first) expect(batch.every(({ wish }) => wish.urgent)).toBe(true);
        }
      }),
    );
  });

  it('always takes something, so that a queue ends', () => {
    fc.assert(
      fc.property(queue, (requests) => {
        let left: readonly Request[] = requests;
        let batches = 0;
        while (left.length > 0) {
          const { batch, rest } = nextBatch(left);
          expect(batch.length).toBeGreaterThan(0);
          left = rest;
          batches += 1;
        }
        expect(batches).toBeLessThanOrEqual(requests.length);
      }),
    );
  });

  it('keeps the largest batch within the 1,000 elements that Route 53 takes', () => {
    const at = (weight: number, hostname: string) =>
      ['blue', 'green'].map((setIdentifier) => ({ setIdentifier, weight, target: { hostname, hostedZoneId: 'ZALB' } }));
    const observed = RECORD_TYPES.flatMap((type) =>
      at(1, 'old.elb.test').map(({ setIdentifier, weight, target }) => ({
        type,
        setIdentifier,
        weight,
        target,
        evaluateTargetHealth: false,
      })),
    );
    const largest = planHost(observed, { want: at(2, 'new.elb.test'), expected: null });
    const elements = largest.kind === 'change' ? largest.changes.length : 0;
    expect(elements).toBe(8);
    expect(elements * MAX_WISHES_PER_BATCH).toBeLessThanOrEqual(1000);
  });
});

describe('superseded', () => {
  it('gives the advances of hosts that are being taken back, in order, and no reversal', () => {
    fc.assert(
      fc.property(queue, (requests) => {
        const pointless = superseded(requests);
        ascending(pointless);
        for (const request of requests) {
          const reversed = requests.some(({ wish }) => wish.urgent && wish.host === request.wish.host);
          expect(pointless.includes(request)).toBe(!request.wish.urgent && reversed);
        }
      }),
    );
  });
});
