// What takes hours and days. The time-skipping server is only there where Java and Maven are; without it, the tests
// that need it are not registered, and the soak is still seen on the real server, in seconds.
import { activityInfo } from '@temporalio/activity';
import { WorkflowClient } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities, GateResult } from '../../activities/ports.ts';
import type { Environment, Window } from '../../src/domain/environment.ts';
import { zoneId } from '../../src/domain/ids.ts';
import type { AppStatus, UpgradeStatus } from '../../src/domain/status.ts';
import { isOpen, nextOpening } from '../../src/domain/window.ts';
import * as messages from '../../workflows/messages.ts';
import type { UpgradeResult } from '../../workflows/messages.ts';
import type { upgrade } from '../../workflows/upgrade.ts';
import { app, environment } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { eventually, TestTemporal, timeSkippingServer } from '../support/temporal.ts';

const HOUR = 60 * 60;
const DAY = 24 * HOUR;

type Upgrade = Awaited<ReturnType<TestTemporal['startUpgrade']>>;

let number = 0;

/** An upgrade of one app that needs no approval, in a world of its own, with the given waits. */
async function upgrading<T>(
  temporal: TestTemporal,
  given: { change: Partial<Environment>; activities?: (fake: FakeWorld) => Partial<Activities> },
  act: (up: Upgrade) => Promise<T>,
): Promise<T> {
  number += 1;
  const zone = { id: `Z${number}`, name: 'example.test' };
  const [plain = app('messages')] = given.change.apps ?? [];
  const moved = { ...plain, hosts: [{ name: 'messages.example.test', zoneId: zone.id }] };
  const made = environment({ name: `stg${number}`, zones: [zone], approvals: [], ...given.change, apps: [moved] });
  const fake = new FakeWorld(made);
  return temporal.withWorker({ ...fake.activities(), ...given.activities?.(fake) }, async (taskQueue) => {
    const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
    try {
      return await act(up);
    } finally {
      await temporal.server.client.workflow.getHandle(zoneId(zone.id)).terminate();
    }
  });
}

const seconds = (from: string | undefined, to: string | undefined): number =>
  (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;
const soakSeconds = ({ phases }: UpgradeStatus): number => {
  const soak = phases.find(({ name }) => name === 'soak');
  return seconds(soak?.startedAt, soak?.endedAt);
};

describe('time', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  it('soaks for as long as it was told', async () => {
    const { status } = await upgrading(temporal, { change: { soakSeconds: 2 } }, (up) => up.result());
    expect(soakSeconds(status)).toBeGreaterThanOrEqual(2);
  });
});

const executables = [timeSkippingServer()].filter((one) => one !== undefined);
if (executables.length === 0)
  console.log('the tests of days and weeks are left out: the time-skipping server needs Java and Maven');

