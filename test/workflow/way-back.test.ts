// The way back of apps whose names are external-dns's, or of several owners, when the world has changed since preflight.
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zoneId } from '../../src/domain/ids.ts';
import type { UpgradeStatus } from '../../src/domain/status.ts';
import * as messages from '../../workflows/messages.ts';
import { app, environment, ZONE } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { BLUE, renamed } from '../support/migration-scene.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const sre = { by: 'sre@example.test', role: 'sre' } as const;

describe.concurrent('the way back of names that external-dns has', () => {
  let temporal: TestTemporal;
  let number = 0;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  /** One app with half of its traffic on green, whose upgrade holds: `rollback` is what it holds for then. */
  async function halfWay(
    names: readonly string[],
    annotated: readonly string[],
    act: (given: {
      readonly fake: FakeWorld;
      readonly green: string;
      readonly rollback: () => Promise<UpgradeStatus['holds'][number] | undefined>;
      readonly resumed: () => Promise<string>;
    }) => Promise<void>,
  ): Promise<void> {
    number += 1;
    const zone = { ...ZONE, id: `${ZONE.id}BACK${number}` };
    const hosts = names.map((name) => ({ name, zoneId: zone.id }));
    const made = environment({
      name: `back${number}`,
      zones: [zone],
      apps: [app('messages', { hosts })],
      approvals: [],
    });
    const fake = new FakeWorld(made);
    for (const name of annotated) fake.annotations.hosts.add(name);
    fake.before = (activity) => {
      if (activity === 'requestCluster') throw ApplicationFailure.nonRetryable('name is taken', 'eks.name-taken');
    };
    await temporal.withWorker(fake.activities(), async (taskQueue) => {
      const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
      const held = await eventually(
        () => up.query(messages.statusQuery),
        ({ holds }) => holds.length > 0,
      );
      expect(held.holds[0]?.because).toContain('name is taken');
      const green = held.green.name;
      fake.annotations.told.set(BLUE, 50).set(green, 50);
      for (const name of names) {
        const half = renamed(fake.records.get(name) ?? [], () => ({ weight: 50 }));
        fake.records.set(name, [...half, ...renamed(half, () => ({ setIdentifier: green }))]);
      }
      const rollback = async (): Promise<UpgradeStatus['holds'][number] | undefined> => {
        await up.executeUpdate(messages.rollbackUpdate, { args: [{ ...sre, removeGreen: false }] });
        const status = await eventually(
          () => up.query(messages.statusQuery),
          ({ state, holds }) =>
            state === 'rolled-back' || holds.some(({ because }) => !because.includes('name is taken')),
        );
        return status.holds[0];
      };
      const resumed = async (): Promise<string> => {
        await up.executeUpdate(messages.resumeUpdate, { args: [sre] });
        return (await up.result()).result;
      };
      try {
        await act({ fake, green, rollback, resumed });
      } finally {
        for (const handle of [up, temporal.server.client.workflow.getHandle(zoneId(zone.id))])
          await handle.terminate().catch(() => undefined);
      }
    });
  }

  it('gives back every name but the one that nobody may move, and then holds for that one', async () => {
    const names = ['annotated', 'blocked', 'ours'].map((name) => `${name}.example.test`);
    const [annotated = '', blocked = '', ours = ''] = names;
    await halfWay(names, [annotated], async ({ fake, green, rollback }) => {
      fake.annotations.others.add(blocked);
      expect(await rollback()).toMatchObject({
        because: `${blocked}: its records are not ours to move: A simple (record.others)`,
        runbook: 'record-blocked',
      });
      expect(fake.weights(annotated)).toEqual({ [BLUE]: 100, [green]: 0 });
      expect(fake.weights(ours)).toEqual({ [BLUE]: 100, [green]: 0 });
      expect(fake.weights(blocked)).toEqual({ [BLUE]: 50, [green]: 50 });
    });
  });

  it('raises blue when green’s cluster does not answer, and holds with what to do about green’s side', async () => {
    const names = ['annotated', 'ours'].map((name) => `${name}.example.test`);
    const [annotated = '', ours = ''] = names;
    await halfWay(names, [annotated], async ({ fake, green, rollback }) => {
      fake.annotations.down.add(green);
      expect(await rollback()).toMatchObject({
        because: `messages: external-dns of ${green} cannot be told its weight, for that cluster does not answer`,
        todo: `have the API server of ${green} answer and resume, or set the record’s weight to 0 by hand while its external-dns is down`,
        runbook: 'dns-not-followed',
      });
      expect(fake.weights(annotated)).toEqual({ [BLUE]: 100, [green]: 50 });
      expect(fake.annotations.told.get(BLUE)).toBe(100);
      expect(fake.weights(ours)).toEqual({ [BLUE]: 100, [green]: 0 });
    });
  });

  it('never writes a name of external-dns itself when neither cluster answers, and goes on when they do', async () => {
    const annotated = 'annotated.example.test';
    await halfWay([annotated], [annotated], async ({ fake, green, rollback, resumed }) => {
      fake.annotations.down.add(BLUE).add(green);
      expect((await rollback())?.because).toContain(`API server of ${BLUE}`);
      expect(fake.weights(annotated)).toEqual({ [BLUE]: 50, [green]: 50 });
      fake.annotations.down.clear();
      expect(await resumed()).toBe('rolled-back');
      expect(fake.weights(annotated)).toEqual({ [BLUE]: 100, [green]: 0 });
      expect(fake.calls).not.toContain('applyWishes');
    });
  });
});
