import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { momentAt, understand } from '../../src/domain/moment.ts';
import { CLOCK_CHANGES, writtenIn } from '../support/clock-changes.ts';

describe('a time as a person writes it', () => {
  it.each([
    ['2026-12-03 10:00 Asia/Tokyo', '2026-12-03T01:00:00.000Z', 'Thu 2026-12-03 10:00 Asia/Tokyo'],
    ['2026-12-03T10:00+09:00', '2026-12-03T01:00:00.000Z', 'Thu 2026-12-03 10:00 +09:00'],
    ['2026-12-03 10:00 +09:00', '2026-12-03T01:00:00.000Z', 'Thu 2026-12-03 10:00 +09:00'],
    ['2026-12-03T10:00:30Z', '2026-12-03T10:00:30.000Z', 'Thu 2026-12-03 10:00 UTC'],
    ['2026-12-03T10:00:30.5-05:30', '2026-12-03T15:30:30.500Z', 'Thu 2026-12-03 10:00 -05:30'],
    [' 2027-07-01 00:00 Europe/Berlin ', '2027-06-30T22:00:00.000Z', 'Thu 2027-07-01 00:00 Europe/Berlin'],
  ])('%s', (text, at, local) => {
    expect(understand(text)).toMatchObject({ kind: 'moment', moment: { at, local } });
  });

  it.each([
    ['tomorrow', '"tomorrow" is no time. Expected one with its time zone'],
    ['2026-12-03 10:00', 'is no time. Expected one with its time zone'],
    ['2026-12-03T10:00', 'is no time. Expected one with its time zone'],
    ['2026-12-03 24:00 UTC', 'is no time.'],
    ['2026-12-03 10:60 UTC', 'is no time.'],
    ['2026-12-03 10:00 Asia/Tokio', '"Asia/Tokio" is no time zone. Expected one such as Asia/Tokyo'],
    ['2026-11-31 10:00 UTC', '2026-11-31 is no day of the calendar'],
    ['2026-13-01 10:00 UTC', '2026-13-01 is no day of the calendar'],
    ['2027-03-28 02:30 Europe/Berlin', 'the clocks of Europe/Berlin skip 02:30 on 2027-03-28.'],
    [
      '2026-10-25 02:30 Europe/Berlin',
      'the clocks of Europe/Berlin show 02:30 twice on 2026-10-25. Say which instead of the time zone: +02:00 or +01:00.',
    ],
    ['2026-11-01 01:30 America/New_York', 'Say which instead of the time zone: -04:00 or -05:00.'],
  ])('is not %s', (text, why) => {
    expect(understand(text)).toMatchObject({ kind: 'wrong', why: expect.stringContaining(why) });
  });

  it('of two that look the same is told apart by its offset', () => {
    const [first, second] = ['+02:00', '+01:00'].map((offset) => understand(`2026-10-25 02:30 ${offset}`));
    expect(first).toMatchObject({ moment: { at: '2026-10-25T00:30:00.000Z' } });
    expect(second).toMatchObject({ moment: { at: '2026-10-25T01:30:00.000Z' } });
  });

  it('is what the clocks show, or is refused because they skip it or show it twice', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CLOCK_CHANGES),
        fc.integer({ min: -2 * 1440, max: 2 * 1440 }),
        ({ timeZone, at }, minutes) => {
          // What a clock of that zone might show in the days around the change, whether it does or not.
          const shown = new Date(Date.parse(`${writtenIn(timeZone, at).replace(' ', 'T')}Z`) + minutes * 60_000)
            .toISOString()
            .slice(0, 16)
            .replace('T', ' ');
          const showing = minutesAround(at).filter((instant) => writtenIn(timeZone, instant) === shown);
          const understood = understand(`${shown} ${timeZone}`);
          if (showing.length !== 1) {
            const why = showing.length === 0 ? ' skip ' : ' twice ';
            expect(understood).toMatchObject({ kind: 'wrong', why: expect.stringContaining(why) });
            return;
          }
          expect(understood).toEqual({ kind: 'moment', moment: momentAt(showing[0] ?? 0, timeZone) });
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Each minute of five days around an instant. */
function minutesAround(at: number): number[] {
  const start = at - 2.5 * 24 * 60 * 60_000;
  return Array.from({ length: 5 * 24 * 60 }, (_, index) => start + index * 60_000);
}
