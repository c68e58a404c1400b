// Moves one app from blue to green, step by step; back at once when a gate fails or its owner says so; and stays at its
// owner's command until the upgrade lets go of it.
import { CancellationScope, condition, isCancellation, log, sleep } from '@temporalio/workflow';
import type { Window } from '../src/domain/environment.ts';
import type { AppStatus } from '../src/domain/status.ts';
import { nextStepAfter } from '../src/domain/steps.ts';
import { hasToQueue } from '../src/domain/turns.ts';
import { appBoard, WITH_THE_UPGRADE, type HoldReason } from './app-board.ts';
import { AppCalendar } from './app-calendar.ts';
import { AppSteering, type AppTurn, type Way } from './app-steering.ts';
import { zoneAsker } from './ask-zone.ts';
import { restoreReplicas, whyNotBackToBlue } from './back-to-blue.ts';
import { holdOf, type Moving, type StepEnd } from './mover.ts';
import { giveBack, movesOf, showOn } from './moves.ts';
import { calls } from './proxies.ts';
import { adviceOf, reasonOf, type Advice } from './reason.ts';

export interface MigrationInput extends Moving {
  readonly paused: boolean;
  /** Why no new step may begin, though nothing is paused. */
  readonly stopped?: string;
}

export async function migration(input: MigrationInput): Promise<AppStatus> {
  const { app, environment } = input;
  const ask = zoneAsker();
  const board = appBoard(environment.name, app);
  const steering = new AppSteering(input, board);
  const mover = movesOf(input, ask, board);
  const calendar = new AppCalendar(input, board, steering);
  let index = 0;

  try {
    // It ends with the migration; until then it lets begin what is due, and reminds.
    calendar.keep().catch((error: unknown) => {
      if (!isCancellation(error)) log.error('the calendar of this app has stopped', { error: reasonOf(error) });
    });
    let next: () => Promise<void> = begin;
    for (;;) {
      const turn = await untilTurned(next);
      if (!turn) return board.status;
      // What held is over, and no command for it is taken any more.
      await board.release();
      next = turn.kind === 'abort' ? () => goBack(turn) : () => stayAt(turn);
    }
  } catch (error) {
    // Rollback and abort cancel migrations; the upgrade then decides about the weights of all apps at once.
    if (isCancellation(error)) return board.status;
    throw error;
  }

  /** What is under way ends when its owner decides otherwise. Undefined: it ended by itself. */
  async function untilTurned(does: () => Promise<void>): Promise<AppTurn | undefined> {
    const scope = new CancellationScope();
    const turned = condition(() => steering.turn !== undefined).then(() => scope.cancel());
    turned.catch(() => undefined);
    try {
      await scope.run(does);
      // Its owner may have spoken in the moment in which it ended.
      return board.status.failed === undefined ? steering.takeTurn() : undefined;
    } catch (error) {
      if (!isCancellation(error) || !steering.turn) throw error;
      return steering.takeTurn();
    }
  }

  async function begin(): Promise<void> {
    await calendar.untilBegun(() => steering.started);
    await walk();
  }

  /** Ends when the app is on green for good, or was given back because the environment says so. */
  async function walk(): Promise<void> {
    for (;;) {
      const step = steering.steps[index];
      if (!step) {
        await board.show({ state: 'on-green' });
        await condition(() => steering.released);
        await insist(() => giveBackReplicas(true));
        return void (await board.show({ state: 'on-green' }));
      }
      if (index === 0) await myTurn();
      await insist(mayAdvance);
      steering.reached = index + 1;
      const seen = steering.promotions;
      const end = await mover.step(step, index, { isEnough: () => steering.promotions > seen, stillMay: mayStill });
      switch (end.kind) {
        case 'passed':
          index += 1;
          break;
        case 'stopped':
          break;
        case 'failed':
          await insist(() => reverse(end.because), 'back');
          if (environment.onGateFailure === 'rollback')
            return void (await board.show({ state: 'on-blue', failed: end.because }));
          await holdOnBlue(end.because);
          break;
        case 'inconclusive':
          if ((await holdOpen(end.because)) === 'promoted') index += 1;
          else mover.forget();
          break;
        case 'unready':
          await holdUnready(end);
          break;
        case 'unclear':
          await hold({
            kind: end.hold,
            because: end.because,
            waitsFor: 'a decision to try this step again',
            ...end.advice,
          });
          mover.forget();
          break;
      }
    }
  }

  async function goBack({ by, reason }: AppTurn): Promise<void> {
    mover.forget();
    const because = `${by} took it back: ${reason}`;
    await insist(() => reverse(because), 'back');
    await insist(() => giveBackReplicas(false), 'back');
    beginAgain();
    const seen = steering.releases;
    await calendar.untilBegun(() => steering.releases > seen, `${because}; its traffic is on blue`);
    await walk();
  }

  /** More than it has is given as a step is: in a window, while nothing is paused. Less is given at once. */
  async function stayAt({ by, reason, greenPercent }: Extract<AppTurn, { kind: 'pin' }>): Promise<void> {
    mover.forget();
    const way = greenPercent > board.status.greenPercent ? 'forward' : 'back';
    if (way === 'forward' && steering.reached === 0) await myTurn();
    const stillMay = way === 'forward' ? mayStill : async (): Promise<boolean> => true;
    for (;;) {
      if (way === 'forward') await insist(mayAdvance);
      const end = await mover.step({ greenPercent, bakeSeconds: 0 }, index, { isEnough: () => true, stillMay });
      if (end.kind === 'passed') break;
      if (end.kind === 'stopped') continue;
      if (end.kind === 'failed') {
        await insist(() => reverse(end.because), 'back');
        await holdOnBlue(end.because);
        return walk();
      }
      if (end.kind === 'unready') {
        await holdUnready(end, way);
        continue;
      }
      const kind = end.kind === 'unclear' ? end.hold : 'gate';
      const advice = end.kind === 'unclear' ? end.advice : {};
      await hold({ kind, because: end.because, waitsFor: 'a decision to try this weight again', ...advice }, way);
      mover.forget();
    }
    const because = `${by} keeps it at ${greenPercent} %: ${reason}`;
    await holdForOwner({ kind: 'pinned', because, waitsFor: 'its owner to resume' });
    index = nextStepAfter(steering.steps, greenPercent);
    steering.reached = index;
    await walk();
  }

  async function holdOnBlue(because: string): Promise<void> {
    const waitsFor = 'a second try from the first step';
    beginAgain();
    await hold({ kind: 'gate', because: `${because}; its traffic is back on blue`, waitsFor });
  }

  function beginAgain(): void {
    index = 0;
    steering.reached = 0;
  }

  async function myTurn(): Promise<void> {
    // Whatever has traffic on green has had its turn.
    if (!hasToQueue(app, environment) || board.status.greenPercent > 0) return;
    const after = app.dependsOn.length > 0 ? [`it moves after ${app.dependsOn.join(', ')}`] : [];
    const few = environment.maxMoving === undefined ? [] : [`at most ${environment.maxMoving} apps move at a time`];
    const seen = steering.turns;
    await board.hold({ kind: 'turn', because: [...after, ...few].join('; '), waitsFor: 'its turn' });
    await condition(() => steering.turns > seen);
    await board.release();
  }

  /** Readiness was waited for, and much may have come meanwhile. */
  async function mayStill(): Promise<boolean> {
    if (steering.stop) return false;
    const { window } = environment;
    return !window || (await calls.windowState({ window, at: new Date().toISOString() })).open;
  }

  async function mayAdvance(): Promise<void> {
    // Once more when a person paused it while it waited for the window.
    do {
      await whileStopped();
      if (environment.window) await opening(environment.window);
    } while (steering.stop);
    await board.release();
  }

  async function whileStopped(): Promise<void> {
    while (steering.stop) {
      const { because, by } = steering.stop;
      const verbs = by === 'owner' ? undefined : WITH_THE_UPGRADE;
      await board.hold({ kind: 'paused', because, waitsFor: 'resume' }, verbs);
      // Another reason has other people who may lift it.
      await condition(() => steering.stop?.because !== because);
    }
  }

  async function opening(window: Window): Promise<void> {
    for (;;) {
      const state = await calls.windowState({ window, at: new Date().toISOString() });
      if (state.open) return;
      await board.hold({
        kind: 'window',
        because: `${environment.name} may not change now: ${state.why}`,
        waitsFor: state.opens ? `the window that opens ${state.opens.local}` : 'a window that opens',
      });
      await sleep(state.opens ? Math.max(1000, Date.parse(state.opens.at) - Date.now()) : '1h');
    }
  }

  async function hold(why: HoldReason, way: Way = 'forward'): Promise<void> {
    const seen = steering.retries;
    await board.hold(why);
    await condition(() => steering.retries > seen && steering.may(way));
    await board.release();
  }

  /** What its owner decided is undone by its owner alone: a resume of the whole upgrade leaves it as it is. */
  async function holdForOwner(why: HoldReason): Promise<void> {
    const seen = steering.releases;
    await board.hold(why);
    await condition(() => steering.releases > seen && steering.may('forward'));
    await board.release();
  }

  /** The gate could not tell: a person tries the step again, or takes it as passed. */
  async function holdOpen(
    because: string,
    { advice = {}, arguable = true }: { readonly advice?: Advice; readonly arguable?: boolean } = {},
    way: Way = 'forward',
  ): Promise<'promoted' | 'again'> {
    const { retries, promotions } = steering;
    const waitsFor = 'a decision to try this step again';
    await board.hold({ kind: 'gate', because, waitsFor, promotable: arguable, ...advice });
    const isDecided = (): boolean => steering.retries > retries || steering.promotions > promotions;
    await condition(() => isDecided() && steering.may(way));
    await board.release();
    return steering.promotions > promotions ? 'promoted' : 'again';
  }

  /** A person mends it and tries again, or, where nothing proves that users would suffer, says that it can serve. */
  async function holdUnready(end: Extract<StepEnd, { kind: 'unready' }>, way: Way = 'forward'): Promise<void> {
    const decision = await holdOpen(end.because, end, way);
    mover.forget();
    if (decision === 'promoted') mover.vouchFor();
  }

  /** A migration that ended in failure would leave its traffic to nobody, so what fails holds, and is tried again. */
  async function insist(does: () => Promise<void>, way: Way = 'forward'): Promise<void> {
    for (;;) {
      try {
        return await does();
      } catch (error) {
        if (isCancellation(error)) throw error;
        const because = reasonOf(error);
        const waitsFor = 'somebody to mend the cause and resume';
        await hold({ kind: holdOf(error), because, waitsFor, ...adviceOf(error) }, way);
      }
    }
  }

  async function reverse(because: string): Promise<void> {
    await board.show({ state: 'reversing' });
    const blueFails = await whyNotBackToBlue(input);
    if (blueFails !== undefined) {
      const why: HoldReason = {
        kind: 'gate',
        because: `${because}; but blue does not answer either: ${blueFails}`,
        waitsFor: 'a decision to go back to blue all the same',
        todo: 'mend blue, or green, whichever is sooner; retry goes back to blue whatever it answers',
        runbook: 'gate-failed',
      };
      await hold(why, 'back');
      await board.show({ state: 'reversing' });
    }
    await giveBack({ ...input, ask, movers: mover.movers, show: showOn(board, input) });
    mover.forget();
    await board.show({ state: 'on-blue', greenPercent: 0 });
    // A rollback of all does it for all, once their traffic is back.
    if (environment.onGateFailure === 'hold') await giveBackReplicas(false);
  }

  async function giveBackReplicas(serves: boolean): Promise<void> {
    if (!board.status.raised) return;
    await restoreReplicas(input, serves);
    await board.show({ raised: false });
  }
}
