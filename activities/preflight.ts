// Everything that the judgement before an upgrade needs. What is wrong with the world is a fact here, not a failure.
import type { KnownCluster } from '../src/adapters/argo-cluster-secret.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import type { EksCluster } from '../src/adapters/eks-clusters.ts';
import type { ZoneRecord } from '../src/adapters/route53.ts';
import { greenName, type AppHost, type Environment, type HostedZone } from '../src/domain/environment.ts';
import type { ExternalDns } from '../src/domain/external-dns.ts';
import { ARGO, TAGS } from '../src/domain/ids.ts';
import type { PreflightFacts } from '../src/domain/preflight.ts';
import { isAddress, kindOf, namesToRead } from '../src/domain/record-owner.ts';
import type { ArgoApplication } from '../src/domain/waves.ts';
import { argoAddress, toArgoApplication } from './argocd.ts';
import { factOrFailure, type Found } from './found.ts';
import { handoverFacts, runningCronJobs } from './handover-facts.ts';
import type { PreflightActivities } from './ports.ts';
import { colourFacts, formatsOf, ownerIn } from './record-facts.ts';
import { observedOf, toObserved } from './zone-records.ts';

type HostFacts = PreflightFacts['hosts'][number];

export function createPreflightWork(deps: Dependencies): PreflightActivities {
  const { aws, kube, argo, route53, clock } = deps;
  return {
    async gatherPreflight({ environment }) {
      const { eks, sts } = aws(environment.region);
      const [account, live, taken, offered, manager] = await Promise.all([
        sts.account(),
        findLive(environment),
        eks.findCluster(greenName(environment)),
        eks.offeredVersions(),
        factOrFailure(() => kube.letsUsIn({ region: environment.region, cluster: environment.argocd.cluster })),
      ]);
      const blue = 'value' in live ? live.value : null;
      const platform = await factOrFailure(() => applications(environment, blue, 'platform'));
      const developers = await factOrFailure(() => applications(environment, blue, 'app'));
      const registered = await factOrFailure(() => registrations(environment, blue));
      const green = await factOrFailure(() =>
        registrations(environment, { name: greenName(environment), endpoint: null }),
      );
      const handovers = await factOrFailure(() => handoverFacts(deps, environment, blue));
      const cronJobs = await factOrFailure(() => runningCronJobs(deps, environment, blue));
      const problem =
        [manager, platform, developers, registered, green].find((one) => 'problem' in one)?.problem ?? null;
      const blueSays = blue && (await blueFacts(environment, blue));
      const hosts = await hostFacts(environment, blueSays?.externalDns ?? []);
      return {
        at: new Date(clock.now()).toISOString(),
        account,
        blue: blueSays && {
          ...blueSays,
          registrations: 'value' in registered ? registered.value : [],
        },
        blueProblem: 'problem' in live ? live.problem : null,
        manager: { reachable: problem === null, unreachableBecause: problem },
        greenTaken: taken ? { run: taken.tags[TAGS.run] ?? null, status: taken.status } : null,
        greenRegistrations: 'value' in green ? green.value.map(({ secret }) => secret) : [],
        offeredVersions: offered,
        platformApplications: 'value' in platform ? platform.value : [],
        appApplications: 'value' in developers ? developers.value : [],
        handovers: 'value' in handovers ? handovers.value : [],
        cronJobs: 'value' in cronJobs ? cronJobs.value : [],
        hosts,
        annotated: blueSays?.reachable ? await annotatedFacts(environment, blueSays, hosts) : [],
      };
    },
  };

  async function findLive({ region, live }: Environment): Promise<Found<EksCluster>> {
    const { ssm, eks } = aws(region);
    const name = await ssm.readParameter(live.parameter);
    if (name === null || name === '') return { problem: `SSM parameter ${live.parameter} names no cluster` };
    const cluster = await eks.findCluster(name);
    return cluster
      ? { value: cluster }
      : { problem: `SSM parameter ${live.parameter} names ${name}, which does not exist` };
  }

  async function blueFacts({ region }: Environment, { name, version, status }: EksCluster) {
    const seen = await factOrFailure(() => kube.externalDns({ region, cluster: name }));
    const unreachableBecause = 'problem' in seen ? seen.problem : null;
    const externalDns = 'value' in seen ? seen.value : [];
    return { name, version, status, reachable: unreachableBecause === null, unreachableBecause, externalDns };
  }

  async function registrations({ region, argocd }: Environment, cluster: KnownCluster | null) {
    return cluster ? argo.registrationsOf(argoAddress(region, argocd), cluster) : [];
  }

  async function applications(
    { region, argocd }: Environment,
    blue: EksCluster | null,
    tier: 'platform' | 'app',
  ): Promise<ArgoApplication[]> {
    if (!blue) return [];
    const labels = { [ARGO.cluster]: blue.name, [ARGO.tier]: tier };
    return (await argo.applications(argoAddress(region, argocd), labels)).map(toArgoApplication);
  }

  /** What moves by annotations needs more than its records. */
  async function annotatedFacts(
    environment: Environment,
    { name: cluster, externalDns }: Awaited<ReturnType<typeof blueFacts>>,
    hosts: readonly HostFacts[],
  ): Promise<PreflightFacts['annotated']> {
    const looked = environment.apps.map(async ({ name, application, ingress }) => {
      if (!ingress || !hosts.some(({ app, owner }) => app === name && owner.kind === 'external-dns')) return [];
      const app = { application, ingress };
      const seen = await factOrFailure(() => colourFacts(deps, environment, app, { cluster, externalDns }));
      return 'value' in seen ? [{ app: name, ...seen.value }] : [];
    });
    return (await Promise.all(looked)).flat();
  }

  async function hostFacts({ apps, zones }: Environment, externalDns: readonly ExternalDns[]): Promise<HostFacts[]> {
    const hosts = apps.flatMap((app) => app.hosts.map((host) => ({ app: app.name, host })));
    const byZone = Map.groupBy(hosts, ({ host }) => host.zoneId);
    const facts = [...byZone].map(async ([zoneId, inZone]) => {
      const zone = zones.find(({ id }) => id === zoneId);
      const looked = zone
        ? await factOrFailure(() => readZone(zone, inZone, externalDns))
        : { problem: `zone ${zoneId} is not among the environment's zones` };
      return inZone.map(({ app, host }) =>
        toHostFacts(app, host, looked, { externalDns, isPrivate: zone?.private ?? false }),
      );
    });
    return (await Promise.all(facts)).flat();
  }

  async function readZone(
    zone: HostedZone,
    inZone: readonly { readonly host: AppHost }[],
    externalDns: readonly ExternalDns[],
  ): Promise<ZoneView> {
    const names = inZone.flatMap(({ host }) => namesToRead(host.name, formatsOf(externalDns)));
    const { name } = await route53.zone(zone);
    return { name, records: await route53.recordsOfAll(zone, names) };
  }
}

