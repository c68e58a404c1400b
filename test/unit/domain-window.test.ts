import { describe, expect, it } from 'vitest';
import type { Hours, Window } from '../../src/domain/environment.ts';
import { inZone, isOpen, nextOpening, WEEK, whyShut } from '../../src/domain/window.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** One line of hours, such as `Sun 02:00-03:00`; no day is every day. */
function line(text: string): Hours {
  const words = text.split(' ');
  const [from = '', to = ''] = words.at(-1)?.split('-') ?? [];
  const days = WEEK.filter((day) => words.length === 1 || words.includes(day));
  return { days, from, to };
}
const window = (timeZone: string, hours: readonly string[], change: Partial<Window> = {}): Window => ({
  timeZone,
  hours: hours.map(line),
  holidays: [],
  freezes: [],
  ...change,
});
const opens = (one: Window, at: string): string =>
  new Date(nextOpening(one, Date.parse(at)) ?? Number.NaN).toISOString();
const minutesOpen = (one: Window, from: string, minutes: number): number =>
  Array.from({ length: minutes }, (_, index) => Date.parse(from) + index * MINUTE_MS).filter((at) => isOpen(one, at))
    .length;

const OFFICE = ['Mon Tue 09:00-12:00', 'Mon Tue 13:00-17:00'];

describe('hours', () => {
  const tokyo = window('Asia/Tokyo', OFFICE);

  it.each([
    ['2026-06-01T08:59:59.999+09:00', false],
    ['2026-06-01T09:00:00+09:00', true],
    ['2026-06-01T11:59:59.999+09:00', true],
    ['2026-06-01T12:00:00+09:00', false],
    ['2026-06-01T13:00:00+09:00', true],
    ['2026-06-01T17:00:00+09:00', false],
    ['2026-06-03T10:00:00+09:00', false],
  ])('at %s: %s', (at, open) => {
    expect(isOpen(tokyo, Date.parse(at))).toBe(open);
  });

  it('are those of the zone, not of Greenwich', () => {
    // Monday in Tokyo while it is Sunday in Greenwich; Sunday in New York while it is Monday there.
    expect(isOpen(tokyo, Date.parse('2026-05-31T23:59:00Z'))).toBe(false);
    expect(isOpen(tokyo, Date.parse('2026-06-01T00:00:00Z'))).toBe(true);
    const newYork = window('America/New_York', ['Mon 00:00-17:00']);
    expect(isOpen(newYork, Date.parse('2026-06-01T01:00:00Z'))).toBe(false);
  });

  it('until the end of the day go on into the next one', () => {
    const night = window('Asia/Tokyo', ['Mon 22:00-24:00', 'Tue 00:00-02:00']);
    expect(minutesOpen(night, '2026-06-01T21:00+09:00', 6 * 60)).toBe(4 * 60);
    expect(isOpen(night, Date.parse('2026-06-01T23:59:59.999+09:00'))).toBe(true);
  });

  it('open next at the first of them, today or days later', () => {
    expect(opens(tokyo, '2026-06-01T08:00+09:00')).toBe('2026-06-01T00:00:00.000Z');
    expect(opens(tokyo, '2026-06-01T12:30+09:00')).toBe('2026-06-01T04:00:00.000Z');
    expect(opens(tokyo, '2026-06-02T17:00+09:00')).toBe('2026-06-08T00:00:00.000Z');
  });

  it('that are open now open now, to the millisecond', () => {
    const at = Date.parse('2026-06-01T09:15:30.123+09:00');
    expect(nextOpening(tokyo, at)).toBe(at);
  });

  it('that never come never open', () => {
    expect(nextOpening(window('Asia/Tokyo', []), 0)).toBeUndefined();
    expect(nextOpening({ ...tokyo, hours: [{ days: [], from: '09:00', to: '17:00' }] }, 0)).toBeUndefined();
  });
});

