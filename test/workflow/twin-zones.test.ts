import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostedZone } from '../../src/domain/environment.ts';
import { migrationSteerSignal } from '../../workflows/messages.ts';
import { BLUE, GREEN, holds, migrationScene, onBlue, renamed, until, type Scene } from '../support/migration-scene.ts';
import { TestTemporal } from '../support/temporal.ts';

describe.concurrent('an app whose names live in a public and a private zone', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const twins = (act: (given: Scene) => Promise<void>): Promise<void> =>
    migrationScene(temporal, { hasTwin: true }, act);
  const isPrivate = (input: unknown): boolean => (input as { zone: HostedZone }).zone.private === true;

  it('moves in both, by the writer of each', async () => {
    await twins(async ({ fake, move, hosts }) => {
      const written = { inPublic: 0, inPrivate: 0 };
      fake.before = (activity, input) => {
        if (activity === 'applyWishes') written[isPrivate(input) ? 'inPrivate' : 'inPublic'] += 1;
      };
      await until(await move(), ({ state }) => state === 'on-green');
      expect(hosts).toHaveLength(2);
      for (const host of hosts) expect(fake.weights(host)).toEqual({ [BLUE]: 0, [GREEN]: 100 });
      // Two steps.
      expect(written).toEqual({ inPublic: 2, inPrivate: 2 });
    });
  });

  it('has a step in both or in none: what the one took is given back when the other refuses', async () => {
    await twins(async ({ fake, move, hosts: [inPublic = '', inPrivate = ''] }) => {
      const before = fake.records.get(inPrivate) ?? [];
      const seen: Record<string, number>[] = [];
      fake.before = (activity, input) => {
        if (activity !== 'applyWishes') return;
        seen.push(fake.weights(inPublic));
        // Somebody edits a weight between our look and our write.
        if (isPrivate(input))
          fake.records.set(
            inPrivate,
            renamed(before, ({ weight }) => ({ weight: weight / 2 })),
          );
      };
      const moving = await move();
      const held = await until(moving, holds('drift'));
      expect(held.hold?.because).toContain('messages.example.test (private) has A stg-1-33=50');
      expect(seen).toContainEqual({ [BLUE]: 90, [GREEN]: 10 });
      expect(fake.weights(inPublic)).toEqual(onBlue);
      expect(held.greenPercent).toBe(0);

      fake.before = () => undefined;
      fake.records.set(inPrivate, before);
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      await until(moving, ({ state }) => state === 'on-green');
    });
  });

  it('goes back in the one, though the other is barred', async () => {
    await twins(async ({ fake, move, hosts: [inPublic = '', inPrivate = ''] }) => {
      let failed = false;
      fake.gate = (_app, percent) => {
        if (failed || percent < 100) return 'passed';
        failed = true;
        const records = fake.records.get(inPublic) ?? [];
        const strangers = renamed(records, ({ setIdentifier }) => ({ setIdentifier: `not-${setIdentifier}` }));
        fake.records.set(inPublic, [...records, ...strangers]);
        return 'failed';
      };
      await until(await move(), holds('drift'));
      expect(fake.weights(inPrivate)).toEqual(onBlue);
      expect(fake.weights(inPublic)).toMatchObject({ [GREEN]: 100 });
    });
  });
});
