import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Freeze, Hours, Window } from '../../src/domain/environment.ts';
import { isOpen, nextOpening, WEEK, whyShut } from '../../src/domain/window.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SCENE_DAYS = 9;
const SCENE_MINUTES = SCENE_DAYS * 24 * 60;

interface Minute {
  readonly local: string;
  readonly day: string | undefined;
  readonly date: string;
  readonly time: string;
}

/**
 * Nine days of a zone, minute by minute, as it writes them: `2026-03-29 03:00`. This is another road than that of the
 * code under test, which never asks for a date in a zone.
 */
interface Scene {
  readonly timeZone: string;
  readonly start: number;
  readonly minutes: readonly Minute[];
  readonly dates: readonly string[];
  readonly [fc.toStringMethod]: () => string;
}

const SCENES = [
  ['Europe/Berlin', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  // By half an hour.
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  // At midnight.
  ['America/Sao_Paulo', '2018-11-04T03:00Z'],
  ['America/Sao_Paulo', '2019-02-17T02:00Z'],
  // A day left out.
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  // Never.
  ['Asia/Tokyo', '2026-12-31T15:00Z'],
].map(([timeZone = '', change = '']): Scene => {
  const start = Date.parse(change) - (SCENE_DAYS / 2) * DAY_MS;
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const minutes = Array.from({ length: SCENE_MINUTES }, (_, index): Minute => {
    const local = format.format(start + index * MINUTE_MS);
    const [date = '', time = ''] = local.split(' ');
    return { local, date, time, day: WEEK[(new Date(date).getUTCDay() + 6) % 7] };
  });
  // Also the date that no clock shows.
  const first = Date.parse(minutes[0]?.date ?? '');
  const dates = Array.from({ length: SCENE_DAYS + 2 }, (_, index) =>
    new Date(first + index * DAY_MS).toISOString().slice(0, 10),
  );
  // Of a failure it tells which, not all its minutes.
  return { timeZone, start, minutes, dates, [fc.toStringMethod]: () => `${timeZone} around ${change}` };
});

/** Whether it is open in a minute of the scene. */
function opener({ minutes }: Scene, { hours, holidays, freezes }: Window): (minute: Minute, index: number) => boolean {
  const frozen = freezes.map(({ from, to }) => ({
    first: minutes.findIndex(({ local }) => local >= from),
    last: minutes.findLastIndex(({ local }) => local < to),
  }));
  return ({ day, date, time }, index) =>
    hours.some(({ days, from, to }) => days.some((one) => one === day) && from <= time && time < to) &&
    !holidays.includes(date) &&
    !frozen.some(({ first, last }) => first !== -1 && first <= index && index <= last);
}

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
/** Mostly at night, where clocks change. */
const minuteOfDay = fc.oneof(fc.integer({ min: 0, max: 4 * 60 }), fc.integer({ min: 0, max: 24 * 60 - 1 }));

const hours: fc.Arbitrary<Hours> = fc
  .record({
    days: fc.subarray([...WEEK], { minLength: 1 }),
    from: minuteOfDay,
    // Mostly short, so that all of it can fall into a gap.
    length: fc.oneof(fc.integer({ min: 1, max: 45 }), fc.integer({ min: 1, max: 24 * 60 })),
  })
  .map(({ days, from, length }) => ({ days, from: clock(from), to: clock(Math.min(from + length, 24 * 60)) }));

const freezeIn = ({ dates }: Scene): fc.Arbitrary<Freeze> =>
  fc
    .tuple(fc.constantFrom(...dates), minuteOfDay, fc.constantFrom(...dates), fc.oneof(minuteOfDay, fc.constant(1440)))
    .map(([from, begins, to, ends]) => ({ from: `${from} ${clock(begins)}`, to: `${to} ${clock(ends)}`, why: 'sale' }))
    .filter(({ from, to }) => from < to);

const windowIn = (scene: Scene): fc.Arbitrary<Window> =>
  fc.record({
    timeZone: fc.constant(scene.timeZone),
    hours: fc.array(hours, { minLength: 1, maxLength: 3 }),
    holidays: fc.subarray([...scene.dates], { maxLength: 3 }),
    freezes: fc.array(freezeIn(scene), { maxLength: 2 }),
  });

/** Within a scene, mostly near its middle, where the clocks change; a millisecond. */
const offsetMs = fc.oneof(
  fc.integer({ min: 3.5 * DAY_MS, max: 5.5 * DAY_MS }),
  fc.integer({ min: 0, max: SCENE_DAYS * DAY_MS - 1 }),
);
const drawn = fc.constantFrom(...SCENES).chain((scene) =>
  fc.record({
    scene: fc.constant(scene),
    window: windowIn(scene),
    at: offsetMs.map((offset) => scene.start + offset),
  }),
);

describe('a window, whatever the clocks do', () => {
  it('opens next when a look at every minute says so, and not before', () => {
    fc.assert(
      fc.property(drawn, ({ scene, window, at }) => {
        const open = opener(scene, window);
        const now = Math.floor((at - scene.start) / MINUTE_MS);
        const next = scene.minutes.findIndex((minute, index) => index >= now && open(minute, index));
        const opens = nextOpening(window, at);
        expect(isOpen(window, at)).toBe(next === now);
        if (next === now) expect(opens).toBe(at);
        else if (next > now) expect(opens).toBe(scene.start + next * MINUTE_MS);
        else expect(opens).toBeGreaterThanOrEqual(scene.start + SCENE_MINUTES * MINUTE_MS);
      }),
      { numRuns: 500 },
    );
  });

  it('opens at last, and is open then', () => {
    fc.assert(
      fc.property(drawn, ({ window, at }) => {
        const opens = nextOpening(window, at) ?? Number.NaN;
        expect(isOpen(window, opens)).toBe(true);
        expect(nextOpening(window, opens)).toBe(opens);
      }),
      { numRuns: 300 },
    );
  });

  it('says why whenever it is shut, and only then', () => {
    fc.assert(
      fc.property(drawn, ({ scene, window, at }) => {
        const why = whyShut(window, at);
        const date = scene.minutes[Math.floor((at - scene.start) / MINUTE_MS)]?.date ?? '';
        expect(why === undefined).toBe(isOpen(window, at));
        if (window.holidays.includes(date))
          expect(why).toMatch(new RegExp(`^(?:freeze: sale until |holiday ${date}$)`));
        else if (why !== undefined) expect(why).toMatch(/^(?:freeze: sale until |outside )/);
      }),
      { numRuns: 300 },
    );
  });

  it('never opens in what only shuts it more', () => {
    fc.assert(
      fc.property(drawn, ({ window, at }) => {
        const before = nextOpening({ ...window, holidays: [], freezes: [] }, at) ?? Number.NaN;
        expect(nextOpening(window, at)).toBeGreaterThanOrEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  it('is open for as long as it says, in any year', () => {
    const year = fc.integer({ min: Date.parse('2000-01-01T00:00Z'), max: Date.parse('2099-01-01T00:00Z') });
    fc.assert(
      fc.property(drawn, year, ({ window }, at) => {
        const opens = nextOpening(window, at) ?? Number.NaN;
        expect(isOpen(window, opens)).toBe(true);
        if (opens > at) expect(isOpen(window, opens - 1)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
