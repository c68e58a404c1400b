import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as messages from '../../workflows/messages.ts';
import { GREEN, holds, migrationScene, onBlue, until, type Move, type Scene } from '../support/migration-scene.ts';
import { refusal } from '../support/refusal.ts';
import { TestTemporal } from '../support/temporal.ts';

const HOUR = 3600;
const LONG = [10, 50, 100].map((greenPercent) => ({ greenPercent, bakeSeconds: HOUR }));
const ana = { by: 'ana@example.test', role: 'developer', reason: 'load test' } as const;

const bakesAt = (percent: number) => (status: { state: string; greenPercent: number }) =>
  status.state === 'baking' && status.greenPercent === percent;

describe.concurrent('an app at its owner’s command', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const scene = (
    change: Parameters<typeof migrationScene>[1],
    act: (given: Scene & { moving: Move }) => Promise<void>,
  ) => migrationScene(temporal, change, async (given) => act({ ...given, moving: await given.move() }));
  const long = { app: { steps: LONG } };

  it('waits for its owner, and moves once it is started', async () => {
    await scene({ app: { start: 'owner' } }, async ({ moving, fake, hosts: [host = ''] }) => {
      const waiting = await until(moving, holds('owner'));
      expect(waiting.hold?.releases).toEqual(['eksodus apps start stg messages', 'eksodus upgrade rollback stg']);
      expect(fake.weights(host)).toEqual(onBlue);
      expect(await refusal(moving.executeUpdate(messages.abortUpdate, { args: [ana] }))).toBe(
        'it has not been started',
      );
      await moving.executeUpdate(messages.startUpdate, { args: [ana] });
      const moved = await until(moving, ({ state }) => state === 'on-green');
      expect(moved.actions).toMatchObject([{ verb: 'start', ...ana }]);
      expect(await refusal(moving.executeUpdate(messages.startUpdate, { args: [ana] }))).toBe(
        'it has been started already',
      );
    });
  });

  it('goes back at once when its owner says so in the middle of a bake, and again only when its owner says so', async () => {
    await scene(long, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, bakesAt(10));
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      const back = await until(moving, holds('aborted'));
      expect(back.hold?.because).toBe('ana@example.test took it back: load test; its traffic is on blue');
      expect(fake.weights(host)).toEqual(onBlue);
      // A resume of the whole upgrade is none of this app.
      await moving.signal(messages.migrationSteerSignal, { paused: false, retry: true });
      expect(await refusal(moving.executeUpdate(messages.abortUpdate, { args: [ana] }))).toBe(
        'all of its traffic is on blue',
      );
      expect((await moving.query(messages.appStatusQuery)).hold?.kind).toBe('aborted');
      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
      const again = await until(moving, bakesAt(10));
      // It began anew, so its first step alone was reached.
      await moving.executeUpdate(messages.stepsUpdate, {
        args: [{ ...ana, steps: [{ greenPercent: 100, bakeSeconds: 0 }] }],
      });
      expect(again.actions.map(({ verb }) => verb)).toEqual(['abort', 'retry']);
    });
  });

  it('can be taken back from green until the upgrade lets go of it, and moves again when its owner was sooner', async () => {
    await scene({}, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, ({ state }) => state === 'on-green');
      expect(fake.weights(host)[GREEN]).toBe(100);
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      await until(moving, holds('aborted'));
      expect(fake.weights(host)).toEqual(onBlue);
      await moving.signal(messages.releaseSignal);
      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
      expect(await moving.result()).toMatchObject({ state: 'on-green', greenPercent: 100 });
    });
  });

  it('stays at the weight that its owner pins, and goes on from there', async () => {
    await scene(long, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, bakesAt(10));
      expect(await refusal(moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 101 }] }))).toBe(
        '101 is no whole number from 0 to 100',
      );
      await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 25 }] });
      const pinned = await until(moving, holds('pinned'));
      expect(pinned).toMatchObject({
        greenPercent: 25,
        hold: { because: 'ana@example.test keeps it at 25 %: load test' },
      });
      expect(fake.weights(host)[GREEN]).toBe(25);
      await moving.executeUpdate(messages.resumeUpdate, { args: [ana] });
      await until(moving, bakesAt(50));
      // Down again, and once more with a decision upon a decision.
      await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 5 }] });
      await until(moving, ({ hold, greenPercent }) => hold?.kind === 'pinned' && greenPercent === 5);
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      await until(moving, holds('aborted'));
      expect(fake.weights(host)).toEqual(onBlue);
    });
  });

  it('holds when its pinned weight cannot be given, and gives it when that is mended', async () => {
    await scene(long, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, bakesAt(10));
      let isSick = true;
      fake.before = (activity) => {
        if (isSick && activity === 'findLoadBalancer')
          throw ApplicationFailure.nonRetryable('no Ingress', 'k8s.refused');
      };
      await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 25 }] });
      const held = await until(moving, holds('failure'));
      expect(held.hold?.because).toBe('no Ingress');
      expect(fake.weights(host)[GREEN]).toBe(10);
      isSick = false;
      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
      await until(moving, holds('pinned'));
      expect(fake.weights(host)[GREEN]).toBe(25);
    });
  });

  it('ends a bake when its owner promotes it, and says so in the record', async () => {
    await scene(long, async ({ moving }) => {
      await until(moving, bakesAt(10));
      await moving.executeUpdate(messages.promoteUpdate, { args: [ana] });
      const next = await until(moving, bakesAt(50));
      expect(next.history.map(({ greenPercent, verdict }) => `${greenPercent} ${verdict ?? ''}`)).toEqual([
        '10 promoted',
        '50 ',
      ]);
    });
  });

  it('goes on where the gate could not tell when its owner promotes it, but not where it failed', async () => {
    const steps = [10, 50, 100].map((greenPercent) => ({ greenPercent, bakeSeconds: 0 }));
    await scene({ app: { steps } }, async ({ moving, fake }) => {
      fake.gate = (_, greenPercent) =>
        greenPercent === 10 ? 'inconclusive' : greenPercent === 50 ? 'failed' : 'passed';
      const unclear = await until(moving, holds('gate'));
      expect(unclear.hold?.releases).toContain('eksodus apps promote stg messages');
      await moving.executeUpdate(messages.promoteUpdate, { args: [ana] });
      const failed = await until(moving, ({ hold }) => hold?.because.includes('back on blue') ?? false);
      expect(failed.hold?.releases).not.toContain('eksodus apps promote stg messages');
      expect(await refusal(moving.executeUpdate(messages.promoteUpdate, { args: [ana] }))).toBe(
        'it neither bakes nor waits for a gate that could not tell',
      );
    });
  });

  it('takes other steps for those that it has not reached, and refuses those that make no sense', async () => {
    await scene(long, async ({ moving }) => {
      await until(moving, bakesAt(10));
      const change = (...percents: number[]) =>
        moving.executeUpdate(messages.stepsUpdate, {
          args: [{ ...ana, steps: percents.map((greenPercent) => ({ greenPercent, bakeSeconds: 0 })) }],
        });
      expect(await refusal(change(5, 100))).toBe(
        '5 is not more than 10, which comes before: each step gives green more',
      );
      expect(await refusal(change(20, 90))).toBe('the last step is 90: steps go up to 100');
      await change(20, 100);
      expect((await moving.query(messages.appStatusQuery)).stepCount).toBe(3);
      await moving.executeUpdate(messages.promoteUpdate, { args: [ana] });
      const moved = await until(moving, ({ state }) => state === 'on-green');
      expect(moved.history.map(({ greenPercent }) => greenPercent)).toEqual([10, 20, 100]);
      expect(await refusal(change(100))).toBe('it is on green: no step is left to change');
    });
  });

  it('pauses between its steps, by its owner’s word and apart from the whole upgrade’s pause', async () => {
    await scene(long, async ({ moving, fake, hosts: [host = ''] }) => {
      await until(moving, bakesAt(10));
      await moving.executeUpdate(messages.pauseUpdate, { args: [ana] });
      expect(await refusal(moving.executeUpdate(messages.pauseUpdate, { args: [ana] }))).toBe('it is paused already');
      await moving.executeUpdate(messages.promoteUpdate, { args: [ana] });
      const paused = await until(moving, holds('paused'));
      expect(paused.hold?.because).toBe('its owner paused it');
      expect(paused.hold?.releases).toEqual(['eksodus apps resume stg messages', 'eksodus upgrade rollback stg']);
      // The upgrade's own pause comes and goes meanwhile.
      await moving.signal(messages.migrationSteerSignal, { paused: true, retry: false });
      await moving.signal(messages.migrationSteerSignal, { paused: false, retry: false });
      expect((await moving.query(messages.appStatusQuery)).hold?.kind).toBe('paused');
      expect(fake.weights(host)[GREEN]).toBe(10);
      await moving.executeUpdate(messages.resumeUpdate, { args: [ana] });
      await until(moving, bakesAt(50));
      expect(await refusal(moving.executeUpdate(messages.resumeUpdate, { args: [{ ...ana, by: ' ' }] }))).toBe(
        'a command needs the name of who gives it',
      );
    });
  });
});
