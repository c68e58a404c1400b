/** Whether a name server answers by new weights yet: told from its answers alone, each of which is drawn by lot. Pure. */

/** Of the answers, the part that leads to one colour: 0 to 1. */
export interface Shares {
  readonly before: number;
  readonly after: number;
}

/** A server that still answers by the old weights passes by mistake once in a thousand answers or so. */
const SURE = Math.log(1000);

export const shareOf = (weights: Readonly<Record<string, number>>, id: string): number => {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return total === 0 ? 0 : (weights[id] ?? 0) / total;
};

/**
 * How much the answers so far speak for the new weights, after one more (a cumulative sum of logarithms of likelihood:
 * what a server answered before it learned the new weights is not held against it).
 */
export function countAnswer(sum: number, leadsThere: boolean, { before, after }: Shares): number {
  const [old, fresh] = leadsThere ? [before, after] : [1 - before, 1 - after];
  if (fresh === 0) return 0;
  if (old === 0) return Infinity;
  return Math.max(0, sum + Math.log(fresh / old));
}

/** So many answers of one server are asked for, at most, on average. */
const MOST_ANSWERS = 5_000;

/**
 * Whether so many answers tell the new weights from the old. Where they do not, neither do users; a colour that had none
 * before, or shall have none, is always told.
 */
export function isTellable({ before, after }: Shares): boolean {
  return (speaksOnAverage(after, before) + speaksOnAverage(1 - after, 1 - before)) * MOST_ANSWERS >= SURE;
}

const speaksOnAverage = (fresh: number, old: number): number => (fresh === 0 ? 0 : fresh * Math.log(fresh / old));

export const isSpread = (sum: number): boolean => sum >= SURE;
