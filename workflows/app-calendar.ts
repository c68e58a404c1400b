// When an app begins, and who is reminded when it does not: its commands, its schedule and its deadline in time.
import { CancellationScope, condition } from '@temporalio/workflow';
import { standingAt } from '../src/domain/deadline.ts';
import { needsPerson } from '../src/domain/hold.ts';
import type { Reminded } from '../src/domain/status.ts';
import type { AppBoard } from './app-board.ts';
import type { AppSteering } from './app-steering.ts';
import { AppTiming } from './app-timing.ts';
import type { Moving } from './mover.ts';
import { calls } from './proxies.ts';
import { reasonOf } from './reason.ts';
import { whyNotBegun } from './why-not-begun.ts';

/** Who did what nobody did by hand. */
const OURSELVES = 'eksodus';
const REMINDERS_KEPT = 20;

export class AppCalendar {
  readonly #input: Moving;
  readonly #board: AppBoard;
  readonly #steering: AppSteering;
  readonly #timing: AppTiming;

  /** Registers its handlers, so it is made before the workflow's first await. */
  constructor(input: Moving, board: AppBoard, steering: AppSteering) {
    this.#input = input;
    this.#board = board;
    this.#steering = steering;
    this.#timing = new AppTiming({ app: input.app, board, steering });
  }

  /** Holds until it begins, by whatever comes first: a command, its schedule, its deadline's policy. */
  async untilBegun(begun: () => boolean, takenBack?: string): Promise<void> {
    const timing = this.#timing;
    const { app, environment } = this.#input;
    timing.waits = true;
    try {
      while (!begun()) {
        const seen = timing.changes;
        const { why, verbs } = whyNotBegun({
          app,
          environment: environment.name,
          timing: timing.shown,
          ...(takenBack === undefined ? {} : { takenBack }),
        });
        await this.#board.hold(why, verbs);
        await condition(() => begun() || timing.changes > seen);
      }
    } finally {
      // Also when its owner decided otherwise: what was planned is not to come over it later.
      timing.waits = false;
      if (timing.schedule) {
        const planned = timing.plan(undefined);
        await CancellationScope.nonCancellable(() => this.#board.show(planned));
      }
    }
    await this.#board.release();
  }

  /** Sleeps from one moment that matters to the next, as long as the app moves. */
  async keep(): Promise<never> {
    const timing = this.#timing;
    if (timing.deadline) await this.#board.show({ timing: timing.shown });
    for (;;) {
      await this.#doWhatIsDue(Date.now());
      const [seen, stalled] = [timing.changes, this.#isStalled];
      const isWoken = (): boolean => timing.changes > seen || this.#isStalled !== stalled;
      const next = this.#nextMs(Date.now());
      await (next === undefined ? condition(isWoken) : condition(isWoken, Math.max(1000, next - Date.now())));
    }
  }

  /** It does not go on without a person, who is to be reminded. */
  get #isStalled(): boolean {
    const { hold } = this.#board.status;
    return hold !== undefined && needsPerson(hold);
  }

  #nextMs(nowMs: number): number | undefined {
    const { schedule, deadline, waits } = this.#timing;
    const moments = [
      schedule && waits ? Date.parse(schedule.moment.at) : undefined,
      deadline && standingAt(deadline, nowMs).next,
    ].filter((moment) => moment !== undefined);
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  /** What begins has begun before anybody is told that its time has come: it does not wait for anything any more. */
  async #doWhatIsDue(nowMs: number): Promise<void> {
    const timing = this.#timing;
    const { deadline } = timing;
    const standing = deadline && standingAt(deadline, nowMs);
    const { reminder } = standing ?? {};
    if (reminder && this.#isStalled && Date.parse(reminder.at) > timing.remindedUntilMs) {
      timing.remindedUntilMs = nowMs;
      // Beside everything else: a channel that does not answer keeps no app from its time.
      void this.#remind(reminder.daysBefore);
    }
    const reason = this.#whyItBegins(nowMs);
    const verb = this.#steering.started ? 'retry' : 'start';
    if (reason !== undefined) {
      timing.waits = false;
      this.#steering.begin();
    }
    if (deadline && standing && standing.passed !== deadline.passed)
      await this.#board.show(timing.promise({ ...deadline, passed: standing.passed }));
    if (reason !== undefined) await this.#board.note({ verb, by: OURSELVES, reason, at: new Date().toISOString() });
  }

  /** Undefined: it waits on, or has begun. */
  #whyItBegins(nowMs: number): string | undefined {
    const { schedule, deadline, waits } = this.#timing;
    if (!waits) return undefined;
    if (schedule && Date.parse(schedule.moment.at) <= nowMs)
      return `${schedule.by} scheduled it for ${schedule.moment.local}`;
    // What was begun once is never forced forward.
    if (deadline?.policy === 'auto' && !this.#steering.started && standingAt(deadline, nowMs).passed)
      return `its deadline has come: ${deadline.due.local}`;
    return undefined;
  }

  async #remind(daysBefore: number): Promise<void> {
    const timing = this.#timing;
    if (!timing.deadline) return;
    const { due, policy } = timing.deadline;
    const { environment, app } = this.#input;
    const waitsFor = this.#board.status.hold?.waitsFor ?? '';
    const failed = await calls
      .remind({ environment: environment.name, app: app.name, team: app.team, due, policy, daysBefore, waitsFor })
      .then(() => undefined, reasonOf);
    const at = new Date().toISOString();
    const one: Reminded = { daysBefore, due: due.local, at, ...(failed === undefined ? {} : { failed }) };
    const reminded = [...timing.deadline.reminded, one].slice(-REMINDERS_KEPT);
    timing.deadline = { ...timing.deadline, reminded };
    await this.#board.show({ timing: timing.shown });
  }
}