describe('hours when clocks change', () => {
  const berlin = (hours: string): Window => window('Europe/Berlin', [hours]);
  const lordHowe = (hours: string): Window => window('Australia/Lord_Howe', [hours]);

  it('begin after the gap that swallows their beginning', () => {
    expect(opens(berlin('Sun 02:30-04:00'), '2026-03-29T00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(opens(window('America/New_York', ['Sun 02:30-04:00']), '2026-03-08T05:00Z')).toBe(
      '2026-03-08T07:00:00.000Z',
    );
    expect(opens(lordHowe('Sun 02:10-04:00'), '2026-10-03T15:00Z')).toBe('2026-10-03T15:30:00.000Z');
  });

  it('do not come when the gap swallows all of them', () => {
    const swallowed = berlin('Sun 02:10-02:50');
    expect(minutesOpen(swallowed, '2026-03-28T23:00Z', 5 * 60)).toBe(0);
    expect(opens(swallowed, '2026-03-23T00:00Z')).toBe('2026-04-05T00:10:00.000Z');
    // Just closed on the Sunday before: two weeks to go.
    expect(opens(swallowed, '2026-03-22T01:50Z')).toBe('2026-04-05T00:10:00.000Z');
  });

  it('come twice when the time does', () => {
    expect(minutesOpen(berlin('Sun 02:00-03:00'), '2026-10-24T23:00Z', 5 * 60)).toBe(120);
    const twice = berlin('Sun 02:10-02:30');
    expect(opens(twice, '2026-10-24T12:00Z')).toBe('2026-10-25T00:10:00.000Z');
    expect(opens(twice, '2026-10-25T00:30Z')).toBe('2026-10-25T01:10:00.000Z');
    expect(opens(twice, '2026-10-25T01:30Z')).toBe('2026-11-01T01:10:00.000Z');
    expect(opens(lordHowe('Sun 01:30-02:00'), '2026-04-04T12:00Z')).toBe('2026-04-04T14:30:00.000Z');
  });

  it('come the second time although later ones are near', () => {
    const two = window('Europe/Berlin', ['Sun 02:10-02:30', 'Sun 05:00-06:00']);
    expect(opens(two, '2026-10-25T00:30Z')).toBe('2026-10-25T01:10:00.000Z');
  });

  it('begin and end at midnight where clocks change at midnight', () => {
    const saoPaulo = window('America/Sao_Paulo', ['Sun 00:00-01:30']);
    // From 23:59 it is 01:00.
    expect(opens(saoPaulo, '2018-11-04T00:00Z')).toBe('2018-11-04T03:00:00.000Z');
    expect(minutesOpen(saoPaulo, '2018-11-04T01:00Z', 5 * 60)).toBe(30);
    // From 23:59 on Saturday it is 23:00, on Saturday.
    expect(minutesOpen(window('America/Sao_Paulo', ['Sat 23:00-24:00']), '2019-02-16T23:00Z', 5 * 60)).toBe(120);
  });

  it('do not come on a day that a zone leaves out', () => {
    // Samoa went from Thursday, 29 December 2011, to Saturday.
    const friday = window('Pacific/Apia', ['Fri 00:00-24:00']);
    expect(opens(friday, '2011-12-29T12:00Z')).toBe('2012-01-05T10:00:00.000Z');
    expect(opens(window('Pacific/Apia', ['Sat 08:00-09:00']), '2011-12-30T09:59Z')).toBe('2011-12-30T18:00:00.000Z');
  });
});

describe('holidays', () => {
  const tokyo = window('Asia/Tokyo', ['Mon Tue 09:00-17:00'], { holidays: ['2026-11-23', '2026-12-01'] });

  it('are shut from midnight to midnight, in the zone', () => {
    const always = { ...tokyo, hours: [line('00:00-24:00')] };
    expect(isOpen(always, Date.parse('2026-11-22T23:59:59.999+09:00'))).toBe(true);
    expect(isOpen(always, Date.parse('2026-11-23T00:00+09:00'))).toBe(false);
    expect(isOpen(always, Date.parse('2026-11-23T23:59:59.999+09:00'))).toBe(false);
    expect(opens(always, '2026-11-23T12:00+09:00')).toBe('2026-11-23T15:00:00.000Z');
  });

  it('end at midnight also when clocks change on them', () => {
    const always = (holiday: string): Window => window('Europe/Berlin', ['00:00-24:00'], { holidays: [holiday] });
    expect(opens(always('2026-03-29'), '2026-03-29T00:00Z')).toBe('2026-03-29T22:00:00.000Z');
    expect(opens(always('2026-10-25'), '2026-10-25T00:00Z')).toBe('2026-10-25T23:00:00.000Z');
  });

  it('are passed over', () => {
    expect(opens(tokyo, '2026-11-21T12:00+09:00')).toBe('2026-11-24T00:00:00.000Z');
    expect(opens(tokyo, '2026-11-30T17:00+09:00')).toBe('2026-12-07T00:00:00.000Z');
  });

  it('are passed over for as long as there are any', () => {
    const mondays = Array.from({ length: 120 }, (_, week) =>
      new Date(Date.parse('2026-06-01') + week * 7 * DAY_MS).toISOString().slice(0, 10),
    );
    const one = window('Asia/Tokyo', ['Mon 09:00-17:00'], { holidays: mondays });
    expect(opens(one, '2026-05-30T00:00Z')).toBe('2028-09-18T00:00:00.000Z');
  });
});

describe('freezes', () => {
  const frozen = (from: string, to: string, timeZone = 'Asia/Tokyo', hours = '00:00-24:00'): Window =>
    window(timeZone, [hours], { freezes: [{ from, to, why: 'year end' }] });

  it('last to the end of their last day, or to the minute', () => {
    expect(opens(frozen('2026-12-21 00:00', '2027-01-03 24:00'), '2026-12-25T00:00Z')).toBe('2027-01-03T15:00:00.000Z');
    const minutes = frozen('2026-12-21 18:00', '2027-01-04 09:30');
    expect(isOpen(minutes, Date.parse('2026-12-21T17:59:59.999+09:00'))).toBe(true);
    expect(isOpen(minutes, Date.parse('2026-12-21T18:00+09:00'))).toBe(false);
    expect(isOpen(minutes, Date.parse('2027-01-04T09:29:59.999+09:00'))).toBe(false);
    expect(isOpen(minutes, Date.parse('2027-01-04T09:30+09:00'))).toBe(true);
  });

  it('may last for years', () => {
    const one = frozen('2026-12-21 00:00', '9998-12-31 24:00', 'Europe/Berlin', 'Mon 10:00-11:00');
    expect(opens(one, '2027-01-01T00:00Z')).toBe('9999-01-04T09:00:00.000Z');
  });

  it('are one span of time, although the clocks show its ends twice', () => {
    // 02:30 is at 00:30Z and at 01:30Z.
    expect(minutesOpen(frozen('2026-10-25 02:30', '2026-10-25 12:00', 'Europe/Berlin'), '2026-10-25T00:00Z', 120)).toBe(
      30,
    );
    const ends = frozen('2026-10-24 12:00', '2026-10-25 02:10', 'Europe/Berlin');
    expect(opens(ends, '2026-10-25T00:00Z')).toBe('2026-10-25T01:10:00.000Z');
    expect(minutesOpen(ends, '2026-10-25T00:00Z', 120)).toBe(50);
  });

  it('begin and end with the gap that swallows their ends', () => {
    const ends = frozen('2026-03-28 12:00', '2026-03-29 02:30', 'Europe/Berlin');
    expect(opens(ends, '2026-03-28T12:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(minutesOpen(frozen('2026-03-29 02:30', '2026-03-29 12:00', 'Europe/Berlin'), '2026-03-29T00:00Z', 90)).toBe(
      60,
    );
  });

  it('end when they say, also on the day before clocks change', () => {
    const spring = frozen('2026-03-20 00:00', '2026-03-28 12:00', 'Europe/Berlin');
    expect(opens(spring, '2026-03-22T00:00Z')).toBe('2026-03-28T11:00:00.000Z');
    const autumn = frozen('2026-10-20 00:00', '2026-10-24 12:00', 'Europe/Berlin');
    expect(opens(autumn, '2026-10-22T00:00Z')).toBe('2026-10-24T10:00:00.000Z');
  });
});

describe('why it is shut', () => {
  const one = window('Asia/Tokyo', ['Mon Tue Wed Thu Fri 10:00-12:00', 'Mon Wed Thu 13:00-17:00'], {
    holidays: ['2026-11-23', '2026-12-31'],
    freezes: [
      { from: '2026-12-24 18:00', to: '2026-12-28 09:00', why: 'the big sale' },
      { from: '2026-12-21 00:00', to: '2027-01-03 24:00', why: 'year end' },
    ],
  });

  it.each([
    ['2026-11-24T11:00+09:00', undefined],
    ['2026-11-24T14:00+09:00', 'outside Mon-Fri 10:00-12:00, Mon Wed-Thu 13:00-17:00 Asia/Tokyo'],
    ['2026-11-23T11:00+09:00', 'holiday 2026-11-23'],
    ['2026-11-22T23:00Z', 'holiday 2026-11-23'],
    ['2026-12-21T11:00+09:00', 'freeze: year end until 2027-01-03 24:00'],
    // Of several the one that lasts longest, and before hours and holidays.
    ['2026-12-25T03:00+09:00', 'freeze: year end until 2027-01-03 24:00'],
    ['2026-12-31T03:00+09:00', 'freeze: year end until 2027-01-03 24:00'],
  ])('at %s: %s', (at, why) => {
    expect(whyShut(one, Date.parse(at))).toBe(why);
  });

  it.each([
    ['Sun Mon Tue Wed Thu 10:00-17:00', 'Sun-Thu 10:00-17:00'],
    ['Sat Sun 10:00-17:00', 'Sat-Sun 10:00-17:00'],
    ['Mon Sun Wed Fri 10:00-17:00', 'Wed Fri Sun-Mon 10:00-17:00'],
    ['10:00-17:00', 'Mon-Sun 10:00-17:00'],
  ])('hours on %s are called %s', (hours, called) => {
    expect(whyShut(window('UTC', [hours]), Date.parse('2026-11-23T09:00Z'))).toBe(`outside ${called} UTC`);
  });
});

describe('inZone', () => {
  it('is what a calendar and a clock there show', () => {
    expect(inZone('Asia/Tokyo', Date.parse('2026-11-22T15:05:59Z'))).toBe('Mon 2026-11-23 00:05 Asia/Tokyo');
    expect(inZone('America/New_York', Date.parse('2026-03-08T07:00Z'))).toBe('Sun 2026-03-08 03:00 America/New_York');
  });
});
