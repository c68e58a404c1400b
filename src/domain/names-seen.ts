/** What the zones, the clusters and their external-dns say of the environment's names. Plain JSON. */
import type { HostedZone } from './environment.ts';
import type { ExternalDns } from './external-dns.ts';
import type { RecordOwner } from './record-owner.ts';
import type { RecordSet } from './record-set.ts';

/** One name in one of its zones. */
export interface NameSeen {
  readonly app: string;
  readonly host: string;
  readonly zone: HostedZone;
  /** Of the name, and of the names at which external-dns's registry may speak of it. */
  readonly records: readonly RecordSet[];
  readonly owner: RecordOwner;
  /** What the zone's name servers answer; null: not asked, or no answer. */
  readonly ttlSeconds: number | null;
  /** Why the zone could not be read. */
  readonly problem: string | null;
}

/** A cluster of the environment that is there. */
export interface ClusterSeen {
  readonly cluster: string;
  readonly externalDns: readonly ExternalDns[];
  /** Why it could not be read; then nobody knows its external-dns. */
  readonly problem: string | null;
}

export interface NamesSeen {
  readonly at: string;
  /** The live cluster; null when its parameter names none. */
  readonly blue: string | null;
  readonly green: string;
  readonly clusters: readonly ClusterSeen[];
  readonly names: readonly NameSeen[];
}

/** What an external-dns can make of an app's Ingress. */
export interface SourceSeen {
  /** As the registry writes it: `ingress/namespace/name`. */
  readonly resource: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ruleHosts: readonly string[];
  /** Null: it has none yet. */
  readonly loadBalancer: string | null;
}
