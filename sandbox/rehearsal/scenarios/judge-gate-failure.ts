// That an app with a failed gate was reversed at once and alone, and tried again with success. Pure.
import type { TrafficStepStatus } from '../../../src/domain/status.ts';
import type { Expected } from '../expected.ts';
import { failedStep, judgeLoss } from '../judge-loss.ts';
import type { RehearsalReport } from '../report.ts';
import { unless } from '../unless.ts';

/** The app that fails: what its visitors get on green, from which share of the traffic on; its health check stays well. */
export const FAILING = {
  app: 'messages',
  failure: { status: 500, percent: 20, except: '/healthz' },
  fromGreenPercent: 25,
} as const;

export function judgeGateFailure(report: RehearsalReport, expected: Expected): string[] {
  const { app, failure } = FAILING;
  const step = failedStep(report, app);
  if (typeof step === 'string') return [step];
  return [
    ...judgeHold(report, expected),
    ...judgeSecondTry(report.walked[app] ?? [], expected),
    // An analysis sees it within one bake.
    ...judgeLoss(report, { app, failedPercent: failure.percent, step, gateSeconds: step.bakeSeconds }),
  ];
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
