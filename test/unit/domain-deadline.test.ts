import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadlineFor, extended } from '../../src/domain/deadline-days.ts';
import { leftText, standingAt } from '../../src/domain/deadline.ts';
import { momentAt, understand } from '../../src/domain/moment.ts';
import { CLOCK_CHANGES, writtenIn } from '../support/clock-changes.ts';

const [HOUR, DAY] = [3_600_000, 24 * 3_600_000];
const REMIND = { policy: 'escalate', remindDays: [14, 7, 3, 1] } as const;

function due(text: string) {
  const understood = understand(text);
  if (understood.kind === 'wrong') throw new Error(understood.why);
  return understood.moment;
}

describe('a deadline', () => {
  const one = deadlineFor(due('2026-04-05 18:00 Europe/Berlin'), REMIND);

  it('has its reminders at its own time of day, across a change of clocks', () => {
    expect(one.remind).toEqual([
      { daysBefore: 14, at: '2026-03-22T17:00:00.000Z' },
      { daysBefore: 7, at: '2026-03-29T16:00:00.000Z' },
      { daysBefore: 3, at: '2026-04-02T16:00:00.000Z' },
      { daysBefore: 1, at: '2026-04-04T16:00:00.000Z' },
      { daysBefore: 0, at: '2026-04-05T16:00:00.000Z' },
    ]);
  });

  it.each([
    ['2026-03-22T16:59:59Z', false, undefined, '2026-03-22T17:00:00Z'],
    ['2026-03-22T17:00:00Z', false, 14, '2026-03-29T16:00:00Z'],
    ['2026-04-04T15:00:00Z', false, 3, '2026-04-04T16:00:00Z'],
    ['2026-04-05T15:59:59Z', false, 1, '2026-04-05T16:00:00Z'],
    ['2026-04-05T16:00:00Z', true, 0, undefined],
  ])('stands at %s', (at, passed, daysBefore, next) => {
    const standing = standingAt(one, Date.parse(at));
    expect(standing.passed).toBe(passed);
    expect(standing.reminder?.daysBefore).toBe(daysBefore);
    expect(standing.next).toBe(next === undefined ? undefined : Date.parse(next));
  });

  it('that is extended keeps its policy and has as many reminders as before', () => {
    const later = extended(one, due('2026-04-12 18:00 Europe/Berlin'));
    expect(later.policy).toBe('escalate');
    expect(later.remind.map(({ daysBefore }) => daysBefore)).toEqual([14, 7, 3, 1, 0]);
    expect(later.remind[0]?.at).toBe('2026-03-29T16:00:00.000Z');
  });

  it.each([
    [5 * DAY + HOUR, '5 days left'],
    [47 * HOUR, '47 hours left'],
    [90 * 60_000, '90 minutes left'],
    [60_000, '1 minute left'],
    [0, 'overdue by 0 minutes'],
    [-3 * HOUR, 'overdue by 3 hours'],
    [-2 * DAY, 'overdue by 2 days'],
  ])('with %i ms to go: %s', (ms, text) => {
    expect(leftText({ at: new Date(0).toISOString() }, -ms)).toBe(text);
  });
});

const anyDeadline = fc
  .tuple(
    fc.constantFrom(...CLOCK_CHANGES),
    fc.integer({ min: -20 * 1440, max: 20 * 1440 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }),
  )
  .map(([{ timeZone, at }, minutes, remindDays]) => ({
    remindDays,
    deadline: deadlineFor(momentAt(at + minutes * 60_000, timeZone), { policy: 'auto', remindDays }),
  }));

describe('any deadline', () => {
  it('is reminded of once for each day, in order, at its time of day as far as the clocks show it', () => {
    fc.assert(
      fc.property(anyDeadline, ({ deadline: { due: moment, remind }, remindDays }) => {
        expect(remind.map(({ daysBefore }) => daysBefore)).toEqual(
          [...new Set([...remindDays, 0])].toSorted((a, b) => b - a),
        );
        for (const [index, { at, daysBefore }] of remind.entries()) {
          const before = remind[index - 1];
          if (before) expect(Date.parse(before.at)).toBeLessThan(Date.parse(at));
          const dueIn = writtenIn(moment.timeZone, Date.parse(moment.at));
          const wanted = new Date(Date.parse(`${dueIn.slice(0, 10)}T00:00Z`) - daysBefore * DAY)
            .toISOString()
            .slice(0, 10);
          const written = writtenIn(moment.timeZone, Date.parse(at));
          const previous = writtenIn(moment.timeZone, Date.parse(at) - 60_000);
          // Either the very time, or the first one after the clocks skipped it.
          if (written !== `${wanted} ${dueIn.slice(11)}`) {
            expect(written > `${wanted} ${dueIn.slice(11)}`).toBe(true);
            expect(previous < `${wanted} ${dueIn.slice(11)}`).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is told of at every instant as by looking at each reminder alone', () => {
    fc.assert(
      fc.property(anyDeadline, fc.integer({ min: -40 * 1440, max: 5 * 1440 }), ({ deadline }, minutes) => {
        const now = Date.parse(deadline.due.at) + minutes * 60_000;
        const { passed, reminder, next } = standingAt(deadline, now);
        const past = deadline.remind.filter(({ at }) => Date.parse(at) <= now);
        const future = deadline.remind.filter(({ at }) => Date.parse(at) > now).map(({ at }) => Date.parse(at));
        expect(passed).toBe(minutes >= 0);
        expect(reminder?.daysBefore).toBe(
          past.length === 0 ? undefined : Math.min(...past.map(({ daysBefore }) => daysBefore)),
        );
        expect(next).toBe(future.length === 0 ? undefined : Math.min(...future));
      }),
      { numRuns: 300 },
    );
  });
});
