// Whether a step may be taken: the side that gets more is asked whether it can serve, unless a person vouches for it.
import type { Actor } from '../activities/ports.ts';
import type { App, Environment } from '../src/domain/environment.ts';
import type { AppBoard } from './app-board.ts';
import { whyNotBackToBlue } from './back-to-blue.ts';
import { canServe, PATIENCE_SECONDS } from './can-serve.ts';
import { wouldReceive } from './possible-receiver.ts';
import type { Advice } from './reason.ts';

/** It cannot serve, or nobody knows whether it can: the step was not taken. Arguable: a person may know better. */
export interface Unready {
  readonly kind: 'unready';
  readonly because: string;
  readonly advice: Advice;
  readonly arguable: boolean;
}

interface Colours {
  readonly actor: Actor;
  readonly environment: Environment;
  readonly app: App;
  readonly blue: string;
  readonly green: string;
}

export class Ready {
  readonly #asked: Colours;
  readonly #board: AppBoard;
  #isVouchedFor = false;

  constructor(asked: Colours, board: AppBoard) {
    this.#asked = asked;
    this.#board = board;
  }

  /** A person says that the next step may be taken, whatever is found. */
  vouchFor(): void {
    this.#isVouchedFor = true;
  }

  /** What was said of one step is said of no later one. */
  forget(): void {
    this.#isVouchedFor = false;
  }

  /** Undefined: it may be taken. Less for green is a way back: as with every other, only a proven no of blue stops it. */
  async whyNot(greenPercent: number): Promise<Unready | undefined> {
    if (this.#isVouchedFor) {
      this.#isVouchedFor = false;
      return undefined;
    }
    return greenPercent < this.#board.status.greenPercent ? this.#whyNotBlue() : this.#whyNotGreen();
  }

  async #whyNotBlue(): Promise<Unready | undefined> {
    const why = await whyNotBackToBlue(this.#asked);
    if (why === undefined) return undefined;
    const advice = { todo: 'mend blue, or stay with what green has', runbook: 'cannot-serve' };
    return { kind: 'unready', because: `blue cannot serve: ${why}`, advice, arguable: true };
  }

  async #whyNotGreen(): Promise<Unready | undefined> {
    const board = this.#board;
    const waitsFor = `green to become ready, ${PATIENCE_SECONDS / 60} minutes at most`;
    const served = await canServe(this.#asked, {
      isRaised: async () => void (await board.show({ raised: true })),
      waitsFor: (why) => board.hold({ kind: 'ready', because: `green cannot serve yet: ${why}`, waitsFor }),
    });
    if (board.status.hold?.kind === 'ready') await board.release();
    if (served.can) return undefined;
    const { because, todo, arguable } = served;
    const advice = { todo, runbook: 'cannot-serve' };
    const receives = await wouldReceive(this.#asked, this.#asked.green);
    return { kind: 'unready', because: `green cannot serve yet: ${because}${receives}`, advice, arguable };
  }
}
