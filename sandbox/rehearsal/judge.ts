// Whether a rehearsal ended as its scenario demands. Pure: it compares what was seen with what must have been seen.
import type { Expected } from './expected.ts';
import { judgeDepartures } from './judge-departures.ts';
import { judgeTraffic } from './judge-traffic.ts';
import type { RehearsalReport } from './report.ts';
import { SCENARIOS } from './scenarios.ts';
import { unless } from './unless.ts';

/** Everything in a report that is not as the scenario demands. Empty: it ended as it should. */
export function judge(report: RehearsalReport, expected: Expected): string[] {
  return [
    ...report.troubles,
    ...judgeEnd(report),
    ...judgePhases(report, expected),
    ...judgeTraffic(report, expected),
    ...(goesBack(report) ? judgeBlueWhole(report) : [...judgeDepartures(report, expected), ...judgeGreenAlone(report)]),
    ...judgeWeights(report, expected),
    ...judgeApplications(report, expected),
    ...(SCENARIOS[report.scenario].judge?.(report, expected) ?? []),
  ];
}

const goesBack = ({ scenario }: RehearsalReport): boolean => SCENARIOS[scenario].ends === 'rolled-back';

function judgeEnd(report: RehearsalReport): string[] {
  const { result, outcome, aws, temporal } = report;
  const wanted = SCENARIOS[report.scenario].ends;
  const created = aws.calls['eks:CreateCluster'] ?? 0;
  return [
    ...unless(result === wanted, `result is ${result}, expected ${wanted}: ${outcome}`),
    ...unless(created === 1, `${created} calls of eks:CreateCluster, expected exactly 1`),
    ...unless(
      temporal.failedWorkflowTasks === 0,
      `${temporal.failedWorkflowTasks} failed workflow tasks, expected none`,
    ),
  ];
}

/** An upgrade that goes back does so while it migrates; what comes after that never begins. */
function judgePhases(report: RehearsalReport, { phases }: Expected): string[] {
  const walked = goesBack(report) ? phases.slice(0, phases.indexOf('migrate') + 1) : phases;
  const timesOf = (name: string): { what: string; at: string | null }[] => {
    const phase = report.phases.find((one) => one.name === name);
    return [
      { what: `${name} began`, at: phase?.startedAt ?? null },
      { what: `${name} ended`, at: phase?.endedAt ?? null },
    ];
  };
  const unknown = walked.flatMap(timesOf).filter(({ at }) => at === null);
  const known = [
    { what: 'the rehearsal began', at: report.startedAt },
    ...walked.flatMap(timesOf).filter(({ at }) => at !== null),
    { what: 'the rehearsal ended', at: report.endedAt },
  ];
  const begunAnyway = report.phases.filter(({ name, startedAt }) => startedAt !== null && !walked.includes(name));
  return [
    ...unless(unknown.length === 0, `nobody saw when ${unknown.map(({ what }) => what).join(', ')}`),
    ...known.flatMap(({ what, at }, index) => {
      const before = known[index - 1];
      if (!before || Date.parse(before.at ?? '') <= Date.parse(at ?? '')) return [];
      return [`${what} at ${at}, expected not before ${before.what} at ${before.at}`];
    }),
    ...begunAnyway.map(({ name }) => `${name} began, expected never`),
  ];
}

function judgeBlueWhole({ from, clusters: { blue } }: RehearsalReport): string[] {
  if (blue.deleted) return [`${blue.name} is deleted, expected whole at ${from}`];
  return [...unless(blue.ready, `${blue.name} is not ready`), ...judgeApi(blue, { version: from, removedApi: true })];
}

function judgeGreenAlone({ from, to, clusters: { blue, green }, aws: { leftovers } }: RehearsalReport): string[] {
  return [
    ...unless(blue.deleted, `${blue.name} still exists`),
    ...judgeApi(blue, { version: from, removedApi: true }),
    ...unless(green.ready, `${green.name} is not ready`),
    ...judgeApi(green, { version: to, removedApi: false }),
    ...unless(leftovers !== null, `leftovers of ${blue.name} were not searched for`),
    ...unless((leftovers ?? []).length === 0, `left behind: ${leftovers?.join(', ')}`),
  ];
}

function judgeApi(
  { name, version, servesRemovedApi }: RehearsalReport['clusters']['green'],
  wanted: { readonly version: string; readonly removedApi: boolean },
): string[] {
  return unless(
    version === wanted.version && servesRemovedApi === wanted.removedApi,
    `${name}'s API serves ${version ?? 'nothing'}, removed API ${servesRemovedApi}; expected ${wanted.version}, ${wanted.removedApi}`,
  );
}

function judgeWeights(report: RehearsalReport, { apps }: Expected): string[] {
  const { name } = goesBack(report) ? report.clusters.blue : report.clusters.green;
  return apps.flatMap(({ app }) => {
    const weights = report.weights[app] ?? {};
    const others = Object.entries(weights).filter(([cluster]) => cluster !== name);
    return unless(
      (weights[name] ?? 0) > 0 && others.every(([, weight]) => weight === 0),
      `weights of ${app} are ${JSON.stringify(weights)}, expected all on ${name}`,
    );
  });
}

/** Green keeps what it has when an upgrade goes back, in whatever state: that is not judged. */
function judgeApplications(report: RehearsalReport, { applications }: Expected): string[] {
  const { blue, green } = report.clusters;
  const { name } = goesBack(report) ? blue : green;
  const there = report.argocd.filter(({ cluster }) => cluster === name);
  const missing = applications.filter((wanted) => !there.some(({ app }) => app === wanted));
  const judged = goesBack(report) ? there : report.argocd;
  return [
    ...unless(missing.length === 0, `Argo CD has on ${name} no ${missing.join(', ')}`),
    ...judged
      .filter(({ sync, health }) => sync !== 'Synced' || health !== 'Healthy')
      .map(({ app, cluster, sync, health }) => `${app} on ${cluster} is ${sync} ${health}, expected Synced Healthy`),
  ];
}
