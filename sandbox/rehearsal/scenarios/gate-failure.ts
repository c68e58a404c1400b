import type { AppStatus, Hold, UpgradeStatus } from '../../../src/domain/status.ts';
import { ENVIRONMENT, GREEN } from '../../sandbox.ts';
import { readWeights } from '../survey.ts';
import type { Actor, Noted, Scenario, Stage } from '../scenario.ts';
import { FAILING, judgeGateFailure } from './judge-gate-failure.ts';

/** Who owns the app. */
const DEVELOPER = 'developer';

/**
 * One request in five fails on green, which no check sees and an analysis does. That app is reversed and holds; the others
 * go on; it is mended, its developer tries again, and the upgrade ends well.
 */
export const gateFailure: Scenario = {
  ends: 'succeeded',
  failsOnGreen: FAILING.app,
  actor: (stage) => new Developer(stage),
  judge: judgeGateFailure,
};

class Developer implements Actor {
  readonly #stage: Stage;
  readonly #noted: Record<string, string[]> = {};
  #app: 'whole' | 'broken' | 'held' | 'mended' = 'whole';
  #hold: Hold | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async look(status: UpgradeStatus): Promise<void> {
    const app = status.apps.find((one) => one.app === FAILING.app);
    if (!app) return;
    if (this.#app === 'whole') this.#breakIt(app);
    else if (this.#app === 'broken') await this.#seeItHold(app);
    else if (this.#app === 'held') await this.#mendIt(status);
  }

  /** The one hold that it has seen and mends, until it is gone; any other ends the rehearsal. */
  releases({ app, since }: Hold): boolean {
    return app === FAILING.app && (this.#hold === undefined || since === this.#hold.since);
  }

  noted(): Noted {
    return this.#noted;
  }

  #breakIt({ state, greenPercent }: AppStatus): void {
    if (state !== 'baking' || greenPercent < FAILING.fromGreenPercent) return;
    const { sandbox, say } = this.#stage;
    sandbox.loadBalancers.failApp(GREEN.name, FAILING.app, FAILING.failure);
    this.#note({ brokenAt: [now()] });
    const { percent, status } = FAILING.failure;
    say(`broken: ${percent} % of the visits to ${FAILING.app} on ${GREEN.name} are answered ${status}`);
    this.#app = 'broken';
  }

  async #seeItHold({ hold }: AppStatus): Promise<void> {
    if (hold?.kind !== 'gate') return;
    this.#hold = hold;
    const weights = (await readWeights(this.#stage.sandbox))[FAILING.app] ?? {};
    this.#note({
      heldBecause: [hold.because],
      weightsWhileHeld: Object.entries(weights).map(([cluster, weight]) => `${cluster} ${weight}`),
    });
    this.#app = 'held';
  }

  async #mendIt({ apps }: UpgradeStatus): Promise<void> {
    const others = apps.filter(({ app }) => app !== FAILING.app);
    if (others.some(({ state }) => state !== 'on-green')) return;
    const { sandbox, cli, say } = this.#stage;
    sandbox.loadBalancers.healApp(GREEN.name, FAILING.app);
    this.#note({ onGreenWhileHeld: others.map(({ app }) => app), retriedAt: [now()] });
    await cli.run('apps', 'retry', ENVIRONMENT, FAILING.app, '--by', DEVELOPER, '--reason', 'mended');
    say(`mended, and tried again by ${DEVELOPER}: ${FAILING.app}`);
    this.#app = 'mended';
  }

  #note(what: Noted): void {
    for (const [name, lines] of Object.entries(what)) this.#noted[name] = [...lines];
  }
}

const now = (): string => new Date().toISOString();
