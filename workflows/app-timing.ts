// The schedule and the deadline of one app, and the commands that change them.
import { untouched } from '../src/domain/deadline.ts';
import type { App } from '../src/domain/environment.ts';
import type { DeadlineStatus, Schedule, Timing } from '../src/domain/status.ts';
import type { AppBoard } from './app-board.ts';
import { refuseInsteadOfOwner, type AppSteering } from './app-steering.ts';
import * as messages from './messages.ts';

export class AppTiming {
  schedule: Schedule | undefined;
  deadline: DeadlineStatus | undefined;
  /** It waits for its start, or for a second try. */
  waits = false;
  /** So often something was decided anew. */
  changes = 0;
  /** Reminders of until then were sent, also those of the deadline before. */
  remindedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #app: App;
  readonly #board: AppBoard;
  readonly #steering: AppSteering;

  /** Registers its handlers, so it is made before the workflow's first await. */
  constructor({ app, board, steering }: { app: App; board: AppBoard; steering: AppSteering }) {
    this.#app = app;
    this.#board = board;
    this.#steering = steering;
    this.deadline = app.deadline && untouched(app.deadline);
    this.#takeSchedules();
    this.#takeExtensions();
  }

  get shown(): Timing {
    return {
      ...(this.schedule ? { schedule: this.schedule } : {}),
      ...(this.deadline ? { deadline: this.deadline } : {}),
    };
  }

  plan(schedule: Schedule | undefined): { timing: Timing } {
    this.schedule = schedule;
    this.changes += 1;
    return { timing: this.shown };
  }

  promise(deadline: DeadlineStatus): { timing: Timing } {
    this.deadline = deadline;
    this.changes += 1;
    return { timing: this.shown };
  }

  #takeSchedules(): void {
    const { takes } = this.#steering;
    const { name } = this.#app;
    takes(messages.scheduleUpdate, {
      refuse: ({ moment, role }) =>
        this.waits
          ? (refuseInsteadOfOwner(this.#app, role) ?? refusePast(moment))
          : 'it waits neither for its start nor for a second try',
      does: ({ moment, by, opens }) => this.plan({ moment, by, ...(opens === undefined ? {} : { opens }) }),
      detail: ({ moment }) => moment.local,
      says: ({ moment, opens }) => {
        const due = this.deadline?.due;
        const late = due && isAfter(moment, due) ? `; its deadline comes before that: ${due.local}` : '';
        const shut = opens === undefined ? '' : `, when the window opens, which is shut ${moment.local}`;
        return `${name} begins ${opens ?? moment.local}${shut}${late}`;
      },
    });
    takes(messages.unscheduleUpdate, {
      refuse: () => (this.schedule ? undefined : 'it is not scheduled'),
      does: () => this.plan(undefined),
      says: `${name} is not scheduled any more`,
    });
  }

  #takeExtensions(): void {
    const { takes } = this.#steering;
    const { name } = this.#app;
    takes(messages.extendUpdate, {
      refuse: ({ due }) => this.#refuseExtension(due),
      does: ({ due, remind, by, reason = '' }) => {
        const requested = { due, remind, by, reason, askedAt: new Date().toISOString() };
        return this.deadline && this.promise({ ...this.deadline, requested });
      },
      detail: ({ due }) => due.local,
      says: ({ due }) => `${name} asks for ${due.local}; until that is granted ${this.deadline?.due.local} stands`,
    });
    takes(messages.grantExtensionUpdate, {
      refuse: () => this.#refuseAnswer() ?? (this.deadline?.requested && refusePast(this.deadline.requested.due)),
      does: () => {
        if (!this.deadline?.requested) return;
        const { requested, ...before } = this.deadline;
        const { due, remind } = requested;
        return this.promise({ ...before, due, remind, passed: false });
      },
      detail: () => this.deadline?.requested?.due.local ?? '',
      says: () => `the deadline of ${name} is ${this.deadline?.requested?.due.local}`,
    });
    takes(messages.refuseExtensionUpdate, {
      refuse: () => this.#refuseAnswer(),
      does: () => {
        if (!this.deadline) return;
        const { requested: _refused, ...before } = this.deadline;
        return this.promise(before);
      },
      detail: () => this.deadline?.requested?.due.local ?? '',
      says: () => `the deadline of ${name} stays ${this.deadline?.due.local}`,
    });
  }

  #refuseAnswer(): string | undefined {
    return this.deadline?.requested ? undefined : 'nobody has asked for a later deadline';
  }

  #refuseExtension(wanted: { readonly at: string; readonly local: string }): string | undefined {
    if (!this.deadline) return 'it has no deadline';
    if (this.#board.status.state === 'on-green') return 'it is on green: it needs no more time';
    if (!isAfter(wanted, this.deadline.due))
      return `${wanted.local} is not after its deadline, ${this.deadline.due.local}`;
    return refusePast(wanted);
  }
}

const isAfter = (a: { readonly at: string }, b: { readonly at: string }): boolean =>
  Date.parse(a.at) > Date.parse(b.at);

const refusePast = ({ at, local }: { readonly at: string; readonly local: string }): string | undefined =>
  Date.parse(at) > Date.now() ? undefined : `${local} is past`;
