import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationId, zoneId } from '../../src/domain/ids.ts';
import type { UpgradeStatus } from '../../src/domain/status.ts';
import * as messages from '../../workflows/messages.ts';
import { app, environment, ZONE } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { latch } from '../support/latch.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const GREEN = 'stg-failing-1-36';
const by = 'sre@example.test';
const role = 'sre' as const;

describe('when the gates of several apps fail', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  it('no app begins a new step until a person resumes, and going back is allowed', async () => {
    const zone = { ...ZONE, id: 'ZFAILING' };
    const apps = ['messages', 'files', 'search', 'video'].map((name) =>
      app(name, { hosts: [{ name: `${name}.example.test`, zoneId: zone.id }] }),
    );
    const made = environment({ name: 'stg-failing', zones: [zone], apps, stopAfterFailedApps: 2 });
    const fake = new FakeWorld(made);
    const green = (name: string): number => fake.weights(`${name}.example.test`)[GREEN] ?? 0;
    const isStopped = latch();
    let broken = true;
    fake.gate = (name) => (broken && ['messages', 'files'].includes(name) ? 'failed' : 'passed');
    fake.before = async (activity, input) => {
      const { app: name, until, target } = input as { app: string; until: string; target: { hostname: string } };
      if (activity !== 'watchGate' || !broken || !target.hostname.includes(GREEN)) return;
      // One fails when the others are in the middle of a step, and these end that step when all has stopped.
      const isStep = green(name) > 0;
      if (isStep && ['messages', 'files'].includes(name))
        await eventually(
          async () => green('search') + green('video'),
          (sum) => sum === 20,
        );
      else if (isStep && Date.parse(until) < Date.now() + 60_000) await isStopped.opened;
    };
    await temporal.withWorker(fake.activities(), async (taskQueue) => {
      const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
      const status = (): Promise<UpgradeStatus> => up.query(messages.statusQuery);
      const shown = (given: UpgradeStatus, name: string) => given.apps.find((one) => one.app === name);

      const stopped = await eventually(status, ({ holds }) => holds.some((hold) => hold.app === undefined));
      const [stop] = stopped.holds;
      expect(stop).toMatchObject({
        kind: 'gate',
        phase: 'migrate',
        because:
          '2 apps have failed at their gates: files at 10 % (http), messages at 10 % (http); no app begins a new step',
        releases: ['eksodus upgrade resume stg-failing', 'eksodus upgrade rollback stg-failing'],
      });
      expect(stopped.state).toBe('holding');

      // What is in the middle of a step ends it, and begins no other.
      isStopped.open();
      const waiting = await eventually(status, (given) =>
        ['search', 'video'].every((name) => shown(given, name)?.hold?.kind === 'paused'),
      );
      expect(shown(waiting, 'search')).toMatchObject({
        greenPercent: 10,
        history: [{ greenPercent: 10, verdict: 'passed' }],
        hold: { because: stop?.because, releases: stop?.releases },
      });

      // Going back is always allowed.
      const video = temporal.server.client.workflow.getHandle(migrationId(made.name, 'video'));
      await video.executeUpdate(messages.abortUpdate, { args: [{ by, role, reason: 'not now' }] });
      await eventually(status, (given) => shown(given, 'video')?.hold?.kind === 'aborted');
      expect(green('video')).toBe(0);
      expect(['messages', 'files', 'search'].map(green)).toEqual([0, 0, 10]);

      // An app that is told to try again does not begin before the stop is over.
      const files = temporal.server.client.workflow.getHandle(migrationId(made.name, 'files'));
      await files.executeUpdate(messages.retryUpdate, { args: [{ by, role }] });
      await eventually(status, (given) => shown(given, 'files')?.hold?.kind === 'paused');

      broken = false;
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      const done = await eventually(status, (given) =>
        ['messages', 'files', 'search'].every((name) => shown(given, name)?.state === 'on-green'),
      );
      expect(done.holds.map(({ kind, app: whose }) => `${kind} ${whose ?? ''}`)).toEqual(['aborted video']);
      await up.terminate();
      await temporal.server.client.workflow.getHandle(zoneId(zone.id)).terminate();
    });
  });

  it('one that fails alone stops nobody else', async () => {
    const zone = { ...ZONE, id: 'ZALONE' };
    const apps = ['messages', 'files'].map((name) =>
      app(name, { hosts: [{ name: `${name}.example.test`, zoneId: zone.id }] }),
    );
    const made = environment({ name: 'stg-alone', zones: [zone], apps, stopAfterFailedApps: 2 });
    const fake = new FakeWorld(made);
    fake.gate = (name) => (name === 'messages' ? 'failed' : 'passed');
    await temporal.withWorker(fake.activities(), async (taskQueue) => {
      const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
      const held = await eventually(
        () => up.query(messages.statusQuery),
        ({ apps: all }) =>
          all.some(({ state }) => state === 'on-green') && all.some(({ hold }) => hold?.kind === 'gate'),
      );
      expect(held.holds.map(({ kind, app: whose }) => `${kind} ${whose ?? ''}`)).toEqual(['gate messages']);
      await up.terminate();
      await temporal.server.client.workflow.getHandle(zoneId(zone.id)).terminate();
    });
  });
});
