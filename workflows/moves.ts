// What moves an app: the weights of its names, the workloads that change hands, or both. The migration knows no difference.
import { isCancellation } from '@temporalio/workflow';
import type { TrafficStep } from '../src/domain/environment.ts';
import type { AppBoard } from './app-board.ts';
import type { AskZone } from './ask-zone.ts';
import { takeBack, type Back } from './colours.ts';
import { handBack, handOver, type Hands } from './handover.ts';
import type { Movers } from './hosts.ts';
import { holdOf, Mover, type Moving, type Steered, type StepEnd } from './mover.ts';
import { Ready } from './ready.ts';
import { adviceOf, reasonOf } from './reason.ts';
import { everyOne } from './settle.ts';

export interface Moves {
  step(step: TrafficStep, index: number, steered: Steered): Promise<StepEnd>;
  /** After a person decided to go on from what is there, it is looked at anew. */
  forget(): void;
  /** A person says that the next step may be taken, whatever is known of the side that gets more. */
  vouchFor(): void;
  /** By whom its hosts are moved, as far as it was asked. */
  readonly movers: Movers | undefined;
}

export function movesOf(moving: Moving, ask: AskZone, board: AppBoard): Moves {
  const mover = new Mover(moving, ask, board);
  if (!moving.app.handover) return mover;
  const handover = new HandoverMove(moving, board);
  return moving.app.hosts.length === 0 ? handover : new Both(mover, handover);
}

/** All of the app to blue: traffic, which takes seconds, does not wait for workloads that have to end first. */
export async function giveBack(back: Back & Hands): Promise<boolean> {
  const [traffic] = await everyOne([takeBack(back), handBack(back)]);
  return traffic ?? false;
}

/** One step: all of it at once. */
class HandoverMove implements Moves {
  readonly movers = undefined;
  readonly #moving: Moving;
  readonly #board: AppBoard;
  readonly #ready: Ready;

  constructor(moving: Moving, board: AppBoard) {
    this.#moving = moving;
    this.#board = board;
    this.#ready = new Ready(moving, board);
  }

  forget(): void {
    this.#ready.forget();
  }

  vouchFor(): void {
    this.#ready.vouchFor();
  }

  async step({ greenPercent, bakeSeconds }: TrafficStep, index: number, { stillMay }: Steered): Promise<StepEnd> {
    const board = this.#board;
    const isGoing = greenPercent === 100;
    try {
      if (isGoing) {
        const unready = await this.#ready.whyNot(greenPercent);
        if (unready) return unready;
        if (!(await stillMay())) return { kind: 'stopped' };
      }
      await board.beginStep(index, { greenPercent, bakeSeconds, askedAt: new Date().toISOString() });
      const end = await this.change(isGoing);
      const endedAt = new Date().toISOString();
      await board.endStep({ endedAt, verdict: end.kind === 'passed' ? 'passed' : 'inconclusive' });
      return end;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { kind: 'unclear', hold: holdOf(error), because: reasonOf(error), advice: adviceOf(error) };
    }
  }

  async change(toGreen: boolean): Promise<StepEnd> {
    const board = this.#board;
    const hands = { ...this.#moving, show: showOn(board, this.#moving) };
    const end = await handOver(hands, toGreen ? 'green' : 'blue');
    return end.kind === 'done'
      ? { kind: 'passed' }
      : { kind: 'unclear', hold: 'gate', because: end.because, advice: { runbook: 'handover' } };
  }
}

/** The share of an app without hosts is that of its workloads. */
export const showOn =
  (board: AppBoard, { app }: Pick<Moving, 'app'>): NonNullable<Hands['show']> =>
  (handover) => {
    if (app.hosts.length > 0) return board.show({ handover });
    switch (handover.state) {
      case 'on-green':
        return board.show({ handover, greenPercent: 100 });
      case 'on-blue':
        return board.show({ handover, greenPercent: 0 });
      case 'stopping':
      case 'starting':
        return board.show({ handover });
    }
  };

/** The workloads run on green exactly while all traffic is there: last to go, and back before any traffic. */
class Both implements Moves {
  readonly #mover: Mover;
  readonly #handover: HandoverMove;

  constructor(mover: Mover, handover: HandoverMove) {
    this.#mover = mover;
    this.#handover = handover;
  }

  forget(): void {
    this.#mover.forget();
  }

  vouchFor(): void {
    this.#mover.vouchFor();
  }

  get movers(): Movers | undefined {
    return this.#mover.movers;
  }

  async step(step: TrafficStep, index: number, steered: Steered): Promise<StepEnd> {
    const isAll = step.greenPercent === 100;
    try {
      if (!isAll) {
        const back = await this.#handover.change(false);
        if (back.kind !== 'passed') return back;
      }
      const end = await this.#mover.step(step, index, steered);
      return end.kind === 'passed' && isAll ? await this.#handover.change(true) : end;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { kind: 'unclear', hold: holdOf(error), because: reasonOf(error), advice: adviceOf(error) };
    }
  }
}
