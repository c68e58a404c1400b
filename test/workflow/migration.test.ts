import { ApplicationFailure } from '@temporalio/common';
import type { temporal as proto } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Window } from '../../src/domain/environment.ts';
import { appStatusQuery, migrationSteerSignal, releaseSignal, wishAnswerSignal } from '../../workflows/messages.ts';
import type { FakeWorld } from '../support/fake-world.ts';
import { latch } from '../support/latch.ts';
import {
  BLUE,
  GREEN,
  holds,
  migrationScene,
  onBlue,
  renamed,
  until,
  type Move,
  type Scene,
} from '../support/migration-scene.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

type HistoryEvent = proto.api.history.v1.IHistoryEvent;

describe.concurrent('migration of one app', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const scene = (change: Parameters<typeof migrationScene>[1], act: (given: Scene) => Promise<void>): Promise<void> =>
    migrationScene(temporal, change, act);

  /** Lets the gate's watch wait until something has happened, and then fail once. */
  function failOnce(fake: FakeWorld, happened: () => boolean): void {
    let failed = false;
    fake.before = async (activity, input) => {
      // Questions before a step and before going back end at once; a step is watched for as long as it takes.
      if (activity !== 'watchGate' || failed || Date.parse((input as { until: string }).until) <= Date.now()) return;
      await eventually(async () => happened(), Boolean);
    };
    fake.gate = () => {
      if (failed) return 'passed';
      failed = true;
      return 'failed';
    };
  }

  it('stops moving further hosts when the gate fails while the first is still spreading', async () => {
    const hosts = ['one', 'two'].map((name) => ({ name: `${name}.example.test`, zoneId: '' }));
    await scene({ app: { hosts } }, async ({ fake, move, hosts: [first = '', second = ''] }) => {
      const spread = latch();
      failOnce(fake, () => fake.weights(first)[GREEN] === 10);
      const { before } = fake;
      fake.before = (activity, input) => {
        if (activity === 'awaitInSync' && (input as { changeId: string }).changeId === 'C0') return spread.opened;
        return before(activity, input);
      };
      const moving = await move();
      const held = await until(moving, holds('gate'));
      expect(held).toMatchObject({ greenPercent: 0 });
      expect([first, second].map((host) => fake.weights(host))).toEqual([onBlue, onBlue]);

      // Only now the answer to the first advance comes: nobody may act on it any more.
      const answersBefore = answersIn(await eventsOf(moving)).length;
      spread.open();
      const events = await eventually(
        () => eventsOf(moving),
        (seen) => answersIn(seen).length > answersBefore && isDigested(seen),
      );
      const answered = answersIn(events).at(-1) ?? 0;
      expect(events.slice(answered + 1).map(({ eventType }) => eventType)).toHaveLength(3);
      expect(await moving.query(appStatusQuery)).toMatchObject({ greenPercent: 0, hold: { kind: 'gate' } });
    });
  });

  const eventsOf = async (move: Move): Promise<HistoryEvent[]> => (await move.fetchHistory()).events ?? [];
  const answersIn = (events: readonly HistoryEvent[]): number[] =>
    events.flatMap((event, index) =>
      event.workflowExecutionSignaledEventAttributes?.signalName === wishAnswerSignal.name ? [index] : [],
    );
  /** Whether the workflow has heard all that its history tells. */
  const isDigested = (events: readonly HistoryEvent[]): boolean =>
    events.findLastIndex((event) => event.workflowTaskCompletedEventAttributes) >
    events.findLastIndex((event) => event.workflowExecutionSignaledEventAttributes);

  it('holds when the way back is barred, and takes the app back when a person cleared it', async () => {
    await scene({}, async ({ fake, move, hosts: [host = ''] }) => {
      failOnce(fake, () => {
        if (fake.weights(host)[GREEN] !== 10) return false;
        const records = fake.records.get(host) ?? [];
        const strangers = renamed(records, ({ setIdentifier }) => ({ setIdentifier: `not-${setIdentifier}` }));
        fake.records.set(host, [...records, ...strangers]);
        return true;
      });
      const moving = await move();
      const held = await until(moving, holds('drift'));
      expect(held.hold?.because).toContain('not-stg-1-33=90');
      fake.records.set(
        host,
        (fake.records.get(host) ?? []).filter(({ setIdentifier }) => setIdentifier.startsWith('stg-')),
      );
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      await until(moving, holds('gate'));
      expect(fake.weights(host)).toEqual(onBlue);
    });
  });

  it('holds before its first step when somebody else has put a record beside ours, and leaves it there', async () => {
    await scene({}, async ({ fake, move, hosts: [host = ''] }) => {
      const [record] = fake.records.get(host) ?? [];
      if (!record) throw new Error('no record');
      const stranger = { ...record, setIdentifier: 'canary', weight: 20 };
      fake.records.set(host, [...(fake.records.get(host) ?? []), stranger]);
      const moving = await move();
      const held = await until(moving, holds('drift'));
      expect(held.hold?.because).toContain('canary=20');
      expect(fake.weights(host)['canary']).toBe(20);
      fake.records.set(
        host,
        (fake.records.get(host) ?? []).filter(({ setIdentifier }) => setIdentifier !== 'canary'),
      );
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      await until(moving, ({ state }) => state === 'on-green');
    });
  });

  it('tells, while green cannot serve, that its weight of 0 would not keep traffic away', async () => {
    await scene({}, async ({ fake, move, hosts: [host = ''] }) => {
      fake.labels.delete(GREEN);
      const plain = fake.records.get(host) ?? [];
      fake.records.set(
        host,
        renamed(plain, () => ({ evaluateTargetHealth: true })),
      );
      const moving = await move();
      const held = await until(moving, holds('gate'));
      expect(held.hold?.because).toContain(
        `possible receiver: its records evaluate health, so it gets the traffic of ${host} when no target of ${BLUE} is healthy`,
      );
      fake.records.set(host, plain);
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      const again = await until(moving, ({ hold }) => hold !== undefined && hold.since !== held.hold?.since);
      expect(again.hold?.because).toBe(
        `green cannot serve yet: Argo CD of ${GREEN}: no such application, expected Synced Healthy`,
      );
    });
  });

  it('takes the hosts back that it can, though one is barred', async () => {
    const hosts = ['one', 'two'].map((name) => ({ name: `${name}.example.test`, zoneId: '' }));
    await scene({ app: { hosts } }, async ({ fake, move, hosts: [first = '', second = ''] }) => {
      failOnce(fake, () => {
        if (fake.weights(second)[GREEN] !== 10) return false;
        const [record] = fake.records.get(first) ?? [];
        if (record) fake.records.set(first, [...(fake.records.get(first) ?? []), { ...record, setIdentifier: 'x' }]);
        return true;
      });
      const moving = await move();
      await until(moving, holds('drift'));
      expect(fake.weights(first)).toEqual({ [BLUE]: 90, [GREEN]: 10, x: 90 });
      expect(fake.weights(second)).toEqual(onBlue);
    });
  });

  it('goes back to blue when nobody can tell how blue is: the side that is known to fail is left first', async () => {
    await scene({}, async ({ fake, move, hosts: [host = ''] }) => {
      failOnce(fake, () => fake.weights(host)[GREEN] === 10);
      fake.blueGate = () => {
        throw ApplicationFailure.nonRetryable('no name server answers', 'wait.deadline');
      };
      await until(await move(), holds('gate'));
      expect(fake.weights(host)).toEqual(onBlue);
    });
  });

  it('asks a person before it goes back to a blue that does not answer', async () => {
    await scene({}, async ({ fake, move, hosts: [host = ''] }) => {
      failOnce(fake, () => fake.weights(host)[GREEN] === 10);
      fake.blueGate = () => 'failed';
      const moving = await move();
      const held = await until(moving, holds('gate'));
      expect(held.hold?.because).toContain('blue does not answer either');
      expect(fake.weights(host)).toEqual({ [BLUE]: 90, [GREEN]: 10 });
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      await until(moving, ({ hold }) => hold?.because.includes('back on blue') ?? false);
      expect(fake.weights(host)).toEqual(onBlue);
    });
  });

  const window: Window = {
    timeZone: 'Europe/Berlin',
    hours: [{ days: ['Mon'], from: '09:00', to: '17:00' }],
    holidays: [],
    freezes: [],
  };

  it('stays where it is when it was paused while it waited for the window', async () => {
    await scene({ environment: { window } }, async ({ fake, move, hosts: [host = ''] }) => {
      const paused = latch();
      let looks = 0;
      const opensAt = new Date().toISOString();
      fake.window = async () => {
        looks += 1;
        if (looks === 1) return { open: false, why: 'not yet', opens: { at: opensAt, local: opensAt } };
        await paused.opened;
        return { open: true };
      };
      const moving = await move();
      await until(moving, holds('window'));
      await moving.signal(migrationSteerSignal, { paused: true, retry: false });
      paused.open();
      await until(moving, holds('paused'));
      expect(fake.weights(host)).toEqual(onBlue);
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      await until(moving, ({ state, greenPercent }) => state === 'on-green' && greenPercent === 100);
      await moving.signal(releaseSignal);
      expect(await moving.result()).toMatchObject({ state: 'on-green' });
    });
  });

  it('holds when the window cannot be looked up, and goes on when a person says so', async () => {
    await scene({ environment: { window } }, async ({ fake, move }) => {
      let broken = true;
      fake.window = async () => {
        if (broken) throw ApplicationFailure.nonRetryable('no worker took the work for 15 minutes', 'wait.deadline');
        return { open: true };
      };
      const moving = await move();
      const held = await until(moving, holds('failure'));
      expect(held.hold?.because).toBe('no worker took the work for 15 minutes');
      broken = false;
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      await until(moving, ({ state }) => state === 'on-green');
    });
  });

  it('ends where it is when it is cancelled in the middle of a step', async () => {
    await scene({}, async ({ fake, move, hosts: [host = ''] }) => {
      const spread = latch();
      fake.before = (activity) => (activity === 'awaitInSync' ? spread.opened : undefined);
      const moving = await move();
      await eventually(
        async () => fake.weights(host)[GREEN],
        (green) => green === 10,
      );
      await moving.cancel();
      expect(await moving.result()).toMatchObject({ state: 'moving' });
      spread.open();
      expect(fake.weights(host)).toEqual({ [BLUE]: 90, [GREEN]: 10 });
    });
  });
});
