// A world in memory behind the activities' ports, for tests of what workflows do with what they are told.
// Contract tests hold the real activities to the real parts; this one only has to be consistent.
import { ApplicationFailure, Context, heartbeat } from '@temporalio/activity';
import type { Activities, ClusterFacts, DeadlineReminder, GateResult, WishOutcome } from '../../activities/ports.ts';
import type { CatalogueFacts, Uncatalogued } from '../../src/domain/catalogue.ts';
import type { Reading } from '../../src/domain/analysis.ts';
import type { TargetsSeen } from '../../src/domain/dns-targets.ts';
import { viewNames } from '../../src/domain/dns-view.ts';
import { greenName, nameIn, type AppHost, type Environment } from '../../src/domain/environment.ts';
import type { NameSeen, NamesSeen } from '../../src/domain/names-seen.ts';
import { isSameSet } from '../../src/domain/record-rewrite.ts';
import { toRecordSet, type RecordSet } from '../../src/domain/record-set.ts';
import type { Evidence } from '../../src/domain/status.ts';
import type { Raise } from '../../src/domain/prescale.ts';
import type { ReadinessFacts } from '../../src/domain/readiness-facts.ts';
import {
  planHost,
  RECORD_TYPES,
  type AliasTarget,
  type ObservedRecord,
  type RecordType,
  type WeightedRecord,
} from '../../src/domain/traffic.ts';
import type { ArgoApplication } from '../../src/domain/waves.ts';
import { FakeAnnotations } from './fake-annotations.ts';
import { FakeWorkloads } from './fake-workloads.ts';
import { servingFacts } from './readiness.ts';

const BLUE = 'stg-1-33';
const DAY_MS = 24 * 60 * 60_000;

/** As the real watch does: it beats, and with a beat hears that it is no longer wanted. */
async function untilCancelled(): Promise<never> {
  const beat = setInterval(heartbeat, 200);
  try {
    return await Context.current().cancelled;
  } finally {
    clearInterval(beat);
  }
}

export class FakeWorld {
  readonly calls: string[] = [];
  readonly clusters = new Map<string, ClusterFacts>();
  readonly records = new Map<string, ObservedRecord[]>();
  /** Batches as they were written: weights by host and set identifier after each. */
  readonly writes: Record<string, Record<string, number>>[] = [];
  readonly workloads = new FakeWorkloads();
  readonly annotations = new FakeAnnotations(this);
  readonly parameters = new Map<string, string>();
  readonly labels = new Map<string, Set<string>>();
  /** Called before each activity; a test throws here, or waits. */
  before: (activity: string, input: unknown) => void | Promise<void> = () => undefined;
  gate: (app: string, greenPercent: number) => GateResult['verdict'] = () => 'passed';
  /** One analysis fails, passes or cannot tell; what it was asked is in `watched`. */
  analysis: (app: string, greenPercent: number) => GateResult['verdict'] = () => 'passed';
  readonly watched: Parameters<Activities['watchAnalyses']>[0][] = [];
  /** What a source of metrics answers. */
  counts: (question: { query: string }) => Reading = () => ({ kind: 'value', value: 0 });
  /** What owners were reminded of. */
  readonly reminders: DeadlineReminder[] = [];
  window: Activities['windowState'] = async () => ({ open: true });
  /** What blue answers when it is asked before traffic goes back to it. */
  blueGate: (app: string) => GateResult['verdict'] = () => 'passed';
  leftovers: { kind: string; id: string }[] = [];
  uncatalogued: Uncatalogued[] = [];
  /** What receives traffic on the live cluster. */
  receives: Omit<CatalogueFacts, 'at' | 'cluster'> = {
    receivers: [],
    loadBalancers: [],
    names: [],
    delegated: [],
  };
  /** How what is seen of an app in a cluster differs from one that serves with two replicas. */
  readiness: (cluster: string, app: string) => Partial<ReadinessFacts> = () => ({});
  readonly raised: (Raise & { readonly cluster: string })[] = [];
  readonly restored: { readonly cluster: string; readonly application: string; readonly serves: boolean }[] = [];
  /** How the load balancers are; nobody looked at those that are not here. */
  targets: TargetsSeen = {};
  /** Registry entries of adopted names. */
  ownEntries: readonly RecordSet[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.parameters.set(environment.live.parameter, BLUE);
    this.#addCluster(BLUE, '1.33');
    this.labels.set(BLUE, new Set(['eksodus.dev/platform', 'eksodus.dev/apps']));
    for (const one of environment.apps) for (const host of one.hosts) this.#seed(host, BLUE);
    for (const { handover } of environment.apps)
      for (const workload of handover?.workloads ?? []) this.workloads.put(BLUE, workload, 1);
  }

