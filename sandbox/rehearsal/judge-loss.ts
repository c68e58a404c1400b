// That an app with a failed gate lost no more of its traffic than the gate needs to see it at that weight. Pure.
import type { TrafficStepStatus } from '../../src/domain/status.ts';
import { CHECK } from '../environment-file.ts';
import type { RehearsalReport } from './report.ts';
import { unless } from './unless.ts';

export interface Loss {
  readonly app: string;
  /** Of its requests on green that were made to fail. */
  readonly failedPercent: number;
  /** The one whose gate failed. */
  readonly step: TrafficStepStatus;
  /** The longest that the gate may take to see it. */
  readonly gateSeconds: number;
}

/** What chance and clients that come unevenly may add to a count: three standard deviations of a few dozens. */
const CHANCE = 1.5;

/** The one step at which an app failed; else what is wrong with that. */
export function failedStep({ walked }: RehearsalReport, app: string): TrafficStepStatus | string {
  const [step, ...more] = (walked[app] ?? []).filter(({ verdict }) => verdict === 'failed');
  if (step && more.length === 0) return step;
  return `${app} failed at ${step ? more.length + 1 : 0} steps, expected exactly 1`;
}

/**
 * From the moment at which the app was broken (noted as `brokenAt`) until its gate failed, and no longer than the way back
 * takes after that, requests may fail: that share of those that the step's weight gave to green.
 */
export function judgeLoss(report: RehearsalReport, { app, failedPercent, step, gateSeconds }: Loss): string[] {
  const broken = Date.parse(report.noted['brokenAt']?.[0] ?? '');
  const reversed = Date.parse(step.endedAt ?? '');
  const settled = reversed + wayBackMs(step);
  if (Number.isNaN(reversed - broken)) return [`nobody noted when ${app} was broken, or when its gate failed`];
  if (Number.isNaN(settled))
    return [
      `${app} was broken before its step to ${step.greenPercent} % had settled: nobody knows how long the way is`,
    ];
  const seenSeconds = (reversed - broken) / 1000;
  const { count, last } = lostOnGreen(report, app);
  const perSecond = visitsPerSecond(report, app);
  const share = (step.greenPercent / 100) * (failedPercent / 100);
  const most = Math.ceil(perSecond * share * ((settled - broken) / 1000) * CHANCE);
  return [
    ...unless(
      seenSeconds >= 0 && seenSeconds <= gateSeconds,
      `the gate of ${app} failed ${seenSeconds} s after it was broken, expected within ${gateSeconds} s`,
    ),
    ...unless(
      last <= settled,
      `a request of ${app} failed ${(last - reversed) / 1000} s after its gate did, expected none after ${(settled - reversed) / 1000} s`,
    ),
    ...unless(
      count <= most,
      `${count} requests of ${app} failed, expected at most ${most}: ${Math.round(perSecond)} a second, ${(share * 100).toFixed(1)} % of them, until the way back had settled`,
    ),
  ];
}

/** Going back takes as long as coming did, INSYNC, TTL and drain; before that blue is asked, which has so long to answer. */
const wayBackMs = ({ askedAt, settledAt }: TrafficStepStatus): number =>
  Date.parse(settledAt ?? '') - Date.parse(askedAt) + CHECK.timeoutSeconds * 1000;

/** What is lost elsewhere is judged in every rehearsal. */
function lostOnGreen({ traffic, clusters }: RehearsalReport, app: string): { count: number; last: number } {
  const lost = traffic.served.filter((one) => one.app === app && one.cluster === clusters.green.name && one.failed > 0);
  return {
    count: lost.reduce((sum, { failed }) => sum + failed, 0),
    last: Math.max(...lost.map(({ lastFailure }) => Date.parse(lastFailure?.at ?? ''))),
  };
}

function visitsPerSecond({ traffic, startedAt, endedAt }: RehearsalReport, app: string): number {
  const followsWeights = traffic.departures.find((one) => one.app === app && one.habit === 'honours-ttl');
  return (followsWeights?.requests ?? 0) / ((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
}
