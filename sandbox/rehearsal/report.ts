// What a rehearsal saw, as JSON, and whether it ended as it should. The judgement is pure.
import type { UpgradeState } from '../../src/domain/status.ts';
import type { TrafficSummary } from '../traffic/summary.ts';

export type Scenario = 'plain' | 'rollback' | 'worker-crash';
export const SCENARIOS: readonly Scenario[] = ['plain', 'rollback', 'worker-crash'];

export interface ClusterReport {
  readonly name: string;
  /** Minor version, as the cluster's own API serves it. Null: it does not answer (any more). */
  readonly version: string | null;
  /** Whether `admissionregistration.k8s.io/v1beta1` is served: at 1.33 it is, at 1.36 it is gone. */
  readonly servesRemovedApi: boolean | null;
}

export interface RehearsalReport {
  readonly scenario: Scenario;
  readonly speed: number;
  readonly result: UpgradeState;
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
    readonly blue: ClusterReport & { readonly deleted: boolean };
    readonly green: ClusterReport & { readonly ready: boolean };
  };
  readonly argocd: readonly {
    readonly app: string;
    readonly cluster: string;
    readonly sync: string;
    readonly health: string;
  }[];
  readonly aws: { readonly calls: Readonly<Record<string, number>>; readonly leftovers: readonly string[] };
  readonly temporal: { readonly workflows: number; readonly events: number; readonly failedWorkflowTasks: number };
  /** Weights of each app's name at the end, by cluster. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Phases in which the worker was killed. */
  readonly workerKilledIn: readonly string[];
}

/** Too little traffic shows nothing: least requests, and least fresh resolutions in each step, with the deviation allowed. */
export const REQUIRED = { requests: 2_000, resolutions: 1_500, pointsOff: 5 } as const;

/** Everything in a report that is not as the scenario demands. Empty: it ended as it should. */
export function judge(report: RehearsalReport, phases: readonly string[]): string[] {
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const { traffic, clusters, aws, weights } = report;
  const { blue, green } = clusters;
  const wanted: UpgradeState = report.scenario === 'rollback' ? 'rolled-back' : 'succeeded';
  expect(report.result === wanted, `result is ${report.result}, expected ${wanted}: ${report.outcome}`);
  expect(traffic.requests >= REQUIRED.requests, `${traffic.requests} requests, expected at least ${REQUIRED.requests}`);
  const created = aws.calls['eks:CreateCluster'] ?? 0;
  expect(created === 1, `${created} calls of eks:CreateCluster, expected exactly 1`);
  expect(
    report.temporal.failedWorkflowTasks === 0,
    `${report.temporal.failedWorkflowTasks} failed workflow tasks, expected none`,
  );

  if (report.scenario === 'rollback') {
    expect(
      !blue.deleted && blue.version === report.from,
      `blue is ${blue.deleted ? 'deleted' : `at ${blue.version ?? 'nothing'}`}, expected whole at ${report.from}`,
    );
    for (const [app, byCluster] of Object.entries(weights)) {
      expect(
        (byCluster[blue.name] ?? 0) > 0 && (byCluster[green.name] ?? 0) === 0,
        `weights of ${app} are ${JSON.stringify(byCluster)}, expected all on blue`,
      );
    }
    expect(
      report.argocd.some(({ cluster }) => cluster === blue.name),
      `Argo CD has no application of ${blue.name}`,
    );
    const sick = report.argocd.filter(
      ({ cluster, sync, health }) => cluster === blue.name && (sync !== 'Synced' || health !== 'Healthy'),
    );
    expect(sick.length === 0, `blue's ${sick.map(({ app }) => app).join(', ')} not Synced and Healthy`);
    expect(traffic.green > 0, 'green never served anything: nothing was rolled back');
    return problems;
  }

  expect(traffic.failed === 0, `${traffic.failed} of ${traffic.requests} requests failed, expected none`);
  expect(Object.keys(weights).length > 0, 'no app has a record');
  for (const app of Object.keys(weights)) {
    const whole = traffic.steps.some((step) => step.app === app && step.expectedGreenPercent === 100);
    expect(whole, `${app} was not observed at 100 %`);
  }
  for (const { app, expectedGreenPercent, observedGreenPercent, resolutions } of traffic.steps) {
    const step = `${app} at ${expectedGreenPercent} %`;
    expect(
      resolutions >= REQUIRED.resolutions,
      `${step}: ${resolutions} fresh resolutions, expected at least ${REQUIRED.resolutions}`,
    );
    const off =
      observedGreenPercent === null ? Number.POSITIVE_INFINITY : Math.abs(observedGreenPercent - expectedGreenPercent);
    expect(
      off <= REQUIRED.pointsOff,
      `${step}: ${observedGreenPercent ?? 'nothing'} % of resolutions led to green, expected within ${REQUIRED.pointsOff} points`,
    );
  }
  expect(blue.deleted, `${blue.name} still exists`);
  expect(aws.leftovers.length === 0, `left behind: ${aws.leftovers.join(', ')}`);
  expect(
    blue.version === report.from && blue.servesRemovedApi === true,
    `blue's API served ${blue.version ?? 'nothing'}, removed API ${blue.servesRemovedApi}; expected ${report.from}, served`,
  );
  expect(
    green.version === report.to && green.servesRemovedApi === false,
    `green's API serves ${green.version ?? 'nothing'}, removed API ${green.servesRemovedApi}; expected ${report.to}, gone`,
  );
  expect(green.ready, `${green.name} is not ready`);
  const sick = report.argocd.filter(({ sync, health }) => sync !== 'Synced' || health !== 'Healthy');
  expect(
    report.argocd.length > 0 && sick.length === 0,
    `Argo CD: ${sick.map(({ app, sync, health }) => `${app} ${sync} ${health}`).join(', ') || 'no application'}, expected all Synced Healthy`,
  );
  if (report.scenario === 'worker-crash') {
    const missed = phases.filter((phase) => !report.workerKilledIn.includes(phase));
    expect(missed.length === 0, `the worker was not killed in ${missed.join(', ')}`);
  }
  return problems;
}
