import type { DnsRecord } from '../contracts.ts';
import { canonicalName, selfAndParents } from './names.ts';

/** Records of one name by type. A name that exists only because another one is below it has none. */
export type Node = ReadonlyMap<string, readonly DnsRecord[]>;

export interface Zone {
  readonly name: string;
  readonly soa: DnsRecord;
  find(name: string): Node | undefined;
}

/** What Route 53 puts into every new zone; for zones that bring none of their own. */
const DEFAULT_SOA = 'ns-1.awsdns-01.org. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400';

/** All zones that are answered for. Names may be given in any case, with or without a final dot. */
export class Zones {
  readonly #zones = new Map<string, Zone>();

  set(name: string, records: readonly DnsRecord[]): void {
    const apex = canonicalName(name);
    this.#zones.set(apex, makeZone(apex, records));
  }

  /** The most specific zone that a canonical name is in. */
  of(name: string): Zone | undefined {
    for (const candidate of selfAndParents(name)) {
      const zone = this.#zones.get(candidate);
      if (zone) return zone;
    }
    return undefined;
  }
}

function makeZone(apex: string, records: readonly DnsRecord[]): Zone {
  const nodes = new Map<string, Map<string, DnsRecord[]>>();
  const nodeOf = (name: string): Map<string, DnsRecord[]> => {
    const node = nodes.get(name) ?? new Map<string, DnsRecord[]>();
    nodes.set(name, node);
    return node;
  };
  nodeOf(apex);
  for (const record of records) {
    const name = canonicalName(record.name);
    for (const parent of selfAndParents(name)) if (parent.endsWith(`.${apex}`)) nodeOf(parent);
    const node = nodeOf(name);
    node.set(record.type, [...(node.get(record.type) ?? []), record]);
  }
  const soa = nodeOf(apex).get('SOA')?.[0] ?? {
    name: apex,
    type: 'SOA',
    ttl: 900,
    values: [DEFAULT_SOA],
  };
  return { name: apex, soa, find: (name) => nodes.get(name) ?? wildcard(nodes, name) };
}

/** The wildcard directly below the nearest name that exists (RFC 4592). */
function wildcard(nodes: ReadonlyMap<string, Node>, name: string): Node | undefined {
  const nearest = selfAndParents(name).find((parent) => nodes.has(parent));
  return nearest === undefined ? undefined : nodes.get(`*.${nearest}`);
}
