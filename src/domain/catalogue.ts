// The catalogue of an environment: its apps as the live cluster has them, and what receives traffic there and is in no
// app of the environment file, so that nothing would move it and the cluster's end would cut it. Pure.
import { applicationName, type App, type Environment } from './environment.ts';
import { covers } from './gateway-hosts.ts';
import { textOf, type Receiver } from './receiver.ts';

/** A name in one of the environment's zones that leads to a load balancer of the cluster. */
export interface LeadingName {
  readonly name: string;
  readonly zoneId: string;
  /** `A alias stg-1-33 weight 100`, `CNAME`. */
  readonly records: readonly string[];
  /** The load balancer's host name. */
  readonly to: string;
  /** Whose the records are: `eksodus`, `external-dns stg-1-33`, `nobody`, `others`. */
  readonly owner: string;
}

/** What was seen, and when. */
export interface CatalogueFacts {
  readonly at: string;
  readonly cluster: string;
  readonly receivers: readonly Receiver[];
  /** Host names of all load balancers that AWS has for the cluster. */
  readonly loadBalancers: readonly string[];
  readonly names: readonly LeadingName[];
  /** Names that a zone leaves, with all below them, to other name servers. */
  readonly delegated: readonly string[];
}

export interface CatalogueEntry {
  readonly app: string;
  /** Whether the environment file has it. */
  readonly known: boolean;
  readonly platform: boolean;
  readonly owner: string | null;
  readonly application: string | null;
  readonly receivers: readonly Receiver[];
  readonly hosts: readonly string[];
  readonly names: readonly LeadingName[];
}

/** Something that would be cut with the cluster. */
export interface Uncatalogued {
  /** A host name, `Service shop/admin`, or a load balancer's host name. */
  readonly subject: string;
  readonly what: string;
  readonly app: string | null;
  readonly owner: string | null;
}

export interface Catalogue {
  readonly at: string;
  readonly cluster: string;
  readonly entries: readonly CatalogueEntry[];
  readonly uncatalogued: readonly Uncatalogued[];
}

export function catalogueOf(environment: Environment, facts: CatalogueFacts): Catalogue {
  const groups = Map.groupBy(facts.receivers, (receiver) => appOf(environment, facts.cluster, receiver));
  const entries = [...groups].map(([app, receivers]) => toEntry(environment, facts, { app, receivers }));
  return {
    at: facts.at,
    cluster: facts.cluster,
    entries: entries.toSorted((a, b) => a.app.localeCompare(b.app)),
    uncatalogued: uncataloguedOf(environment, facts),
  };
}

/** The file's own name of an app that the file has. */
const appOf = ({ apps }: Environment, cluster: string, receiver: Receiver): string =>
  apps.find((app) => isOf(app, cluster, receiver))?.name ?? receiver.app;

const isOf = (app: App, cluster: string, receiver: Receiver): boolean =>
  isIngressOf(app, receiver) ||
  (receiver.application !== null && receiver.application === applicationName(app, cluster));

/** Whether it is what an app of the file moves by. */
const isIngressOf = ({ ingress }: App, { kind, namespace, name }: Receiver): boolean =>
  kind === 'Ingress' && namespace === ingress?.namespace && name === ingress.name;

function toEntry(
  environment: Environment,
  { cluster, names }: CatalogueFacts,
  { app, receivers }: { readonly app: string; readonly receivers: readonly Receiver[] },
): CatalogueEntry {
  const known = environment.apps.find(({ name }) => name === app);
  const hosts = [
    ...new Set([...(known?.hosts.map(({ name }) => name) ?? []), ...receivers.flatMap((one) => one.hosts)]),
  ];
  return {
    app,
    known: known !== undefined,
    platform: receivers.every(({ platform }) => platform),
    owner: known?.team ?? receivers.find(({ owner }) => owner !== null)?.owner ?? null,
    application: receivers.find(({ application }) => application !== null)?.application ?? null,
    receivers,
    hosts: hosts.filter((host) => !isClustersOwn(environment, host, cluster)),
    names: names.filter((name) => receivers.some((receiver) => servesName(receiver, name))),
  };
}

const servesName = ({ hosts, loadBalancers }: Receiver, { name, to }: LeadingName): boolean =>
  loadBalancers.includes(to) && (hosts.length === 0 || hosts.some((host) => covers(host, name)));

/**
 * `messages.stg-1-33.stg.example.com`, `messages-stg-1-33.stg.example.com`: a name of one cluster goes with it. A cluster
 * that is called as its environment or a zone, such as `prod`, would have all names of it; so it has none.
 */
function isClustersOwn({ name: environment, zones }: Environment, name: string, cluster: string): boolean {
  const isIn = (text: string): boolean =>
    text.split('.').some((label) => `-${label}-`.includes(`-${cluster.toLowerCase()}-`));
  return isIn(name) && cluster !== environment && !zones.some((zone) => isIn(zone.name));
}

