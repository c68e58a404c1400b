import type { Hold, UpgradeStatus } from '../../src/domain/status.ts';
import { ENVIRONMENT, GREEN, type Sandbox } from '../sandbox.ts';
import type { Cli } from './cli.ts';
import { FAILING, type Scenario } from './report.ts';

/** Who the rehearsal says it is when it gives a command. */
export const BY = 'rehearsal';

interface Play {
  readonly scenario: Scenario;
  readonly cli: Cli;
  readonly say: (line: string) => void;
}

/** Does at each look what the scenario wants, and says so: approves, or makes green fail. */
export class Steering {
  readonly #sandbox: Pick<Sandbox, 'loadBalancers'>;
  readonly #play: Play;
  #failing = false;

  constructor(sandbox: Pick<Sandbox, 'loadBalancers'>, play: Play) {
    this.#sandbox = sandbox;
    this.#play = play;
  }

  async look(status: UpgradeStatus): Promise<'goes-on' | 'stuck'> {
    const { scenario, cli, say } = this.#play;
    if (scenario === 'rollback' && !this.#failing && isServing(status)) {
      this.#failing = true;
      this.#sandbox.loadBalancers.failApp(GREEN.name, FAILING.app, FAILING.status);
      say(`broken by ${BY}: ${FAILING.app} on ${GREEN.name} answers ${FAILING.status}`);
    }
    const approval = status.holds.find((hold) => hold.approval !== undefined)?.approval;
    if (approval !== undefined) {
      await cli.run('upgrade', 'approve', ENVIRONMENT, '--point', approval, '--by', BY);
      say(`approved by ${BY}: ${approval}`);
    }
    return status.holds.some(needsAPerson) ? 'stuck' : 'goes-on';
  }
}

const needsAPerson = ({ kind }: Hold): boolean => kind !== 'approval' && kind !== 'window' && kind !== 'paused';

/** Whether the app that is to fail has real traffic on green, in the middle of a step. */
function isServing(status: UpgradeStatus): boolean {
  return status.apps.some(
    ({ app, state, greenPercent }) =>
      app === FAILING.app && state === 'baking' && greenPercent >= FAILING.fromGreenPercent,
  );
}
