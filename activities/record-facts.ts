// Whose records the names of apps are: what the zones, the running external-dns and Argo CD say.
import type { Dependencies } from '../src/adapters/index.ts';
import type { ZoneRecord } from '../src/adapters/route53.ts';
import { applicationName, type Environment, type IngressRef } from '../src/domain/environment.ts';
import { mayWrite, whyUnreadable, type ExternalDns } from '../src/domain/external-dns.ts';
import type { ColourFacts } from '../src/domain/record-keeper.ts';
import { namesToRead, ownerOf, type RecordOwner } from '../src/domain/record-owner.ts';
import { argoAddress } from './argocd.ts';
import { factOrFailure, type Found } from './found.ts';
import type { RecordActivities } from './record-ports.ts';

type Scope = Pick<Environment, 'region' | 'argocd'>;

/** Of one cluster, all apps together ask once: they begin together. */
const REMEMBERED_MS = 5_000;

export function createOwnerWork(deps: Dependencies): Pick<RecordActivities, 'findRecordOwners'> {
  const { route53, kube, clock } = deps;
  const known = new Map<string, { readonly at: number; readonly found: Promise<readonly ExternalDns[]> }>();

  function externalDnsOf(region: string, cluster: string): Promise<readonly ExternalDns[]> {
    const key = `${region}/${cluster}`;
    const before = known.get(key);
    if (before && clock.now() - before.at < REMEMBERED_MS) return before.found;
    const found = kube.externalDns({ region, cluster });
    known.set(key, { at: clock.now(), found });
    found.catch(() => known.delete(key));
    return found;
  }

  return {
    async findRecordOwners({ scope, app, hosts, clusters, mustAnswer }) {
      const orNothing = async <T>(look: () => Promise<T>): Promise<Found<T>> =>
        mustAnswer ? { value: await look() } : factOrFailure(look);
      const colours = new Map<string, ColourFacts | null>();
      for (const cluster of new Set(clusters)) {
        const seen = await orNothing(() => externalDnsOf(scope.region, cluster));
        colours.set(cluster, 'value' in seen ? await bare(cluster, seen.value) : null);
      }
      const externalDns = [...colours.values()].flatMap((colour) => colour?.externalDns ?? []);
      const owners = await Promise.all(
        hosts.map(async ({ host, zone }) => {
          const names = namesToRead(host, formatsOf(externalDns));
          const records = await Promise.all(names.map((one) => route53.recordsOf(zone, one)));
          const at = { host, zoneId: zone.id, isPrivate: zone.private ?? false };
          return { ...at, owner: ownerIn(records.flat(), at, externalDns) };
        }),
      );
      // What only external-dns needs is asked for its names only.
      if (owners.some(({ owner }) => owner.kind === 'external-dns')) {
        for (const [cluster, colour] of colours) {
          const seen = colour && (await orNothing(() => colourFacts(deps, scope, app, colour)));
          colours.set(cluster, seen && 'value' in seen ? seen.value : colour);
        }
      }
      return { hosts: owners, colours: [...colours].map(([cluster, facts]) => ({ cluster, facts })) };
    },
  };
}

const bare = (cluster: string, externalDns: readonly ExternalDns[]): Promise<ColourFacts> =>
  Promise.resolve({ cluster, externalDns, annotations: null, application: null });

/** What a cluster and Argo CD say of an app's Ingress. */
export async function colourFacts(
  { kube, argo }: Dependencies,
  { region, argocd }: Scope,
  app: { readonly application: string; readonly ingress: IngressRef },
  { cluster, externalDns }: Pick<ColourFacts, 'cluster' | 'externalDns'>,
): Promise<ColourFacts> {
  const [annotations, found] = await Promise.all([
    kube.ingressAnnotations({ region, cluster }, app.ingress),
    argo.findApplication(argoAddress(region, argocd), applicationName(app, cluster)),
  ]);
  const application = found && {
    name: found.name,
    selfHeals: found.selfHeals,
    ignored: found.ignoreDifferences,
    respectsIgnored: found.syncOptions.includes('RespectIgnoreDifferences=true'),
  };
  return { cluster, externalDns, annotations, application };
}

export const formatsOf = (externalDns: readonly ExternalDns[]) =>
  externalDns.map(({ format }) => format).filter((format) => format !== null);

/** `records`: at least those of the names to read. */
export function ownerIn(
  records: readonly ZoneRecord[],
  at: { readonly host: string; readonly zoneId: string; readonly isPrivate: boolean },
  externalDns: readonly ExternalDns[],
): RecordOwner {
  const writers = externalDns.filter((one) => mayWrite(one, at));
  const unreadable = writers.map(whyUnreadable).find((why) => why !== null) ?? null;
  return ownerOf(records, at.host, { formats: formatsOf(externalDns), unreadable });
}