/** What nobody moves, but for what the file says may go. */
function uncataloguedOf(environment: Environment, facts: CatalogueFacts): Uncatalogued[] {
  const { cluster, receivers } = facts;
  const hosts = environment.apps.flatMap((app) => app.hosts);
  const moves = new Set(hosts.map(({ name }) => name.toLowerCase()));
  // A name of two zones may move in one of them only.
  const movesIn = new Set(hosts.map(({ name, zoneId }) => `${zoneId} ${name.toLowerCase()}`));
  const mayGo = mayGoBy(environment);
  const isOwn = (host: string): boolean => isClustersOwn(environment, host, cluster);
  const stays = (host: string): boolean => moves.has(host) || isOwn(host);
  const names = Map.groupBy(
    facts.names.filter(({ name, zoneId }) => !movesIn.has(`${zoneId} ${name}`) && !isOwn(name)),
    ({ name }) => name,
  );
  return [
    ...[...names].flatMap(([name, ways]) => {
      const via =
        receivers.find((receiver) => ways.some((way) => servesName(receiver, way))) ?? onlyOneAt(ways, receivers);
      return mayGo(name, via) ? [] : [leading(name, ways, via)];
    }),
    ...receivers.flatMap((via) =>
      via.hosts
        .filter((host) => !stays(host) && !isInZone(environment, facts, host) && !mayGo(host, via))
        .map((host) => item(host, `${textOf(via)} answers to it, and none of the zones holds it`, via)),
    ),
    ...receivers
      .filter((one) => isReachedWithoutName(environment, facts, one) && !mayGo(undefined, one))
      .map((one) => item(textOf(one), `is reached at ${one.loadBalancers.join(', ')} by no name that is known`, one)),
    ...facts.loadBalancers
      .filter((one) => !receivers.some(({ loadBalancers }) => loadBalancers.includes(one)) && !mayGo(one, undefined))
      .map((one) => item(one, `belongs to ${cluster}, and no Ingress, Gateway or Service there has it`)),
  ];
}

const some = (texts: readonly string[]): string => [...new Set(texts)].join(', ');

function leading(name: string, ways: readonly LeadingName[], via: Receiver | undefined): Uncatalogued {
  const records = some(ways.flatMap((way) => way.records));
  const to = via ? textOf(via) : some(ways.map((way) => way.to));
  return item(name, `${records} to ${to}, records of ${some(ways.map(({ owner }) => owner))}`, via);
}

/** Whatever a load balancer is asked for, it goes to the only one that it is for. */
function onlyOneAt(ways: readonly LeadingName[], receivers: readonly Receiver[]): Receiver | undefined {
  const there = receivers.filter(({ loadBalancers }) => ways.some(({ to }) => loadBalancers.includes(to)));
  return there.length === 1 ? there[0] : undefined;
}

const item = (subject: string, what: string, of?: Receiver): Uncatalogued => ({
  subject,
  what,
  app: of?.app ?? null,
  owner: of?.owner ?? null,
});

/** What a zone has left to other name servers is in it no more, unless these are another zone's of the file. */
function isInZone({ zones }: Environment, { delegated }: CatalogueFacts, host: string): boolean {
  const isBelow = (name: string): boolean => host === name || host.endsWith(`.${name}`);
  const closest = Math.max(0, ...zones.map(({ name }) => (isBelow(name) ? name.length : 0)));
  return closest > 0 && !delegated.some((name) => name.length > closest && isBelow(name));
}

/**
 * Without any host name, and not what an app moves by. The platform's own is on every cluster, so it needs nobody to
 * move it; and a Gateway or Service that carries routes or Ingresses is spoken for by these.
 */
function isReachedWithoutName(
  environment: Environment,
  { cluster, receivers, names }: CatalogueFacts,
  one: Receiver,
): boolean {
  const { kind, platform, hosts, loadBalancers } = one;
  const isOwn = (host: string): boolean => isClustersOwn(environment, host, cluster);
  if (platform || hosts.some((host) => !isOwn(host))) return false;
  if (environment.apps.some((app) => isIngressOf(app, one))) return false;
  const carries = (other: Receiver): boolean =>
    (other.kind === 'Ingress' || other.kind === 'HTTPRoute') &&
    other.loadBalancers.some((balancer) => loadBalancers.includes(balancer));
  if ((kind === 'Gateway' || kind === 'Service') && receivers.some(carries)) return false;
  return !names.some(({ to, name }) => loadBalancers.includes(to) && !isOwn(name));
}

/** By the file's `catalogue.ignore`: a host name or `namespace/name`, with `*` for anything. */
function mayGoBy({ catalogue }: Environment): (host: string | undefined, via: Receiver | undefined) => boolean {
  const patterns = (catalogue?.ignore ?? []).map(({ match }) => toPattern(match));
  return (host, via) => {
    const texts = [...(host === undefined ? [] : [host]), ...(via ? [`${via.namespace}/${via.name}`] : [])];
    return texts.some((text) => patterns.some((pattern) => pattern.test(text)));
  };
}

const toPattern = (match: string): RegExp => new RegExp(`^${match.split('*').map(escaped).join('.*')}$`, 'i');
const escaped = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
