// An instant as a person writes it, with a time zone or an offset. Pure.
import type { Moment } from './environment.ts';
import { isTimeZone, zoneClock } from './local-time.ts';
import { inZone } from './window.ts';

export type Understood =
  | { readonly kind: 'moment'; readonly moment: Moment }
  | { readonly kind: 'wrong'; readonly why: string };

const WRITTEN =
  /^(?<date>\d{4}-\d\d-\d\d)[ T](?<time>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?) ?(?<zone>Z|[+-]\d\d:\d\d|(?<= )\S+)$/;

/**
 * `2026-12-03 10:00 Asia/Tokyo`, or ISO 8601 with an offset, `2026-12-03T10:00+09:00` or `…Z`.
 * A time that the clocks of the zone skip, or show twice, is none: whoever means one of the two says its offset.
 */
export function understand(text: string): Understood {
  const { date = '', time = '', zone = '' } = WRITTEN.exec(text.trim())?.groups ?? {};
  if (date === '')
    return wrong(
      `${JSON.stringify(text)} is no time. Expected one with its time zone, such as "2026-12-03 10:00 Asia/Tokyo" or 2026-12-03T10:00+09:00.`,
    );
  const shown = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(shown) || !new Date(shown).toISOString().startsWith(date))
    return wrong(`${date} is no day of the calendar. Expected a date such as 2026-12-03.`);
  const timeZone = zone === 'Z' ? 'UTC' : zone;
  if (!isTimeZone(timeZone))
    return wrong(`${JSON.stringify(zone)} is no time zone. Expected one such as Asia/Tokyo, UTC or +09:00.`);
  return onTheClocks(shown, { date, time, timeZone });
}

function onTheClocks(
  shown: number,
  { date, time, timeZone }: { readonly date: string; readonly time: string; readonly timeZone: string },
): Understood {
  const instants = zoneClock(timeZone).instants(shown);
  const [instant] = instants;
  if (instant === undefined)
    return wrong(`the clocks of ${timeZone} skip ${time} on ${date}. Expected a time that they show.`);
  if (instants.length > 1)
    return wrong(
      `the clocks of ${timeZone} show ${time} twice on ${date}. Say which instead of the time zone: ${instants.map((one) => offsetText(shown - one)).join(' or ')}.`,
    );
  return { kind: 'moment', moment: momentAt(instant, timeZone) };
}

/** An instant (milliseconds since the epoch) with its words. */
export const momentAt = (instant: number, timeZone: string): Moment => ({
  at: new Date(instant).toISOString(),
  timeZone,
  local: inZone(timeZone, instant),
});

const wrong = (why: string): Understood => ({ kind: 'wrong', why });

/** `+09:00` */
function offsetText(ms: number): string {
  const clock = new Date(Math.abs(ms)).toISOString().slice(11, 16);
  return `${ms < 0 ? '-' : '+'}${clock}`;
}
