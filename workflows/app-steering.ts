// How an app's owner steers its move: the commands, who may give which when, and what they change.
import { setHandler } from '@temporalio/workflow';
import type { App, TrafficStep } from '../src/domain/environment.ts';
import { PAUSED_BY_OWNER } from '../src/domain/hold.ts';
import type { Role } from '../src/domain/permissions.ts';
import { changeSteps, type StepsChange } from '../src/domain/steps.ts';
import type { AppBoard } from './app-board.ts';
import { appCommands, type TakeCommand } from './app-commands.ts';
import * as messages from './messages.ts';

/** Ends what is under way: the app goes back to blue, or to a weight of its owner's choice. */
export type AppTurn =
  | { readonly kind: 'abort'; readonly by: string; readonly reason: string }
  | { readonly kind: 'pin'; readonly by: string; readonly reason: string; readonly greenPercent: number };

/** How an app is when its migration begins. */
interface Begun {
  readonly app: App;
  readonly paused: boolean;
  readonly stopped?: string;
}

/** Green gets more by it, or blue does. */
export type Way = 'forward' | 'back';

export class AppSteering {
  steps: readonly TrafficStep[];
  /** How many of them were begun since it last began at the first. */
  reached = 0;
  /** Whether its owner, or whoever may in its stead, has started it. */
  started: boolean;
  /** What holds because of a failure tries again: its owner said so, or whoever steers the whole upgrade. */
  retries = 0;
  /** What its owner holds, taken back or pinned, goes on. */
  releases = 0;
  /** A bake ends, or what nobody could tell counts as passed. */
  promotions = 0;
  /** It queued, and may begin. */
  turns = 0;
  /** The upgrade lets go: once it is on green, nothing more happens, and no command is taken. */
  released = false;
  turn: AppTurn | undefined;
  #environmentPaused: boolean;
  /** Why the upgrade lets no new step begin, though it is not paused. */
  #stopped: string | undefined;
  #appPaused = false;
  readonly #app: App;
  readonly #board: AppBoard;
  readonly takes: TakeCommand;

