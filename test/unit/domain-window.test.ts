import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Weekday, Window } from '../../src/domain/environment.ts';
import { isOpen, nextOpening } from '../../src/domain/window.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const DAYS: readonly Weekday[] = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Where clocks change: by an hour north and south of the equator, by half an hour, and not at all. */
const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Tokyo'] as const;
const CHANGES = [
  '2026-03-08T07:00Z',
  '2026-03-29T01:00Z',
  '2026-04-04T15:00Z',
  '2026-10-03T15:30Z',
  '2026-10-25T01:00Z',
  '2026-11-01T06:00Z',
].map((at) => Date.parse(at));

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

const window: fc.Arbitrary<Window> = fc
  .record({
    timeZone: fc.constantFrom(...ZONES),
    days: fc.subarray([...DAYS], { minLength: 1 }),
    // Often in the night, where clocks change, and often short, so that a whole opening can fall into a gap.
    from: fc.oneof(fc.integer({ min: 0, max: 4 * 60 }), fc.integer({ min: 0, max: 24 * 60 - 2 })),
    length: fc.oneof(fc.integer({ min: 1, max: 45 }), fc.integer({ min: 1, max: 24 * 60 })),
  })
  .map(({ timeZone, days, from, length }) => ({
    timeZone,
    days,
    from: clock(from),
    to: clock(Math.min(from + length, 24 * 60 - 1)),
  }));
/** Any millisecond, mostly in the days around a change of clocks. */
const instant = fc.oneof(
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -9 * DAY_MS, max: 2 * DAY_MS }))
    .map(([at, offset]) => at + offset),
  fc.integer({ min: Date.parse('2020-01-01T00:00Z'), max: Date.parse('2040-01-01T00:00Z') }),
);

/** Local time by another road than the code under test takes: one text of year to minute, read apart. */
const formats = new Map(
  ZONES.map((timeZone) => [
    timeZone as string,
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }),
  ]),
);
function isOpenByText({ timeZone, days, from, to }: Window, at: number): boolean {
  const [date = '', time = ''] = formats.get(timeZone)!.format(at).split(' ');
  const day = DAYS[(new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7]!;
  return days.includes(day) && from <= time && time < to;
}

describe('isOpen', () => {
  it('is local wall-clock time, on any day of any zone', () => {
    fc.assert(
      fc.property(window, instant, (one, at) => {
        expect(isOpen(one, at)).toBe(isOpenByText(one, at));
      }),
      { numRuns: 500 },
    );
  });

  const office = (timeZone: string): Window => ({ timeZone, days: ['Mon', 'Tue'], from: '09:00', to: '17:00' });

  it('opens at its first minute and is closed at its last', () => {
    expect(isOpen(office('Asia/Tokyo'), Date.parse('2026-06-01T08:59:59.999+09:00'))).toBe(false);
    expect(isOpen(office('Asia/Tokyo'), Date.parse('2026-06-01T09:00:00+09:00'))).toBe(true);
    expect(isOpen(office('Asia/Tokyo'), Date.parse('2026-06-01T16:59:59.999+09:00'))).toBe(true);
    expect(isOpen(office('Asia/Tokyo'), Date.parse('2026-06-01T17:00:00+09:00'))).toBe(false);
  });

  it('counts the days of its own zone, not of Greenwich', () => {
    // Monday in Tokyo while it is Sunday in Greenwich; Sunday in New York while it is Monday there.
    expect(isOpen(office('Asia/Tokyo'), Date.parse('2026-05-31T23:59:00Z'))).toBe(false);
    expect(isOpen(office('Asia/Tokyo'), Date.parse('2026-06-01T00:00:00Z'))).toBe(true);
    expect(isOpen({ ...office('America/New_York'), from: '00:00' }, Date.parse('2026-06-01T01:00:00Z'))).toBe(false);
  });

  it('stays open through an hour that comes twice', () => {
    const night: Window = { timeZone: 'Europe/Berlin', days: ['Sun'], from: '02:00', to: '03:00' };
    const minutes = Array.from({ length: 240 }, (_, index) => Date.parse('2026-10-25T00:00+02:00') + index * MINUTE_MS);
    expect(minutes.filter((at) => isOpen(night, at)).length).toBe(120);
  });
});

describe('nextOpening', () => {
  it('is open, is not before the instant, and no minute between them is open', () => {
    fc.assert(
      fc.property(
        window,
        instant,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }),
        (one, at, looks) => {
          const opens = nextOpening(one, at);
          const until = opens ?? at + 8 * DAY_MS;
          const between = (share: number): number => at + Math.floor(share * (until - at - 1));
          expect(until).toBeGreaterThanOrEqual(at);
          if (opens !== undefined) expect(isOpenByText(one, opens)).toBe(true);
          if (until > at) {
            const closeBefore = Array.from({ length: 90 }, (_, index) => until - 1 - index * MINUTE_MS);
            const missed = [at, ...looks.map(between), ...closeBefore.filter((look) => look >= at)].find((look) =>
              isOpenByText(one, look),
            );
            expect(missed).toBeUndefined();
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('always finds one, however the clocks change', () => {
    fc.assert(
      fc.property(window, instant, (one, at) => {
        expect(nextOpening(one, at)).toBeDefined();
      }),
      { numRuns: 150 },
    );
  });

  const sunday = (timeZone: string, from: string, to: string): Window => ({ timeZone, days: ['Sun'], from, to });
  const opens = (one: Window, at: string): string =>
    new Date(nextOpening(one, Date.parse(at)) ?? Number.NaN).toISOString();

  it('begins after the gap when the gap swallows its beginning', () => {
    expect(opens(sunday('Europe/Berlin', '02:30', '04:00'), '2026-03-29T00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(opens(sunday('America/New_York', '02:30', '04:00'), '2026-03-08T05:00Z')).toBe('2026-03-08T07:00:00.000Z');
    expect(opens(sunday('Australia/Lord_Howe', '02:10', '04:00'), '2026-10-03T15:00Z')).toBe(
      '2026-10-03T15:30:00.000Z',
    );
  });

  it('waits one more week when the gap swallows all of it', () => {
    const swallowed = sunday('Europe/Berlin', '02:10', '02:50');
    expect(opens(swallowed, '2026-03-23T00:00Z')).toBe('2026-04-05T00:10:00.000Z');
    // Just closed on the Sunday before: two weeks to go.
    expect(opens(swallowed, '2026-03-22T01:50Z')).toBe('2026-04-05T00:10:00.000Z');
  });

  it('takes the first of an hour that comes twice', () => {
    expect(opens(sunday('Europe/Berlin', '02:00', '03:00'), '2026-10-24T12:00Z')).toBe('2026-10-25T00:00:00.000Z');
    expect(opens(sunday('Australia/Lord_Howe', '01:30', '02:00'), '2026-04-04T12:00Z')).toBe(
      '2026-04-04T14:30:00.000Z',
    );
  });

  it('is now when it is open now, to the millisecond', () => {
    const at = Date.parse('2026-06-07T02:15:30.123+02:00');
    expect(nextOpening(sunday('Europe/Berlin', '02:00', '03:00'), at)).toBe(at);
  });

  it('does not exist for a window without days', () => {
    expect(nextOpening({ ...sunday('Europe/Berlin', '02:00', '03:00'), days: [] }, 0)).toBeUndefined();
  });
});
