// What workflows may ask of the world: interfaces only. Each method is one activity: one side effect or one look,
// one object argument, a small JSON answer. Mutations are idempotent: they look first, carry the given token,
// tag what they make with the run, and adopt on conflict only what carries the same run.
import type { Analysis, MetricSource, Reading } from '../src/domain/analysis.ts';
import type {
  AccessEntry,
  Addon,
  App,
  ArgoCd,
  ClusterSettings,
  DeadlinePolicy,
  Environment,
  HandoverWorkload,
  HostedZone,
  HttpCheck,
  IngressRef,
  Moment,
  NodeGroup,
  Window,
} from '../src/domain/environment.ts';
import type { CatalogueFacts, Uncatalogued } from '../src/domain/catalogue.ts';
import type { Side, Start } from '../src/domain/handover.ts';
import type { NamesView } from '../src/domain/dns-view.ts';
import type { NamesSeen, SourceSeen } from '../src/domain/names-seen.ts';
import type { PreflightFacts } from '../src/domain/preflight.ts';
import type { Raise } from '../src/domain/prescale.ts';
import type { ReadinessFacts } from '../src/domain/readiness-facts.ts';
import type { RecordSet } from '../src/domain/record-set.ts';
import type { RecordActivities } from './record-ports.ts';
import type { Evidence, Leftover } from '../src/domain/status.ts';
import type { AliasTarget, ObservedRecord } from '../src/domain/traffic.ts';
import type { ArgoApplication } from '../src/domain/waves.ts';
import type { ZoneWish } from '../src/domain/zone-batch.ts';

/** Whose cluster and which run: every mutation knows for whom it acts. */
export interface Actor {
  readonly environment: string;
  readonly region: string;
  /** Workflow id and first run id of the upgrade. Goes into tags. */
  readonly run: string;
}

export interface ClusterFacts {
  readonly name: string;
  readonly arn: string;
  readonly version: string;
  readonly endpoint: string;
  /** Base64 of the PEM certificate authority. */
  readonly caData: string;
  readonly oidcIssuer: string;
  /** The run that made it, by its tag; null when none of ours did. */
  readonly run: string | null;
}

/** Read-only looks before anything is made. */
export interface PreflightActivities {
  gatherPreflight(input: { environment: Environment; run: string }): Promise<PreflightFacts>;
}

/** Looks at all that receives traffic on a cluster. */
export interface CatalogueActivities {
  /** Of the live cluster. */
  gatherCatalogue(input: { environment: Environment }): Promise<CatalogueFacts>;
  /** What would be cut with a cluster, as it is now. */
  findUncatalogued(input: { environment: Environment; cluster: string }): Promise<readonly Uncatalogued[]>;
}

/** EKS and IAM. `token` is the clientRequestToken, the same at every retry. */
export interface EksActivities {
  requestCluster(input: {
    actor: Actor;
    name: string;
    version: string;
    settings: ClusterSettings;
    token: string;
  }): Promise<{ adopted: boolean }>;
  awaitCluster(input: { actor: Actor; name: string }): Promise<ClusterFacts>;
  ensureOidcProvider(input: { actor: Actor; issuer: string }): Promise<{ arn: string }>;
  ensureAccessEntry(input: { actor: Actor; cluster: string; entry: AccessEntry; token: string }): Promise<void>;
  requestNodeGroup(input: {
    actor: Actor;
    cluster: string;
    version: string;
    nodeGroup: NodeGroup;
    subnetIds: readonly string[];
    token: string;
  }): Promise<{ adopted: boolean }>;
  awaitNodeGroup(input: { actor: Actor; cluster: string; nodeGroup: string }): Promise<void>;
  requestAddon(input: {
    actor: Actor;
    cluster: string;
    version: string;
    addon: Addon;
    token: string;
  }): Promise<{ addonVersion: string }>;
  awaitAddon(input: { actor: Actor; cluster: string; addon: string }): Promise<void>;
  /** Until the API server lets the worker in: access entries are eventually consistent. */
  awaitApi(input: { actor: Actor; cluster: string }): Promise<{ servedVersion: string }>;
  listNodeGroups(input: { actor: Actor; cluster: string }): Promise<readonly string[]>;
  listAddons(input: { actor: Actor; cluster: string }): Promise<readonly string[]>;
  deleteNodeGroup(input: { actor: Actor; cluster: string; nodeGroup: string }): Promise<void>;
  deleteAddon(input: { actor: Actor; cluster: string; addon: string }): Promise<void>;
  liftDeletionProtection(input: { actor: Actor; cluster: string; token: string }): Promise<void>;
  deleteCluster(input: { actor: Actor; cluster: string }): Promise<void>;
  deleteOidcProvider(input: { actor: Actor; issuer: string }): Promise<void>;
  /** Undefined when the cluster is gone. */
  describeCluster(input: { actor: Actor; cluster: string }): Promise<ClusterFacts | null>;
  /** Everything in the account that names or is tagged for the cluster. Empty is what we want. */
  findLeftovers(input: {
    actor: Actor;
    cluster: string;
    oidcIssuer: string;
    zones: readonly HostedZone[];
    argocd: ArgoCd;
    /** The owner id of the cluster's own external-dns. */
    externalDnsOwner: string;
  }): Promise<readonly Leftover[]>;
}

