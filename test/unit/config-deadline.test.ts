import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseEnvironment } from '../../config/load.ts';

const MINIMAL = readFileSync(new URL('../../config/examples/minimal.yaml', import.meta.url), 'utf8');
const [first = '', name = ''] = /^apps:\n\s+- name: (\S+)/m.exec(MINIMAL) ?? [];
const forAll = (deadline: string): string => `${MINIMAL}\ndeadline: ${deadline}\n`;
const forOne = (text: string, deadline: string): string => text.replace(first, `${first}\n    deadline: ${deadline}`);

function told(text: string): string[] {
  try {
    parseEnvironment(text, 'stg.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}
const deadlineOf = (text: string) => parseEnvironment(text, 'stg.yaml').apps[0]?.deadline;

describe('a deadline in the environment file', () => {
  it('is that of every app without one of its own', () => {
    const all = forAll('{ at: "2026-12-18 18:00", timeZone: Asia/Tokyo }');
    expect(deadlineOf(all)).toMatchObject({
      due: { at: '2026-12-18T09:00:00.000Z', local: 'Fri 2026-12-18 18:00 Asia/Tokyo' },
      policy: 'escalate',
      remind: [14, 7, 3, 1, 0].map((daysBefore) => ({ daysBefore })),
    });
    const own = forOne(all, '{ at: "2026-12-24 10:00", timeZone: Europe/Berlin, policy: auto, remindDays: [2] }');
    expect(deadlineOf(own)).toMatchObject({
      due: { at: '2026-12-24T09:00:00.000Z' },
      policy: 'auto',
      remind: [{ daysBefore: 2 }, { daysBefore: 0 }],
    });
  });

  it('is none when nothing is said', () => {
    expect(deadlineOf(MINIMAL)).toBeUndefined();
  });

  it.each([
    [
      forAll('{ at: "2027-03-28 02:30", timeZone: Europe/Berlin }'),
      'deadline.at: the clocks of Europe/Berlin skip 02:30 on 2027-03-28. Expected a time that they show.',
    ],
    [
      forOne(MINIMAL, '{ at: "2026-10-25 02:30", timeZone: Europe/Berlin }'),
      `apps.${name}.deadline.at: the clocks of Europe/Berlin show 02:30 twice on 2026-10-25. Say which instead of the time zone: +02:00 or +01:00.`,
    ],
    [
      forAll('{ at: "2026-02-30 10:00", timeZone: UTC }'),
      'deadline.at: 2026-02-30 is no day of the calendar. Expected a date such as 2026-12-03.',
    ],
    [
      forAll('{ at: 2026-12-18, timeZone: UTC, policy: force }'),
      'deadline.at: found "2026-12-18". Expected when the app must be on green: a date before 2100 with a time, such as 2026-12-18 18:00.',
    ],
    [
      forAll('{ at: "2026-12-18 18:00", timeZone: Asia/Tokio }'),
      'deadline.timeZone: found "Asia/Tokio". Expected a time zone, such as Asia/Tokyo or UTC.',
    ],
  ])('that is wrong is told %#', (text, expected) => {
    expect(told(text)).toContain(expected);
  });
});
