// What a rehearsal tells people before it begins and after it ended. Pure.
import { PHASES } from '../../src/domain/status.ts';
import type { DnsHabit } from '../contracts.ts';
import { secondsOnBlueAfter, type Departure } from '../traffic/departures.ts';
import { REQUIRED, type RehearsalReport } from './report.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';

/** What a plain rehearsal was seen to take: the parts, and the upgrade's own time at the speed of AWS. */
const [PARTS_MINUTES, UPGRADE_MINUTES] = [1.5, 104];

export function introduction(scenario: ScenarioName, speed: number): string[] {
  const exact = PARTS_MINUTES + UPGRADE_MINUTES / speed;
  const minutes = exact < 5 ? Math.round(exact) : Math.round(exact / 5) * 5;
  // An upgrade that goes back half-way is over sooner.
  const expected = `${SCENARIOS[scenario].ends === 'rolled-back' ? 'at most' : 'about'} ${minutes} minutes`;
  return [
    `Rehearsal "${scenario}" at speed ${speed}: a minute of AWS takes ${(60 / speed).toFixed(1)} s. It takes ${expected}.`,
    `The parts come up first; then one upgrade walks ${PHASES.length} phases: ${PHASES.join(', ')}.`,
  ];
}

export const whereToLook = (environment: string, temporal: { address: string; pageUrl: string }): string[] => [
  'To look at it while it runs, from another terminal in this folder:',
  `  TEMPORAL_ADDRESS=${temporal.address} npm run -s eksodus -- upgrade status ${environment}`,
  `or at Temporal's page: ${temporal.pageUrl}`,
];

/** What was seen, and beside it what was allowed. */
export function summary({ scenario, traffic, clusters, aws, temporal, from, to }: RehearsalReport): string[] {
  const { blue, green } = clusters;
  const { requests, resolutions: least, pointsOff } = REQUIRED;
  const { failsOnGreen } = SCENARIOS[scenario];
  const failures = failsOnGreen === undefined ? 'none' : `those of ${failsOnGreen} on ${green.name}`;
  const left = aws.leftovers === null ? 'leftovers not searched for' : `${aws.leftovers.length} leftovers`;
  return [
    `${blue.name} ${from} ${blue.deleted ? 'deleted' : 'kept'} · ${green.name} ${to} ${green.ready ? 'ready' : 'not ready'}`,
    `${traffic.failed} of ${traffic.requests} requests failed (allowed: ${failures}, of at least ${requests}) · ${traffic.blue} served by blue, ${traffic.green} by green`,
    `share of fresh resolutions that led to green (allowed: within ${pointsOff} points, of at least ${least} in each step):`,
    ...traffic.steps.map(
      ({ app, expectedGreenPercent, observedGreenPercent, resolutions }) =>
        `  ${app} at ${expectedGreenPercent} %: ${observedGreenPercent?.toFixed(1) ?? '-'} % of ${resolutions}`,
    ),
    ...departureLines(traffic.departures),
    `AWS: ${Object.values(aws.calls).reduce((sum, count) => sum + count, 0)} calls, ${aws.calls['eks:CreateCluster'] ?? 0} of eks:CreateCluster, ${left}`,
    `Temporal: ${temporal.workflows} workflows, ${temporal.events} events, ${temporal.failedWorkflowTasks} failed workflow tasks`,
  ];
}

/** When each kind of client had fully moved: the one leaves with the TTL, the other keeps its address while blue answers. */
function departureLines(departures: readonly Departure[]): string[] {
  const apps = [...new Set(departures.filter(({ lastStep }) => lastStep).map(({ app }) => app))];
  if (apps.length === 0) return [];
  const seconds = (app: string, habit: DnsHabit): string => {
    const departure = departures.find((one) => one.app === app && one.habit === habit);
    return departure ? (secondsOnBlueAfter('askedAt', departure)?.toFixed(1) ?? '-') : '-';
  };
  const triedAgain = (app: string): number =>
    departures.filter((one) => one.app === app).reduce((sum, one) => sum + one.triedAgain, 0);
  return [
    'last request on blue, in seconds after the step to 100 % was asked for:',
    ...apps.map(
      (app) =>
        `  ${app}: ${seconds(app, 'honours-ttl')} of clients that honour the TTL, ${seconds(app, 'caches-for-ever')} of those that cache for ever (${triedAgain(app)} tried again on green)`,
    ),
  ];
}
