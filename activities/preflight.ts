// Everything that the judgement before an upgrade needs. What is wrong with the world is a fact here, not a failure.
import { ApplicationFailure } from '@temporalio/activity';
import type { KnownCluster } from '../src/adapters/argo-cluster-secret.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import type { EksCluster } from '../src/adapters/eks-clusters.ts';
import type { ZoneRecord } from '../src/adapters/route53.ts';
import { greenName, type AppHost, type Environment, type HostedZone } from '../src/domain/environment.ts';
import { ARGO, TAGS } from '../src/domain/ids.ts';
import type { PreflightFacts } from '../src/domain/preflight.ts';
import { OUR_OWNER } from '../src/domain/record-owner.ts';
import type { ArgoApplication } from '../src/domain/waves.ts';
import { argoAddress, toArgoApplication } from './argocd.ts';
import { handoverFacts, runningCronJobs } from './handover-facts.ts';
import type { PreflightActivities } from './ports.ts';
import { asFailure } from './translate.ts';
import { observedOf, registeredOwner, toObserved } from './zone-records.ts';

type HostFacts = PreflightFacts['hosts'][number];
type Found<T> = { readonly value: T } | { readonly problem: string };

/** Types that decide where a name leads; others may stand beside them. */
const ADDRESS_TYPES = new Set(['A', 'AAAA', 'CNAME']);
/** Where external-dns's registry puts the TXT record of a name: by the record's type, or on the name itself. */
const REGISTRY_PREFIXES = ['', 'a-', 'aaaa-', 'cname-'] as const;

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
        orProblem(() => kube.letsUsIn({ region: environment.region, cluster: environment.argocd.cluster })),
      ]);
      const blue = 'value' in live ? live.value : null;
      const platform = await orProblem(() => applications(environment, blue, 'platform'));
      const developers = await orProblem(() => applications(environment, blue, 'app'));
      const registered = await orProblem(() => registrations(environment, blue));
      const green = await orProblem(() => registrations(environment, { name: greenName(environment), endpoint: null }));
      const handovers = await orProblem(() => handoverFacts(deps, environment, blue));
      const cronJobs = await orProblem(() => runningCronJobs(deps, environment, blue));
      const problem =
        [manager, platform, developers, registered, green].find((one) => 'problem' in one)?.problem ?? null;
      return {
        at: new Date(clock.now()).toISOString(),
        account,
        blue: blue && {
          ...(await blueFacts(environment, blue)),
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
        hosts: await hostFacts(environment),
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
    const seen = await orProblem(() => kube.externalDns({ region, cluster: name }));
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

  async function hostFacts({ apps, zones }: Environment): Promise<HostFacts[]> {
    const hosts = apps.flatMap((app) => app.hosts.map((host) => ({ app: app.name, host })));
    const byZone = Map.groupBy(hosts, ({ host }) => host.zoneId);
    const facts = [...byZone].map(async ([zoneId, inZone]) => {
      const zone = zones.find(({ id }) => id === zoneId);
      const looked = zone
        ? await orProblem(() => readZone(zone, inZone))
        : { problem: `zone ${zoneId} is not among the environment's zones` };
      return inZone.map(({ app, host }) => toHostFacts(app, host, looked));
    });
    return (await Promise.all(facts)).flat();
  }

  async function readZone(zone: HostedZone, inZone: readonly { readonly host: AppHost }[]): Promise<ZoneView> {
    const names = inZone.flatMap(({ host }) =>
      REGISTRY_PREFIXES.map((prefix) => `${prefix}${host.name.toLowerCase()}`),
    );
    const { name } = await route53.zone(zone);
    return { name, records: await route53.recordsOfAll(zone, names) };
  }
}

interface ZoneView {
  readonly name: string;
  readonly records: ReadonlyMap<string, readonly ZoneRecord[]>;
}

function toHostFacts(app: string, { name, zoneId }: AppHost, looked: Found<ZoneView>): HostFacts {
  const nothing = { app, host: name, zoneId, records: [], otherRecords: [], externalDnsOwner: null };
  if ('problem' in looked) return { ...nothing, zoneProblem: looked.problem };
  const zone = looked.value;
  const host = name.toLowerCase();
  if (host !== zone.name && !host.endsWith(`.${zone.name}`)) {
    return { ...nothing, zoneProblem: `zone ${zoneId} is ${zone.name}, to which ${name} does not belong` };
  }
  const records = zone.records.get(host) ?? [];
  const registry = REGISTRY_PREFIXES.flatMap((prefix) => zone.records.get(`${prefix}${host}`) ?? []);
  return {
    ...nothing,
    zoneProblem: null,
    records: observedOf(records),
    otherRecords: records.filter((one) => ADDRESS_TYPES.has(one.type) && !toObserved(one)).map(kindOf),
    externalDnsOwner: registry.map(registeredOwner).find((owner) => owner !== undefined && owner !== OUR_OWNER) ?? null,
  };
}

function kindOf({ type, weight, setIdentifier, alias, healthChecked }: ZoneRecord): string {
  const routing = weight !== null ? 'weighted' : setIdentifier === null ? 'simple' : 'other routing';
  return [type, routing, alias ? 'alias' : '', healthChecked ? 'with a health check' : ''].filter(Boolean).join(' ');
}

/** What a person has to put right becomes a fact; what passes by itself fails the attempt, and is tried again. */
async function orProblem<T>(look: () => Promise<T>): Promise<Found<T>> {
  try {
    return { value: await look() };
  } catch (error) {
    const failure = asFailure(error);
    const isFact =
      failure instanceof ApplicationFailure && (failure.nonRetryable || failure.type?.startsWith('k8s.') === true);
    if (isFact) return { problem: failure.message };
    throw failure;
  }
}
