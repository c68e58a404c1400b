/** Exactly these record sets in the place of exactly those, in one batch. Pure. */
import type { RecordSet, RecordSetChange } from './record-set.ts';

export interface Rewrite {
  readonly remove: readonly RecordSet[];
  readonly add: readonly RecordSet[];
}

/** A wish about whole record sets of a name and of its registry: what they are, not only their weights. */
export interface RewriteWish {
  readonly id: string;
  readonly host: string;
  readonly rewrite: Rewrite;
  readonly urgent: boolean;
}

export type RewritePlan =
  | { readonly kind: 'done' }
  | { readonly kind: 'change'; readonly changes: readonly RecordSetChange[] }
  | { readonly kind: 'drift'; readonly observed: string; readonly expected: string };

export const reversed = ({ remove, add }: Rewrite): Rewrite => ({ remove: add, add: remove });

export const namesOf = ({ remove, add }: Rewrite): string[] => [
  ...new Set([...remove, ...add].map(({ name }) => name)),
];

/** `observed`: all record sets of its names. */
export function planRewrite(observed: readonly RecordSet[], { remove, add }: Rewrite): RewritePlan {
  const isThere = (record: RecordSet): boolean => observed.some((one) => isSameSet(one, record));
  const gone = remove.filter((record) => !add.some((one) => isSameSet(one, record)));
  if (add.every(isThere) && !gone.some(isThere)) return { kind: 'done' };
  const missing = remove.filter((record) => !isThere(record));
  if (missing.length > 0)
    return {
      kind: 'drift',
      observed: describeSets(observed.filter((one) => missing.some((record) => record.name === one.name))),
      expected: describeSets(missing),
    };
  return { kind: 'change', changes: changesOf({ remove, add }) };
}

/** DELETE of exactly what was seen makes it a compare-and-swap. */
export const changesOf = ({ remove, add }: Rewrite): RecordSetChange[] => [
  ...remove.map((record) => ({ action: 'DELETE' as const, record })),
  ...add.map((record) => ({ action: 'CREATE' as const, record })),
];

/** The same to Route 53, in every value. */
export const isSameSet = (a: RecordSet, b: RecordSet): boolean => canonical(a) === canonical(b);

function canonical({ name, type, setIdentifier, weight, ttlSeconds, alias, values, healthChecked }: RecordSet): string {
  const target = alias && [plain(alias.hostname), alias.hostedZoneId, alias.evaluateTargetHealth];
  return JSON.stringify([
    plain(name),
    type,
    setIdentifier,
    weight,
    ttlSeconds,
    target,
    values.toSorted((x, y) => (x < y ? -1 : 1)),
    healthChecked,
  ]);
}

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** `A blue=100, TXT blue=100 "heritage=…"`, or that there is nothing. */
export const describeSets = (sets: readonly RecordSet[]): string =>
  sets.map(describeSet).join(', ') || 'no such records';

const describeSet = ({ name, type, setIdentifier, weight, alias, values }: RecordSet): string => {
  const routing = setIdentifier === null ? '' : ` ${setIdentifier}=${weight ?? 'not weighted'}`;
  return `${type} ${name}${routing} to ${alias ? alias.hostname : values.join(' ')}`;
};
