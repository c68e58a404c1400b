// That an app with a failed gate was reversed at once and alone, and how much of its traffic that cost at most. Pure.
import type { TrafficStepStatus } from '../../../src/domain/status.ts';
import type { Expected } from '../expected.ts';
import type { RehearsalReport } from '../report.ts';
import { unless } from '../unless.ts';

/** The app that fails: what its visitors get on green, from which share of the traffic on; its health check stays well. */
export const FAILING = {
  app: 'messages',
  failure: { status: 500, percent: 20, except: '/healthz' },
  fromGreenPercent: 25,
} as const;
/** What chance may add to a count: three standard deviations of the few dozens that are lost. */
const CHANCE = 1.5;

export function judgeGateFailure(report: RehearsalReport, expected: Expected): string[] {
  const steps = report.walked[FAILING.app] ?? [];
  const failed = steps.filter(({ verdict }) => verdict === 'failed');
  const [step, ...more] = failed;
  if (!step || more.length > 0) return [`${FAILING.app} failed at ${failed.length} steps, expected exactly 1`];
  return [...judgeHold(report, expected), ...judgeSecondTry(steps, expected), ...judgeLoss(report, step)];
}

function judgeHold({ noted, clusters: { blue, green } }: RehearsalReport, { apps }: Expected): string[] {
  const { heldBecause = [], weightsWhileHeld = [], onGreenWhileHeld = [], retriedAt = [] } = noted;
  const because = heldBecause.join('; ');
  const whole = [`${blue.name} 100`, `${green.name} 0`];
  const others = apps.map(({ app }) => app).filter((app) => app !== FAILING.app);
  return [
    ...unless(because.startsWith('analysis '), `${FAILING.app} held because of "${because}", expected of an analysis`),
    ...unless(
      weightsWhileHeld.toSorted().join() === whole.toSorted().join(),
      `weights of ${FAILING.app} while it held were ${weightsWhileHeld.join(', ')}, expected ${whole.join(', ')}`,
    ),
    ...unless(
      others.every((app) => onGreenWhileHeld.includes(app)),
      `while ${FAILING.app} held only ${onGreenWhileHeld.join(', ') || 'nobody'} came to green, expected ${others.join(', ')}`,
    ),
    ...unless(retriedAt.length === 1, `${FAILING.app} was tried again ${retriedAt.length} times, expected once`),
  ];
}

function judgeSecondTry(steps: readonly TrafficStepStatus[], { apps }: Expected): string[] {
  const wanted = apps.find(({ app }) => app === FAILING.app)?.steps ?? [];
  const after = steps.slice(steps.findIndex(({ verdict }) => verdict === 'failed') + 1);
  const passed = after.filter(({ verdict }) => verdict === 'passed').map(({ greenPercent }) => greenPercent);
  return unless(
    passed.join() === wanted.join() && passed.length === after.length,
    `${FAILING.app} walked ${after.map(({ greenPercent, verdict }) => `${greenPercent} % ${verdict ?? ''}`).join(', ') || 'nothing'} after it was mended, expected ${wanted.join(', ')} %`,
  );
}

/** The gate sees it within one bake; what is lost is lost at that weight, until the way back has settled. */
function judgeLoss(report: RehearsalReport, step: TrafficStepStatus): string[] {
  const { noted, traffic, startedAt, endedAt } = report;
  const green = report.clusters.green.name;
  const broken = Date.parse(noted['brokenAt']?.[0] ?? '');
  const reversed = Date.parse(step.endedAt ?? '');
  // Going back takes as long as coming did: INSYNC, TTL and drain.
  const settled = reversed + Date.parse(step.settledAt ?? '') - Date.parse(step.askedAt);
  const seenSeconds = (reversed - broken) / 1000;
  // What is lost elsewhere is judged in every rehearsal.
  const lost = traffic.served.filter(
    ({ app, cluster, failed }) => app === FAILING.app && cluster === green && failed > 0,
  );
  const count = lost.reduce((sum, { failed }) => sum + failed, 0);
  const last = Math.max(...lost.map(({ lastFailure }) => Date.parse(lastFailure?.at ?? '')));
  const visits =
    traffic.departures.find(({ app, habit }) => app === FAILING.app && habit === 'honours-ttl')?.requests ?? 0;
  const perSecond = visits / ((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
  const share = (step.greenPercent / 100) * (FAILING.failure.percent / 100);
  const most = Math.ceil(perSecond * share * ((settled - broken) / 1000) * CHANCE);
  return [
    ...unless(
      seenSeconds >= 0 && seenSeconds <= step.bakeSeconds,
      `the gate of ${FAILING.app} failed ${seenSeconds} s after it was broken, expected within its bake of ${step.bakeSeconds} s`,
    ),
    ...unless(
      last <= settled,
      `a request of ${FAILING.app} failed ${(last - reversed) / 1000} s after its gate did, expected none after ${(settled - reversed) / 1000} s`,
    ),
    ...unless(
      count <= most,
      `${count} requests of ${FAILING.app} failed, expected at most ${most}: ${Math.round(perSecond)} a second, ${(share * 100).toFixed(1)} % of them, until the way back had settled`,
    ),
  ];
}
