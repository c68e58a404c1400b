// A deadline with its reminders, by the calendar of its time zone. Pure.
import type { Deadline, DeadlinePolicy, Moment } from './environment.ts';
import { zoneClock } from './local-time.ts';

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

const iso = (instant: number): string => new Date(instant).toISOString();
