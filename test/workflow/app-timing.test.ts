// When an app begins: at its owner's schedule, or as the policy of its deadline says; and who is reminded and asked.
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineFor, extended } from '../../src/domain/deadline-days.ts';
import type { Deadline, DeadlinePolicy } from '../../src/domain/environment.ts';
import { momentAt } from '../../src/domain/moment.ts';
import type { AppStatus } from '../../src/domain/status.ts';
import * as messages from '../../workflows/messages.ts';
import { holds, migrationScene, onBlue, until, type Move, type Scene } from '../support/migration-scene.ts';
import { refusal } from '../support/refusal.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const DAY = 24 * 3600;
const ana = { by: 'ana', role: 'developer', reason: 'as planned' } as const;
const sre = { by: 'hana', role: 'sre', reason: 'as agreed' } as const;

const inSeconds = (seconds: number) => momentAt(Date.now() + seconds * 1000, 'Asia/Tokyo');
const deadlineIn = (seconds: number, policy: DeadlinePolicy, remindDays: readonly number[] = []): Deadline =>
  deadlineFor(inSeconds(seconds), { policy, remindDays });
const tell = <Ask>(move: Move, update: UpdateDefinition<messages.Accepted, [Ask]>, ask: Ask) =>
  move.executeUpdate(update, { args: [ask] });
const isOnGreen = ({ state }: AppStatus): boolean => state === 'on-green';
const beganMs = ({ history }: AppStatus): number => Date.parse(history[0]?.askedAt ?? '');

