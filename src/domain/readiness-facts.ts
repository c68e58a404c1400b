import type { IgnoredDifference } from './ignored-differences.ts';

/** What was seen of one app in one cluster. Plain JSON, because it travels from an activity to the workflow that judges it. */
export interface ReadinessFacts {
  readonly cluster: string;
  /** ISO 8601. */
  readonly at: string;
  /** Null: Argo CD has no such Application. */
  readonly application: Seen<ApplicationFacts | null>;
  /** Null: the app needs none. Seen as null: its Ingress has none. */
  readonly loadBalancer: Seen<LoadBalancerFacts | null> | null;
  readonly workloads: Seen<WorkloadsFacts>;
}

/** What could not be looked at is told apart from what was seen not to be there. */
export type Seen<T> = { readonly seen: T } | { readonly unknown: string };

export interface ApplicationFacts {
  readonly name: string;
  /** Synced, OutOfSync, Unknown. */
  readonly sync: string;
  /** Healthy, Progressing, Degraded, Suspended, Missing, Unknown. */
  readonly health: string;
  /** Of several sources: each one's, divided by commas. */
  readonly revision: string | null;
  /** Whether Argo CD has compared since it was asked to. Null: nobody asked it. */
  readonly comparedAnew: boolean | null;
  /** A sync that is under way. */
  readonly syncing: boolean;
  readonly outOfSync: readonly ObjectName[];
  /** Why it could not compare, in its own words. */
  readonly problems: readonly string[];
  /** It undoes by itself what others change in the cluster. */
  readonly selfHeals: boolean;
  /** Syncs leave alone what is ignored, too. */
  readonly respectsIgnored: boolean;
  readonly ignored: readonly IgnoredDifference[];
}

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface LoadBalancerFacts {
  readonly hostname: string;
  /** Those that serve the app: of a load balancer that several Ingresses share, only its own. */
  readonly targetGroups: readonly TargetGroupFacts[];
}

export interface TargetGroupFacts {
  readonly name: string;
  /** ip, instance, alb, lambda. */
  readonly targetType: string;
  readonly healthy: number;
  /** Being registered, or not checked yet. */
  readonly initial: number;
  readonly unhealthy: number;
  readonly draining: number;
  /** What the checks of those that are not healthy say, each once. */
  readonly because: readonly string[];
}

/** The workloads that Argo CD has for the app, without those whose pods a Rollout runs, and their autoscalers. */
export interface WorkloadsFacts {
  readonly workloads: readonly WorkloadFacts[];
  readonly autoscalers: readonly AutoscalerFacts[];
}

export const SCALABLE = ['Deployment', 'StatefulSet', 'Rollout'] as const;
export type ScalableKind = (typeof SCALABLE)[number];

export interface WorkloadFacts extends ObjectName {
  readonly kind: ScalableKind;
  readonly desired: number;
  readonly ready: number;
  /** Of the newest template. */
  readonly updated: number;
  /** Its controller has seen its newest spec. */
  readonly observed: boolean;
  /** What we raised it to, and from what. */
  readonly raised: Raised | null;
  /** Of an Argo Rollout. */
  readonly canary: CanaryFacts | null;
}

export interface Raised {
  readonly from: number;
  readonly to: number;
}

export interface CanaryFacts {
  /** Healthy, Progressing, Paused, Degraded. */
  readonly phase: string;
  readonly message: string;
  /** By a person, by a step, or by what its analysis found; empty: by none. */
  readonly pauses: readonly string[];
  readonly aborted: boolean;
  /** All of it is of one revision. */
  readonly stable: boolean;
}

export interface AutoscalerFacts {
  readonly namespace: string;
  readonly name: string;
  readonly target: { readonly kind: string; readonly name: string };
  readonly min: number;
  readonly max: number;
  /** Null: its controller has not looked yet. */
  readonly current: number | null;
  /** 0 also where its controller has never had a metric to decide by, whatever runs. */
  readonly desired: number | null;
  readonly raised: Raised | null;
  /** What made it and keeps it as it is, such as `ScaledObject web`. */
  readonly keptBy: string | null;
}

export const textOf = ({ kind, namespace, name }: ObjectName): string => `${kind} ${namespace}/${name}`;
