/** How an external-dns runs, as the container of its Deployment says. Pure; knows versions 0.12 to 0.22. */
import type { RegistryFormat } from './dns-registry.ts';

/** The container of external-dns in a Deployment. */
export interface ExternalDnsContainer {
  /** `namespace/name`. */
  readonly deployment: string;
  readonly image: string;
  /** Command and arguments. */
  readonly args: readonly string[];
  /** Null: the value is not in the Deployment, but in a Secret, a ConfigMap or the pod. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly readyReplicas: number;
}

export type DnsPolicy = 'sync' | 'upsert-only' | 'create-only';

/** A setting is null when the Deployment does not tell it. */
export interface ExternalDns {
  readonly deployment: string;
  readonly isRunning: boolean;
  readonly ownerId: string | null;
  readonly policy: DnsPolicy | null;
  readonly registry: string | null;
  readonly format: RegistryFormat | null;
  /** The type by which its registry names an alias A: `CNAME` up to 0.21. */
  readonly aliasType: 'A' | 'CNAME' | null;
  /** Begins each annotation that it reads, with the slash. */
  readonly annotationPrefix: string | null;
  readonly intervalSeconds: number | null;
  /** It may act on what it read of the zone so long ago. */
  readonly cacheSeconds: number | null;
  readonly isDryRun: boolean;
  readonly sources: readonly string[];
  /** Empty: no limit. */
  readonly domains: readonly string[];
  readonly zoneIds: readonly string[];
  /** Of which zones alone it takes care; null: of both kinds. */
  readonly zoneType: 'public' | 'private' | null;
  /** Whether it publishes the hosts of an Ingress's rules. */
  readonly readsIngressRules: boolean;
}

/** Takes `--flag=value`, `--flag value`, `--no-flag`, `EXTERNAL_DNS_FLAG` and `$(VARIABLE)`. */
export function readExternalDns({ deployment, image, args, env, readyReplicas }: ExternalDnsContainer): ExternalDns {
  const flags = readFlags(args, env);
  const text = (flag: string, otherwise: string | null): string | null => {
    const said = flags.get(flag)?.at(-1);
    return said === undefined ? otherwise : said;
  };
  const isOn = (flag: string): boolean => text(flag, 'false') !== 'false';
  const list = (flag: string): string[] =>
    (flags.get(flag) ?? []).flatMap((value) => (value === null || value === '' ? [] : [value]));
  const seconds = (flag: string, otherwise: string): number | null => toSeconds(text(flag, otherwise));
  const isNew = isSince22(image);
  const caches = [seconds('txt-cache-interval', '0s'), seconds('provider-cache-time', '0s')];
  return {
    deployment,
    isRunning: readyReplicas > 0,
    ownerId: text('txt-owner-id', 'default'),
    policy: toPolicy(text('policy', isNew === false ? 'sync' : null)),
    registry: text('registry', 'txt'),
    format: toFormat(text('txt-prefix', ''), text('txt-suffix', ''), {
      wildcardReplacement: text('txt-wildcard-replacement', ''),
      encrypted: isOn('txt-encrypt-enabled'),
    }),
    aliasType: isNew === null ? null : isNew ? 'A' : 'CNAME',
    annotationPrefix: text('annotation-prefix', isNew === null ? null : isNew ? NEW_PREFIX : OLD_PREFIX),
    intervalSeconds: seconds('interval', '1m'),
    cacheSeconds: caches.includes(null) ? null : caches.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    isDryRun: isOn('dry-run'),
    sources: list('source'),
    domains: list('domain-filter').map((domain) => domain.toLowerCase().replaceAll(/^\.|\.$/g, '')),
    zoneIds: list('zone-id-filter').map((id) => id.replace(/^\/hostedzone\//, '')),
    zoneType: toZoneType(text('aws-zone-type', null)),
    readsIngressRules: !isOn('ignore-ingress-rules-spec'),
  };
}

/** Whether it may write records of the host, which is in the zone. */
export function mayWrite(
  { domains, zoneIds, zoneType }: ExternalDns,
  { host, zoneId, isPrivate }: { readonly host: string; readonly zoneId: string; readonly isPrivate: boolean },
): boolean {
  const name = host.toLowerCase();
  const isOfDomain = domains.length === 0 || domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  const isOfType = zoneType === null || (zoneType === 'private') === isPrivate;
  return isOfDomain && isOfType && (zoneIds.length === 0 || zoneIds.includes(zoneId));
}

/** Why the zone alone does not say what it owns; null when its TXT records do. */
export function whyUnreadable({ deployment, registry, format }: ExternalDns): string | null {
  if (registry === null) return `external-dns ${deployment} does not say in its Deployment which registry it has`;
  if (registry !== 'txt') return `external-dns ${deployment} keeps no TXT registry, but --registry=${registry}`;
  if (format === null) return `external-dns ${deployment} does not say in its Deployment how it names its TXT records`;
  return format.encrypted ? `external-dns ${deployment} encrypts its TXT records` : null;
}

/** Annotations of an Ingress, read by the one prefix that an external-dns has. */
export interface DnsAnnotations {
  readonly hostnames: readonly string[];
  readonly hostnameSource: 'annotation-only' | 'defined-hosts-only' | 'both';
  readonly setIdentifier: string | null;
  /** As it is written; external-dns takes what is no number for 0. */
  readonly weight: string | null;
  /** Whether it is left to another controller. */
  readonly isForOther: boolean;
}

export function readAnnotations(annotations: Readonly<Record<string, string>>, prefix: string): DnsAnnotations {
  const said = (key: string): string | null => annotations[`${prefix}${key}`] ?? null;
  const source = said('ingress-hostname-source')?.toLowerCase();
  const controller = said('controller');
  return {
    hostnames: (said('hostname') ?? '')
      .split(',')
      .map((host) => host.trim().toLowerCase().replace(/\.$/, ''))
      .filter((host) => host !== ''),
    hostnameSource: source === 'annotation-only' || source === 'defined-hosts-only' ? source : 'both',
    setIdentifier: said('set-identifier'),
    weight: said('aws-weight'),
    isForOther: controller !== null && controller !== 'dns-controller',
  };
}

const OLD_PREFIX = 'external-dns.alpha.kubernetes.io/';
const NEW_PREFIX = 'external-dns.kubernetes.io/';
const POLICIES: readonly DnsPolicy[] = ['sync', 'upsert-only', 'create-only'];
/** Flags that are on when they stand alone. All others take the next argument for their value. */
const SWITCHES = new Set(['txt-encrypt-enabled', 'dry-run', 'ignore-ingress-rules-spec']);
const READ = [
  'txt-owner-id',
  'policy',
  'registry',
  'txt-prefix',
  'txt-suffix',
  'txt-wildcard-replacement',
  'txt-encrypt-enabled',
  'annotation-prefix',
  'interval',
  'txt-cache-interval',
  'provider-cache-time',
  'dry-run',
  'source',
  'domain-filter',
  'zone-id-filter',
  'aws-zone-type',
  'ignore-ingress-rules-spec',
];

const VARIABLE = /\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g;

type Flags = ReadonlyMap<string, readonly (string | null)[]>;

/** An argument counts before the variable of the same flag. */
function readFlags(args: readonly string[], env: ExternalDnsContainer['env']): Flags {
  const flags = new Map<string, (string | null)[]>();
  for (let at = 0; at < args.length; at += 1) {
    const [, no, flag, , value] = /^--(no-)?([a-z0-9-]+)(=(.*))?$/s.exec(args[at] ?? '') ?? [];
    if (flag === undefined || !READ.includes(flag)) continue;
    const takesNext = value === undefined && no === undefined && !SWITCHES.has(flag);
    const next = takesNext ? args[(at += 1)] : undefined;
    const said = value ?? next ?? (no === undefined ? 'true' : 'false');
    flags.set(flag, [...(flags.get(flag) ?? []), expanded(said, env)]);
  }
  for (const flag of READ) {
    const variable = `EXTERNAL_DNS_${flag.toUpperCase().replaceAll('-', '_')}`;
    const value = env[variable];
    if (value === undefined || flags.has(flag)) continue;
    if (value === null) flags.set(flag, [null]);
    else flags.set(flag, SWITCHES.has(flag) ? [/^(1|t|true)$/i.test(value) ? 'true' : 'false'] : value.split('\n'));
  }
  return flags;
}

/** Kubernetes writes the values of variables into arguments. Null: one of them is not known. */
function expanded(argument: string, env: ExternalDnsContainer['env']): string | null {
  const names = [...argument.matchAll(VARIABLE)].map(([, name = '']) => name);
  if (names.some((name) => env[name] === null)) return null;
  return argument.replaceAll(VARIABLE, (whole, name: string) => env[name] ?? whole);
}

const toPolicy = (text: string | null): DnsPolicy | null => POLICIES.find((policy) => policy === text) ?? null;

const toZoneType = (text: string | null): ExternalDns['zoneType'] =>
  text === 'public' || text === 'private' ? text : null;

function toFormat(
  prefix: string | null,
  suffix: string | null,
  { wildcardReplacement, encrypted }: { wildcardReplacement: string | null; encrypted: boolean },
): RegistryFormat | null {
  if (prefix === null || suffix === null || wildcardReplacement === null) return null;
  return { prefix, suffix, wildcardReplacement, encrypted };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Of a duration as Go writes it, such as `1m30s`. */
function toSeconds(text: string | null): number | null {
  if (text === '0') return 0;
  if (text === null || !/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  return [...parts].reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? 0), 0);
}

/** Whether the image is of 0.22 or newer, which has other defaults. Null: its tag does not say. */
function isSince22(image: string): boolean | null {
  const [, major, minor] = /:v?(\d+)\.(\d+)\.\d+[^/]*$/.exec(image) ?? [];
  if (major === undefined || minor === undefined) return null;
  return Number(major) > 0 || Number(minor) >= 22;
}