describe.each(executables)('days and weeks', (executable) => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.startTimeSkipping(executable);
  });
  afterAll(() => temporal.stop());

  const now = (): Promise<number> => temporal.server.currentTimeMs();

  /** Lets time go on while nothing happens, whoever else waits. */
  const pass = (days: number): Promise<void> => temporal.server.sleep(`${days} days`);

  /**
   * Lets time go on by the hour until the upgrade has ended. Whoever waits for its result lets the clock run free: were
   * nobody quick enough to stop it at the end, it would jump ten years, to where the server ends the zone's workflow.
   */
  const ended = async (up: Upgrade): Promise<UpgradeResult> => {
    while ((await up.describe()).status.name === 'RUNNING') await temporal.server.sleep('1h');
    return plainClient().getHandle<typeof upgrade>(up.workflowId).result();
  };
  /** Without a hand on the clock. */
  const plainClient = (): WorkflowClient => new WorkflowClient({ connection: temporal.server.connection });

  /**
   * What tells or waits for the time, by the server's clock. The gate knows at its end, and gives its turn back until
   * then, as a running activity would stop the clock.
   */
  const clockwork = (
    verdict: () => GateResult['verdict'] = () => 'passed',
  ): Pick<Activities, 'watchGate' | 'awaitInSync'> => ({
    awaitInSync: async () => ({ inSyncAt: new Date(await now()).toISOString() }),
    watchGate: async ({ app: name, until }) => {
      const leftMs = Date.parse(until) - (await now());
      if (leftMs > 0) {
        throw ApplicationFailure.create({
          message: `${leftMs} ms left`,
          type: 'wait.not-ready',
          nextRetryDelay: leftMs,
        });
      }
      // Who only wants to know how it is now may not take as long as a watch.
      const watches = activityInfo().startToCloseTimeoutMs > DAY * 1000;
      const given = watches ? verdict() : 'passed';
      const passed = given === 'passed';
      return {
        verdict: given,
        evidence: { check: 'gate', subject: name, passed, observed: given, expected: 'passed', at: until },
      };
    },
  });

  const bakes = (...bakeSeconds: number[]) =>
    app('messages', {
      steps: bakeSeconds.map((bake, index) => ({
        greenPercent: Math.round((100 * (index + 1)) / bakeSeconds.length),
        bakeSeconds: bake,
      })),
    });
  const firstApp = ({ apps: [first] }: UpgradeStatus): AppStatus => {
    if (!first) throw new Error('the upgrade shows no app');
    return first;
  };

  it('waits for caches and connections, bakes for hours and soaks for two weeks', async () => {
    const { result, status } = await upgrading(
      temporal,
      {
        change: { apps: [bakes(4 * HOUR, 12 * HOUR)], soakSeconds: 14 * DAY, drainSeconds: 300 },
        activities: () => ({ ...clockwork(), readTtl: async () => ({ ttlSeconds: 60 }) }),
      },
      ended,
    );
    expect(result).toBe('succeeded');
    expect(Math.floor(soakSeconds(status) / DAY)).toBe(14);
    const steps = firstApp(status).history;
    expect(steps).toHaveLength(2);
    for (const { inSyncAt, settledAt, endedAt, bakeSeconds } of steps) {
      expect(seconds(inSyncAt, settledAt)).toBeGreaterThanOrEqual(360);
      expect(seconds(inSyncAt, settledAt)).toBeLessThan(420);
      expect(seconds(settledAt, endedAt)).toBeGreaterThanOrEqual(bakeSeconds);
      expect(seconds(settledAt, endedAt)).toBeLessThan(bakeSeconds + 60);
    }
  });

  it('waits for caches in full, though the clock of the worker that saw INSYNC is an hour behind', async () => {
    const { status } = await upgrading(
      temporal,
      {
        change: { apps: [bakes(0)] },
        activities: () => ({
          ...clockwork(),
          readTtl: async () => ({ ttlSeconds: 300 }),
          awaitInSync: async () => ({ inSyncAt: new Date((await now()) - HOUR * 1000).toISOString() }),
        }),
      },
      ended,
    );
    const [step] = firstApp(status).history;
    expect(seconds(step?.askedAt, step?.settledAt)).toBeGreaterThanOrEqual(300);
  });

  it('moves nothing before the window opens on Monday, and each step again only in a window', async () => {
    const window: Window = {
      timeZone: 'Europe/Berlin',
      hours: [{ days: ['Mon'], from: '09:00', to: '17:00' }],
      holidays: [],
      freezes: [],
    };
    // From a Tuesday, so that the window is shut and days away.
    const monday = nextOpening(window, await now()) ?? 0;
    await temporal.server.sleep(Math.max(1, monday + DAY * 1000 - (await now())));
    const opensAt = nextOpening(window, await now()) ?? 0;

    const { status } = await upgrading(
      temporal,
      {
        change: { apps: [bakes(12 * HOUR, 0)], window },
        activities: () => ({
          ...clockwork(),
          windowState: async ({ window: asked, at }) => {
            const opens = nextOpening(asked, Date.parse(at));
            if (isOpen(asked, Date.parse(at)) || opens === undefined) return { open: true };
            const opening = new Date(opens).toISOString();
            return { open: false, why: 'not yet', opens: { at: opening, local: opening } };
          },
        }),
      },
      ended,
    );
    const [first, second] = firstApp(status).history;
    expect(seconds(new Date(opensAt).toISOString(), first?.askedAt)).toBeGreaterThanOrEqual(0);
    expect(seconds(new Date(opensAt).toISOString(), first?.askedAt)).toBeLessThan(60);
    expect(Math.round(seconds(first?.askedAt, second?.askedAt) / DAY)).toBe(7);
  });

  it('holds for days where the gate could not tell, and goes on from the same step', async () => {
    let clear = false;
    const held = await upgrading(
      temporal,
      {
        change: { apps: [bakes(HOUR, HOUR)] },
        activities: () => clockwork(() => (clear ? 'passed' : 'inconclusive')),
      },
      async (up) => {
        const holds = async (): Promise<boolean> =>
          (await up.query(messages.statusQuery)).holds.some(({ kind }) => kind === 'gate');
        while (!(await holds())) await temporal.server.sleep('1h');
        await pass(5);
        expect(firstApp(await up.query(messages.statusQuery))).toMatchObject({ state: 'holding', greenPercent: 50 });
        clear = true;
        await up.executeUpdate(messages.resumeUpdate, { args: [{ by: 'sre@example.test', role: 'sre' }] });
        return ended(up);
      },
    );
    expect(held.result).toBe('succeeded');
    const steps = firstApp(held.status).history;
    expect(steps.map(({ greenPercent, verdict }) => `${greenPercent} ${verdict}`)).toEqual([
      '50 inconclusive',
      '50 passed',
      '100 passed',
    ]);
    expect(seconds(steps[0]?.endedAt, steps[1]?.askedAt)).toBeGreaterThanOrEqual(5 * DAY);
  });

  it('waits a month for an approval', async () => {
    const { status } = await upgrading(
      temporal,
      { change: { approvals: ['migrate'] }, activities: () => clockwork() },
      async (up) => {
        await eventually(
          () => up.query(messages.statusQuery),
          ({ holds }) => holds.some(({ kind }) => kind === 'approval'),
        );
        await pass(30);
        await up.executeUpdate(messages.approveUpdate, {
          args: [{ by: 'sre@example.test', role: 'sre', point: 'migrate' }],
        });
        return ended(up);
      },
    );
    const [verify, migrate] = ['verify', 'migrate'].map((name) => status.phases.find((one) => one.name === name));
    expect(Math.floor(seconds(verify?.endedAt, migrate?.startedAt) / DAY)).toBe(30);
  });
});
