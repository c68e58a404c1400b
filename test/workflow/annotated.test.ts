// How an app moves whose names are external-dns's: by annotations, one side after the other.
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Weights } from '../../activities/ports.ts';
import { migrationSteerSignal } from '../../workflows/messages.ts';
import { BLUE, GREEN, holds, migrationScene, onBlue, until, type Scene } from '../support/migration-scene.ts';
import { TestTemporal } from '../support/temporal.ts';

const at = (blue: number, green: number): Weights => ({ [BLUE]: blue, [GREEN]: green });
const resume = { paused: false, retry: true };

describe.concurrent('an app whose names are external-dns’s', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const scene = (change: Parameters<typeof migrationScene>[1], act: (given: Scene) => Promise<void>): Promise<void> =>
    migrationScene(temporal, change, async (given) => {
      for (const host of given.hosts) given.fake.annotations.hosts.add(host);
      given.fake.annotations.told.set(BLUE, 100).set(GREEN, 0);
      await act(given);
    });

  it('goes step by step, the side that gains first, and asks no writer of a zone', () =>
    scene({}, async ({ fake, move }) => {
      const moving = await move();
      await until(moving, ({ state }) => state === 'on-green');
      expect(fake.annotations.states).toEqual([at(100, 10), at(90, 10), at(90, 100), at(0, 100)]);
      expect(fake.calls).not.toContain('applyWishes');
    }));

  it('moves all names of its Ingress together', async () => {
    const hosts = ['one', 'two'].map((name) => ({ name: `${name}.example.test`, zoneId: '' }));
    await scene({ app: { hosts } }, async ({ fake, move }) => {
      const moving = await move();
      await until(moving, ({ state }) => state === 'on-green');
      const each = [at(100, 10), at(90, 10), at(90, 100), at(0, 100)];
      expect(fake.annotations.states).toEqual(each.flatMap((state) => [state, state]));
    });
  });

  it('goes back to blue when the gate fails, blue first', () =>
    scene({}, async ({ fake, move }) => {
      fake.gate = (_app, greenPercent) => (greenPercent > 0 ? 'failed' : 'passed');
      const moving = await move();
      await until(moving, holds('gate'));
      const { states } = fake.annotations;
      expect(states.at(-1)).toEqual(onBlue);
      for (const state of states) expect(Object.values(state).some((weight) => weight > 0)).toBe(true);
      expect(fake.annotations.told).toEqual(
        new Map([
          [BLUE, 100],
          [GREEN, 0],
        ]),
      );
    }));

  it('takes back what external-dns was told, and had not done yet', () =>
    scene({}, async ({ fake, move }) => {
      fake.annotations.follows = (cluster) => {
        if (cluster === GREEN && fake.annotations.told.get(GREEN) === 10) throw notFollowed();
      };
      const moving = await move();
      const held = await until(moving, holds('failure'));
      expect(held.hold).toMatchObject({ because: 'not followed', runbook: 'dns-not-followed' });
      expect(fake.annotations.told.get(GREEN)).toBe(10);
      expect(fake.annotations.states).toEqual([]);
      // Somebody takes it back: weights are as wanted, and the annotation is not.
      fake.annotations.follows = () => undefined;
      fake.gate = () => 'failed';
      await moving.signal(migrationSteerSignal, resume);
      await until(moving, holds('gate'));
      expect(fake.annotations.told.get(GREEN)).toBe(0);
      expect(fake.annotations.states.at(-1)).toEqual(onBlue);
    }));

  it('holds for drift, and never fights', () =>
    scene({}, async ({ fake, move, hosts: [host = ''] }) => {
      fake.annotations.follows = (cluster) => {
        if (cluster !== BLUE) return;
        const records = fake.records.get(host) ?? [];
        fake.records.set(
          host,
          records.map((record) => Object.assign({}, record, { weight: 50 })),
        );
        throw ApplicationFailure.nonRetryable('somebody else', 'drift.detected');
      };
      const moving = await move();
      await until(moving, holds('drift'));
      expect(fake.weights(host)).toEqual(at(50, 50));
    }));

  it('is not moved when its owner has changed since preflight', () =>
    scene({}, async ({ fake, move }) => {
      fake.annotations.told.set(BLUE, 1000);
      const moving = await move();
      const { hold } = await until(moving, holds('failure'));
      expect(hold?.because).toContain('expected a whole number from 0 to 255 (record.weight)');
      expect(hold).toMatchObject({ runbook: 'record-blocked' });
      expect(fake.annotations.states).toEqual([]);
    }));
});

const notFollowed = (): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'dns.not-followed',
    message: 'not followed',
    nonRetryable: true,
    details: [{ hint: null, runbook: 'dns-not-followed' }],
  });
