// By when an app must have moved, and when its owner is reminded. Pure: instants are milliseconds since the epoch.
import type { Deadline, DeadlinePolicy, Moment, Reminder } from './environment.ts';
import { zoneClock } from './local-time.ts';
import type { DeadlineStatus } from './status.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Reminders come at the deadline's own time of day, so many days before by the calendar of its time zone. */
export function deadlineFor(
  due: Moment,
  { policy, remindDays }: { readonly policy: DeadlinePolicy; readonly remindDays: readonly number[] },
): Deadline {
  const clock = zoneClock(due.timeZone);
  const shown = clock.shows(Date.parse(due.at));
  const before = [...new Set(remindDays)]
    .filter((days) => days > 0)
    .toSorted((a, b) => b - a)
    .map((daysBefore) => ({ daysBefore, at: iso(clock.first(shown - daysBefore * DAY_MS)) }));
  return { due, policy, remind: [...before, { daysBefore: 0, at: due.at }] };
}

/** The same, later: with the same policy, and reminders as many days before. */
export const extended = ({ policy, remind }: Pick<Deadline, 'policy' | 'remind'>, due: Moment): Deadline =>
  deadlineFor(due, { policy, remindDays: remind.map(({ daysBefore }) => daysBefore) });

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

const iso = (instant: number): string => new Date(instant).toISOString();
