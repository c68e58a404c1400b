/** Who owns the records of a name: that decides how it is moved, or that it is not. Pure. */
import {
  ADDRESS_TYPES,
  DEFAULT_FORMAT,
  parseRegistryName,
  parseRegistryText,
  registryNames,
  replaced,
  type AddressType,
  type RegistryEntry,
  type RegistryFormat,
} from './dns-registry.ts';

/** By this owner in external-dns's registry a record is ours: external-dns leaves it alone. */
export const OUR_OWNER = 'eksodus';

/** A record set of the zone, as far as ownership goes. Names are lower case, without the final dot. */
export interface ZoneEntry {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier: string | null;
  /** Null: not weighted. */
  readonly weight: number | null;
  readonly alias: object | null;
  readonly values: readonly string[];
  readonly healthChecked: boolean;
}

/** What the registry says of one record set. */
export interface Claim extends RegistryEntry {
  /** Null: of a record set that is the only one of its name and type. */
  readonly setIdentifier: string | null;
  /** Address records of the name to which it applies; none: an entry without its record. */
  readonly types: readonly AddressType[];
  /** Names of the TXT records that say so. */
  readonly entries: readonly string[];
}

export type RecordOwner =
  /** The registry says so. */
  | { readonly kind: 'ours'; readonly claims: readonly Claim[] }
  /** Nobody has put a name to it: there is nothing, or there are weighted alias records alone. */
  | { readonly kind: 'unregistered' }
  /** Every address record of the name is an external-dns's, if not all the same one's. */
  | { readonly kind: 'external-dns'; readonly claims: readonly Claim[] }
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'cannot-know'; readonly why: string };

export interface OwnerOptions {
  /** Of every external-dns that may have the name; that of one without any option is always tried. */
  readonly formats: readonly RegistryFormat[];
  /** Why the zone alone cannot say it, such as a registry in DynamoDB. Null: it can. */
  readonly unreadable: string | null;
}

/** The names that must be read to know the owner of a host, the host itself among them. */
export const namesToRead = (host: string, formats: readonly RegistryFormat[]): string[] => [
  ...new Set([host.toLowerCase(), ...withDefault(formats).flatMap((format) => registryNames(host, format))]),
];

/** `records`: at least those of `namesToRead`. */
export function ownerOf(records: readonly ZoneEntry[], host: string, options: OwnerOptions): RecordOwner {
  const name = host.toLowerCase();
  const formats = withDefault(options.formats);
  if (options.unreadable !== null) return { kind: 'cannot-know', why: options.unreadable };
  const addresses = records.filter((record) => record.name === name && isAddress(record.type));
  const texts = records.filter(({ type }) => type === 'TXT').flatMap((record) => readText(record, name, formats));

  const encrypted = texts.find(({ text }) => text.kind === 'encrypted');
  if (encrypted) return { kind: 'cannot-know', why: `the registry entry ${encrypted.record.name} is encrypted` };
  const foreign = texts.find(({ text }) => text.kind === 'heritage');
  if (foreign?.text.kind === 'heritage')
    return { kind: 'other', what: `${foreign.record.name} names the heritage "${foreign.text.heritage}"` };

  const claims = claimsOf(texts, addresses);
  const owners = new Set(claims.filter(({ types }) => types.length > 0).map(({ owner }) => owner));
  const unclaimed = addresses.filter(
    ({ type, setIdentifier }) =>
      !claims.some((claim) => claim.setIdentifier === setIdentifier && claim.types.some((one) => one === type)),
  );
  if (owners.size === 0) {
    const others = addresses.filter((record) => !isWeightedAlias(record)).map(kindOf);
    return others.length === 0 ? { kind: 'unregistered' } : { kind: 'other', what: [...new Set(others)].join(', ') };
  }
  const areOurs = owners.has(OUR_OWNER);
  if (unclaimed.length > 0 || (areOurs && owners.size > 1))
    return {
      kind: 'other',
      what: `several owners: ${[...claims.map(describeClaim), ...unclaimed.map(ofNobody)].join('; ')}`,
    };
  return { kind: areOurs ? 'ours' : 'external-dns', claims };
}

