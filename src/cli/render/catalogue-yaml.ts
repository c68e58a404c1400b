// Apps that the environment file has not, in its own shape, ready to paste. Pure.
import { Document, isNode } from 'yaml';
import type { Catalogue, CatalogueEntry } from '../../domain/catalogue.ts';
import type { Environment } from '../../domain/environment.ts';
import type { Receiver } from '../../domain/receiver.ts';

interface AppToAdd {
  readonly name: string;
  readonly team: string;
  readonly hosts: readonly string[];
  readonly application: string;
  readonly ingress: { readonly namespace: string; readonly name: string };
  readonly checks: readonly { readonly path: string }[];
}

interface Suggestion {
  readonly app: AppToAdd;
  /** What a person must look at before it is true. */
  readonly doubts: readonly string[];
}

export function catalogueYaml(environment: Environment, catalogue: Catalogue): string {
  const { cluster, at, entries, uncatalogued } = catalogue;
  const taken = new Set(environment.apps.map(({ name }) => name));
  const suggestions = entries
    .filter(({ known, platform }) => !known && !platform)
    .flatMap((entry) => suggest(environment, cluster, entry, taken));
  const document = new Document({ apps: suggestions.map(({ app }) => app) });
  document.commentBefore = ` What receives traffic on ${cluster} and the environment file has not, as seen at ${at}.\n Paste what shall move into apps.`;
  for (const [index, { doubts }] of suggestions.entries()) {
    const node: unknown = document.getIn(['apps', index]);
    if (isNode(node) && doubts.length > 0) node.commentBefore = doubts.map((doubt) => ` ${doubt}`).join('\n');
  }
  const suggested = new Set(suggestions.flatMap(({ app }) => app.hosts));
  const rest = uncatalogued.filter(({ subject }) => !suggested.has(subject));
  if (rest.length > 0)
    document.comment = [
      ' In no app, and no Ingress with a host in a zone of the file: move or remove it, or let it go by',
      ' catalogue: { ignore: [{ match: NAME, reason: WHY }] }',
      ...rest.map(({ subject, what }) => ` - ${subject}: ${what}`),
    ].join('\n');
  return document.toString({ lineWidth: 0 });
}

/** One app for each Ingress that has a host which can move: an app moves by one. */
function suggest(
  { zones }: Environment,
  cluster: string,
  { app, owner, application, receivers }: CatalogueEntry,
  taken: Set<string>,
): Suggestion[] {
  const movable = (host: string): boolean =>
    !host.includes('*') &&
    !host.split('.').includes(cluster.toLowerCase()) &&
    zones.some(({ name }) => host === name || host.endsWith(`.${name}`));
  const ingresses = receivers
    .filter(({ kind }) => kind === 'Ingress')
    .map((ingress) => ({ ingress, hosts: ingress.hosts.filter(movable) }))
    .filter(({ hosts }) => hosts.length > 0);
  return ingresses.map(({ ingress, hosts }): Suggestion => {
    const name = freeName(ingresses.length === 1 ? app : `${app}-${ingress.name}`, taken);
    const pattern = application?.includes(cluster) ? application.replace(cluster, '{cluster}') : undefined;
    return {
      app: {
        name,
        team: owner ?? 'unknown',
        hosts,
        application: pattern ?? `${name}-{cluster}`,
        ingress: { namespace: ingress.namespace, name: ingress.name },
        checks: [{ path: healthPathOf(ingress) }],
      },
      doubts: [
        ...(owner === null ? ['nobody says whose it is: correct team'] : []),
        ...(pattern === undefined ? [`Argo CD has no such application of ${cluster}: correct application`] : []),
        ...(ingress.healthPath === null ? ['correct the path: it must fail when the app does not work'] : []),
      ],
    };
  });
}

const healthPathOf = ({ healthPath }: Receiver): string => (healthPath?.startsWith('/') ? healthPath : '/');

/** As the file takes it, and not there yet. */
function freeName(wanted: string, taken: Set<string>): string {
  const plain = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 37)
    .replaceAll(/^-+|-+$/g, '');
  let name = plain || 'app';
  for (let number = 2; taken.has(name); number += 1) name = `${plain}-${number}`;
  taken.add(name);
  return name;
}