interface ZoneView {
  readonly name: string;
  readonly records: ReadonlyMap<string, readonly ZoneRecord[]>;
}

function toHostFacts(
  app: string,
  { name, zoneId }: AppHost,
  looked: Found<ZoneView>,
  { externalDns, isPrivate }: { readonly externalDns: readonly ExternalDns[]; readonly isPrivate: boolean },
): HostFacts {
  const owner = { kind: 'unregistered' } as const;
  const nothing = { app, host: name, zoneId, records: [], otherRecords: [], owner };
  if ('problem' in looked) return { ...nothing, zoneProblem: looked.problem };
  const zone = looked.value;
  const host = name.toLowerCase();
  if (host !== zone.name && !host.endsWith(`.${zone.name}`)) {
    return { ...nothing, zoneProblem: `zone ${zoneId} is ${zone.name}, to which ${name} does not belong` };
  }
  const records = zone.records.get(host) ?? [];
  return {
    ...nothing,
    zoneProblem: null,
    records: observedOf(records),
    otherRecords: records.filter((one) => isAddress(one.type) && !toObserved(one)).map(kindOf),
    owner: ownerIn(
      namesToRead(name, formatsOf(externalDns)).flatMap((one) => zone.records.get(one) ?? []),
      { host: name, zoneId, isPrivate },
      externalDns,
    ),
  };
}
