// The two tests by which green is compared with blue. Both are exact and one-sided: they ask how probable it is, if green is
// in truth as good as blue, that it looks at least as bad as it does. Pure.

/** So many of so many. Whole numbers; `failed` is at most `total`. */
export interface Count {
  readonly failed: number;
  readonly total: number;
}

/**
 * Fisher's exact test (R. A. Fisher, The Design of Experiments, 1935, chapter II), one-sided. With all failures and both
 * totals taken as given, green's failures X are hypergeometric, and the answer is P(X ≥ green.failed), where
 *
 *   P(X = x) = C(K, x) · C(N − K, n − x) / C(N, n),   N = both totals, K = all failures, n = green's total.
 */
export function fisherExact(green: Count, blue: Count): number {
  const all = green.total + blue.total;
  const failures = green.failed + blue.failed;
  const most = Math.min(failures, green.total);
  const mode = Math.floor(((green.total + 1) * (failures + 1)) / (all + 2));
  let term = Math.exp(
    lnChoose(failures, green.failed) +
      lnChoose(all - failures, green.total - green.failed) -
      lnChoose(all, green.total),
  );
  // Smaller than the smallest number that there is: so far below the mode it is certain, so far above it impossible.
  if (term === 0) return green.failed < mode ? 1 : 0;
  let sum = term;
  for (let x = green.failed; x < most; x += 1) {
    term *= ((failures - x) * (green.total - x)) / ((x + 1) * (all - failures - green.total + x + 1));
    sum += term;
    // Beyond the mode the terms only shrink.
    if (x > mode && term < sum * 1e-17) break;
  }
  return Math.min(1, sum);
}

const lnChoose = (n: number, k: number): number => lnFactorial(n) - lnFactorial(k) - lnFactorial(n - k);

/** Stirling's series (Abramowitz and Stegun 6.1.41); small ones are multiplied out. */
function lnFactorial(n: number): number {
  if (n < 20) {
    let product = 1;
    for (let factor = 2; factor <= n; factor += 1) product *= factor;
    return Math.log(product);
  }
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
}

/**
 * Wilcoxon's signed-rank test (F. Wilcoxon, Biometrics Bulletin 1, 1945), one-sided, for pairs of values that were taken at
 * the same moments. Differences green − blue that are zero are left out, the others ranked by their size; equal ones share the
 * mean of their ranks. If green is as good as blue, each difference has either sign with probability 1/2, and the answer is
 * P(W ≥ w), where w is the sum of the ranks of the positive ones: counted over all 2ⁿ choices of signs, not approximated.
 */
export function signedRankExact(differences: readonly number[]): number {
  const ranked = rank(differences.filter((difference) => difference !== 0));
  const observed = ranked.reduce((sum, { difference, doubled }) => sum + (difference > 0 ? doubled : 0), 0);
  const most = ranked.reduce((sum, { doubled }) => sum + doubled, 0);
  // probability[s]: of all choices of signs so far, the share in which the positive ranks, doubled, sum up to s.
  const probability = new Float64Array(most + 1);
  probability[0] = 1;
  let reached = 0;
  for (const { doubled } of ranked) {
    reached += doubled;
    for (let sum = reached; sum >= 0; sum -= 1) {
      const without = probability[sum] ?? 0;
      const withIt = sum >= doubled ? (probability[sum - doubled] ?? 0) : 0;
      probability[sum] = (without + withIt) / 2;
    }
  }
  return Math.min(
    1,
    probability.subarray(observed).reduce((sum, one) => sum + one, 0),
  );
}

/** Twice the rank, so that the mean of two neighbours is a whole number too. */
function rank(differences: readonly number[]): { difference: number; doubled: number }[] {
  const bySize = differences.toSorted((a, b) => Math.abs(a) - Math.abs(b));
  return bySize.map((difference) => {
    const size = Math.abs(difference);
    const first = bySize.findIndex((other) => Math.abs(other) === size);
    const last = bySize.findLastIndex((other) => Math.abs(other) === size);
    return { difference, doubled: first + last + 2 };
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper;
}

/**
 * Who looks often enough sees in the end what is not there. The k-th look therefore has α / (k (k + 1)) of the probability
 * that all looks together may be wrong with: these sum up to α however many there are.
 */
export const levelOfLook = (significance: number, look: number): number => significance / (look * (look + 1));
