// What receives traffic on a cluster: its objects, its load balancers, and the names that lead there.
import type { Dependencies } from '../src/adapters/index.ts';
import type { ZoneRecord } from '../src/adapters/route53.ts';
import { catalogueOf, type CatalogueFacts, type LeadingName } from '../src/domain/catalogue.ts';
import { OWNER_LABEL } from '../src/domain/catalogue-settings.ts';
import type { ExternalDns } from '../src/domain/external-dns.ts';
import type { Environment, HostedZone } from '../src/domain/environment.ts';
import { ARGO } from '../src/domain/ids.ts';
import { leadingNames } from '../src/domain/leading-names.ts';
import { namesToRead, type RecordOwner } from '../src/domain/record-owner.ts';
import { receiversOf } from '../src/domain/receiver.ts';
import { sameHostname } from '../src/domain/traffic.ts';
import { argoAddress } from './argocd.ts';
import { fail } from './failures.ts';
import { beat } from './heartbeat.ts';
import type { CatalogueActivities } from './ports.ts';
import { formatsOf, ownerIn } from './record-facts.ts';

export function createCatalogueWork({ aws, kube, argo, route53, clock }: Dependencies): CatalogueActivities {
  return {
    gatherCatalogue: async ({ environment }) => gather(environment, await liveCluster(environment)),
    findUncatalogued: async ({ environment, cluster }) =>
      catalogueOf(environment, await gather(environment, cluster)).uncatalogued,
  };

  async function liveCluster({ region, live }: Environment): Promise<string> {
    const name = await aws(region).ssm.readParameter(live.parameter);
    if (name) return name;
    throw fail('input.invalid', `SSM parameter ${live.parameter} names no cluster`, {
      hint: 'write the live cluster’s name into the parameter',
    });
  }

  /** A cluster that is gone, or never had an API server, has nothing. */
  async function gather(environment: Environment, cluster: string): Promise<CatalogueFacts> {
    const { region, argocd, zones, catalogue } = environment;
    const { eks, elb } = aws(region);
    const at = new Date(clock.now()).toISOString();
    saying(`looking for ${cluster}`);
    const found = await eks.findCluster(cluster);
    if (!found?.endpoint) return { at, cluster, receivers: [], loadBalancers: [], names: [], delegated: [] };

    saying(`reading what receives traffic on ${cluster}, its load balancers and its applications`);
    const [objects, tagged, applications, externalDns] = await Promise.all([
      kube.receivers({ region, cluster }),
      elb.hostnamesOf(cluster),
      argo.applications(argoAddress(region, argocd), { [ARGO.cluster]: cluster }),
      kube.externalDns({ region, cluster }),
    ]);
    const ownerLabel = catalogue?.ownerLabel ?? OWNER_LABEL;
    const receivers = receiversOf(objects, { cluster, applications, ownerLabel });
    const inCluster = [...new Set(receivers.flatMap((one) => one.loadBalancers))];
    const loadBalancers = [
      ...inCluster,
      ...tagged.filter((one) => !inCluster.some((known) => sameHostname(known, one))),
    ];
    const names: LeadingName[] = [];
    const delegated: string[] = [];
    // One zone after the other: the account has ten requests a second for all who use it.
    for (const zone of zones) {
      saying(`reading the records of ${zone.name} (${zone.id})`);
      const records = await route53.allRecords(zone);
      names.push(...namesIn(zone, { records, loadBalancers, externalDns }));
      delegated.push(...delegatedIn(zone, records));
    }
    return { at, cluster, receivers, loadBalancers, names, delegated };
  }
}

interface Seen {
  readonly records: readonly ZoneRecord[];
  readonly loadBalancers: readonly string[];
  readonly externalDns: readonly ExternalDns[];
}

function namesIn(zone: HostedZone, { records, loadBalancers, externalDns }: Seen): readonly LeadingName[] {
  const formats = formatsOf(externalDns);
  const byName = Map.groupBy(records, ({ name }) => name);
  return leadingNames(records, loadBalancers).map(({ name, records: ways, to }) => ({
    name,
    zoneId: zone.id,
    records: ways,
    to,
    owner: inAWord(
      ownerIn(
        namesToRead(name, formats).flatMap((one) => byName.get(one) ?? []),
        { host: name, zoneId: zone.id, isPrivate: zone.private ?? false },
        externalDns,
      ),
    ),
  }));
}

/** The zone's own name servers stand at its name. */
const delegatedIn = (zone: HostedZone, records: readonly ZoneRecord[]): readonly string[] =>
  records.flatMap(({ name, type }) => (type === 'NS' && name !== zone.name ? [name] : []));

/** For whoever looks on while it takes its time. */
const saying = (doing: string): void => beat({ doing });

function inAWord(owner: RecordOwner): string {
  switch (owner.kind) {
    case 'ours':
      return 'eksodus';
    case 'external-dns':
      return `external-dns ${[...new Set(owner.claims.map((claim) => claim.owner))].join(', ')}`;
    case 'cannot-know':
      return `somebody (${owner.why})`;
    case 'unregistered':
      return 'nobody';
    case 'other':
      return 'others';
  }
}
