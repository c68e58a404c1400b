/** How a name comes from external-dns to us without a moment of wrong answers. Pure. */
import { nameIn } from './environment.ts';
import { mayWrite, type ExternalDns } from './external-dns.ts';
import { parseRegistryText, writeRegistryText } from './dns-registry.ts';
import type { ClusterSeen, NameSeen } from './names-seen.ts';
import { isAddress, OUR_OWNER, type Claim } from './record-owner.ts';
import { isSameSet, type Rewrite } from './record-rewrite.ts';
import type { RecordSet } from './record-set.ts';

export type OwnershipPlan =
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string; readonly todo: string }
  | {
      readonly kind: 'rewrite';
      readonly rewrite: Rewrite;
      /** Of the slowest external-dns that may write the name: so long after a change it has seen it. */
      readonly loopSeconds: number;
      /** What the reader should do next. */
      readonly notes: readonly string[];
    };

/** A record alone of its name and type gets everything whatever its weight; ours have a sum of 100. */
export const ALL_TRAFFIC = 100;

export const refused = (why: string, todo: string): OwnershipPlan => ({ kind: 'refused', why, todo });

/** From external-dns to us. Its TXT entries then name us, and it leaves alone what is not its own. */
export function planAdoption(name: NameSeen, clusters: readonly ClusterSeen[]): OwnershipPlan {
  const { owner, zone } = name;
  const host = nameIn(zone, name.host);
  switch (owner.kind) {
    case 'ours':
      return { kind: 'nothing', why: `${host} is ours already` };
    case 'unregistered':
      return addressesOf(name).length > 0
        ? { kind: 'nothing', why: `${host} is ours already: its records are weighted, and nobody claims them` }
        : refused(`${host} has no records`, 'point it at the live cluster first');
    case 'other':
      return refused(
        `the records of ${host} are neither ours nor an external-dns's: ${owner.what}`,
        'have their owner make them weighted alias records, A and AAAA, with the cluster’s name as set identifier',
      );
    case 'cannot-know':
      return refused(`nobody can tell whose the records of ${host} are: ${owner.why}`, READABLE);
    case 'external-dns':
      return takeOver(name, owner.claims, clusters);
  }
}

export const READABLE = 'give external-dns a TXT registry in plain text, or filters that leave this name out';

function takeOver(name: NameSeen, claims: readonly Claim[], clusters: readonly ClusterSeen[]): OwnershipPlan {
  const host = nameIn(name.zone, name.host);
  const loopSeconds = slowestLoop(name, clusters);
  if (typeof loopSeconds === 'object') return loopSeconds;
  const unfit = addressesOf(name)
    .map(whyUnfit)
    .find((why) => why !== undefined);
  if (unfit !== undefined)
    return refused(`${host} has ${unfit}`, 'have external-dns make it a plain or weighted alias record');
  const remove: RecordSet[] = [];
  const add: RecordSet[] = [];
  const notes: string[] = [];
  // An entry without its record says nothing.
  for (const claim of claims.filter(({ types }) => types.length > 0)) {
    const cluster = clusterOf(claim, clusters);
    if (cluster === undefined)
      return refused(
        `${host} has a record ${claim.setIdentifier ?? 'without a set identifier'} of owner id "${claim.owner}", and ${claim.setIdentifier === null ? 'no cluster of this environment has an external-dns with that id' : `no cluster of this environment is called that (${clusters.map((one) => one.cluster).join(', ')})`}`,
        'annotate its Ingress with the cluster’s name as set-identifier, and an aws-weight; or name its owner in the cluster’s Deployment of external-dns',
      );
    const isSimple = claim.setIdentifier === null;
    const weighted = (record: RecordSet): RecordSet =>
      isSimple ? { ...record, setIdentifier: cluster, weight: ALL_TRAFFIC } : record;
    const mine = addressesOf(name).filter(({ setIdentifier }) => setIdentifier === claim.setIdentifier);
    const entries = entriesOf(name, claim);
    if (isSimple && entries.some(({ values }) => values.length > 1))
      return refused(`${host} has a registry entry with other texts beside it`, 'move those texts to another name');
    remove.push(...mine, ...entries);
    add.push(...mine.map(weighted), ...entries.map((entry) => weighted(ownedBy(entry, OUR_OWNER))));
    notes.push(
      `its Ingress still asks the external-dns of ${cluster} for it, and would ask that of the next cluster, which had nothing in its way: annotate it in Git with ${prefixOf(claim, clusters)}controller: ${OUR_OWNER}, and both leave it alone`,
    );
  }
  return { kind: 'rewrite', rewrite: onlyChanges({ remove, add }), loopSeconds, notes };
}