/** Such as `A weighted alias with a health check`. */
export function kindOf({ type, weight, setIdentifier, alias, healthChecked }: ZoneEntry): string {
  const routing = weight !== null ? 'weighted' : setIdentifier === null ? 'simple' : 'other routing';
  return [type, routing, alias ? 'alias' : '', healthChecked ? 'with a health check' : ''].filter(Boolean).join(' ');
}

export const isAddress = (type: string): type is AddressType => ADDRESS_TYPES.some((one) => one === type);

const isWeightedAlias = ({ type, weight, setIdentifier, alias, healthChecked }: ZoneEntry): boolean =>
  type !== 'CNAME' && weight !== null && setIdentifier !== null && alias !== null && !healthChecked;

const describeClaim = ({ setIdentifier, owner, types }: Claim): string =>
  `${types.join(' and ') || 'no record'}${setIdentifier === null ? '' : ` ${setIdentifier}`} of owner id "${owner}"`;
const ofNobody = ({ type, setIdentifier }: ZoneEntry): string =>
  `${type}${setIdentifier === null ? '' : ` ${setIdentifier}`} of nobody`;

const withDefault = (formats: readonly RegistryFormat[]): RegistryFormat[] => [...formats, DEFAULT_FORMAT];

interface Text {
  readonly record: ZoneEntry;
  /** Of which types of address record it speaks. */
  readonly types: readonly AddressType[];
  /** An entry that names its type counts before one that does not. */
  readonly isTyped: boolean;
  readonly text: Exclude<ReturnType<typeof parseRegistryText>, { readonly kind: 'none' }>;
}

/** At most one: what it is by the first format in which it speaks of the host. */
function readText(record: ZoneEntry, host: string, formats: readonly RegistryFormat[]): Text[] {
  for (const format of formats) {
    const entry = parseRegistryName(record.name, format);
    if (entry?.host !== replaced(host, format)) continue;
    const types = spokenOf(entry.type);
    const text = record.values.map(parseRegistryText).find(({ kind }) => kind !== 'none');
    if (types.length === 0 || text === undefined || text.kind === 'none') continue;
    // On the host itself any text may stand, and some of it looks like anything.
    if (text.kind === 'encrypted' && record.name === host) continue;
    return [{ record, types, isTyped: entry.type !== null, text }];
  }
  return [];
}

/** An alias A was written as `CNAME` up to external-dns 0.21; entries without a type never spoke of AAAA. */
function spokenOf(type: string | null): AddressType[] {
  if (type === null) return ['A', 'CNAME'];
  if (type === 'CNAME') return ['CNAME', 'A'];
  return isAddress(type) ? [type] : [];
}

/** By set identifier and owner. */
function claimsOf(texts: readonly Text[], addresses: readonly ZoneEntry[]): Claim[] {
  const claims = new Map<string, Claim>();
  const entries = texts.toSorted((a, b) => Number(b.isTyped) - Number(a.isTyped));
  for (const { record, types, isTyped, text } of entries) {
    if (text.kind !== 'entry') continue;
    const { setIdentifier } = record;
    const spoken = addresses.filter(
      (address) => address.setIdentifier === setIdentifier && types.some((type) => type === address.type),
    );
    const isClaimed = (type: string): boolean =>
      [...claims.values()].some(
        (claim) => claim.setIdentifier === setIdentifier && claim.types.some((t) => t === type),
      );
    const there = new Set(spoken.map(({ type }) => type).filter((type) => isTyped || !isClaimed(type)));
    const key = JSON.stringify([setIdentifier, text.entry.owner]);
    const before = claims.get(key);
    claims.set(key, {
      ...text.entry,
      setIdentifier,
      types: ADDRESS_TYPES.filter((type) => before?.types.includes(type) === true || there.has(type)),
      entries: [...(before?.entries ?? []), record.name],
    });
  }
  return [...claims.values()];
}
