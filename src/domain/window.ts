import type { Hours, Weekday, Window } from './environment.ts';
import { zoneClock } from './local-time.ts';

export const WEEK: readonly Weekday[] = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const DAY_MS = 24 * 60 * 60_000;
/** Hours of one day a week that fall into a gap of daylight saving come two weeks after the last time, in any zone. */
const AT_LATEST_MS = 16 * DAY_MS;

interface Shut {
  readonly why: string;
  /** It is shut until then at least. */
  readonly until: number;
}

/** Whether changes may happen at an instant (milliseconds since the epoch). */
export function isOpen(window: Window, instant: number): boolean {
  return reader(window)(instant) === undefined;
}

/** Why nothing may change now, in one phrase for people; undefined when the window is open. */
export function whyShut(window: Window, instant: number): string | undefined {
  return reader(window)(instant)?.why;
}

/**
 * The next instant at which the window is open, itself when it is open now.
 * However far away: undefined only when its hours never come.
 */
export function nextOpening(window: Window, instant: number): number | undefined {
  const shutAt = reader(window);
  const exceptions = [...window.holidays.map((date) => shown(date)), ...window.freezes.map(({ to }) => shown(to))];
  const last = Math.max(instant, ...exceptions) + AT_LATEST_MS;
  let at = instant;
  while (at <= last) {
    const shut = shutAt(at);
    if (!shut) return at;
    at = shut.until;
  }
  return undefined;
}

/** An instant as people in the time zone write it, such as `Mon 2026-11-23 09:00 Asia/Tokyo`. */
export function inZone(timeZone: string, instant: number): string {
  const local = zoneClock(timeZone).shows(instant);
  return `${weekdayOf(local)} ${dateOf(local)} ${new Date(local).toISOString().slice(11, 16)} ${timeZone}`;
}

/** Hours and holidays go by what the clocks show, so they may come twice or not at all; a freeze is one span of time. */
function reader(window: Window): (instant: number) => Shut | undefined {
  const clock = zoneClock(window.timeZone);
  const freezes = window.freezes
    .map(({ from, to, why }) => ({ begins: clock.first(shown(from)), ends: clock.forGood(shown(to)), to, why }))
    .toSorted((a, b) => b.ends - a.ends);
  return (instant) => {
    const freeze = freezes.find(({ begins, ends }) => begins <= instant && instant < ends);
    if (freeze) return { why: `freeze: ${freeze.why} until ${freeze.to}`, until: freeze.ends };

    const now = clock.shows(instant);
    const date = dateOf(now);
    const midnight = shown(`${date} 24:00`);
    if (window.holidays.includes(date)) return { why: `holiday ${date}`, until: clock.towards(midnight, instant) };

    const weekday = weekdayOf(now);
    const today = window.hours
      .filter(({ days }) => days.some((day) => day === weekday))
      .map(({ from, to }) => ({ opens: shown(`${date} ${from}`), closes: shown(`${date} ${to}`) }));
    if (today.some(({ opens, closes }) => opens <= now && now < closes)) return undefined;
    const next = Math.min(midnight, ...today.map(({ opens }) => opens).filter((opens) => opens > now));
    return {
      why: `outside ${window.hours.map(hoursText).join(', ')} ${window.timeZone}`,
      until: clock.towards(next, instant),
    };
  };
}

/** `2026-11-23` or `2026-11-23 10:00`; `24:00` is the end of the day. */
const shown = (local: string): number => Date.parse(local.includes(' ') ? `${local.replace(' ', 'T')}Z` : local);
const dateOf = (local: number): string => new Date(local).toISOString().slice(0, 10);
const weekdayOf = (local: number): string => new Date(local).toUTCString().slice(0, 3);

/** As the environment file says it: `Mon-Fri 10:00-17:00`. */
function hoursText({ days, from, to }: Hours): string {
  const has = (index: number): boolean => days.some((day) => day === WEEK[(index + 7) % 7]);
  const runs = WEEK.flatMap((first, index) => {
    if (!has(index) || has(index - 1)) return [];
    let end = index;
    while (has(end + 1)) end += 1;
    return end === index ? [first] : [`${first}-${WEEK[end % 7] ?? ''}`];
  });
  return `${runs.join(' ') || 'Mon-Sun'} ${from}-${to}`;
}