/** Whose record it becomes: a set identifier of ours is the name of its cluster. */
function clusterOf({ setIdentifier, owner }: Claim, clusters: readonly ClusterSeen[]): string | undefined {
  const found = clusters.find(({ cluster, externalDns }) =>
    setIdentifier === null ? externalDns.some(({ ownerId }) => ownerId === owner) : cluster === setIdentifier,
  );
  return found?.cluster;
}

/** Of the annotations that the claim's external-dns reads. */
const prefixOf = ({ owner }: Claim, clusters: readonly ClusterSeen[]): string =>
  clusters.flatMap(({ externalDns }) => externalDns).find(({ ownerId }) => ownerId === owner)?.annotationPrefix ??
  'its prefix of annotations and ';

/** What cannot be written again exactly as it is, or is nothing that we move. */
export function whyUnfit({ type, setIdentifier, weight, alias, healthChecked }: RecordSet): string | undefined {
  if (type === 'CNAME' || alias === null) return `${type} that is no alias of a load balancer`;
  if (healthChecked) return `${type} with a health check of its own`;
  return setIdentifier !== null && weight === null
    ? `${type} ${setIdentifier} with another routing than weights`
    : undefined;
}

export const addressesOf = ({ records, host }: NameSeen): RecordSet[] =>
  records.filter(({ name, type }) => name === host.toLowerCase() && isAddress(type));

/** The TXT records of a claim. */
export const entriesOf = ({ records }: NameSeen, { entries, setIdentifier }: Claim): RecordSet[] =>
  records.filter(
    (record) => record.type === 'TXT' && entries.includes(record.name) && record.setIdentifier === setIdentifier,
  );

function ownedBy(entry: RecordSet, owner: string): RecordSet {
  const values = entry.values.map((value) => {
    const text = parseRegistryText(value);
    return text.kind === 'entry' ? writeRegistryText({ ...text.entry, owner }) : value;
  });
  return { ...entry, values };
}

export const onlyChanges = ({ remove, add }: Rewrite): Rewrite => ({
  remove: remove.filter((record) => !add.some((one) => isSameSet(one, record))),
  add: add.filter((record) => !remove.some((one) => isSameSet(one, record))),
});

/** In seconds; or why nobody can say when everyone has seen a change. */
export function slowestLoop(name: NameSeen, clusters: readonly ClusterSeen[]): number | OwnershipPlan {
  const unread = clusters.find(({ problem }) => problem !== null);
  if (unread)
    return refused(`the external-dns of ${unread.cluster} cannot be read: ${unread.problem}`, 'let the worker read it');
  const writers = clusters.flatMap(({ externalDns }) => externalDns).filter((one) => isWriter(one, name));
  const silent = writers.find(({ intervalSeconds, cacheSeconds }) => intervalSeconds === null || cacheSeconds === null);
  if (silent)
    return refused(
      `external-dns ${silent.deployment} does not tell in its Deployment how often it looks`,
      'set --interval, --txt-cache-interval and --provider-cache-time there as arguments',
    );
  return Math.max(
    0,
    ...writers.map(({ intervalSeconds, cacheSeconds }) => (intervalSeconds ?? 0) + (cacheSeconds ?? 0)),
  );
}

const isWriter = (dns: ExternalDns, { host, zone }: NameSeen): boolean =>
  mayWrite(dns, { host, zoneId: zone.id, isPrivate: zone.private ?? false });
