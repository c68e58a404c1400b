// What an owner, a pause or a window decides in the middle of something else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Window } from '../../src/domain/environment.ts';
import * as messages from '../../workflows/messages.ts';
import { latch } from '../support/latch.ts';
import {
  BLUE,
  GREEN,
  holds,
  migrationScene,
  onBlue,
  until,
  type Move,
  type Scene,
} from '../support/migration-scene.ts';
import { applicationFacts, autoscalerFacts, workloadFacts } from '../support/readiness.ts';
import { refusal } from '../support/refusal.ts';
import { TestTemporal } from '../support/temporal.ts';

const LONG = [10, 50, 100].map((greenPercent) => ({ greenPercent, bakeSeconds: 3600 }));
const ana = { by: 'ana@example.test', role: 'developer', reason: 'load test' } as const;
const WEB = { namespace: 'messages', name: 'messages' };
const sized = (ready: number) => ({
  workloads: {
    seen: {
      workloads: [workloadFacts({ ...WEB, desired: 5, ready, updated: ready })],
      autoscalers: [autoscalerFacts({ ...WEB, target: { kind: 'Deployment', name: WEB.name }, min: 5 })],
    },
  },
});
/** The scene says when it is open. */
const SOME_WINDOW: Window = { timeZone: 'UTC', hours: [], holidays: [], freezes: [] };
const bakesAt = (percent: number) => (status: { state: string; greenPercent: number }) =>
  status.state === 'baking' && status.greenPercent === percent;

describe.concurrent('an app that is steered in the middle of something else', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const scene = (
    change: Parameters<typeof migrationScene>[1],
    act: (given: Scene & { moving: Move }) => Promise<void>,
    prepare: (fake: Scene['fake']) => void = () => undefined,
  ) =>
    migrationScene(temporal, change, async (given) => {
      prepare(given.fake);
      await act({ ...given, moving: await given.move() });
    });
  const long = { app: { steps: LONG } };

  it('keeps the bake of its next step when it is promoted twice', async () => {
    const looked = latch();
    await scene(long, async ({ moving, fake }) => {
      await until(moving, bakesAt(10));
      fake.before = (activity) => (activity === 'lookAtReadiness' ? looked.opened : undefined);
      await moving.executeUpdate(messages.promoteUpdate, { args: [ana] });
      await until(moving, ({ history }) => history.at(-1)?.verdict === 'promoted');
      expect(await refusal(moving.executeUpdate(messages.promoteUpdate, { args: [ana] }))).toBe(
        'it neither bakes nor waits for a gate that could not tell',
      );
      looked.open();
      await until(moving, bakesAt(50));
    });
  });

  it('goes back while all is paused, also when somebody has to decide that it does', async () => {
    await scene(long, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, bakesAt(10));
      fake.blueGate = () => 'failed';
      await moving.signal(messages.migrationSteerSignal, { paused: true, retry: false });
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      await until(moving, holds('gate'));
      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
      await until(moving, holds('aborted'));
      expect(fake.weights(host)).toEqual(onBlue);
    });
  });

  it('takes no step that was got ready while somebody paused it', async () => {
    let ready = 3;
    await scene(
      long,
      async ({ moving, fake, hosts: [host = ''] }) => {
        await until(moving, holds('ready'));
        await moving.executeUpdate(messages.pauseUpdate, { args: [ana] });
        ready = 5;
        await until(moving, holds('paused'));
        expect(fake.weights(host)).toEqual(onBlue);
        await moving.executeUpdate(messages.resumeUpdate, { args: [ana] });
        await until(moving, bakesAt(10));
      },
      (fake) => {
        fake.readiness = (cluster) => sized(cluster === BLUE ? 5 : ready);
      },
    );
  });

  it('takes no step that was got ready when its window had closed', async () => {
    let ready = 3;
    await scene(
      { ...long, environment: { window: SOME_WINDOW } },
      async ({ moving, fake, hosts: [host = ''] }) => {
        await until(moving, holds('ready'));
        fake.window = async () => ({ open: false, why: 'it is night', opens: null });
        ready = 5;
        await until(moving, holds('window'));
        expect(fake.weights(host)).toEqual(onBlue);
      },
      (fake) => {
        fake.readiness = (cluster) => sized(cluster === BLUE ? 5 : ready);
      },
    );
  });

  it('can be taken back while green is got ready for its first step, as its hold says', async () => {
    await scene(
      long,
      async ({ moving, fake }) => {
        const waiting = await until(moving, holds('ready'));
        expect(waiting.hold?.releases).toContain('eksodus apps abort stg messages');
        await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
        await until(moving, holds('aborted'));
        expect(fake.writes).toEqual([]);
      },
      (fake) => {
        fake.readiness = (cluster) => sized(cluster === BLUE ? 5 : 3);
      },
    );
  });

  it('stays where it is pinned, whatever was planned for its second try', async () => {
    await scene(long, async ({ moving }) => {
      await until(moving, bakesAt(10));
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      await until(moving, holds('aborted'));
      const moment = { at: new Date(Date.now() + 3_600_000).toISOString(), local: 'soon', timeZone: 'UTC' };
      await moving.executeUpdate(messages.scheduleUpdate, { args: [{ ...ana, moment }] });
      await until(moving, holds('schedule'));
      await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 25 }] });
      const pinned = await until(moving, holds('pinned'));
      expect(pinned.timing?.schedule).toBeUndefined();
      expect(await refusal(moving.executeUpdate(messages.scheduleUpdate, { args: [{ ...ana, moment }] }))).toBe(
        'it waits neither for its start nor for a second try',
      );
    });
  });

  it('is asked anew whether green can serve when what a person vouched for was never taken', async () => {
    let revision = 'abc1234';
    await scene(
      { app: { steps: LONG }, environment: { window: SOME_WINDOW } },
      async ({ moving, fake }) => {
        await until(moving, bakesAt(10));
        revision = 'def5678';
        await moving.executeUpdate(messages.promoteUpdate, { args: [ana] });
        const unready = await until(moving, holds('gate'));
        expect(unready.hold?.promotable).toBe(true);
        const { window } = fake;
        fake.window = async () => ({ open: false, why: 'it is night', opens: null });
        await moving.executeUpdate(messages.promoteUpdate, { args: [ana] });
        await until(moving, holds('window'));
        await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
        await until(moving, holds('aborted'));
        fake.window = window;
        await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
        await until(moving, holds('gate'));
      },
      (fake) => {
        fake.readiness = (cluster) =>
          cluster === GREEN ? { application: { seen: applicationFacts({ name: `messages-${GREEN}`, revision }) } } : {};
      },
    );
  });

  it('waits for its turn before it gets its first traffic by a pin', async () => {
    await scene({ app: { steps: LONG, dependsOn: ['db'] } }, async ({ moving, fake, hosts: [host = ''] }) => {
      const first = await until(moving, holds('turn'));
      await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 25 }] });
      await until(moving, ({ hold }) => hold?.kind === 'turn' && hold.since !== first.hold?.since);
      expect(fake.weights(host)).toEqual(onBlue);
      await moving.signal(messages.turnSignal);
      await until(moving, holds('pinned'));
      expect(fake.weights(host)[GREEN]).toBe(25);
    });
  });
});
