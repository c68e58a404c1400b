// What is in a hosted zone, in the words of the plan.
import type { ZoneRecord } from '../src/adapters/route53.ts';
import { parseRegistryText } from '../src/domain/dns-registry.ts';
import type { ObservedRecord } from '../src/domain/traffic.ts';

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
  const found = values.map(parseRegistryText).find(({ kind }) => kind === 'entry');
  return found?.kind === 'entry' ? found.entry.owner : undefined;
}