  /** Where the records of a name are kept: those of another zone than the first beside it. */
  keyOf(host: string, zoneId: string): string {
    const [first] = this.#environment.zones;
    return zoneId === first?.id ? host : `${host} in ${zoneId}`;
  }

  /** Weights of a host (or of a key of `keyOf`) now, by set identifier. */
  weights(host: string): Record<string, number> {
    return Object.fromEntries(
      (this.records.get(host) ?? []).filter(({ type }) => type === 'A').map((r) => [r.setIdentifier, r.weight]),
    );
  }

  activities(): Activities {
    const all = this.#all();
    const entries = Object.entries(all).map(([name, does]) => [
      name,
      async (input: unknown) => {
        this.calls.push(name);
        await this.before(name, input);
        return (does as (input: unknown) => unknown)(input);
      },
    ]);
    return Object.fromEntries(entries) as Activities;
  }

  #addCluster(name: string, version: string, run: string | null = null): ClusterFacts {
    const facts = {
      name,
      arn: `arn:aws:eks:ap-northeast-1:123456789012:cluster/${name}`,
      version,
      endpoint: `https://${name}.example.test`,
      caData: 'Y2E=',
      oidcIssuer: `https://oidc.example.test/${name}`,
      run,
    };
    this.clusters.set(name, facts);
    return facts;
  }

  #seed({ name, zoneId }: AppHost, cluster: string): void {
    const record = { setIdentifier: cluster, weight: 100, target: target(cluster, name), evaluateTargetHealth: false };
    this.records.set(
      this.keyOf(name, zoneId),
      RECORD_TYPES.map((type) => ({ ...record, type })),
    );
  }

  #applications(cluster: string, tier: 'platform' | 'app'): ArgoApplication[] {
    const label = tier === 'platform' ? 'eksodus.dev/platform' : 'eksodus.dev/apps';
    if (!this.labels.get(cluster)?.has(label)) return [];
    const healthy = { sync: 'Synced', health: 'Healthy', revision: 'abc1234' };
    if (tier === 'platform') {
      return [
        { name: `crds-${cluster}`, app: 'crds', needs: [], ...healthy },
        { name: `policy-${cluster}`, app: 'policy', needs: ['crds'], ...healthy },
      ];
    }
    return this.#environment.apps.map(({ name }) => ({ name: `${name}-${cluster}`, app: name, needs: [], ...healthy }));
  }

  #readiness(cluster: string, application: string): ReadinessFacts {
    const app = this.#environment.apps.find((one) => application === `${one.name}-${cluster}`)?.name ?? '';
    const isMade = this.labels.get(cluster)?.has('eksodus.dev/apps') ?? false;
    const none = isMade ? {} : { application: { seen: null } };
    return { ...servingFacts(cluster, app), ...none, ...this.readiness(cluster, app) };
  }

  #names(hosts: readonly string[] | null): NamesSeen {
    const { zones, apps } = this.#environment;
    const names = zones.flatMap((zone) =>
      apps.flatMap((app) =>
        app.hosts
          .filter(({ name, zoneId }) => zoneId === zone.id && (hosts === null || hosts.includes(name)))
          .map(({ name: host }): NameSeen => {
            const records = (this.records.get(this.keyOf(host, zone.id)) ?? []).map((one) => toRecordSet(host, one));
            return {
              app: app.name,
              host,
              zone,
              records,
              owner: { kind: 'unregistered' },
              ttlSeconds: 60,
              problem: null,
            };
          }),
      ),
    );
    return { at: new Date().toISOString(), blue: BLUE, green: greenName(this.#environment), clusters: [], names };
  }

  #evidence(check: string, subject: string, passed = true): Evidence {
    return { check, subject, passed, observed: passed ? 'yes' : 'no', expected: 'yes', at: new Date().toISOString() };
  }

  #green(host: string): number {
    return Object.entries(this.weights(host)).find(([id]) => id !== BLUE)?.[1] ?? 0;
  }

  #all(): Activities {
    const environment = this.#environment;
    const targetOf = (cluster: string, app: string): AliasTarget => target(cluster, `${app}.example.test`);
    const apply = ({ zone, wishes }: Parameters<Activities['applyWishes']>[0]): WishOutcome[] => {
      const after: Record<string, Record<string, number>> = {};
      const outcomes = wishes.map((wish): WishOutcome => {
        if ('rewrite' in wish) {
          const { remove, add } = wish.rewrite;
          this.ownEntries = [...this.ownEntries.filter((one) => !remove.some((gone) => isSameSet(gone, one))), ...add];
          return { wish: wish.id, outcome: 'changed', changeId: 'C-rewrite' };
        }
        const { id, host: name, want, expected } = wish;
        const host = this.keyOf(name, zone.id);
        const plan = planHost(this.records.get(host) ?? [], { want, expected });
        if (plan.kind === 'nothing') return { wish: id, outcome: 'nothing' };
        if (plan.kind === 'drift') {
          return {
            wish: id,
            outcome: 'refused',
            type: 'drift.detected',
            why: `${nameIn(zone, name)} has ${plan.observed}, expected ${plan.expected}`,
          };
        }
        this.records.set(
          host,
          want.flatMap((record) => RECORD_TYPES.map((type) => observedOf(record, type))),
        );
        after[host] = this.weights(host);
        return { wish: id, outcome: 'changed', changeId: `C${this.writes.length}` };
      });
      if (Object.keys(after).length > 0) this.writes.push(after);
      return outcomes;
    };
    return {
      gatherPreflight: async () => ({
        at: new Date().toISOString(),
        account: environment.account,
        blue: {
          name: BLUE,
          version: '1.33',
          status: 'ACTIVE',
          reachable: true,
          unreachableBecause: null,
          externalDns: [],
          registrations: [
            {
              secret: `cluster-${BLUE}`,
              labels: Object.fromEntries([...(this.labels.get(BLUE) ?? [])].map((label) => [label, 'enabled'])),
            },
          ],
        },
        blueProblem: null,
        manager: { reachable: true, unreachableBecause: null },
        greenTaken: null,
        greenRegistrations: [],
        offeredVersions: ['1.33', '1.34', '1.35', '1.36'].map((version) => ({ version, standardSupportEnds: null })),
        platformApplications: this.#applications(BLUE, 'platform'),
        appApplications: this.#applications(BLUE, 'app'),
        handovers: [],
        cronJobs: [],
        hosts: environment.apps.flatMap(({ name, hosts }) =>
          hosts.map((host) => ({
            app: name,
            host: host.name,
            zoneId: host.zoneId,
            zoneProblem: null,
            records: this.records.get(this.keyOf(host.name, host.zoneId)) ?? [],
            otherRecords: [],
            owner: this.annotations.ownerOf(host.name),
          })),
        ),
        annotated: environment.apps
          .filter(({ hosts }) => hosts.some(({ name }) => this.annotations.hosts.has(name)))
          .map(({ name }) => Object.assign({ app: name }, this.annotations.facts(BLUE))),
      }),
      gatherCatalogue: async () => ({
        at: new Date().toISOString(),
        cluster: BLUE,
        ...this.receives,
      }),
      findUncatalogued: async () => this.uncatalogued,
      ...this.annotations.activities(),
      requestCluster: async ({ actor, name, version }) => {
        const adopted = this.clusters.has(name);
        if (!adopted) this.#addCluster(name, version, actor.run);
        return { adopted };
      },
      awaitCluster: async ({ name }) => this.cluster(name),
      describeCluster: async ({ cluster }) => this.clusters.get(cluster) ?? null,
      ensureOidcProvider: async ({ issuer }) => ({ arn: `arn:aws:iam::123456789012:oidc-provider/${issuer}` }),
      ensureAccessEntry: async () => undefined,
      requestNodeGroup: async () => ({ adopted: false }),
      awaitNodeGroup: async () => undefined,
      requestAddon: async () => ({ addonVersion: 'v1.0.0-eksbuild.1' }),
      awaitAddon: async () => undefined,
      awaitApi: async () => ({ servedVersion: 'v1.36.3' }),
      listNodeGroups: async () => ['general'],
      listAddons: async () => ['vpc-cni', 'coredns'],
      deleteNodeGroup: async () => undefined,
      deleteAddon: async () => undefined,
      liftDeletionProtection: async () => undefined,
      deleteCluster: async ({ cluster }) => void this.clusters.delete(cluster),
      deleteOidcProvider: async () => undefined,
      findLeftovers: async () => this.leftovers,
      readLiveCluster: async ({ parameter }) => this.parameters.get(parameter) ?? '',
      writeLiveCluster: async ({ parameter, cluster }) => void this.parameters.set(parameter, cluster),
      registerCluster: async ({ cluster }) =>
        void this.labels.set(cluster.name, this.labels.get(cluster.name) ?? new Set()),
      labelCluster: async ({ cluster, labels }) => {
        for (const [label, value] of Object.entries(labels)) {
          if (value === null) this.labels.get(cluster)?.delete(label);
          else this.labels.get(cluster)?.add(label);
        }
      },
      listApplications: async ({ cluster, tier }) => this.#applications(cluster, tier),
      awaitApplications: async ({ cluster, tier }) => this.#applications(cluster, tier),
      syncApplication: async () => ({ revision: 'abc1234' }),
      awaitApplicationsGone: async () => undefined,
      deregisterCluster: async ({ cluster }) => void this.labels.delete(cluster),
      findLoadBalancer: async ({ cluster, ingress }) => targetOf(cluster, ingress.name),
      checkNodes: async ({ cluster }) => this.#evidence('nodes', cluster),
      checkWorkloads: async ({ cluster }) => this.#evidence('workloads', cluster),
      checkApplications: async ({ cluster }) => this.#evidence('argocd', cluster),
      checkHttp: async ({ host }) => this.#evidence('http', host),
      deleteExposedApplications: async () => ({ deleted: [] }),
      awaitLoadBalancersGone: async () => undefined,
      watchGate: async ({ app: name, host, target: at, until }) => {
        // A settling step is watched until its scope is cancelled: a failing gate must be able to end it early.
        // A bake of no length is a watch too; who only wants to know how it is now may not take as long as a watch.
        const watches = Context.current().info.startToCloseTimeoutMs > DAY_MS;
        const verdict = at.hostname.includes(BLUE)
          ? this.blueGate(name)
          : watches
            ? this.gate(name, this.#green(host))
            : 'passed';
        if (verdict === 'passed' && Date.parse(until) > Date.now() + 60_000) await untilCancelled();
        return { verdict, evidence: this.#evidence('http', name, verdict === 'passed') };
      },
      watchAnalyses: async (input) => {
        const { app: name, greenPercent, analyses, until } = input;
        this.watched.push(input);
        const verdict = this.analysis(name, greenPercent);
        if (verdict !== 'failed' && Date.parse(until) > Date.now() + 60_000) await untilCancelled();
        return analyses.map((one) => ({
          verdict,
          evidence: this.#evidence(`analysis ${one.name}`, name, verdict === 'passed'),
        }));
      },
      readMetrics: async ({ questions }) => questions.map(this.counts),
      lookAtReadiness: async ({ cluster, app: { application } }) => this.#readiness(cluster, application),
      raiseReplicas: async ({ cluster, raises }) => {
        for (const raise of raises) this.raised.push({ cluster, ...raise });
      },
      restoreReplicas: async ({ cluster, application, serves }) => {
        this.restored.push({ cluster, application, serves });
        return { restored: [] };
      },
      windowState: (input) => this.window(input),
      remind: async (reminder) => void this.reminders.push(reminder),
      readRecords: async ({ zone, host }) => this.records.get(this.keyOf(host, zone.id)) ?? [],
      applyWishes: async (input) => apply(input),
      awaitInSync: async () => ({ inSyncAt: new Date().toISOString() }),
      readTtl: async () => ({ ttlSeconds: 0 }),
      proveIdle: async ({ zone, host, setIdentifier }) => {
        const weight = this.weights(this.keyOf(host, zone.id))[setIdentifier] ?? 0;
        return this.#evidence('idle', host, weight === 0);
      },
      awaitOwnedRecordsGone: async () => undefined,
      ...this.workloads.activities(),
      lookAtNames: async ({ hosts }) => this.#names(hosts),
      showNames: async ({ hosts }) => viewNames(this.#names(hosts), this.targets),
      findOwnEntries: async ({ setIdentifier }) =>
        this.ownEntries.filter((entry) => entry.setIdentifier === setIdentifier),
      lookAtSource: async () => null,
    };
  }

  cluster(name: string): ClusterFacts {
    const facts = this.clusters.get(name);
    if (!facts) throw ApplicationFailure.nonRetryable(`no cluster ${name}`, 'eks.create-failed');
    return facts;
  }
}

const observedOf = (record: WeightedRecord, type: RecordType): ObservedRecord => ({
  ...record,
  type,
  evaluateTargetHealth: false,
});

const target = (cluster: string, host: string): AliasTarget => ({
  hostname: `${host}.${cluster}.elb.amazonaws.com`,
  hostedZoneId: 'Z14GRHDCWA56QT',
});