export interface ParameterActivities {
  readLiveCluster(input: { actor: Actor; parameter: string }): Promise<string>;
  writeLiveCluster(input: { actor: Actor; parameter: string; cluster: string }): Promise<void>;
}

/** Argo CD on the manager cluster, through its Kubernetes API only. */
export interface ArgoActivities {
  registerCluster(input: { actor: Actor; argocd: ArgoCd; cluster: ClusterFacts }): Promise<void>;
  /** Sets or (null) removes labels of the cluster's Secret, whatever that is called. */
  labelCluster(input: {
    actor: Actor;
    argocd: ArgoCd;
    cluster: string;
    labels: Readonly<Record<string, string | null>>;
  }): Promise<void>;
  /** Applications that carry the label `eksodus.dev/cluster=<cluster>` and the tier. */
  listApplications(input: {
    actor: Actor;
    argocd: ArgoCd;
    cluster: string;
    tier: 'platform' | 'app';
  }): Promise<readonly ArgoApplication[]>;
  /** Until the ApplicationSets have made the applications named in `apps` (values of `eksodus.dev/app`) for the cluster. */
  awaitApplications(input: {
    actor: Actor;
    argocd: ArgoCd;
    cluster: string;
    tier: 'platform' | 'app';
    apps: readonly string[];
  }): Promise<readonly ArgoApplication[]>;
  /** Asks for a sync, and waits until that very sync succeeded and the application is Synced and Healthy. */
  syncApplication(input: {
    actor: Actor;
    argocd: ArgoCd;
    application: string;
    requestId: string;
    /** Suspended is as good as Healthy: workloads that change hands wait for their start. */
    maySuspend?: boolean;
  }): Promise<{ revision: string }>;
  awaitApplicationsGone(input: {
    actor: Actor;
    argocd: ArgoCd;
    cluster: string;
    tier: 'platform' | 'app';
  }): Promise<void>;
  deregisterCluster(input: { actor: Actor; argocd: ArgoCd; cluster: string }): Promise<void>;
}

/** Looks at a workload cluster and its load balancers. */
export interface ClusterActivities {
  /** Until the Ingress has a load balancer and ELBv2 knows it. */
  findLoadBalancer(input: { actor: Actor; cluster: string; ingress: IngressRef }): Promise<AliasTarget>;
  checkNodes(input: { actor: Actor; cluster: string; nodeGroups: readonly NodeGroup[] }): Promise<Evidence>;
  checkWorkloads(input: { actor: Actor; cluster: string }): Promise<Evidence>;
  /** `maySuspend`: the names of those of which Suspended is as good as Healthy. */
  checkApplications(input: {
    actor: Actor;
    argocd: ArgoCd;
    cluster: string;
    maySuspend?: readonly string[];
  }): Promise<Evidence>;
  /** One request straight at a load balancer, with the app's host name. */
  checkHttp(input: {
    host: string;
    target: AliasTarget;
    check: HttpCheck;
    resolvers: readonly string[] | null;
  }): Promise<Evidence>;
  /**
   * Deletes the applications that have an Ingress or a Service of type LoadBalancer, whatever their tier: a load balancer
   * goes only while its controller lives, and that is an application of the platform too.
   */
  deleteExposedApplications(input: {
    actor: Actor;
    argocd: ArgoCd;
    cluster: string;
  }): Promise<{ deleted: readonly string[] }>;
  /** Until no Ingress, no Service of type LoadBalancer and no load balancer of the cluster is left. */
  awaitLoadBalancersGone(input: { actor: Actor; cluster: string }): Promise<void>;
}

