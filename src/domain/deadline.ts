// How an app stands to its deadline at an instant (milliseconds since the epoch). Pure, and without time zones: workflows
// read it, and what they decided must not change with the tables of another Node.
import type { Deadline, Moment, Reminder } from './environment.ts';
import type { DeadlineStatus } from './status.ts';

/** As it is shown before anything came of it. */
export const untouched = (deadline: Deadline): DeadlineStatus => ({ ...deadline, passed: false, reminded: [] });

export interface Standing {
  readonly passed: boolean;
  /** The latest one that is due; those before it are not made up for. */
  readonly reminder?: Reminder;
  /** The next moment at which any of this changes. */
  readonly next?: number;
}

export function standingAt({ due, remind }: Pick<Deadline, 'due' | 'remind'>, instant: number): Standing {
  const reminder = remind.findLast(({ at }) => Date.parse(at) <= instant);
  const next = remind.find(({ at }) => Date.parse(at) > instant);
  return {
    passed: Date.parse(due.at) <= instant,
    ...(reminder ? { reminder } : {}),
    ...(next ? { next: Date.parse(next.at) } : {}),
  };
}

/** `5 days left`, `4 hours left`, `overdue by 2 days`: the largest unit, as far as it is whole. */
export function leftText({ at }: Pick<Moment, 'at'>, instant: number): string {
  const ms = Date.parse(at) - instant;
  return ms > 0 ? `${spanText(ms)} left` : `overdue by ${spanText(-ms)}`;
}

function spanText(ms: number): string {
  const minutes = ms / 60_000;
  const [count, unit] =
    minutes >= 2 * 24 * 60
      ? [minutes / (24 * 60), 'days']
      : minutes >= 2 * 60
        ? [minutes / 60, 'hours']
        : [minutes, 'minutes'];
  return `${Math.floor(count)} ${Math.floor(count) === 1 ? unit.slice(0, -1) : unit}`;
}
