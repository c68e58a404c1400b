/** Whether a name still is as it was handed over, after external-dns has seen it. Pure. */
import { addressesOf } from './adoption.ts';
import type { NameSeen } from './names-seen.ts';
import { describeSets, isSameSet, type Rewrite } from './record-rewrite.ts';
import type { RecordSet } from './record-set.ts';

/** To us: not a value may change. To an owner id: external-dns may now change all but who is answered. */
export type Direction = { readonly to: 'us' } | { readonly to: 'owner'; readonly ownerId: string };

/** What is not as it was written; undefined: all is. */
export function whyNotKept(
  direction: Direction,
  rewrite: Rewrite,
  { before, now }: { readonly before: NameSeen; readonly now: NameSeen },
): string | undefined {
  if (now.problem !== null) return now.problem;
  const expected = [
    ...before.records.filter((record) => !rewrite.remove.some((one) => isSameSet(one, record))),
    ...rewrite.add,
  ];
  if (direction.to === 'us') return difference(expected, now.records, isSameSet);
  const others = difference(addressesOf({ ...now, records: expected }), addressesOf(now), isSameAnswer);
  if (others !== undefined) return others;
  const { owner } = now;
  const hasOwner = owner.kind === 'external-dns' && owner.claims.every((claim) => claim.owner === direction.ownerId);
  return hasOwner ? undefined : `its registry does not say owner id "${direction.ownerId}" of all its records`;
}

function difference(
  expected: readonly RecordSet[],
  found: readonly RecordSet[],
  same: (a: RecordSet, b: RecordSet) => boolean,
): string | undefined {
  const missing = expected.filter((record) => !found.some((one) => same(one, record)));
  const extra = found.filter((record) => !expected.some((one) => same(one, record)));
  if (missing.length + extra.length === 0) return undefined;
  return `found ${describeSets(extra)}, expected ${describeSets(missing)}`;
}

const isSameAnswer = (a: RecordSet, b: RecordSet): boolean =>
  a.type === b.type && a.setIdentifier === b.setIdentifier && a.alias?.hostname === b.alias?.hostname;