/** Whether a colour can serve an app, and what makes it able to. */
export interface ReadinessActivities {
  /**
   * What is to be known of an app in a cluster. `anew` has Argo CD compare first, and tries again what does not answer;
   * `as-known` takes no time: what does not answer at once is not known.
   */
  lookAtReadiness(input: {
    actor: Actor;
    argocd: ArgoCd;
    /** `application`: the Argo CD Application in that cluster. */
    app: Pick<App, 'application' | 'ingress' | 'handover'>;
    cluster: string;
    argoCd: 'anew' | 'as-known';
  }): Promise<ReadinessFacts>;
  /** Raises each, and notes on it what it was. */
  raiseReplicas(input: { actor: Actor; cluster: string; raises: readonly Raise[] }): Promise<void>;
  /** Gives back what was raised for the app, by the notes. Tries all, then fails with all that could not be. */
  restoreReplicas(input: {
    actor: Actor;
    argocd: ArgoCd;
    application: string;
    cluster: string;
    /** Users are served there: no replicas are taken away. */
    serves: boolean;
  }): Promise<{ restored: readonly string[] }>;
}

export interface GateResult {
  readonly verdict: 'passed' | 'failed' | 'inconclusive';
  readonly evidence: Evidence;
}

/**
 * `why`: a phrase for people, such as `holiday 2026-11-23`.
 * `opens`: the next time, as ISO 8601 and as people in the window's time zone write it. Null: its hours never come.
 */
export type WindowState =
  | { readonly open: true }
  | {
      readonly open: false;
      readonly why: string;
      readonly opens: { readonly at: string; readonly local: string } | null;
    };

export interface GateActivities {
  /** Probes all the time until `until` (ISO 8601), or ends at once when a check has failed as often in a row as it may. */
  watchGate(input: {
    app: string;
    host: string;
    target: AliasTarget;
    checks: readonly HttpCheck[];
    until: string;
    resolvers: readonly string[] | null;
  }): Promise<GateResult>;
  /**
   * Measures all the time until `until`, or ends at once when an analysis has failed more often than it may: the answer is
   * then of what failed alone. Queries never look back to before `since`, when the weights were asked for.
   */
  watchAnalyses(input: {
    app: string;
    hosts: readonly string[];
    /** Names of the clusters. */
    blue: string;
    green: string;
    greenPercent: number;
    analyses: readonly Analysis[];
    sources: readonly MetricSource[];
    since: string;
    until: string;
  }): Promise<readonly GateResult[]>;
  /** One number for each question, in their order, of the time that ends now. What goes wrong is a reading too. */
  readMetrics(input: {
    questions: readonly { source: MetricSource; query: string; windowSeconds: number }[];
  }): Promise<readonly Reading[]>;
  windowState(input: { window: Window; at: string }): Promise<WindowState>;
}

/**
 * What came of each wish of a batch. `changed` waits for INSYNC of `changeId`; so does what was as wished already, and was
 * only confirmed. `nothing`: there is no record, and none was wished.
 */
export type WishOutcome =
  | { readonly wish: string; readonly outcome: 'nothing' }
  | { readonly wish: string; readonly outcome: 'changed'; readonly changeId: string }
  | {
      readonly wish: string;
      readonly outcome: 'refused';
      readonly type: 'drift.detected' | 'dns.refused';
      readonly why: string;
    };

