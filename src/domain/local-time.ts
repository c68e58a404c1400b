// What clocks show in a time zone. "Shown" times are the milliseconds at which a clock in Greenwich would show the same.

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export interface ZoneClock {
  /** What the clocks show at an instant (milliseconds since the epoch). */
  shows(instant: number): number;
  /** On from an instant to when they show a later time, at most days away, or to the change of clocks before that. */
  towards(shown: number, instant: number): number;
  /** The instants at which they show this very time: none when it is skipped, two when it comes twice. */
  instants(shown: number): number[];
  /** The first instant at which they show this time or a later one. */
  first(shown: number): number;
  /** The instant from which on they never show an earlier time: another one than the first when the time comes twice. */
  forGood(shown: number): number;
}

export function zoneClock(timeZone: string): ZoneClock {
  const offset = offsetOf(timeZone);
  const shows = (instant: number): number => instant + offset(instant);

  /** When the clocks were changed, after `from` and not after `to`. In a few days that happens once at most. */
  function change(from: number, to: number): number | undefined {
    const before = offset(from);
    if (offset(to) === before) return undefined;
    let [old, changed] = [from, to];
    while (changed - old > 1) {
      const middle = Math.floor((old + changed) / 2);
      if (offset(middle) === before) old = middle;
      else changed = middle;
    }
    return changed;
  }

  function towards(shown: number, instant: number): number {
    const straight = instant + shown - shows(instant);
    return change(instant, straight) ?? straight;
  }

  function firstFrom(shown: number, instant: number): number {
    let at = instant;
    while (shows(at) < shown) at = towards(shown, at);
    return at;
  }

  // No zone is two days from Greenwich.
  const first = (shown: number): number => firstFrom(shown, shown - 2 * DAY_MS);

  function forGood(shown: number): number {
    const at = first(shown);
    const back = change(at, at + DAY_MS);
    return back === undefined ? at : shows(back) < shown ? firstFrom(shown, back) : at;
  }

  /** By the offset of two days before and of two days after, as clocks change at most once in between. */
  const instants = (shown: number): number[] =>
    [...new Set([-2, 2].map((days) => shown - offset(shown + days * DAY_MS)))]
      .filter((instant) => shows(instant) === shown)
      .toSorted((a, b) => a - b);

  return { shows, towards, instants, first, forGood };
}

export function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function offsetOf(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (instant) => {
    const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = 0, minutes = 0, seconds = 0] = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name) ?? [];
    const ms = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS + Number(seconds) * 1000;
    return sign === '-' ? -ms : ms;
  };
}
