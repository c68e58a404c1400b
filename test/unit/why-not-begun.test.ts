import { describe, expect, it } from 'vitest';
import { deadlineFor } from '../../src/domain/deadline-days.ts';
import { untouched } from '../../src/domain/deadline.ts';
import type { DeadlinePolicy } from '../../src/domain/environment.ts';
import { momentAt } from '../../src/domain/moment.ts';
import type { DeadlineStatus, Timing } from '../../src/domain/status.ts';
import { whyNotBegun } from '../../workflows/why-not-begun.ts';

const at = (time: string) => momentAt(Date.parse(time), 'UTC');
const DUE = 'Fri 2026-12-18 18:00 UTC';
const deadline = (policy: DeadlinePolicy, change: Partial<DeadlineStatus> = {}): DeadlineStatus => ({
  ...untouched(deadlineFor(at('2026-12-18T18:00Z'), { policy, remindDays: [] })),
  ...change,
});
const requested = { due: at('2026-12-25T18:00Z'), remind: [], by: 'ana', reason: 'a sale', askedAt: '' };
const schedule = { moment: at('2026-12-20T10:00Z'), by: 'ana' };
const BACK = 'ana took it back: slow; its traffic is on blue';

const said = (timing: Timing, takenBack?: string): string[] => {
  const { why, verbs } = whyNotBegun({
    app: { name: 'messages', team: 'chat' },
    environment: 'stg',
    timing,
    ...(takenBack === undefined ? {} : { takenBack }),
  });
  return [why.kind, why.because, why.waitsFor, verbs?.flat().join(' ') ?? ''];
};

describe('what an app waits for that does not begin', () => {
  it.each<[string, Timing, string | undefined, string[]]>([
    ['nothing but its owner', {}, undefined, ['owner', 'chat moves it on a day of its own', 'its start', '']],
    [
      'its owner, until a deadline',
      { deadline: deadline('auto') },
      undefined,
      ['owner', `chat moves it on a day of its own; its deadline is ${DUE}`, 'its start', ''],
    ],
    ['its owner, who took it back', {}, BACK, ['aborted', BACK, 'a second try', '']],
    [
      'its second time',
      { schedule: { ...schedule, opens: 'Mon 2026-12-21 10:00 UTC' } },
      BACK,
      [
        'schedule',
        `${BACK}; ana scheduled it for Sun 2026-12-20 10:00 UTC, when the window is shut: it opens Mon 2026-12-21 10:00 UTC`,
        'its time: Mon 2026-12-21 10:00 UTC',
        'retry unschedule rollback',
      ],
    ],
    [
      'an SRE',
      { deadline: deadline('escalate', { passed: true }) },
      undefined,
      [
        'deadline',
        `chat has not started it, and its deadline has passed: ${DUE}; it is chat's app`,
        'an SRE: begin in the stead of chat, or a later deadline',
        'start extend rollback',
      ],
    ],
    [
      'an SRE, who was asked for more time',
      { schedule, deadline: deadline('escalate', { passed: true, requested }) },
      BACK,
      [
        'deadline',
        `${BACK}, and its deadline has passed: ${DUE}; it is chat's app; ana scheduled it for Sun 2026-12-20 10:00 UTC`,
        'an SRE: begin in the stead of chat, or a later deadline',
        'retry grant-extension refuse-extension rollback',
      ],
    ],
    [
      'its owner, who blocks the upgrade',
      { deadline: deadline('block', { passed: true }) },
      undefined,
      [
        'owner',
        `chat has not started it, and its deadline has passed: ${DUE}; stg is blocked until it has moved`,
        'its start by chat, which is overdue',
        '',
      ],
    ],
    [
      'its time, though that is late',
      { schedule, deadline: deadline('block', { passed: true }) },
      undefined,
      [
        'schedule',
        'ana scheduled it for Sun 2026-12-20 10:00 UTC',
        'its time: Sun 2026-12-20 10:00 UTC',
        'start unschedule rollback',
      ],
    ],
    [
      'its owner, who took back what auto does not force',
      { deadline: deadline('auto', { passed: true }) },
      BACK,
      [
        'aborted',
        `${BACK}, and its deadline has passed: ${DUE}; stg is blocked until it has moved`,
        'a second try by chat, which is overdue',
        '',
      ],
    ],
  ])('%s', (_who, timing, takenBack, expected) => {
    expect(said(timing, takenBack)).toEqual(expected);
  });
});
