import type { AliasTarget, ObservedRecord } from './traffic.ts';

/** A record set as it is in a zone. Names are lower case, without the final dot. */
export interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier: string | null;
  /** Null: not weighted. */
  readonly weight: number | null;
  /** Null: that of the alias target. */
  readonly ttlSeconds: number | null;
  readonly alias: (AliasTarget & { readonly evaluateTargetHealth: boolean }) | null;
  readonly values: readonly string[];
  /** It answers only while a Route 53 health check of its own passes. */
  readonly healthChecked: boolean;
}

export interface RecordSetChange {
  readonly action: 'DELETE' | 'CREATE';
  readonly record: RecordSet;
}

export const toRecordSet = (
  host: string,
  { type, setIdentifier, weight, target, evaluateTargetHealth }: ObservedRecord,
): RecordSet => ({
  name: host,
  type,
  setIdentifier,
  weight,
  ttlSeconds: null,
  alias: { ...target, evaluateTargetHealth },
  values: [],
  healthChecked: false,
});
