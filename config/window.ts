// When traffic may go forward, as a person writes it: hours such as Mon-Fri 10:00-17:00, holidays and freezes.
import { z } from 'zod';
import type { Hours, Weekday } from '../src/domain/environment.ts';
import { isTimeZone } from '../src/domain/local-time.ts';
import { WEEK } from '../src/domain/window.ts';
import { list, listOfSome, pattern, text } from './fields.ts';
import * as rules from './rules.ts';
import { expecting, foundInstead } from './wording.ts';

const DAYS = `(?:${WEEK.join('|')})(?:-(?:${WEEK.join('|')}))?`;
const DATE = String.raw`20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;

const HOURS = 'days and times, such as Mon-Fri 10:00-17:00 or Sat Sun 08:00-24:00';
const hours = pattern(new RegExp(`^(?:${DAYS} )+${TIME}-(?:${TIME}|24:00)$`), HOURS).transform(
  (value, context): Hours => {
    const words = value.split(' ');
    const [from = '', to = ''] = words.pop()?.split('-') ?? [];
    if (from >= to) {
      const message = `${to} is not after ${from} on the same day. For a night write both parts, such as Mon 22:00-24:00 and Tue 00:00-04:00.`;
      context.addIssue({ code: 'custom', input: value, message });
    }
    const named = new Set(words.flatMap(daysOf));
    return { days: WEEK.filter((day) => named.has(day)), from, to };
  },
);

/** `Fri`, or `Sat-Mon` for Sat, Sun and Mon. */
function daysOf(word: string): readonly Weekday[] {
  const [first, last = first] = word.split('-').map((name) => WEEK.findIndex((day) => day === name));
  if (first === undefined || last === undefined) return [];
  return [...WEEK, ...WEEK].slice(first, (last < first ? last + WEEK.length : last) + 1);
}

/** A date of the calendar, with or without a time. */
function local(regex: RegExp, what: string): z.ZodType<string, string> {
  return pattern(regex, what).superRefine((value, context) => {
    const day = value.slice(0, 10);
    // Of what is no date at all the pattern has complained.
    if (!regex.test(value) || new Date(`${day}T00:00Z`).toISOString().startsWith(day)) return;
    context.addIssue({ code: 'custom', message: foundInstead(value, what, 'That month has no such day.') });
  });
}
const date = (what: string) => local(new RegExp(`^${DATE}$`), `${what}: a date before 2100, such as 2026-11-23`);
const dateOrTime = (what: string) =>
  local(
    new RegExp(`^${DATE}(?: ${TIME})?$`),
    `${what}: a date before 2100, such as 2026-12-21, or with a time, 2026-12-21 18:00`,
  );

const freeze = z
  .strictObject({
    from: dateOrTime('when it begins'),
    to: dateOrTime('when it ends'),
    why: text('why nothing may change, such as year end'),
  })
  .superRefine(rules.freezeEndsAfterItBegins, rules.sound('from', 'to'))
  .transform(({ from, to, why }) => ({ from: rules.freezeBegins(from), to: rules.freezeEnds(to), why }));

export const timeZone = z
  .string({ error: expecting('a time zone, such as Asia/Tokyo') })
  .refine(isTimeZone, { error: expecting('a time zone, such as Asia/Tokyo or UTC') })
  .meta({ description: 'An IANA time zone' });

export const window = z.strictObject({
  timeZone,
  hours: listOfSome(hours, 'days and times, such as [Mon-Fri 10:00-17:00]'),
  holidays: list(date('a day on which nothing may change'), 'dates').default([]),
  freezes: list(freeze, 'freezes, such as - { from: 2026-12-21, to: 2027-01-03, why: year end }').prefault([]),
});
