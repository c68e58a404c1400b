import type { Analysis, MetricSource } from './analysis.ts';
import type { CatalogueSettings } from './catalogue-settings.ts';
import type { Prescale } from './prescale.ts';

/**
 * An environment as its file describes it: one live cluster, the version it is to move to, and what moves.
 * Plain JSON, because it travels as workflow input. Durations are seconds, percentages whole numbers 0-100.
 * `config/schema.ts` turns the file into this; nothing else makes one.
 */
export interface Environment {
  readonly name: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly zones: readonly HostedZone[];
  /** The SSM parameter that holds the live cluster's name: read from the world, never from a file. */
  readonly live: { readonly parameter: string };
  /** Minor version such as "1.36". */
  readonly target: { readonly version: string };
  /** `green` is a pattern: `{environment}` and `{version}` (dots as dashes) are replaced. */
  readonly naming: { readonly green: string };
  readonly cluster: ClusterSettings;
  readonly nodeGroups: readonly NodeGroup[];
  readonly addons: readonly Addon[];
  readonly argocd: ArgoCd;
  readonly apps: readonly App[];
  /** Where analyses ask for metrics. */
  readonly metrics: readonly MetricSource[];
  /** Of every app that has none of its own. */
  readonly analyses: readonly Analysis[];
  /** Absent: owners by the label `team`, and nothing may go with blue that is in no app. */
  readonly catalogue?: CatalogueSettings;
  /** How many apps may be between blue and green at a time. Absent: any number. */
  readonly maxMoving?: number;
  readonly approvals: readonly ApprovalPoint[];
  /** The owner id of a cluster's external-dns; `{cluster}` is replaced. */
  readonly externalDnsOwner: string;
  /** When weights may go forward. Absent: at any time. Going back is always allowed. */
  readonly window?: Window;
  /** What a failed gate does beyond reversing its own app: hold for a person, or roll the whole environment back. */
  readonly onGateFailure: 'hold' | 'rollback';
  /** When the gates of so many apps have failed, no app begins a new step until a person says so. */
  readonly stopAfterFailedApps: number;
  /** Extra wait after the TTL so that open connections drain. */
  readonly drainSeconds: number;
  readonly soakSeconds: number;
  /** Whether green is made as big as blue before it gets traffic. */
  readonly prescale: Prescale;
  /** DNS servers the worker asks for load balancer names. Absent: the system's. */
  readonly resolvers?: readonly string[];
}

export interface HostedZone {
  readonly id: string;
  readonly name: string;
  /** Answered inside its VPCs only. Absent: public. It may have a public twin of the same name. */
  readonly private?: boolean;
  /** `address` or `address:port`. Absent: the zone's own, as Route 53 names them; a private zone always says them. */
  readonly nameServers?: readonly string[];
  /** The role by which the zone is read and written, in the zone's own account. Absent: the worker's own rights. */
  readonly roleArn?: string;
  /** What the role's trust policy asks of whoever assumes it. */
  readonly externalId?: string;
}

