/** Weighted records of one name, and the plan from what is there to what is wished. Pure. */

/** Alias target of one colour: a load balancer, as Route 53 wants it named. */
export interface AliasTarget {
  readonly hostname: string;
  /** The load balancer's canonical hosted zone id, not ours. */
  readonly hostedZoneId: string;
}

export interface WeightedRecord {
  readonly setIdentifier: string;
  /** 0-255. */
  readonly weight: number;
  readonly target: AliasTarget;
}

/** A record that is in the zone now. `type` is `A` or `AAAA`. */
export interface ObservedRecord extends WeightedRecord {
  readonly type: RecordType;
  readonly evaluateTargetHealth: boolean;
}

export type RecordType = 'A' | 'AAAA';
export const RECORD_TYPES: readonly RecordType[] = ['A', 'AAAA'];

/**
 * What an asker wants a name to be: exactly these records, for A and AAAA alike.
 * `expected` is what the asker last knew (weights by set identifier); anything else there is drift and is not overwritten.
 * Null, for going back: whatever the weights are, as long as no record of a third party is among them.
 */
export interface Wish {
  readonly id: string;
  readonly host: string;
  readonly want: readonly WeightedRecord[];
  readonly expected: Readonly<Record<string, number>> | null;
  /** Reversals overtake advances. */
  readonly urgent: boolean;
}

export type RecordChange = {
  readonly action: 'DELETE' | 'CREATE';
  readonly record: ObservedRecord;
};

export type HostPlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'change'; readonly changes: readonly RecordChange[] }
  | { readonly kind: 'drift'; readonly observed: string; readonly expected: string };

const TOTAL_WEIGHT = 100;

/** Both colours of a step. The sum is fixed, so a percentage is exact, and both are never zero. */
export function stepWeights(greenPercent: number): {
  readonly blue: number;
  readonly green: number;
} {
  if (!Number.isInteger(greenPercent) || greenPercent < 0 || greenPercent > TOTAL_WEIGHT) {
    throw new RangeError(`green percent is ${greenPercent}; expected a whole number from 0 to ${TOTAL_WEIGHT}`);
  }
  return { blue: TOTAL_WEIGHT - greenPercent, green: greenPercent };
}

const describe = (weights: Readonly<Record<string, number>>): string =>
  Object.entries(weights)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([id, weight]) => `${id}=${weight}`)
    .join(' ') || 'no records';

/** Weights by set identifier. */
export const weightsOf = (records: readonly WeightedRecord[]): Record<string, number> =>
  Object.fromEntries(records.map((record) => [record.setIdentifier, record.weight]));

/** Such as `blue=90 green=10`. */
export const describeRecords = (records: readonly WeightedRecord[]): string => describe(weightsOf(records));

/** By entries, not by their description: a set identifier may hold any character. */
const sameWeights = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([id, weight]) => b[id] === weight);

const isSame = (observed: ObservedRecord, wanted: WeightedRecord): boolean =>
  observed.weight === wanted.weight &&
  observed.target.hostedZoneId === wanted.target.hostedZoneId &&
  sameHostname(observed.target.hostname, wanted.target.hostname);

/** Route 53 answers names in lower case, with a final dot, and load balancers with a `dualstack.` in front. */
export function sameHostname(a: string, b: string): boolean {
  return plainName(a) === plainName(b);
}

/** As two names are compared. */
export const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

/** What was expected, when what was found is not it. */
function driftOf(
  found: Readonly<Record<string, number>>,
  { want, expected }: Pick<Wish, 'want' | 'expected'>,
): string | undefined {
  if (expected !== null) return sameWeights(found, expected) ? undefined : describe(expected);
  const ours = want.map(({ setIdentifier }) => setIdentifier);
  return Object.keys(found).every((id) => ours.includes(id)) ? undefined : `records of ${ours.join(' and ')} only`;
}

/**
 * What must change so that a host's records are as wished.
 * DELETE of the exact record seen plus CREATE of the new one, in one batch, is a compare-and-swap:
 * if anybody changes the record between our look and our write, Route 53 refuses and nothing is overwritten.
 */
export function planHost(observed: readonly ObservedRecord[], wish: Pick<Wish, 'want' | 'expected'>): HostPlan {
  const changes: RecordChange[] = [];
  for (const type of RECORD_TYPES) {
    const there = observed.filter((record) => record.type === type);
    const found = weightsOf(there);
    const isWished =
      there.length === wish.want.length &&
      wish.want.every((wanted) => there.some((r) => r.setIdentifier === wanted.setIdentifier && isSame(r, wanted)));
    if (isWished) continue;
    const drift = driftOf(found, wish);
    if (drift !== undefined)
      return {
        kind: 'drift',
        observed: `${type} ${describe(found)}`,
        expected: `${type} ${drift}`,
      };
    for (const record of there) {
      const wanted = wish.want.find((candidate) => candidate.setIdentifier === record.setIdentifier);
      if (!wanted || !isSame(record, wanted)) changes.push({ action: 'DELETE', record });
    }
    for (const wanted of wish.want) {
      const before = there.find((record) => record.setIdentifier === wanted.setIdentifier);
      if (before && isSame(before, wanted)) continue;
      const evaluateTargetHealth = before?.evaluateTargetHealth ?? there[0]?.evaluateTargetHealth ?? false;
      changes.push({ action: 'CREATE', record: { ...wanted, type, evaluateTargetHealth } });
    }
  }
  return changes.length === 0 ? { kind: 'nothing' } : { kind: 'change', changes };
}
