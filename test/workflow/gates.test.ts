import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analysis } from '../../src/domain/analysis.ts';
import { migrationSteerSignal, promoteUpdate, releaseSignal } from '../../workflows/messages.ts';
import { GREEN, holds, migrationScene, onBlue, until, type Scene } from '../support/migration-scene.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const LIMITS = { everySeconds: 1, minSamples: 1, failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4 };
const ERRORS: Analysis = {
  ...LIMITS,
  name: 'errors',
  measure: { kind: 'query', source: 'main', query: 'q', success: 'result < 1' },
};
const COMPARED: Analysis = {
  ...LIMITS,
  name: 'compared',
  measure: { kind: 'rates', source: 'other', failed: 'f', total: 't', significance: 0.01, margin: 0.01 },
};
const metrics = ['main', 'other', 'unused'].map((name) => ({
  kind: 'prometheus' as const,
  name,
  url: 'http://127.0.0.1:9090',
  headersFrom: {},
}));

describe.concurrent('the analyses of an app', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const scene = (act: (given: Scene) => Promise<void>): Promise<void> =>
    migrationScene(temporal, { environment: { metrics, analyses: [ERRORS, COMPARED] } }, act);

  it('are watched from the write to the end of the bake, comparisons only while both colours have traffic', async () => {
    await scene(async ({ fake, move }) => {
      const moving = await move();
      const done = await until(moving, ({ state }) => state === 'on-green');
      // Of each step the settling and the bake, both since the write.
      expect(fake.watched).toHaveLength(4);
      const names = fake.watched.map(({ greenPercent, analyses, sources }) => [
        greenPercent,
        analyses.map(({ name }) => name),
        sources.map(({ name }) => name),
      ]);
      expect(names).toEqual([
        [10, ['errors', 'compared'], ['main', 'other']],
        [10, ['errors', 'compared'], ['main', 'other']],
        [100, ['errors'], ['main']],
        [100, ['errors'], ['main']],
      ]);
      const since = fake.watched.map((one) => one.since);
      expect([since[0], since[2]]).toEqual(done.history.map(({ askedAt }) => askedAt));
      expect([since[1], since[3]]).toEqual([since[0], since[2]]);
      // What was seen is shown, of the latest step.
      expect(done.history.map(({ evidence }) => evidence?.map(({ check }) => check))).toEqual([
        undefined,
        ['http', 'analysis errors'],
      ]);
      await moving.signal(releaseSignal);
      await moving.result();
    });
  });

  it('take the app back at once when one fails while the change still spreads, and hold with what was seen', async () => {
    await scene(async ({ fake, move, hosts: [host = ''] }) => {
      let failed = false;
      fake.before = async (activity) => {
        if (activity !== 'watchAnalyses' || failed) return;
        await eventually(
          async () => fake.weights(host)[GREEN],
          (green) => green === 10,
        );
      };
      fake.analysis = () => {
        const verdict = failed ? 'passed' : 'failed';
        failed = true;
        return verdict;
      };
      const moving = await move();
      const held = await until(moving, holds('gate'));
      expect(fake.weights(host)).toEqual(onBlue);
      expect(held.hold?.because).toContain('analysis errors of messages: no, expected yes');
      expect(held.hold?.because).toContain('its traffic is back on blue');
      expect(held.history.at(-1)).toMatchObject({
        verdict: 'failed',
        evidence: [{ check: 'analysis errors' }, { check: 'analysis compared' }],
      });
      await moving.signal(migrationSteerSignal, { paused: false, retry: true });
      await until(moving, ({ state }) => state === 'on-green');
    });
  });

  it('hold without moving anything when they cannot tell, and a person may take the step as passed', async () => {
    await scene(async ({ fake, move, hosts: [host = ''] }) => {
      fake.analysis = (_, greenPercent) => (greenPercent === 10 ? 'inconclusive' : 'passed');
      const moving = await move();
      const held = await until(moving, holds('gate'));
      expect(held.hold).toMatchObject({ promotable: true });
      expect(held.hold?.because).toBe(
        'analysis errors of messages: no, expected yes; analysis compared of messages: no, expected yes',
      );
      expect(fake.weights(host)).toEqual({ ...onBlue, 'stg-1-33': 90, [GREEN]: 10 });
      await moving.executeUpdate(promoteUpdate, { args: [{ by: 'ana', role: 'developer', reason: 'known' }] });
      await until(moving, ({ state }) => state === 'on-green');
    });
  });
});
