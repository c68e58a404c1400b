import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countAnswer, isSpread, isTellable, shareOf, type Shares } from '../../src/domain/spread.ts';

/** A reproducible lot: mulberry32. */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How many answers it takes until a server that gives `share` of them there passes; at most so many. */
function answersNeeded(shares: Shares, share: number, { seed, atMost }: { seed: number; atMost: number }): number {
  const draw = lots(seed);
  let sum = 0;
  for (let count = 1; count <= atMost; count += 1) {
    sum = countAnswer(sum, draw() < share, shares);
    if (isSpread(sum)) return count;
  }
  return Infinity;
}

describe('whether a name server answers by the new weights', () => {
  it('is known at once from an answer that the old weights never give', () => {
    expect(isSpread(countAnswer(0, true, { before: 0, after: 0.01 }))).toBe(true);
    expect(isSpread(countAnswer(0, false, { before: 1, after: 0.99 }))).toBe(true);
  });

  it('is denied by an answer that the new weights never give, whatever was answered before', () => {
    expect(countAnswer(6, true, { before: 0.5, after: 0 })).toBe(0);
    expect(countAnswer(6, false, { before: 0.5, after: 1 })).toBe(0);
  });

  it.each<[Shares, number]>([
    [{ before: 0, after: 0.048 }, 300],
    [{ before: 0.208, after: 0.25 }, 20_000],
    [{ before: 0.5, after: 0.667 }, 1_000],
    [{ before: 0.667, after: 1 }, 30],
    [{ before: 0.333, after: 0 }, 30],
  ])('is known of %j in at most %d answers', (shares, atMost) => {
    for (let seed = 1; seed <= 50; seed += 1)
      expect(answersNeeded(shares, shares.after, { seed, atMost })).toBeLessThanOrEqual(atMost);
  });

  it('is seldom believed of a server that still answers by the old ones', () => {
    const shares = { before: 0.5, after: 0.667 };
    const seeds = Array.from({ length: 200 }, (_, seed) => seed + 1);
    const mistaken = seeds.filter((seed) => answersNeeded(shares, shares.before, { seed, atMost: 200 }) < Infinity);
    expect(mistaken.length).toBeLessThan(10);
    // It never is where the old weights cannot give such answers.
    for (const seed of seeds)
      expect(answersNeeded({ before: 0, after: 0.05 }, 0, { seed, atMost: 5_000 })).toBe(Infinity);
  });

  it('does not hold old answers against a server for longer than they are given', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (answers, before) => {
        const shares = { before, after: before / 2 };
        const sum = answers.reduce((so, leads) => countAnswer(so, leads, shares), 0);
        expect(sum).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('isTellable', () => {
  it.each<[Shares, boolean]>([
    [{ before: 0, after: 0.01 }, true],
    [{ before: 1, after: 0.99 }, true],
    [{ before: 0.05, after: 0 }, true],
    [{ before: 0.952, after: 1 }, true],
    [{ before: 0.208, after: 0.25 }, true],
    // From 100 and 5 to 95 and 5: it would take a hundred thousand answers.
    [{ before: 5 / 105, after: 0.05 }, false],
    [{ before: 0.5, after: 0.5 }, false],
    [{ before: 0, after: 0 }, false],
    [{ before: 1, after: 1 }, false],
  ])('of %j is %s', (shares, expected) => {
    expect(isTellable(shares)).toBe(expected);
  });

  it('is so of whatever a step may change from or to nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), (percent) => {
        // Raised from nothing, beside all that blue has; and lowered to nothing, beside all that green has.
        expect(isTellable({ before: 0, after: percent / (100 + percent) })).toBe(true);
        expect(isTellable({ before: 100 / (200 - percent), after: 1 })).toBe(true);
        expect(isTellable({ before: percent / (100 + percent), after: 0 })).toBe(true);
      }),
    );
  });
});

describe('shareOf', () => {
  it('is the part of all weights', () => {
    expect(shareOf({ blue: 95, green: 25 }, 'green')).toBeCloseTo(0.208, 3);
    expect(shareOf({ blue: 100 }, 'green')).toBe(0);
    expect(shareOf({ blue: 0, green: 0 }, 'green')).toBe(0);
  });
});