export interface ClusterSettings {
  readonly roleArn: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly deletionProtection: boolean;
  readonly oidcProvider: boolean;
  readonly accessEntries: readonly AccessEntry[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface AccessEntry {
  readonly principalArn: string;
  /** EKS access policies by name, such as `AmazonEKSClusterAdminPolicy`, scoped to the whole cluster. */
  readonly policies: readonly string[];
  readonly kubernetesGroups: readonly string[];
}

export interface NodeGroup {
  readonly name: string;
  readonly nodeRoleArn: string;
  readonly instanceTypes: readonly string[];
  readonly capacityType: 'ON_DEMAND' | 'SPOT';
  readonly minSize: number;
  readonly desiredSize: number;
  readonly maxSize: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Addon {
  readonly name: string;
  /** `default`: what EKS recommends for the target version. */
  readonly version: string;
  /** CoreDNS and others stay DEGRADED without nodes, so they come after the node groups. */
  readonly order: 'before-nodes' | 'after-nodes';
}

export interface ArgoCd {
  /** EKS name of the cluster in which Argo CD runs. */
  readonly cluster: string;
  readonly namespace: string;
  /** Labels for the cluster Secret: ApplicationSets select on them. */
  readonly labels: Readonly<Record<string, string>>;
  /** The label that lets the platform's ApplicationSets, and the one that lets the developers', pick a cluster up. */
  readonly platformLabel: string;
  readonly appsLabel: string;
}

export interface App {
  readonly name: string;
  readonly team: string;
  /** Names whose traffic moves. None: nobody asks the app anything, and it moves by `handover` alone. */
  readonly hosts: readonly AppHost[];
  /** Argo CD Application's name; `{cluster}` is replaced. */
  readonly application: string;
  /** The Ingress whose load balancer serves the app, the same in every cluster. Every app with hosts has one. */
  readonly ingress?: IngressRef;
  /** What of it runs in one cluster only. With hosts too: after all traffic is on green, and back after it is on blue. */
  readonly handover?: Handover;
  readonly checks: readonly HttpCheck[];
  /** Absent: those of the environment. */
  readonly analyses?: readonly Analysis[];
  /** Whether it moves as soon as green is ready, or waits for its owner to start it. */
  readonly start: 'with-upgrade' | 'owner';
  /** When it must be on green, and what happens when it is not. */
  readonly deadline?: Deadline;
  /** Names of apps that must be on green before it begins. */
  readonly dependsOn: readonly string[];
  readonly steps: readonly TrafficStep[];
  /** Whether green must be at blue's revision before it gets traffic. */
  readonly revision: 'same' | 'any';
}

export interface IngressRef {
  readonly namespace: string;
  readonly name: string;
}

/** Workloads that must never run in two clusters at once: schedules, queue consumers, singletons. */
export interface Handover {
  /** Neither cluster runs them for at most so long while they change hands. */
  readonly maxGapSeconds: number;
  readonly workloads: readonly HandoverWorkload[];
  /** What must be true beside, once the workloads of one side have ended, before those of the other are started. */
  readonly idle: readonly IdleQuery[];
}

/** `{cluster}` in the query is the cluster that is to be idle, `{app}` the app. */
export interface IdleQuery {
  /** The name of one of the environment's sources of metrics. */
  readonly source: string;
  readonly query: string;
  /** A condition of src/domain/condition.ts. */
  readonly when: string;
}

/** Stopped and started by `spec.suspend` of a CronJob, by `spec.replicas` of the others. */
export interface HandoverWorkload {
  readonly kind: 'CronJob' | 'Deployment' | 'StatefulSet';
  readonly namespace: string;
  readonly name: string;
}

/** A name in one of the zones that hold it: a name of two zones is there twice, and moves in both. */
export interface AppHost {
  readonly name: string;
  readonly zoneId: string;
}

export interface HttpCheck {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  readonly path: string;
  readonly expectStatus: number;
  readonly everySeconds: number;
  readonly timeoutSeconds: number;
  /** So many failures in a row fail the gate. */
  readonly failures: number;
}

export interface TrafficStep {
  readonly greenPercent: number;
  readonly bakeSeconds: number;
}

/** An instant that a person chose, on the clocks of a time zone. */
export interface Moment {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** IANA name, or an offset such as `+09:00`. */
  readonly timeZone: string;
  /** As people there write it: `Fri 2026-12-18 18:00 Asia/Tokyo`. */
  readonly local: string;
}

/**
 * What comes of an app that was not started by its deadline. `auto`: it starts by itself. `escalate`: it holds for an SRE.
 * `block`: it stays its owner's to start, and the upgrade waits.
 */
export type DeadlinePolicy = 'auto' | 'escalate' | 'block';

export interface Deadline {
  readonly due: Moment;
  readonly policy: DeadlinePolicy;
  /** Earliest first; the last one, 0 days before, is the deadline itself. */
  readonly remind: readonly Reminder[];
}

/** `daysBefore` by the calendar: at the same time of day, whatever the clocks did in between. `at` is ISO 8601. */
export interface Reminder {
  readonly daysBefore: number;
  readonly at: string;
}

export type ApprovalPoint = 'migrate' | 'decommission';

/** When traffic may go forward. All dates and times are those of the time zone. */
export interface Window {
  readonly timeZone: string;
  readonly hours: readonly Hours[];
  /** `YYYY-MM-DD`: shut all day. */
  readonly holidays: readonly string[];
  readonly freezes: readonly Freeze[];
}

export interface Hours {
  readonly days: readonly Weekday[];
  /** `HH:MM`; `to` is after `from` on the same day, `24:00` its end. */
  readonly from: string;
  readonly to: string;
}

/** Shut all the time from the one to the other: `YYYY-MM-DD HH:MM`, where `24:00` is the end of the day. */
export interface Freeze {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

export type Weekday = 'Mon' | 'Tue' | 'Wed' | 'Thu' | 'Fri' | 'Sat' | 'Sun';

/** The name of the green cluster of this environment and version. */
export function greenName(environment: Pick<Environment, 'name' | 'naming' | 'target'>): string {
  return environment.naming.green
    .replaceAll('{environment}', environment.name)
    .replaceAll('{version}', environment.target.version.replaceAll('.', '-'));
}

/** The Argo CD Application of an app in a cluster. */
export function applicationName(app: Pick<App, 'application'>, cluster: string): string {
  return app.application.replaceAll('{cluster}', cluster);
}

/** The names of an app, each once: a load balancer does not know in which zones a name lives. */
export const hostNames = ({ hosts }: Pick<App, 'hosts'>): string[] => [...new Set(hosts.map(({ name }) => name))];

/** How people tell the two zones of a name apart. */
export const nameIn = ({ private: isPrivate }: Pick<HostedZone, 'private'>, host: string): string =>
  isPrivate ? `${host} (private)` : host;
