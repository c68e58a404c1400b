import { describe, expect, it } from 'vitest';
import { renderStragglers } from '../../src/cli/render/stragglers.ts';
import { deadlineFor } from '../../src/domain/deadline-days.ts';
import { untouched } from '../../src/domain/deadline.ts';
import { momentAt } from '../../src/domain/moment.ts';
import type { AppStatus, DeadlineStatus } from '../../src/domain/status.ts';
import { stragglers } from '../../src/domain/stragglers.ts';
import { action, ago, app, hold, NOW } from '../support/cli-status.ts';

const dueIn = (hours: number): DeadlineStatus =>
  untouched(
    deadlineFor(momentAt(NOW.getTime() + hours * 3_600_000, 'Asia/Tokyo'), { policy: 'escalate', remindDays: [1] }),
  );
const notBegun = 'stg is in phase provision';
const told = (apps: Parameters<typeof stragglers>[0]) => stragglers(apps, { now: NOW, notBegun });
const reasonOf = (change: Partial<AppStatus>): string | undefined => told([app('messages', change)])[0]?.reason;

describe('stragglers', () => {
  it('are the apps that are not on green, the most urgent first', () => {
    const apps = [
      app('calm', { state: 'baking' }),
      app('done', { state: 'on-green', greenPercent: 100, timing: { deadline: dueIn(-9) } }),
      app('idle', { state: 'holding', hold: hold({ kind: 'owner' }) }),
      app('soon', { state: 'holding', hold: hold({ kind: 'owner' }), timing: { deadline: dueIn(50) } }),
      app('late', { state: 'holding', hold: hold({ kind: 'deadline' }), timing: { deadline: dueIn(-3) } }),
      app('later', {
        timing: { deadline: { ...dueIn(-30), requested: { ...dueIn(72), by: 'ana', reason: 'x', askedAt: ago(1) } } },
      }),
      { ...app('new', { timing: { deadline: dueIn(60) } }), state: 'not-begun' as const },
    ];
    const found = told(apps);
    expect(found.map(({ app: name, left, overdue }) => [name, left, overdue])).toEqual([
      ['later', 'overdue by 30 hours', true],
      ['late', 'overdue by 3 hours', true],
      ['soon', '2 days left', false],
      ['new', '2 days left', false],
      ['idle', undefined, false],
      ['calm', undefined, false],
    ]);
    expect(renderStragglers({ environment: 'stg', stragglers: found }, NOW, { width: Infinity, colour: false }))
      .toMatchInlineSnapshot(`
      "APP    TEAM        GREEN  DEADLINE                         LEFT                 SINCE  BECAUSE
      later  team-later  0%     Fri 2026-11-20 06:12 Asia/Tokyo  overdue by 30 hours  1m00s  about to go on; asks for Tue 2026-11-24 12:12 Asia/Tokyo
      late   team-late   0%     Sat 2026-11-21 09:12 Asia/Tokyo  overdue by 3 hours   1m00s  held: http of messages: 31 of 200 answers failed, expected none; its traffic is back on blue
      soon   team-soon   0%     Mon 2026-11-23 14:12 Asia/Tokyo  2 days left          1m00s  not started
      new    team-new    0%     Tue 2026-11-24 00:12 Asia/Tokyo  2 days left          -      stg is in phase provision
      idle   team-idle   0%     -                                -                    1m00s  not started
      calm   team-calm   0%     -                                -                    1m00s  under way: step 1 of 4"
    `);
    expect(renderStragglers({ environment: 'stg', stragglers: [] }, NOW, { width: 80, colour: false })).toBe(
      'all apps of stg are on green',
    );
  });

  const schedule = { moment: momentAt(NOW.getTime() + 1, 'Asia/Tokyo'), by: 'ana' };
  it.each<[Partial<AppStatus>, string]>([
    [{ hold: hold({ kind: 'owner' }) }, 'not started'],
    [{ hold: hold({ kind: 'schedule' }), timing: { schedule } }, 'scheduled for Sat 2026-11-21 12:12 Asia/Tokyo'],
    [
      { hold: hold({ kind: 'paused', because: 'its owner paused it' }), actions: [action({ reason: 'a release' })] },
      'paused by ana: a release',
    ],
    [
      { hold: hold({ kind: 'paused', because: 'the upgrade is paused' }), actions: [action({})] },
      'paused: the upgrade is paused',
    ],
    [{ hold: hold({ kind: 'gate', because: 'no answer' }) }, 'held: no answer'],
    [{ hold: hold({ kind: 'aborted', because: 'ana took it back: slow' }) }, 'held: ana took it back: slow'],
    [{ hold: hold({ kind: 'turn', because: 'it moves after files' }) }, 'waits for its turn: it moves after files'],
    [{ hold: hold({ kind: 'window', because: 'holiday' }) }, 'waits for its window: holiday'],
    [{ state: 'baking', stepIndex: 1 }, 'under way: step 2 of 4'],
    [{ state: 'reversing' }, 'gives its traffic back to blue'],
    [{ state: 'on-blue', failed: 'it answered 503' }, 'back on blue: it answered 503'],
    [{ state: 'waiting' }, 'about to go on'],
  ])('%j: %s', (change, reason) => {
    expect(reasonOf(change)).toBe(reason);
  });

  it('that have not begun wait for their upgrade', () => {
    expect(told([{ ...app('new', {}), state: 'not-begun' }])[0]?.reason).toBe(notBegun);
  });
});
