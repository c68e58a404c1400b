import { migrationId } from '../../../src/domain/ids.ts';
import type { Hold, UpgradeStatus } from '../../../src/domain/status.ts';
import { BLUE, ENVIRONMENT, GREEN, ZONE } from '../../sandbox.ts';
import { answersTo } from '../letters.ts';
import { BY, type Actor, type Noted, type Scenario, type Stage } from '../scenario.ts';
import { Stranger, weightsOf, type Weights } from '../stranger.ts';
import { unless } from '../unless.ts';

const APP = 'messages';
/** The bake in which somebody writes, and what he makes of it. */
const [AT_PERCENT, BECOMES] = [25, 40] as const;
const weights = (greenPercent: number): Weights => ({ [BLUE.name]: 100 - greenPercent, [GREEN.name]: greenPercent });
const asText = (of: Weights): string => [BLUE, GREEN].map(({ name }) => `${name}=${of[name]}`).join(' ');
/** Long enough for many a write of the other apps to the same zone. */
const LOOKS_WHILE_HELD = 10;
const LOOK_EVERY_MS = 1_000;

/**
 * Somebody writes other weights for an app in the middle of its move. The app holds, says what it found and what it
 * had left, and leaves it; the others go on. Resumed, as the runbook says, it takes what is there as its beginning.
 */
export const drift: Scenario = {
  ends: 'succeeded',
  spoils: ({ app, greenPercent }) => app === APP && greenPercent === AT_PERCENT,
  actor: (stage) => new Meddler(stage),
  judge: ({ noted: { wrote = [], held = [], seenWhileHeld = [], answered = [], resumed = [] } }) => [
    ...unless(wrote.length === 1, `somebody wrote ${wrote.length} times, expected once`),
    ...unless(
      held.length === 1 && held[0] === EXPECTED_REASON,
      `${APP} held because of "${held.join('", "')}", expected once, and "${EXPECTED_REASON}"`,
    ),
    ...unless(
      seenWhileHeld.length >= LOOKS_WHILE_HELD,
      `the weights were looked at ${seenWhileHeld.length} times while it held, expected at least ${LOOKS_WHILE_HELD}`,
    ),
    ...unless(
      seenWhileHeld.every((seen) => seen === asText(weights(BECOMES))),
      `the weights were ${[...new Set(seenWhileHeld)].join(', ')} while it held, expected what somebody wrote`,
    ),
    ...unless(
      answered.filter((type) => type === 'drift.detected').length === 1,
      `${APP} was answered ${answered.join(', ')}, expected one drift.detected`,
    ),
    ...unless(resumed.length === 1, `it was resumed ${resumed.length} times, expected once`),
  ],
};

const EXPECTED_REASON = `${APP}.${ZONE} has A ${asText(weights(BECOMES))}, expected A ${asText(weights(AT_PERCENT))}: somebody else changed it`;

class Meddler implements Actor {
  readonly #stage: Pick<Stage, 'sandbox' | 'client' | 'cli' | 'say'>;
  readonly #stranger: Stranger;
  readonly #wrote: string[] = [];
  readonly #held: string[] = [];
  readonly #seenWhileHeld: string[] = [];
  readonly #answered: string[] = [];
  readonly #resumed: string[] = [];
  #lookedAt = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#stranger = new Stranger(stage.sandbox, 5);
  }

  releases(hold: Hold): boolean {
    return isOurs(hold);
  }

  async look(status: UpgradeStatus): Promise<void> {
    const app = status.apps.find((one) => one.app === APP);
    if (this.#wrote.length === 0 && app?.state === 'baking' && app.greenPercent === AT_PERCENT) await this.#write();
    const hold = status.holds.find(isOurs);
    if (hold) await this.#whileHeld(hold, status);
  }

  async #write(): Promise<void> {
    this.#wrote.push(asText(weights(BECOMES)));
    await this.#stranger.weigh(`${APP}.${ZONE}`, weights(BECOMES));
    this.#stage.say(`written by somebody else: ${APP} ${asText(weights(BECOMES))}`);
  }

  /** Until every other app is on green: none of them waits for this one. */
  async #whileHeld({ because }: Hold, { apps }: UpgradeStatus): Promise<void> {
    const { client, cli, say } = this.#stage;
    if (this.#held.at(-1) !== because) {
      this.#held.push(because);
      const answers = await answersTo(client, migrationId(ENVIRONMENT, APP));
      this.#answered.push(...answers.map((answer) => (answer.outcome === 'refused' ? answer.type : answer.outcome)));
    }
    if (this.#resumed.length > 0 || Date.now() - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = Date.now();
    this.#seenWhileHeld.push(asText(weightsOf(await this.#stranger.records(), `${APP}.${ZONE}`)));
    const othersAreThere = apps.every(({ app, state }) => app === APP || state === 'on-green');
    if (!othersAreThere || this.#seenWhileHeld.length < LOOKS_WHILE_HELD) return;
    await cli.run('upgrade', 'resume', ENVIRONMENT, '--by', BY, '--reason', 'talked to whoever wrote it');
    this.#resumed.push(because);
    say(`resumed by ${BY}: ${because}`);
  }

  noted(): Noted {
    return {
      wrote: this.#wrote,
      held: this.#held,
      seenWhileHeld: this.#seenWhileHeld,
      answered: this.#answered,
      resumed: this.#resumed,
    };
  }
}

const isOurs = ({ kind, app }: Hold): boolean => kind === 'drift' && app === APP;
