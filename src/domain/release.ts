/** How a name goes to the external-dns of one cluster, from us or from another's. Pure. */
import {
  addressesOf,
  entriesOf,
  onlyChanges,
  READABLE,
  refused,
  slowestLoop,
  whyUnfit,
  type OwnershipPlan,
} from './adoption.ts';
import { isAddress, type Claim } from './record-owner.ts';
import { registryName, writeRegistryText, type AddressType } from './dns-registry.ts';
import { nameIn } from './environment.ts';
import { mayWrite, readAnnotations, whyUnreadable, type ExternalDns } from './external-dns.ts';
import type { ClusterSeen, NameSeen, NamesSeen, SourceSeen } from './names-seen.ts';
import type { RecordSet } from './record-set.ts';
import { sameHostname } from './traffic.ts';

/** Who is to own the name. */
export interface Heir {
  readonly cluster: string;
  readonly externalDns: ExternalDns;
}

export type HeirFound = { readonly heir: Heir } | { readonly why: string; readonly todo: string };

/** The external-dns with the given owner id; without one, that of the live cluster which may write the name. */
export function findHeir(
  { blue, clusters }: Pick<NamesSeen, 'blue' | 'clusters'>,
  { host, zone }: Pick<NameSeen, 'host' | 'zone'>,
  ownerId: string | null,
): HeirFound {
  const all = clusters.flatMap(({ cluster, externalDns }) =>
    externalDns.map((one): Heir => ({ cluster, externalDns: one })),
  );
  const fitting = all.filter(({ cluster, externalDns }) =>
    ownerId === null
      ? cluster === blue && mayWrite(externalDns, { host, zoneId: zone.id, isPrivate: zone.private ?? false })
      : externalDns.ownerId === ownerId,
  );
  const [heir, ...others] = fitting;
  const known =
    all.map((one) => `${one.externalDns.ownerId ?? 'unknown'} on ${one.cluster}`).join(', ') || 'there is none';
  if (heir && others.length === 0) return { heir };
  return {
    why: `${fitting.length === 0 ? 'no' : 'more than one'} external-dns ${ownerId === null ? `of the live cluster may write ${host}` : `has owner id "${ownerId}"`} (${known})`,
    todo: 'say which one with --to-owner, by the owner id in its Deployment',
  };
}

