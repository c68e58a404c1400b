import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fisherExact, levelOfLook, median, signedRankExact, type Count } from '../../src/domain/statistics.ts';

const of = (failed: number, total: number): Count => ({ failed, total });
const count = (most = 400) => fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => of(Math.min(a, b), Math.max(a, b)));

/** As the definition says it, with whole numbers of any length. */
function byDefinition(green: Count, blue: Count): number {
  const choose = (n: number, k: number): bigint => {
    if (k < 0 || k > n) return 0n;
    let product = 1n;
    for (let i = 1n; i <= BigInt(k); i += 1n) product = (product * (BigInt(n) - BigInt(k) + i)) / i;
    return product;
  };
  const [all, failures] = [green.total + blue.total, green.failed + blue.failed];
  let ways = 0n;
  for (let x = green.failed; x <= Math.min(failures, green.total); x += 1) {
    ways += choose(failures, x) * choose(all - failures, green.total - x);
  }
  return Number((ways * 10n ** 18n) / choose(all, green.total)) / 1e18;
}

describe('Fisher’s exact test', () => {
  it.each<[string, Count, Count, number]>([
    // The Design of Experiments: a lady tastes tea, four cups of each kind.
    ['all four cups right', of(4, 4), of(0, 4), 1 / 70],
    ['three of four cups right', of(3, 4), of(1, 4), 17 / 70],
    // R. A. Fisher, The logic of inductive inference, 1935: convicted twins of criminals, monozygotic and dizygotic.
    ['convicted twins', of(10, 13), of(2, 17), 0.0004652],
    ['no failures at all', of(0, 50), of(0, 50), 1],
    ['all failed', of(5, 5), of(5, 5), 1],
    ['one failure, in green', of(1, 10), of(0, 30), 0.25],
  ])('gives what is known of %s', (_, green, blue, p) => {
    expect(fisherExact(green, blue)).toBeCloseTo(p, 7);
  });

  it('is what its definition says', () => {
    fc.assert(
      fc.property(count(), count(), (green, blue) => {
        expect(fisherExact(green, blue)).toBeCloseTo(byDefinition(green, blue), 9);
      }),
      { numRuns: 60 },
    );
  });

  it('is right for many requests too', () => {
    // Two proportions of 0.1 % and 0.11 % of ten million: z = 6.9 by the pooled normal approximation.
    const p = fisherExact(of(11_000, 10_000_000), of(10_000, 10_000_000));
    expect(p).toBeGreaterThan(1e-12);
    expect(p).toBeLessThan(3e-12);
    expect(fisherExact(of(1, 100_000_000), of(90_000_000, 100_000_000))).toBe(1);
    expect(fisherExact(of(90_000_000, 100_000_000), of(1, 100_000_000))).toBe(0);
  });

  it('finds nothing where both sides are alike', () => {
    fc.assert(
      fc.property(count(5000), (same) => {
        expect(fisherExact(same, same)).toBeGreaterThanOrEqual(0.5);
      }),
    );
  });

  it('finds it the less probable the more of green fails, and the more probable the more of blue does', () => {
    fc.assert(
      fc.property(count(), count(), (green, blue) => {
        const p = fisherExact(green, blue);
        if (green.failed < green.total) {
          expect(fisherExact(of(green.failed + 1, green.total), blue)).toBeLessThanOrEqual(p + 1e-9);
        }
        if (blue.failed < blue.total) {
          expect(fisherExact(green, of(blue.failed + 1, blue.total))).toBeGreaterThanOrEqual(p - 1e-9);
        }
      }),
    );
  });
});

describe('Wilcoxon’s signed-rank test', () => {
  /** n differences of the sizes 1 to n, of which those named are negative. */
  const differing = (n: number, ...negative: number[]): number[] =>
    Array.from({ length: n }, (_, index) => (negative.includes(index + 1) ? -(index + 1) : index + 1));

  it.each<[string, number[], number]>([
    ['five, all worse', differing(5), 1 / 32],
    ['two, one of each', [2, -1], 2 / 4],
    // Wilcoxon's table: rank sums of 5 for n = 8 and of 10 for n = 10 are the limits at 5 %, one-sided.
    ['rank sum 5 of 8', differing(8, 5), 10 / 256],
    ['rank sum 10 of 10', differing(10, 10), 43 / 1024],
    ['equal sizes', [1, 1, 1, -1], 5 / 16],
    ['zeros', [0, 0, 1, 2, 3], 1 / 8],
    ['nothing but zeros', [0, 0], 1],
    ['nothing', [], 1],
  ])('gives what is known of %s', (_, differences, p) => {
    expect(signedRankExact(differences)).toBeCloseTo(p, 12);
  });

  // Charles Darwin's fifteen pairs of maize, crossed and self-fertilised, in eighths of an inch (R. A. Fisher, 1935).
  it('gives what is known of Darwin’s maize', () => {
    const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    expect(signedRankExact(maize)).toBeCloseTo(0.0206, 4);
  });

  it('is what counting all choices of signs says', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -6, max: 6 }), { maxLength: 9 }), (differences) => {
        const some = differences.filter((one) => one !== 0);
        const sizes = some.map(Math.abs);
        const rankOf = (size: number): number =>
          (sizes.filter((other) => other < size).length + sizes.filter((other) => other <= size).length + 1) / 2;
        const sum = (signs: number): number =>
          sizes.reduce((total, size, index) => total + ((signs >> index) & 1 ? rankOf(size) : 0), 0);
        const observed = some.reduce((total, one) => total + (one > 0 ? rankOf(one) : 0), 0);
        const choices = Array.from({ length: 2 ** sizes.length }, (_, signs) => sum(signs));
        const share = choices.filter((one) => one >= observed).length / choices.length;
        expect(signedRankExact(differences)).toBeCloseTo(share, 12);
      }),
    );
  });

  const differences = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { maxLength: 60 });

  it('finds nothing in what is as often better as worse', () => {
    fc.assert(
      fc.property(differences, (some) => {
        expect(signedRankExact([...some, ...some.map((one) => -one)])).toBeGreaterThanOrEqual(0.5 - 1e-9);
      }),
    );
  });

  it('finds it the less probable the worse green is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 40 }), fc.nat(20), (some, more) => {
        // Whole and a half, so that none becomes zero and leaves the ranks.
        const now = some.map((one) => one + 0.5);
        const p = signedRankExact(now);
        expect(signedRankExact(now.map((one) => one + more))).toBeLessThanOrEqual(p + 1e-9);
      }),
    );
  });
});

describe('many looks', () => {
  it('have together no more of the probability than one would have', () => {
    const levels = Array.from({ length: 100_000 }, (_, index) => levelOfLook(0.01, index + 1));
    expect(levels[0]).toBe(0.005);
    expect(levels.reduce((sum, one) => sum + one, 0)).toBeLessThan(0.01);
    expect(levels.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0.0099);
  });
});

it('a median is the middle, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
