import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { isDeepStrictEqual } from 'node:util';
import type { DnsRecord } from '../../contracts.ts';
import { canonicalName } from '../../dns/names.ts';

/** A record set, in the one form in which two of them can be compared. */
export interface RecordSet {
  /** Lower case, with the dot at its end, and `*` as it is. */
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  /** The routing policies that it names, with their values: `{ Weight: '10' }`. None: simple. */
  readonly routing: Readonly<Partial<Record<RoutingPolicy, string>>>;
  readonly ttl?: number;
  /** In order, so that the order in which they were given does not matter. */
  readonly values: readonly string[];
  readonly alias?: Alias;
  readonly healthCheckId?: string;
}

export interface Alias {
  readonly hostedZoneId: string;
  /** Lower case, with the dot at its end. */
  readonly dnsName: string;
  readonly evaluateTargetHealth: boolean;
}

export const ROUTING_POLICIES = [
  'Weight',
  'Region',
  'GeoLocation',
  'GeoProximityLocation',
  'Failover',
  'MultiValueAnswer',
  'CidrRoutingConfig',
] as const;
export type RoutingPolicy = (typeof ROUTING_POLICIES)[number];

export const fullName = (name: string): string => `${canonicalName(name)}.`;

/** A name as Route 53's lists give it. */
export const listedName = (name: string): string => name.replaceAll('*', String.raw`\052`);

export const isWithin = (name: string, zoneName: string): boolean => name === zoneName || name.endsWith(`.${zoneName}`);

/** Same name, type and set identifier: a zone has only one such. */
export const isSameSet = (a: RecordSet, b: RecordSet): boolean =>
  a.name === b.name && a.type === b.type && a.setIdentifier === b.setIdentifier;

export const isEqual = (a: RecordSet, b: RecordSet): boolean => isDeepStrictEqual(a, b);

/** By which Route 53's lists are in order: by the labels from the last to the first, then by type and set identifier. */
export const listKey = ({
  name,
  type,
  setIdentifier = '',
}: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>): string =>
  [`${name.replace(/\.$/, '').split('.').toReversed().join('.')}.`, type, setIdentifier].join('\n');

export function inListOrder(sets: readonly RecordSet[]): readonly RecordSet[] {
  const keys = new Map(sets.map((set) => [set, listKey(set)]));
  const keyOf = (set: RecordSet): string => keys.get(set) ?? '';
  return sets.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** A record set as ListResourceRecordSets gives it. */
export function fromSdk(set: ResourceRecordSet): RecordSet {
  const { AliasTarget: alias } = set;
  return {
    name: fullName(set.Name ?? ''),
    type: set.Type ?? '',
    routing: routingOf((policy) => {
      const value = set[policy];
      return typeof value === 'object' ? canonicalJson(value) : value?.toString();
    }),
    values: (set.ResourceRecords ?? []).map(({ Value }) => Value ?? '').toSorted(),
    ...(set.SetIdentifier === undefined ? {} : { setIdentifier: set.SetIdentifier }),
    ...(set.TTL === undefined ? {} : { ttl: set.TTL }),
    ...(set.HealthCheckId === undefined ? {} : { healthCheckId: set.HealthCheckId }),
    ...(alias
      ? {
          alias: {
            hostedZoneId: alias.HostedZoneId ?? '',
            dnsName: fullName(alias.DNSName ?? ''),
            evaluateTargetHealth: alias.EvaluateTargetHealth ?? false,
          },
        }
      : {}),
  };
}

export function routingOf(valueOf: (policy: RoutingPolicy) => string | undefined): RecordSet['routing'] {
  const given = ROUTING_POLICIES.flatMap((policy) => {
    const value = valueOf(policy);
    return value === undefined ? [] : [[policy, value] as const];
  });
  return Object.fromEntries(given);
}

/** The same for the same members, in whatever order they came. */
export const canonicalJson = (value: object): string =>
  JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))));

/** As the name servers take it. */
export function toDnsRecord({ name, type, setIdentifier, routing, ttl, values, alias }: RecordSet): DnsRecord {
  return {
    name,
    type,
    values,
    ...(ttl === undefined ? {} : { ttl }),
    ...(setIdentifier === undefined ? {} : { setIdentifier }),
    ...(routing.Weight === undefined ? {} : { weight: Number(routing.Weight) }),
    ...(alias
      ? {
          alias: {
            hostname: alias.dnsName,
            hostedZoneId: alias.hostedZoneId,
            evaluateTargetHealth: alias.evaluateTargetHealth,
          },
        }
      : {}),
  };
}