describe.concurrent('when an app begins', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const owned = (
    deadline: Deadline | undefined,
    act: (given: Scene & { moving: Move }) => Promise<void>,
  ): Promise<void> =>
    migrationScene(temporal, { app: { start: 'owner', ...(deadline ? { deadline } : {}) } }, async (given) =>
      act({ ...given, moving: await given.move() }),
    );

  it('is at the time that its owner set, which may be changed until then', async () => {
    await owned(undefined, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, holds('owner'));
      const past = inSeconds(-60);
      expect(await refusal(tell(moving, messages.scheduleUpdate, { ...ana, moment: past }))).toBe(
        `${past.local} is past`,
      );
      expect(await refusal(tell(moving, messages.unscheduleUpdate, ana))).toBe('it is not scheduled');
      const later = inSeconds(DAY);
      const { now } = await tell(moving, messages.scheduleUpdate, { ...ana, moment: later, opens: 'Mon 10:00 UTC' });
      expect(now).toBe(`messages begins Mon 10:00 UTC, when the window opens, which is shut ${later.local}`);
      const scheduled = await until(moving, holds('schedule'));
      expect(scheduled.hold).toMatchObject({
        because: `ana scheduled it for ${later.local}, when the window is shut: it opens Mon 10:00 UTC`,
        waitsFor: 'its time: Mon 10:00 UTC',
        releases: [
          'eksodus apps start stg messages',
          'eksodus apps unschedule stg messages',
          'eksodus upgrade rollback stg',
        ],
      });
      await tell(moving, messages.unscheduleUpdate, ana);
      await until(moving, holds('owner'));
      const moment = inSeconds(5);
      await tell(moving, messages.scheduleUpdate, { ...ana, moment });
      expect(fake.weights(host)).toEqual(onBlue);
      const moved = await until(moving, isOnGreen);
      expect(beganMs(moved)).toBeGreaterThanOrEqual(Date.parse(moment.at));
      expect(moved.timing).toEqual({});
      expect(moved.actions).toMatchObject([
        { verb: 'schedule', by: 'ana', role: 'developer', detail: later.local, reason: 'as planned' },
        { verb: 'unschedule' },
        { verb: 'schedule', detail: moment.local },
        { verb: 'start', by: 'eksodus', reason: `ana scheduled it for ${moment.local}` },
      ]);
      expect(await refusal(tell(moving, messages.scheduleUpdate, { ...ana, moment: later }))).toBe(
        'it waits neither for its start nor for a second try',
      );
    });
  });

  it('is when its owner says so, whatever was scheduled', async () => {
    await owned(undefined, async ({ moving }) => {
      await until(moving, holds('owner'));
      await tell(moving, messages.scheduleUpdate, { ...ana, moment: inSeconds(DAY) });
      await until(moving, holds('schedule'));
      await tell(moving, messages.startUpdate, ana);
      expect((await until(moving, isOnGreen)).timing).toEqual({});
    });
  });

  it('may be scheduled for a second try after it was taken back', async () => {
    await owned(undefined, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, holds('owner'));
      await tell(moving, messages.startUpdate, ana);
      await until(moving, isOnGreen);
      await tell(moving, messages.abortUpdate, ana);
      await until(moving, holds('aborted'));
      const moment = inSeconds(5);
      await tell(moving, messages.scheduleUpdate, { ...ana, moment });
      const scheduled = await until(moving, holds('schedule'));
      expect(scheduled.hold?.because).toBe(
        `ana took it back: as planned; its traffic is on blue; ana scheduled it for ${moment.local}`,
      );
      expect(fake.weights(host)).toEqual(onBlue);
      const again = await until(moving, isOnGreen);
      expect(again.actions.at(-1)).toMatchObject({ verb: 'retry', by: 'eksodus' });
      // And once more, by hand before its time.
      await tell(moving, messages.abortUpdate, ana);
      await until(moving, holds('aborted'));
      await tell(moving, messages.scheduleUpdate, { ...ana, moment: inSeconds(DAY) });
      await until(moving, holds('schedule'));
      await tell(moving, messages.retryUpdate, ana);
      await until(moving, isOnGreen);
    });
  });

  it('is its deadline, where nobody started it and the policy is auto', async () => {
    const deadline = deadlineIn(3, 'auto');
    await owned(deadline, async ({ moving, fake }) => {
      const moved = await until(moving, isOnGreen);
      expect(beganMs(moved)).toBeGreaterThanOrEqual(Date.parse(deadline.due.at));
      expect(moved.actions).toMatchObject([
        { verb: 'start', by: 'eksodus', reason: `its deadline has come: ${deadline.due.local}` },
      ]);
      expect(moved.actions[0]).not.toHaveProperty('role');
      expect(fake.reminders).toMatchObject([{ daysBefore: 0, policy: 'auto', team: 'team-messages' }]);
    });
  });

  it('is at once, where its deadline has passed before it could', async () => {
    await owned(deadlineIn(-DAY, 'auto', [3, 1]), async ({ moving, fake }) => {
      const moved = await until(moving, isOnGreen);
      expect(moved.timing?.deadline?.passed).toBe(true);
      // Of all that is past, the latest.
      expect(fake.reminders.map(({ daysBefore }) => daysBefore)).toEqual([0]);
    });
  });

  it('is never forced by a deadline on what its owner took back', async () => {
    await owned(deadlineIn(-60, 'auto'), async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, isOnGreen);
      await tell(moving, messages.abortUpdate, ana);
      const back = await until(moving, holds('aborted'));
      expect(back.hold?.waitsFor).toBe('a second try by team-messages, which is overdue');
      // It looks at its calendar once more at each of these.
      await tell(moving, messages.scheduleUpdate, { ...ana, moment: inSeconds(DAY) });
      await tell(moving, messages.unscheduleUpdate, ana);
      const still = await until(moving, holds('aborted'));
      expect(still.actions.map(({ verb }) => verb)).toEqual(['start', 'abort', 'schedule', 'unschedule']);
      expect(fake.weights(host)).toEqual(onBlue);
    });
  });

  it('is an SRE’s to decide after its deadline, where the policy is escalate', async () => {
    const deadline = deadlineIn(2, 'escalate');
    await owned(deadline, async ({ moving }) => {
      const late = await until(moving, holds('deadline'));
      expect(late.hold).toMatchObject({
        because: `team-messages has not started it, and its deadline has passed: ${deadline.due.local}; it is team-messages's app`,
        waitsFor: 'an SRE: begin in the stead of team-messages, or a later deadline',
        releases: [
          'eksodus apps start stg messages',
          'eksodus apps extend stg messages',
          'eksodus upgrade rollback stg',
        ],
      });
      // What its owner plans does not end it, and counts all the same.
      await tell(moving, messages.scheduleUpdate, { ...ana, moment: inSeconds(DAY) });
      const planned = await until(moving, ({ hold }) => hold?.because.includes('scheduled') ?? false);
      expect(planned.hold?.kind).toBe('deadline');
      await tell(moving, messages.startUpdate, sre);
      const moved = await until(moving, isOnGreen);
      expect(moved.actions.at(-1)).toMatchObject({ verb: 'start', by: 'hana', role: 'sre' });
    });
  });

  it('stays its owner’s to say after its deadline, where the policy is block', async () => {
    const deadline = deadlineIn(2, 'block');
    await owned(deadline, async ({ moving }) => {
      const late = await until(moving, ({ hold }) => hold?.waitsFor.includes('overdue') ?? false);
      expect(late.hold).toMatchObject({
        kind: 'owner',
        because: `team-messages has not started it, and its deadline has passed: ${deadline.due.local}; stg is blocked until it has moved`,
        waitsFor: 'its start by team-messages, which is overdue',
      });
      const notTheirs = "it is team-messages's to start, says the policy of its deadline: block";
      expect(await refusal(tell(moving, messages.startUpdate, sre))).toBe(notTheirs);
      expect(await refusal(tell(moving, messages.scheduleUpdate, { ...sre, moment: inSeconds(DAY) }))).toBe(notTheirs);
      await tell(moving, messages.startUpdate, ana);
      await until(moving, isOnGreen);
      await tell(moving, messages.abortUpdate, ana);
      await until(moving, holds('aborted'));
      expect(await refusal(tell(moving, messages.retryUpdate, sre))).toBe(notTheirs);
      expect(await refusal(tell(moving, messages.pinUpdate, { ...sre, greenPercent: 50 }))).toBe(notTheirs);
    });
  });

  it('may be later by an extension that an SRE grants', async () => {
    const deadline = deadlineIn(20, 'auto', [1]);
    await owned(deadline, async ({ moving, fake }) => {
      const waiting = await until(moving, holds('owner'));
      expect(waiting.hold?.because).toBe(
        `team-messages moves it on a day of its own; its deadline is ${deadline.due.local}`,
      );
      await eventually(
        async () => fake.reminders,
        (sent) => sent.length === 1,
      );
      const ask = (seconds: number) => {
        const { due, remind } = extended(deadline, inSeconds(seconds));
        return tell(moving, messages.extendUpdate, { ...ana, due, remind });
      };
      const answers = [messages.grantExtensionUpdate, messages.refuseExtensionUpdate];
      for (const answer of answers)
        expect(await refusal(tell(moving, answer, sre))).toBe('nobody has asked for a later deadline');
      expect(await refusal(ask(-DAY))).toMatch(/^\S+ \S+ \S+ Asia\/Tokyo is not after its deadline, /);
      expect((await ask(2 * DAY)).now).toContain(`until that is granted ${deadline.due.local} stands`);
      for (const answer of answers)
        expect(await refusal(tell(moving, answer, ana))).toContain('is not for the role developer');
      await tell(moving, messages.refuseExtensionUpdate, sre);
      expect((await moving.query(messages.appStatusQuery)).timing?.deadline).toMatchObject({ due: deadline.due });
      // Its own reminder of a day before would be past already.
      await ask(DAY / 2);
      const asked = (await moving.query(messages.appStatusQuery)).timing?.deadline;
      expect(asked?.requested).toMatchObject({ by: 'ana', reason: 'as planned' });
      expect(asked?.due).toEqual(deadline.due);
      await tell(moving, messages.grantExtensionUpdate, sre);
      const granted = (await moving.query(messages.appStatusQuery)).timing?.deadline;
      expect(granted?.due).toEqual(asked?.requested?.due);
      expect(granted).not.toHaveProperty('requested');
      expect(granted?.remind.map(({ daysBefore }) => daysBefore)).toEqual([1, 0]);
      // The old one comes and goes.
      await new Promise((resolve) => setTimeout(resolve, Date.parse(deadline.due.at) - Date.now() + 1500));
      const still = await moving.query(messages.appStatusQuery);
      expect(still).toMatchObject({ state: 'holding', timing: { deadline: { passed: false } } });
      expect(fake.reminders).toHaveLength(1);
      expect(still.actions.map(({ verb, role, detail }) => [verb, role, detail === granted?.due.local])).toEqual([
        ['extend', 'developer', false],
        ['refuse-extension', 'sre', false],
        ['extend', 'developer', true],
        ['grant-extension', 'sre', true],
      ]);
    });
  });

  it('has none to extend without a deadline', async () => {
    await owned(undefined, async ({ moving }) => {
      await until(moving, holds('owner'));
      const { due, remind } = deadlineIn(DAY, 'auto');
      expect(await refusal(tell(moving, messages.extendUpdate, { ...ana, due, remind }))).toBe('it has no deadline');
    });
  });

  it('is what its owner is reminded of, each time once, also when it cannot be sent', async () => {
    // Reminders, as those of days before would be, seconds away.
    const [first, second, due] = [inSeconds(-60), inSeconds(12), inSeconds(15)];
    const remind = [
      { daysBefore: 7, at: inSeconds(-120).at },
      { daysBefore: 3, at: first.at },
      { daysBefore: 1, at: second.at },
      { daysBefore: 0, at: due.at },
    ];
    await owned({ due, policy: 'block', remind }, async ({ moving, fake }) => {
      fake.before = (activity, input) => {
        const isSecond = activity === 'remind' && JSON.stringify(input).includes('"daysBefore":1,');
        if (isSecond) throw ApplicationFailure.nonRetryable('nobody listens', 'input.invalid');
      };
      const reminded = (count: number) =>
        until(moving, ({ timing }) => (timing?.deadline?.reminded.length ?? 0) >= count);
      await reminded(1);
      // It holds anew, which is no reason to say it again.
      await tell(moving, messages.scheduleUpdate, { ...ana, moment: inSeconds(DAY) });
      await tell(moving, messages.unscheduleUpdate, ana);
      const { timing } = await reminded(3);
      expect(timing?.deadline?.reminded.map(({ daysBefore, failed }) => [daysBefore, failed])).toEqual([
        [3, undefined],
        [1, 'nobody listens'],
        [0, undefined],
      ]);
      expect(fake.reminders.map(({ daysBefore }) => daysBefore)).toEqual([3, 0]);
      const { events } = await moving.fetchHistory();
      // One sleep from moment to moment; what wakes it in between begins another one.
      expect(
        (events ?? []).filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes).length,
      ).toBeLessThan(8);
    });
  });
});
