import type { ApprovalPoint, Deadline, Moment, Reminder } from './environment.ts';
import type { Role } from './permissions.ts';

/** The phases of an upgrade, in the order in which one run walks them. */
export const PHASES = ['preflight', 'provision', 'bootstrap', 'verify', 'migrate', 'soak', 'decommission'] as const;
export type PhaseName = (typeof PHASES)[number];

/** What was observed, what was expected, and when. `at` is ISO 8601. */
export interface Evidence {
  readonly check: string;
  readonly subject: string;
  readonly passed: boolean;
  readonly observed: string;
  readonly expected: string;
  readonly at: string;
}

export interface Finding {
  /** Stable, so that a person can name it: `version.downgrade`, `green.name-taken`. */
  readonly id: string;
  readonly severity: 'blocker' | 'warning' | 'note';
  readonly subject: string;
  readonly what: string;
  readonly todo: string;
  readonly seenAt: string;
}

/** A thing of AWS, Kubernetes or DNS that outlived the cluster it belonged to. */
export interface Leftover {
  readonly kind: string;
  readonly id: string;
}

export interface ClusterRef {
  readonly name: string;
  readonly version: string;
}

export type HoldKind =
  | 'approval'
  | 'failure'
  | 'paused'
  | 'window'
  | 'gate'
  | 'drift'
  | 'blocker'
  /** Of one app: its owner has not started it, took it back, or keeps it at a weight. */
  | 'owner'
  | 'aborted'
  | 'pinned'
  /** Of one app: it begins at the time that its owner set; or its deadline has passed, and an SRE decides. */
  | 'schedule'
  | 'deadline'
  /** Of one app: others move before it. */
  | 'turn'
  /** Of one app: green is not ready yet, and is looked at again and again. */
  | 'ready';

/** The run waits for a person: because of what, for what, and which commands release it. */
export interface Hold {
  readonly kind: HoldKind;
  readonly phase: PhaseName;
  /** The app that holds; absent when the whole upgrade does. */
  readonly app?: string;
  readonly approval?: ApprovalPoint;
  readonly because: string;
  readonly waitsFor: string;
  /** What mends the cause, where that is known, and the page of docs/runbooks about it, without `.md`. */
  readonly todo?: string;
  readonly runbook?: string;
  /** The gate could not tell, and a person may take the step as passed. */
  readonly promotable?: boolean;
  readonly releases: readonly string[];
  readonly since: string;
}

export type StepState = 'running' | 'done' | 'failed';

/** One line of work inside a phase, such as "node group general". */
export interface WorkItem {
  readonly name: string;
  readonly state: StepState;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly detail?: string;
}

export interface PhaseStatus {
  readonly name: PhaseName;
  readonly state: 'pending' | StepState;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly items: readonly WorkItem[];
}

/** One step of one app with the moments that matter, each ISO 8601 and absent until it came. */
export interface TrafficStepStatus {
  readonly greenPercent: number;
  readonly bakeSeconds: number;
  readonly askedAt: string;
  readonly inSyncAt?: string;
  /** What the zone's own name servers answered. */
  readonly ttlSeconds?: number;
  /** From here on no cache that honours TTL holds the answer of before. */
  readonly settledAt?: string;
  readonly endedAt?: string;
  /** Promoted: a person ended the bake before the gate had an answer. */
  readonly verdict?: 'passed' | 'failed' | 'inconclusive' | 'promoted';
  /** What the gate saw: of a failure what failed, else all. Of the latest step only, so that a status stays small. */
  readonly evidence?: readonly Evidence[];
}

export type AppState = 'waiting' | 'moving' | 'baking' | 'holding' | 'reversing' | 'on-green' | 'on-blue';

/** Where the workloads of an app run that change hands as a whole, and since when. */
export type HandoverStatus =
  /** `gapSeconds`: how long neither cluster ran them the last time that they changed hands. */
  | { readonly state: 'on-blue' | 'on-green'; readonly since: string; readonly gapSeconds?: number }
  /** One side was stopped, and the other waits for the proof that nothing of it runs any more. */
  | { readonly state: 'stopping'; readonly to: 'blue' | 'green'; readonly since: string }
  | { readonly state: 'starting'; readonly to: 'blue' | 'green'; readonly since: string };

/** What a person did with an app. `at` is ISO 8601. */
export interface AppAction {
  readonly verb: string;
  readonly by: string;
  /** Absent when eksodus did it by itself, by a schedule or a deadline. */
  readonly role?: Role;
  /** What was asked for: a share, steps, a time. */
  readonly detail?: string;
  readonly reason?: string;
  readonly at: string;
}

/** When its owner lets it begin. `opens`: the window is shut then, and opens at that time, as people there write it. */
export interface Schedule {
  readonly moment: Moment;
  readonly by: string;
  readonly opens?: string;
}

/** What was sent to an app's owner: so many days before which deadline. `failed`: why it could not be sent. */
export interface Reminded {
  readonly daysBefore: number;
  readonly due: string;
  readonly at: string;
  readonly failed?: string;
}

/** A later deadline that an owner asked for; until it is granted the old one stands. */
export interface ExtensionRequest {
  readonly due: Moment;
  readonly remind: readonly Reminder[];
  readonly by: string;
  readonly reason: string;
  readonly askedAt: string;
}

export interface DeadlineStatus extends Deadline {
  readonly passed: boolean;
  readonly requested?: ExtensionRequest;
  /** The latest, oldest first. */
  readonly reminded: readonly Reminded[];
}

/** When an app begins, and by when it must have moved. */
export interface Timing {
  readonly schedule?: Schedule;
  readonly deadline?: DeadlineStatus;
}

export interface AppStatus {
  readonly app: string;
  readonly team: string;
  readonly state: AppState;
  readonly greenPercent: number;
  readonly stepIndex: number;
  readonly stepCount: number;
  readonly since: string;
  readonly history: readonly TrafficStepStatus[];
  /** The latest commands, oldest first. */
  readonly actions: readonly AppAction[];
  readonly timing?: Timing;
  readonly hold?: Hold;
  /** Of an app with workloads that change hands. */
  readonly handover?: HandoverStatus;
  /** Replicas of it were raised on green for the move, and are to be given back. */
  readonly raised?: boolean;
  /** Why the app was given back to blue, when its gate failed. */
  readonly failed?: string;
}

export type UpgradeState =
  | 'running'
  | 'paused'
  | 'holding'
  | 'rolling-back'
  | 'aborting'
  | 'succeeded'
  | 'rolled-back'
  | 'aborted'
  /** Its run was terminated or cancelled, or failed: only Temporal knows. */
  | 'ended-from-outside';

/** Everything that people are shown of one upgrade. */
export interface UpgradeStatus {
  readonly environment: string;
  readonly run: string;
  readonly state: UpgradeState;
  readonly blue?: ClusterRef;
  readonly green: ClusterRef;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly endedAt?: string;
  /** Taken: the run goes back or stops. Closed: the old cluster's deletion has begun, or the run has ended. */
  readonly wayBack: 'open' | 'taken' | 'closed';
  readonly phases: readonly PhaseStatus[];
  readonly apps: readonly AppStatus[];
  readonly holds: readonly Hold[];
  readonly findings: readonly Finding[];
  readonly evidence: readonly Evidence[];
  /** Why it ended as it did; absent while it runs. */
  readonly outcome?: string;
}
