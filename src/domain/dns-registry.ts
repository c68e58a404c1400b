/**
 * external-dns's TXT registry: which record of a zone belongs to whom. Pure, and as external-dns 0.12 to 0.22 reads and
 * writes it. Names are lower case, without the final dot, and `*` is written as such.
 */

/** How one external-dns names and writes its entries. */
export interface RegistryFormat {
  /** Before the name's first label; `%{record_type}` stands for the record's type. Empty when there is a suffix. */
  readonly prefix: string;
  /** After the name's first label. */
  readonly suffix: string;
  /** Written for a leading `*`; empty: the `*` stays. */
  readonly wildcardReplacement: string;
  /** Its entries can be read with its key only. */
  readonly encrypted: boolean;
}

export const DEFAULT_FORMAT: RegistryFormat = { prefix: '', suffix: '', wildcardReplacement: '', encrypted: false };

/** What an entry says. */
export interface RegistryEntry {
  readonly owner: string;
  /** `kind/namespace/name` of the object that the record was made for; null where the entry does not say. */
  readonly resource: string | null;
}

/** A type that decides where a name leads; others may stand beside them. */
export type AddressType = 'A' | 'AAAA' | 'CNAME';
export const ADDRESS_TYPES: readonly AddressType[] = ['A', 'AAAA', 'CNAME'];

/** What the text of a TXT record is. `encrypted`: as external-dns would have encrypted it. */
export type RegistryText =
  | { readonly kind: 'entry'; readonly entry: RegistryEntry }
  | { readonly kind: 'heritage'; readonly heritage: string }
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'none' };

const HERITAGE = 'external-dns';
const TYPE_TEMPLATE = '%{record_type}';
/** A nonce of 12 bytes, a tag of 16 and a gzip of something: never shorter in base64. */
const ENCRYPTED = /^(?:[A-Za-z0-9+/]{4}){16,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Of a name of which external-dns takes the first part of a label for a type. */
const TYPES_IN_NAMES = ['a', 'aaaa', 'cname', 'ns', 'mx', 'ptr', 'srv', 'naptr', 'txt', 'dname'];

/** `value`: as Route 53 has it, one or several quoted strings. */
export function parseRegistryText(value: string): RegistryText {
  const text = value.trim().replaceAll(/"\s+"/g, '').replaceAll(/^"|"$/g, '');
  const labels = new Map<string, string>();
  for (const token of text.split(',')) {
    const [, key, said] = /^([^=]*)=(.*)$/.exec(token) ?? [];
    if (key !== undefined && said !== undefined) labels.set(key, said);
  }
  const heritage = labels.get('heritage');
  if (heritage === undefined) return ENCRYPTED.test(text) ? { kind: 'encrypted' } : { kind: 'none' };
  const owner = labels.get(`${HERITAGE}/owner`) ?? '';
  if (heritage !== HERITAGE || owner === '') return { kind: 'heritage', heritage };
  return { kind: 'entry', entry: { owner, resource: labels.get(`${HERITAGE}/resource`) ?? null } };
}

/** Quoted, with its labels in the order in which external-dns has them: it deletes only exactly this. */
export function writeRegistryText({ owner, resource }: RegistryEntry): string {
  const labels = [`${HERITAGE}/owner=${owner}`, ...(resource === null ? [] : [`${HERITAGE}/resource=${resource}`])];
  return `"${[`heritage=${HERITAGE}`, ...labels].join(',')}"`;
}

/** Where the entry of a record is. An alias A has `CNAME` here up to external-dns 0.21. */
export function registryName(host: string, type: AddressType, format: RegistryFormat): string {
  const { prefix, suffix } = lowerCase(format);
  const [first, rest] = splitFirst(replaced(host.toLowerCase(), format));
  const typed = type.toLowerCase();
  const label = hasType(format) ? first : `${typed}-${first}`;
  return `${withType(prefix, typed)}${label}${withType(suffix, typed)}${rest}`;
}

/** Every name at which an entry of the host may be, of any version of external-dns. */
export function registryNames(host: string, format: RegistryFormat): string[] {
  const { prefix, suffix } = lowerCase(format);
  const [first, rest] = splitFirst(replaced(host.toLowerCase(), format));
  const ofNoType = `${withType(prefix, '')}${first}${withType(suffix, '')}${rest}`;
  return [...new Set([...ADDRESS_TYPES.map((type) => registryName(host, type, format)), ofNoType])];
}

/** Of which name an entry speaks, and of which type of record; null: of any but AAAA, as before external-dns 0.12. */
export interface EntryName {
  /** With its `*` replaced. */
  readonly host: string;
  readonly type: string | null;
}

/** Undefined: it has not the prefix or suffix. */
export function parseRegistryName(name: string, format: RegistryFormat): EntryName | undefined {
  const { prefix, suffix } = lowerCase(format);
  const labels = name.toLowerCase().split('.');
  const dots = suffix.split('.').length;
  if (suffix !== '' && labels.length < dots) return undefined;
  const [head, rest] =
    suffix === '' ? [labels.join('.'), ''] : [labels.slice(0, dots).join('.'), dotted(labels.slice(dots))];
  const without = (type: string): string | undefined => {
    const [before, after] = [withType(prefix, type), withType(suffix, type)];
    const isWithin = head.startsWith(before) && head.endsWith(after) && head.length >= before.length + after.length;
    return isWithin ? head.slice(before.length, head.length - after.length) : undefined;
  };
  if (hasType(format)) {
    for (const type of TYPES_IN_NAMES) {
      const found = without(type);
      if (found !== undefined) return { host: `${found}${rest}`, type: type.toUpperCase() };
    }
  }
  const untemplated = without('');
  if (untemplated === undefined) return undefined;
  const [type] = untemplated.split('-', 1);
  return type !== undefined && TYPES_IN_NAMES.includes(type) && untemplated.includes('-')
    ? { host: `${untemplated.slice(type.length + 1)}${rest}`, type: type.toUpperCase() }
    : { host: `${untemplated}${rest}`, type: null };
}

/** The host as entries have it. */
export function replaced(host: string, { wildcardReplacement }: RegistryFormat): string {
  return wildcardReplacement === '' ? host : host.replace(/^\*(?=\.|$)/, wildcardReplacement.toLowerCase());
}

const lowerCase = ({ prefix, suffix }: RegistryFormat): Pick<RegistryFormat, 'prefix' | 'suffix'> => ({
  prefix: prefix.toLowerCase(),
  suffix: suffix.toLowerCase(),
});
const hasType = ({ prefix, suffix }: RegistryFormat): boolean =>
  `${prefix} ${suffix}`.toLowerCase().includes(TYPE_TEMPLATE);
const withType = (affix: string, type: string): string => affix.replaceAll(TYPE_TEMPLATE, type);
const dotted = (labels: readonly string[]): string => labels.map((label) => `.${label}`).join('');

function splitFirst(name: string): [string, string] {
  const [first = '', ...others] = name.split('.');
  return [first, dotted(others)];
}