/** Route 53 and the zone's own name servers. Only the zone workflow calls `applyWishes`. */
export interface DnsActivities {
  readRecords(input: { zone: HostedZone; host: string }): Promise<readonly ObservedRecord[]>;
  /** Looks, plans and writes one batch, all or nothing; wishes refused by the plan (drift) leave the batch, the rest is written. */
  applyWishes(input: { zone: HostedZone; wishes: readonly ZoneWish[] }): Promise<readonly WishOutcome[]>;
  awaitInSync(input: { zone: HostedZone; changeId: string }): Promise<{ inSyncAt: string }>;
  /** What the zone's name servers answer for the host: the longest TTL, in seconds. */
  readTtl(input: { zone: HostedZone; host: string }): Promise<{ ttlSeconds: number }>;
  /** Asks the zone's name servers many times, and says whether any answer is one of the cluster's load balancers. */
  proveIdle(input: {
    zone: HostedZone;
    host: string;
    setIdentifier: string;
    target: AliasTarget;
    resolvers: readonly string[] | null;
  }): Promise<Evidence>;
  /** Until external-dns has removed the records it owns for this cluster (by the TXT registry's owner). */
  awaitOwnedRecordsGone(input: { zone: HostedZone; owner: string }): Promise<void>;
}

/** Workloads of one cluster that must not run in another at the same time. */
export interface HandoverActivities {
  lookAtWorkloads(input: { actor: Actor; cluster: string; workloads: readonly HandoverWorkload[] }): Promise<Side>;
  /** Notes what each one's size was. Those that are stopped are touched, so that no earlier start can reach them. */
  stopWorkloads(input: { actor: Actor; cluster: string; workloads: readonly HandoverWorkload[] }): Promise<void>;
  /**
   * Until nothing of them runs and all queries hold, or all works that is to; `until`, ISO 8601, ends the wait with what was
   * seen last.
   */
  awaitWorkloads(input: {
    actor: Actor;
    cluster: string;
    workloads: readonly HandoverWorkload[];
    goal: 'idle' | 'running';
    queries?: readonly { readonly source: MetricSource; readonly query: string; readonly when: string }[];
    until: string;
  }): Promise<{ readonly reached: boolean; readonly observed: string }>;
  /** False: one of them has changed since it was seen, and was not started. */
  startWorkloads(input: {
    actor: Actor;
    cluster: string;
    starts: readonly Start[];
  }): Promise<{ readonly started: boolean }>;
  clearHandoverNotes(input: { actor: Actor; cluster: string; workloads: readonly HandoverWorkload[] }): Promise<void>;
  /** Before Argo CD installs them: what it finds stopped it leaves stopped. */
  copyStopped(input: {
    actor: Actor;
    from: string;
    to: string;
    workloads: readonly HandoverWorkload[];
  }): Promise<{ readonly missing: readonly HandoverWorkload[] }>;
}

/** So many days before an app's deadline (0: at it), because it does not go on without a person. `waitsFor`: for what. */
export interface DeadlineReminder {
  readonly environment: string;
  readonly app: string;
  readonly team: string;
  readonly due: Moment;
  readonly policy: DeadlinePolicy;
  readonly daysBefore: number;
  readonly waitsFor: string;
}

export interface NoticeActivities {
  /** Tells the app's owner. May be sent twice when a worker dies in between. */
  remind(input: DeadlineReminder): Promise<void>;
}

/** Looks at whose the names are; whoever moves one goes by them. */
export interface OwnershipActivities {
  /** `hosts`: null for all of the environment. What cannot be read is told, and is no failure. */
  lookAtNames(input: {
    environment: Environment;
    hosts: readonly string[] | null;
    askTtl: boolean;
  }): Promise<NamesSeen>;
  /** The same, as people see it, with how the load balancers are. */
  showNames(input: { environment: Environment; hosts: readonly string[] | null }): Promise<NamesView>;
  /** Registry entries of ours with this set identifier: they outlive their records unless somebody takes them away. */
  findOwnEntries(input: { zone: HostedZone; setIdentifier: string }): Promise<readonly RecordSet[]>;
  /** Null: the cluster has no such Ingress. */
  lookAtSource(input: { region: string; cluster: string; ingress: IngressRef }): Promise<SourceSeen | null>;
}

export type { FollowOutcome, Weights } from './record-ports.ts';

export type Activities = PreflightActivities &
  CatalogueActivities &
  HandoverActivities &
  EksActivities &
  ParameterActivities &
  ArgoActivities &
  ClusterActivities &
  ReadinessActivities &
  GateActivities &
  NoticeActivities &
  DnsActivities &
  OwnershipActivities &
  RecordActivities;