  /** Registers all handlers, so it is made before the workflow's first await. */
  constructor({ app, paused, stopped }: Begun, board: AppBoard) {
    this.#app = app;
    this.#board = board;
    this.#environmentPaused = paused;
    this.#stopped = stopped;
    this.steps = app.steps;
    this.started = app.start === 'with-upgrade';
    this.takes = appCommands(board, () =>
      this.released && board.status.state === 'on-green'
        ? `${app.name} has moved, and the old cluster is about to go: only the whole upgrade can go back`
        : undefined,
    );
    setHandler(messages.migrationSteerSignal, ({ paused: isPaused, retry, stopped: why }) => {
      this.#environmentPaused = isPaused;
      this.#stopped = why;
      if (retry) this.retries += 1;
    });
    setHandler(messages.turnSignal, () => void (this.turns += 1));
    setHandler(messages.releaseSignal, () => void (this.released = true));
    this.takes(messages.startUpdate, {
      refuse: ({ role }) => (this.started ? 'it has been started already' : refuseInsteadOfOwner(app, role)),
      does: () => this.begin(),
      says: `${app.name} moves as soon as it may`,
    });
    this.takes(messages.pauseUpdate, {
      refuse: () => (this.#appPaused ? 'it is paused already' : this.#refuseOnGreen('pause')),
      does: () => void (this.#appPaused = true),
      says: `${app.name} is paused: the step under way is finished and watched, the next one does not begin`,
    });
    this.takes(messages.resumeUpdate, {
      refuse: () => (this.#appPaused || this.#holdKind === 'pinned' ? undefined : 'it is neither paused nor pinned'),
      does: () => {
        if (this.#holdKind === 'pinned') this.releases += 1;
        this.#appPaused = false;
      },
      says: `${app.name} goes on with its steps`,
    });
    this.takes(messages.retryUpdate, {
      refuse: ({ role }) => {
        if (this.#isTakenBack) return refuseInsteadOfOwner(app, role);
        return RETRIED.has(this.#holdKind ?? 'none') ? undefined : 'nothing of it holds that could be tried again';
      },
      does: () => (this.#isTakenBack ? this.begin() : void (this.retries += 1)),
      says: `${app.name} tries again what held`,
    });
    this.takes(messages.promoteUpdate, {
      refuse: () => (this.#mayPromote ? undefined : 'it neither bakes nor waits for a gate that could not tell'),
      does: () => void (this.promotions += 1),
      says: `${app.name} goes on to its next step`,
    });
    this.takes(messages.abortUpdate, {
      refuse: () => this.#refuseTurn() ?? (this.#isAtBlue ? 'all of its traffic is on blue' : undefined),
      does: ({ by, reason = '' }) => void (this.turn = { kind: 'abort', by, reason }),
      says: `${app.name} goes back to blue now`,
    });
    this.takes(messages.pinUpdate, {
      refuse: ({ greenPercent, role }) =>
        this.#refuseTurn() ??
        refusePercent(greenPercent, app) ??
        (this.#isTakenBack ? refuseInsteadOfOwner(app, role) : undefined),
      does: ({ by, reason = '', greenPercent }) => void (this.turn = { kind: 'pin', by, reason, greenPercent }),
      detail: ({ greenPercent }) => `${greenPercent} %`,
      says: `${app.name} goes to the weight and stays there until it is resumed`,
    });
    this.takes(messages.stepsUpdate, {
      refuse: ({ steps }) => {
        const change = this.#changeSteps(steps);
        return change.kind === 'refused' ? change.why : undefined;
      },
      does: ({ steps }) => {
        const change = this.#changeSteps(steps);
        if (change.kind === 'changed') this.steps = change.steps;
        return { stepCount: this.steps.length };
      },
      detail: ({ steps }) => steps.map(({ greenPercent }) => `${greenPercent} %`).join(', '),
      says: `${app.name} has new steps`,
    });
  }

  /** A pause keeps nobody from going back. */
  may(way: Way): boolean {
    return way === 'back' || !(this.#environmentPaused || this.#appPaused);
  }

  /** Why no new step may begin now, and who can change that. Undefined: it may. */
  get stop(): { readonly because: string; readonly by: 'upgrade' | 'owner' } | undefined {
    if (this.#environmentPaused) return { because: 'the upgrade is paused', by: 'upgrade' };
    if (this.#stopped !== undefined) return { because: this.#stopped, by: 'upgrade' };
    return this.#appPaused ? { because: PAUSED_BY_OWNER, by: 'owner' } : undefined;
  }

  /** Its first try, or after it was taken back the next one. */
  begin(): void {
    if (this.started) this.releases += 1;
    else this.started = true;
  }

  takeTurn(): AppTurn | undefined {
    const { turn } = this;
    this.turn = undefined;
    return turn;
  }

  get #holdKind(): string | undefined {
    return this.#board.status.hold?.kind;
  }

  /** Its owner took it back, and what it waits for is its next try. */
  get #isTakenBack(): boolean {
    return this.started && SECOND_TRY.has(this.#holdKind ?? 'none');
  }

  get #mayPromote(): boolean {
    const { state, hold, history } = this.#board.status;
    // What was promoted, or has passed, is over: a second promote is not meant for the next step's bake.
    const bakes = state === 'baking' && history.at(-1)?.endedAt === undefined;
    return bakes || (hold?.kind === 'gate' && hold.promotable === true);
  }

  get #isAtBlue(): boolean {
    const { greenPercent, state, raised = false } = this.#board.status;
    // What it was raised to, or is about to be, is given back too.
    const prepares = raised || this.#holdKind === 'ready';
    return greenPercent === 0 && state !== 'moving' && state !== 'baking' && !prepares;
  }

  #refuseOnGreen(verb: string): string | undefined {
    return this.#board.status.state === 'on-green' ? `it is on green: there is nothing to ${verb}` : undefined;
  }

  #refuseTurn(): string | undefined {
    if (!this.started) return 'it has not been started';
    if (this.#board.status.failed !== undefined) return 'its gate has failed, and all apps go back to blue';
    if (this.turn) return `${this.turn.by} has asked for ${this.turn.kind} just now`;
    return this.#board.status.state === 'reversing' ? 'it is going back to blue' : undefined;
  }

  #changeSteps(wanted: readonly TrafficStep[]): StepsChange {
    if (this.#board.status.state === 'on-green')
      return { kind: 'refused', why: 'it is on green: no step is left to change' };
    if (this.#app.hosts.length === 0)
      return { kind: 'refused', why: 'it runs in one cluster at a time, so its one step is the whole of it' };
    return changeSteps(this.steps, { reached: this.reached, wanted });
  }
}

const RETRIED = new Set(['gate', 'drift', 'failure']);
const SECOND_TRY = new Set(['aborted', 'schedule', 'deadline']);

/** What stays the owner's to start is started by nobody else. */
export const refuseInsteadOfOwner = ({ team, deadline }: App, role: Role): string | undefined =>
  deadline?.policy === 'block' && role === 'sre'
    ? `it is ${team}'s to start, says the policy of its deadline: block`
    : undefined;

function refusePercent(greenPercent: number, { name, hosts }: App): string | undefined {
  if (!Number.isInteger(greenPercent) || greenPercent < 0 || greenPercent > 100)
    return `${greenPercent} is no whole number from 0 to 100`;
  const isShared = greenPercent > 0 && greenPercent < 100;
  return isShared && hosts.length === 0
    ? `${name} runs in one cluster at a time, so it can be at 0 or 100 %, not at ${greenPercent} %`
    : undefined;
}
