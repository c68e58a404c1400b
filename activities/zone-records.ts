// What is in a hosted zone, in the words of the plan.
import type { Route53, ZoneRecord } from '../src/adapters/route53.ts';
import type { ObservedRecord } from '../src/domain/traffic.ts';

/** One list request a name, up to here; for more names the whole zone is read, 300 records a request. */
const FEW_NAMES = 5;

/** The records of each name. Route 53 grants an account few requests a second. */
export async function readNames(
  route53: Route53,
  zoneId: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly ZoneRecord[]>> {
  const wanted = [...new Set(names.map((name) => name.toLowerCase()))];
  if (wanted.length <= FEW_NAMES) {
    const lists = await Promise.all(wanted.map((name) => route53.recordsOf(zoneId, name)));
    return new Map(wanted.map((name, index) => [name, lists[index] ?? []]));
  }
  const byName = Map.groupBy(await route53.allRecords(zoneId), ({ name }) => name);
  return new Map(wanted.map((name) => [name, byName.get(name) ?? []]));
}

/** A weighted alias record of ours to plan with; undefined for any other kind of record. */
export function toObserved(record: ZoneRecord): ObservedRecord | undefined {
  const { type, setIdentifier, weight, alias, healthChecked } = record;
  if (type !== 'A' && type !== 'AAAA') return undefined;
  if (setIdentifier === null || weight === null || alias === null || healthChecked) return undefined;
  const { evaluateTargetHealth, ...target } = alias;
  return { type, setIdentifier, weight, target, evaluateTargetHealth };
}

export const observedOf = (records: readonly ZoneRecord[]): ObservedRecord[] =>
  records.map(toObserved).filter((record) => record !== undefined);

/** The owner that external-dns's TXT registry names in a record; undefined when it is none of the registry's. */
export function registeredOwner({ type, values }: ZoneRecord): string | undefined {
  if (type !== 'TXT') return undefined;
  const entry = values.find((value) => value.includes('heritage=external-dns'));
  return entry === undefined ? undefined : /external-dns\/owner=([^,"]+)/.exec(entry)?.[1];
}
