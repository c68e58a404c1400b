import type { UpgradeStatus } from '../../../src/domain/status.ts';
import { CHECK } from '../../environment-file.ts';
import { GREEN, type Sandbox } from '../../sandbox.ts';
import { failedStep, judgeLoss } from '../judge-loss.ts';
import type { RehearsalReport } from '../report.ts';
import { BY, type Actor, type Noted, type Scenario, type Stage } from '../scenario.ts';

/** The app that fails on green: what it answers, and from which share of the traffic on. */
const FAILING = { app: 'messages', status: 503, fromGreenPercent: 25 } as const;

/** An app fails wholly on green in the middle of a step, and the environment's file wants all of them back then. */
export const rollback: Scenario = {
  ends: 'rolled-back',
  sandbox: { amend: (environment) => ({ ...environment, onGateFailure: 'rollback' }) },
  failsOnGreen: FAILING.app,
  // Those that the failing app had behind it before.
  mustWalk: ({ app, greenPercent }) => app === FAILING.app && greenPercent < FAILING.fromGreenPercent,
  actor: (stage) => new Breaker(stage),
  judge: judgeRollback,
};

/** As many answers in a row as make the gate fail, each as late as it may come. */
const GATE_SECONDS = CHECK.failures * (CHECK.everySeconds + CHECK.timeoutSeconds);

function judgeRollback(report: RehearsalReport): string[] {
  const { app } = FAILING;
  const step = failedStep(report, app);
  if (typeof step === 'string') return [step];
  return judgeLoss(report, { app, failedPercent: 100, step, gateSeconds: GATE_SECONDS });
}

class Breaker implements Actor {
  readonly #loadBalancers: Sandbox['loadBalancers'];
  readonly #say: Stage['say'];
  #brokenAt: string | undefined;

  constructor({ sandbox, say }: Pick<Stage, 'sandbox' | 'say'>) {
    this.#loadBalancers = sandbox.loadBalancers;
    this.#say = say;
  }

  async look(status: UpgradeStatus): Promise<void> {
    if (this.#brokenAt !== undefined || !isServing(status)) return;
    this.#brokenAt = new Date().toISOString();
    this.#loadBalancers.failApp(GREEN.name, FAILING.app, { status: FAILING.status });
    this.#say(`broken by ${BY}: ${FAILING.app} on ${GREEN.name} answers ${FAILING.status}`);
  }

  noted(): Noted {
    return this.#brokenAt === undefined ? {} : { brokenAt: [this.#brokenAt] };
  }
}

/** Whether the app that is to fail has real traffic on green, in the middle of a step. */
function isServing(status: UpgradeStatus): boolean {
  return status.apps.some(
    ({ app, state, greenPercent }) =>
      app === FAILING.app && state === 'baking' && greenPercent >= FAILING.fromGreenPercent,
  );
}
