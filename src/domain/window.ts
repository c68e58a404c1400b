import type { Window } from './environment.ts';

const STEP_MS = 60_000;
/** A window of one day a week that falls into a gap of daylight saving opens two weeks after the last time. */
const LOOK_AHEAD_MS = 15 * 24 * 60 * 60_000;

interface LocalTime {
  /** `Mon` to `Sun`. */
  readonly day: string;
  /** `HH:MM`, 24 hours. */
  readonly time: string;
}

function localTime(timeZone: string): (instant: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return { day: parts['weekday'] ?? '', time: `${parts['hour'] ?? ''}:${parts['minute'] ?? ''}` };
  };
}

function opener({ timeZone, days, from, to }: Window): (instant: number) => boolean {
  const local = localTime(timeZone);
  return (instant) => {
    const { day, time } = local(instant);
    return days.some((one) => one === day) && time >= from && time < to;
  };
}

/** Whether changes may happen at an instant (milliseconds since the epoch). */
export function isOpen(window: Window, instant: number): boolean {
  return opener(window)(instant);
}

/**
 * The next instant at which the window is open, itself when it is open now.
 * It walks minute by minute through local time, so gaps and folds of daylight saving need no rule of their own.
 * Undefined when it does not open within fifteen days.
 */
export function nextOpening(window: Window, instant: number): number | undefined {
  const open = opener(window);
  if (open(instant)) return instant;
  const firstMinute = Math.ceil(instant / STEP_MS) * STEP_MS;
  for (let at = firstMinute; at <= firstMinute + LOOK_AHEAD_MS; at += STEP_MS) if (open(at)) return at;
  return undefined;
}

/** An instant as people in the time zone write it, such as `Mon 2026-11-23 09:00 Asia/Tokyo`. */
export function inZone(timeZone: string, instant: number): string {
  const { day, time } = localTime(timeZone)(instant);
  const date = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(instant);
  return `${day} ${date} ${time} ${timeZone}`;
}
