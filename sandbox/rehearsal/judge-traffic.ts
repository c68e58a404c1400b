// Of a rehearsal's traffic: enough of it, shared out as every step says, and none of it lost.
import type { StepShare } from '../traffic/summary.ts';
import type { Expected } from './expected.ts';
import { unless } from './unless.ts';
import { REQUIRED, type RehearsalReport } from './report.ts';
import { SCENARIOS } from './scenarios.ts';

export function judgeTraffic(report: RehearsalReport, expected: Expected): string[] {
  return [...judgeRequests(report, expected), ...judgeSteps(report, expected)];
}

function judgeRequests({ scenario, traffic, clusters: { green } }: RehearsalReport, { apps }: Expected): string[] {
  const { requests, failed, served } = traffic;
  const { failsOnGreen } = SCENARIOS[scenario];
  const isBroken = (one: { app: string; cluster: string | null }): boolean =>
    one.app === failsOnGreen && one.cluster === green.name;
  const meant = served.filter(isBroken).reduce((sum, one) => sum + one.failed, 0);
  const elsewhere = served
    .filter((one) => one.failed > 0 && !isBroken(one))
    .map(
      ({ app, cluster, failed: lost, lastFailure }) =>
        `${lost} of ${app} on ${cluster ?? 'no cluster'}, the last at ${lastFailure?.at ?? '?'}: ${lastFailure?.what ?? '?'}`,
    );
  const allowed = failsOnGreen === undefined ? '' : ` but those of ${failsOnGreen} on ${green.name}`;
  return [
    ...unless(requests >= REQUIRED.requests, `${requests} requests, expected at least ${REQUIRED.requests}`),
    ...apps
      .filter(({ app }) => !served.some((one) => one.app === app && one.requests > 0))
      .map(({ app }) => `nobody asked for ${app}`),
    ...unless(
      failed === meant,
      `${failed - meant} of ${requests} requests failed, expected none${allowed}: ${elsewhere.join('; ')}`,
    ),
    ...unless(
      failsOnGreen === undefined || meant > 0,
      `no request of ${failsOnGreen} failed on ${green.name}: nothing was broken`,
    ),
  ];
}

function judgeSteps({ scenario, traffic }: RehearsalReport, { apps }: Expected): string[] {
  const all = apps.flatMap(({ app, steps }) => steps.map((greenPercent) => ({ app, greenPercent })));
  const isOf = (share: StepShare, { app, greenPercent }: (typeof all)[number]): boolean =>
    share.app === app && share.expectedGreenPercent === greenPercent;
  const { mustWalk = () => true, spoils = () => false } = SCENARIOS[scenario];
  const missing = all
    .filter(mustWalk)
    .filter((step) => !traffic.steps.some((share) => isOf(share, step)))
    .map(({ app, greenPercent }) => `${app} at ${greenPercent} %`);
  return [
    ...unless(missing.length === 0, `not observed: ${missing.join(', ')}`),
    ...traffic.steps
      .filter((share) => !all.some((step) => isOf(share, step)))
      .map(({ app, expectedGreenPercent }) => `${app} has no step to ${expectedGreenPercent} %, but was there`),
    ...traffic.steps
      .filter(({ app, expectedGreenPercent: greenPercent }) => !spoils({ app, greenPercent }))
      .flatMap(judgeShare),
  ];
}

function judgeShare({ app, expectedGreenPercent, observedGreenPercent, resolutions }: StepShare): string[] {
  const step = `${app} at ${expectedGreenPercent} %`;
  const off = observedGreenPercent === null ? Infinity : Math.abs(observedGreenPercent - expectedGreenPercent);
  return [
    ...unless(
      resolutions >= REQUIRED.resolutions,
      `${step}: ${resolutions} fresh resolutions, expected at least ${REQUIRED.resolutions}`,
    ),
    ...unless(
      off <= REQUIRED.pointsOff,
      `${step}: ${observedGreenPercent ?? 'nothing'} % of resolutions led to green, expected within ${REQUIRED.pointsOff} points`,
    ),
  ];
}
