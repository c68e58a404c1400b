// What a rehearsal saw, as JSON.
import type { TrafficStepStatus, UpgradeState } from '../../src/domain/status.ts';
import type { TrafficSummary } from '../traffic/summary.ts';
import type { Noted } from './scenario.ts';
import type { Approval } from './steering.ts';
import type { ScenarioName } from './scenarios.ts';

export interface ClusterReport {
  readonly name: string;
  /** Minor version, as the cluster's own API serves it. Null: it does not answer (any more). */
  readonly version: string | null;
  /** Whether `admissionregistration.k8s.io/v1beta1` is served: at 1.33 it is, at 1.36 it is gone. */
  readonly servesRemovedApi: boolean | null;
}

export interface ApplicationReport {
  readonly app: string;
  readonly cluster: string;
  readonly sync: string;
  readonly health: string;
}

export interface RehearsalReport {
  readonly scenario: ScenarioName;
  readonly speed: number;
  /** As it was last seen. */
  readonly result: UpgradeState | 'not-seen';
  readonly outcome: string;
  readonly from: string;
  readonly to: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly phases: readonly {
    readonly name: string;
    readonly startedAt: string | null;
    readonly endedAt: string | null;
  }[];
  readonly traffic: TrafficSummary;
  readonly clusters: {
    /** What a deleted cluster's API said before the upgrade. */
    readonly blue: ClusterReport & { readonly deleted: boolean; readonly ready: boolean };
    readonly green: ClusterReport & { readonly ready: boolean };
  };
  readonly argocd: readonly ApplicationReport[];
  readonly aws: {
    readonly calls: Readonly<Record<string, number>>;
    /** What still names blue. Null: not searched for, because blue still exists or the search failed. */
    readonly leftovers: readonly string[] | null;
  };
  readonly temporal: { readonly workflows: number; readonly events: number; readonly failedWorkflowTasks: number };
  /** Weights of each app's name at the end, by cluster. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Each app's steps, as the upgrade told of them. */
  readonly walked: Readonly<Record<string, readonly TrafficStepStatus[]>>;
  /** What was said when each approval was asked for. */
  readonly approvals: readonly Approval[];
  /** What the scenario's own actor did. */
  readonly noted: Noted;
  /** What kept the rehearsal itself from going on, or from looking. */
  readonly troubles: readonly string[];
}

/** As it is written: with the judgement. */
export interface JudgedReport extends RehearsalReport {
  /** Everything that is not as the scenario demands. Empty: it ended as it should. */
  readonly problems: readonly string[];
}

/** Too little traffic shows nothing: least requests, and least fresh resolutions in each step, with the deviation allowed. */
export const REQUIRED = { requests: 2_000, resolutions: 1_500, pointsOff: 5 } as const;