/** external-dns's own for TXT records. */
const ENTRY_TTL_SECONDS = 300;
const WEIGHT = /^(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/;

/**
 * The records become exactly what the heir's Ingress asks for, so that its external-dns finds nothing to do: it would
 * delete at once what it owns and its cluster does not ask for.
 */
export function planRelease(
  name: NameSeen,
  clusters: readonly ClusterSeen[],
  { cluster, externalDns }: Heir,
  source: SourceSeen | null,
): OwnershipPlan {
  const { owner, zone } = name;
  const host = nameIn(zone, name.host);
  if (owner.kind === 'other')
    return refused(`the records of ${host} are not ours to give: ${owner.what}`, 'ask their owner');
  if (owner.kind === 'cannot-know') return refused(`nobody can tell whose ${host} is: ${owner.why}`, READABLE);
  const { ownerId, aliasType, format } = externalDns;
  const claims: readonly Claim[] = owner.kind === 'unregistered' ? [] : owner.claims;
  const addresses = addressesOf(name);
  const [first] = addresses;
  if (!first) return refused(`${host} has no records`, 'there is nothing to release');
  if (owner.kind === 'external-dns' && claims.every((claim) => claim.owner === ownerId))
    return { kind: 'nothing', why: `${host} is of owner id "${ownerId}" already` };
  const loopSeconds = slowestLoop(name, clusters);
  if (typeof loopSeconds === 'object') return loopSeconds;
  const unable = whyUnable(externalDns, name);
  if (unable !== undefined || ownerId === null || format === null || aliasType === null)
    return refused(
      `external-dns ${externalDns.deployment} on ${cluster} cannot take it: ${unable ?? 'its Deployment does not tell owner id, format or version'}`,
      'correct its Deployment; what it says there is what we go by',
    );
  const unfit = addresses.map(whyUnfit).find((why) => why !== undefined);
  if (unfit !== undefined) return refused(`${host} has ${unfit}`, 'make it a weighted alias record');
  const identifiers = [...new Set(addresses.map(({ setIdentifier }) => setIdentifier))];
  if (identifiers.length > 1)
    return refused(
      `${host} has records of ${identifiers.join(' and ')}: external-dns of one cluster cannot have both`,
      'release it when one cluster has all of its traffic and the other’s record is gone',
    );
  const asked = whatIsAsked(name.host.toLowerCase(), { cluster, externalDns }, source, first);
  if ('why' in asked) return refused(asked.why, asked.todo);

  const { setIdentifier, weight, resource } = asked;
  const given = (record: RecordSet): RecordSet => ({ ...record, setIdentifier, weight });
  const entries = claims.flatMap((claim) => entriesOf(name, claim));
  if (entries.some(({ values }) => values.length > 1))
    return refused(`${host} has a registry entry with other texts beside it`, 'move those texts to another name');
  const entryTypes = new Set(
    addresses.flatMap(({ type }): AddressType[] => (type === 'A' ? [aliasType] : isAddress(type) ? [type] : [])),
  );
  const wanted = [...entryTypes].map((type): RecordSet => {
    const at = registryName(name.host, type, format);
    const before = entries.find((entry) => entry.name === at);
    const values = [writeRegistryText({ owner: ownerId, resource })];
    const ttlSeconds = before?.ttlSeconds ?? ENTRY_TTL_SECONDS;
    // It deletes an entry only when it has the weight of its record.
    return { name: at, type: 'TXT', setIdentifier, weight, ttlSeconds, alias: null, values, healthChecked: false };
  });
  return {
    kind: 'rewrite',
    rewrite: onlyChanges({ remove: [...addresses, ...entries], add: [...addresses.map(given), ...wanted] }),
    loopSeconds,
    notes: [`from now on external-dns ${externalDns.deployment} on ${cluster} changes and deletes ${host}`],
  };
}

function whyUnable(externalDns: ExternalDns, { host, zone }: NameSeen): string | undefined {
  const { isRunning, isDryRun, sources, ownerId } = externalDns;
  const unreadable = whyUnreadable(externalDns);
  if (unreadable !== null) return unreadable;
  if (!isRunning) return 'none of its pods is ready';
  if (isDryRun) return 'it runs with --dry-run';
  if (ownerId === 'default') return 'its owner id is "default", which any other may have too';
  if (!mayWrite(externalDns, { host, zoneId: zone.id, isPrivate: zone.private ?? false }))
    return 'its filters leave this name out';
  return sources.length > 0 && !sources.includes('ingress') ? 'it does not read Ingresses' : undefined;
}

type Asked =
  | { readonly setIdentifier: string | null; readonly weight: number | null; readonly resource: string }
  | { readonly why: string; readonly todo: string };

/** What the Ingress asks of external-dns, when that agrees with the record that is there. */
function whatIsAsked(
  host: string,
  { cluster, externalDns }: Heir,
  source: SourceSeen | null,
  record: RecordSet,
): Asked {
  const { annotationPrefix, readsIngressRules } = externalDns;
  if (source === null || annotationPrefix === null)
    return {
      why:
        source === null
          ? `${cluster} has no Ingress of the app: external-dns would delete ${host} at once`
          : `nobody can tell which annotations ${externalDns.deployment} reads`,
      todo:
        source === null
          ? 'correct apps[].ingress, or release it to another owner'
          : 'set --annotation-prefix in its Deployment',
    };
  const { annotations, ruleHosts, loadBalancer, resource } = source;
  const said = readAnnotations(annotations, annotationPrefix);
  const isPublished =
    !said.isForOther &&
    ((said.hostnameSource !== 'defined-hosts-only' && said.hostnames.includes(host)) ||
      (said.hostnameSource !== 'annotation-only' && readsIngressRules && ruleHosts.includes(host)));
  if (!isPublished)
    return {
      why: `${resource} on ${cluster} does not publish ${host}: external-dns would delete it at once`,
      todo: said.isForOther
        ? `remove its annotation ${annotationPrefix}controller`
        : `annotate it with ${annotationPrefix}hostname: ${host}`,
    };
  if (said.setIdentifier !== null && said.setIdentifier !== record.setIdentifier)
    return {
      why: `the record has ${record.setIdentifier === null ? 'no set identifier' : `set identifier ${record.setIdentifier}`}, and ${resource} on ${cluster} says ${said.setIdentifier}: external-dns would delete it at once`,
      todo: 'correct that annotation, or release it to the owner id of the other cluster',
    };
  if (said.setIdentifier !== null && (said.weight === null || !WEIGHT.test(said.weight)))
    return {
      why: `${resource} on ${cluster} has ${said.weight === null ? 'no weight' : `the weight "${said.weight}"`}`,
      todo: `annotate it with ${annotationPrefix}aws-weight: "100", a whole number from 1 to 255`,
    };
  if (loadBalancer === null || record.alias === null || !sameHostname(loadBalancer, record.alias.hostname))
    return {
      why: `the record leads to ${record.alias?.hostname ?? 'no load balancer'}, and ${resource} on ${cluster} has ${loadBalancer ?? 'none'}: external-dns would move the traffic there`,
      todo: 'move the app to that cluster first, or release it to the owner id of the other cluster',
    };
  return {
    setIdentifier: said.setIdentifier,
    weight: said.setIdentifier === null ? null : Number(said.weight),
    resource,
  };
}
