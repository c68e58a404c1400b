import type { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App, HandoverWorkload } from '../../src/domain/environment.ts';
import * as messages from '../../workflows/messages.ts';
import { app as anApp, environment } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { latch } from '../support/latch.ts';
import { BLUE, GREEN, holds, migrationScene, onBlue, until, type Scene } from '../support/migration-scene.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const consumer: HandoverWorkload = { kind: 'Deployment', namespace: 'queue', name: 'consumer' };
const report: HandoverWorkload = { kind: 'CronJob', namespace: 'nightly', name: 'report' };
const handover = { maxGapSeconds: 60, workloads: [consumer, report], idle: [] };
const ALONE: Partial<App> = { hosts: [], checks: [], steps: [{ greenPercent: 100, bakeSeconds: 0 }], handover };
const ana = { by: 'ana@example.test', role: 'developer', reason: 'slow reports' } as const;
const ACTS = ['lookAtWorkloads', 'stopWorkloads', 'awaitWorkloads', 'startWorkloads', 'clearHandoverNotes'] as const;

describe.concurrent('an app whose workloads change hands', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const scene = (app: Partial<App>, act: (given: Scene) => Promise<void>): Promise<void> =>
    migrationScene(temporal, { app }, async (given) => {
      given.fake.workloads.put(BLUE, consumer, 3);
      given.fake.workloads.put(GREEN, consumer, 0);
      given.fake.workloads.put(GREEN, report, 0);
      await act(given);
      // Whatever was done to it.
      expect(given.fake.workloads.doubled).toEqual([]);
    });
  const runningIn = ({ workloads }: FakeWorld): string[][] =>
    [consumer, report].map((workload) => workloads.runningIn(workload));
  const [ALL_ON_BLUE, ALL_ON_GREEN] = [
    [[BLUE], [BLUE]],
    [[GREEN], [GREEN]],
  ];

  it('moves in one step, back at its owner’s command, and forth again', async () => {
    await scene(ALONE, async ({ fake, move }) => {
      const moving = await move();
      const moved = await until(moving, ({ state }) => state === 'on-green');
      expect(moved).toMatchObject({
        greenPercent: 100,
        handover: { state: 'on-green', gapSeconds: expect.any(Number) as number },
        history: [{ greenPercent: 100, verdict: 'passed' }],
      });
      expect(runningIn(fake)).toEqual(ALL_ON_GREEN);
      expect(fake.workloads.get(GREEN, consumer)?.size).toBe(3);

      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      const back = await until(moving, holds('aborted'));
      expect(back).toMatchObject({ greenPercent: 0, handover: { state: 'on-blue' } });
      expect(runningIn(fake)).toEqual(ALL_ON_BLUE);

      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
      await until(moving, ({ state }) => state === 'on-green');
      expect(runningIn(fake)).toEqual(ALL_ON_GREEN);
    });
  });

  it('goes back to where it ran, and holds, when it is not idle before the gap is used up', async () => {
    const hasty = { ...handover, maxGapSeconds: 3 };
    await scene({ ...ALONE, handover: hasty }, async ({ fake, move }) => {
      fake.workloads.get(BLUE, report)?.active.push('Job report-1 runs');
      const moving = await move();
      const held = await until(moving, holds('gate'));
      expect(held.hold?.because).toBe(
        'not idle in time (Job report-1 runs), and neither side may stand still for more than 3 s; it runs on blue again',
      );
      expect(held).toMatchObject({ greenPercent: 0, handover: { state: 'on-blue' }, hold: { runbook: 'handover' } });
      expect(runningIn(fake)).toEqual(ALL_ON_BLUE);
      fake.workloads.get(BLUE, report)?.active.pop();
      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
      await until(moving, ({ state }) => state === 'on-green');
    });
  });

  const query = { source: 'prometheus', query: 'sum(in_flight{app="{app}",cluster="{cluster}"})', when: 'result == 0' };
  const metrics = [{ kind: 'prometheus', name: 'prometheus', url: 'http://prometheus.test', headersFrom: {} }] as const;

  it('starts nothing on green while its own query says that something is left on blue', async () => {
    const asked: string[] = [];
    let left: string | undefined = 'in_flight is 7';
    const app = { ...ALONE, handover: { ...handover, idle: [query] } };
    await migrationScene(temporal, { app, environment: { metrics } }, async ({ fake, move }) => {
      for (const workload of handover.workloads) fake.workloads.put(GREEN, workload, 0);
      fake.workloads.left = (queries) => {
        asked.push(...queries.map((one) => one.query));
        return left;
      };
      const moving = await move();
      await eventually(async () => asked.length > 2, Boolean);
      expect(runningIn(fake)).toEqual([[], []]);
      left = undefined;
      await until(moving, ({ state }) => state === 'on-green');
      expect(new Set(asked)).toEqual(new Set([`sum(in_flight{app="messages",cluster="${BLUE}"})`]));
    });
  });

  it('does not let a query that never holds keep it from running at all', async () => {
    const app = { ...ALONE, handover: { ...handover, maxGapSeconds: 3, idle: [query] } };
    await migrationScene(temporal, { app, environment: { metrics } }, async ({ fake, move }) => {
      for (const workload of handover.workloads) fake.workloads.put(GREEN, workload, 0);
      fake.workloads.left = (queries) => (queries.length > 0 ? 'in_flight is 7' : undefined);
      const held = await until(await move(), holds('gate'));
      expect(held.hold?.because).toContain('not idle in time (in_flight is 7)');
      expect(runningIn(fake)).toEqual(ALL_ON_BLUE);
    });
  });

  it('goes back to where it ran when the other side cannot be started', async () => {
    await scene(ALONE, async ({ fake, move }) => {
      fake.before = (activity, input) => {
        if (activity === 'startWorkloads' && (input as { cluster: string }).cluster === GREEN)
          throw ApplicationFailure.nonRetryable('a webhook refused it', 'k8s.refused');
      };
      const held = await until(await move(), holds('gate'));
      expect(held.hold?.because).toBe('a webhook refused it; it runs on blue again');
      expect(runningIn(fake)).toEqual(ALL_ON_BLUE);
    });
  });

  it('stops nothing while green lacks what it would start', async () => {
    await scene(ALONE, async ({ fake, move }) => {
      fake.workloads.remove(GREEN, report);
      const moving = await move();
      const held = await until(moving, holds('failure'));
      expect(held.hold?.because).toBe('green cannot take over: there is no CronJob nightly/report');
      expect(fake.calls).not.toContain('stopWorkloads');
      expect(runningIn(fake)).toEqual(ALL_ON_BLUE);
    });
  });

  it('can be at 0 or 100 %, and nowhere between', async () => {
    await scene({ ...ALONE, start: 'owner' }, async ({ move }) => {
      const moving = await move();
      await until(moving, holds('owner'));
      await moving.executeUpdate(messages.startUpdate, { args: [ana] });
      await until(moving, ({ state }) => state === 'on-green');
      const refused = moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 50 }] });
      const error = await refused.catch((reason: unknown) => reason);
      expect((error as WorkflowUpdateFailedError).cause?.message).toBe(
        'messages runs in one cluster at a time, so it can be at 0 or 100 %, not at 50 %',
      );
      await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 0 }] });
      expect(await until(moving, holds('pinned'))).toMatchObject({ greenPercent: 0, handover: { state: 'on-blue' } });
      await moving.executeUpdate(messages.resumeUpdate, { args: [ana] });
      await until(moving, ({ state }) => state === 'on-green');
    });
  });

  it('moves traffic first and workloads last, and gives both back', async () => {
    await scene({ handover }, async ({ fake, move, hosts: [host = ''] }) => {
      const weightsAtStop: Record<string, number>[] = [];
      fake.before = (activity) => {
        if (activity === 'stopWorkloads') weightsAtStop.push(fake.weights(host));
      };
      const moving = await move();
      await until(moving, ({ state }) => state === 'on-green');
      expect(weightsAtStop).toEqual([{ [BLUE]: 0, [GREEN]: 100 }]);
      expect(runningIn(fake)).toEqual(ALL_ON_GREEN);
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      await until(moving, holds('aborted'));
      expect(fake.weights(host)).toEqual(onBlue);
      expect(runningIn(fake)).toEqual(ALL_ON_BLUE);
    });
  });

  /** Stands still before the first activity of a name that comes once something was stopped. */
  function standStillBefore(fake: FakeWorld, act: string): { reached: () => boolean; goOn: () => void } {
    const going = latch();
    let reached = false;
    fake.before = async (activity) => {
      const hasBegun = act === 'stopWorkloads' || fake.calls.includes('stopWorkloads');
      if (activity !== act || reached || !hasBegun) return;
      reached = true;
      await going.opened;
    };
    // Only what is busy is waited for.
    const work = fake.workloads.get(BLUE, report)?.active ?? [];
    if (act === 'awaitWorkloads') work.push('Job report-1 runs');
    return {
      reached: () => reached,
      goOn: () => {
        work.length = 0;
        going.open();
      },
    };
  }

  it.each(ACTS)('leaves one side running when it is cancelled at %s', async (act) => {
    await scene(ALONE, async ({ fake, move }) => {
      const still = standStillBefore(fake, act);
      const moving = await move();
      await eventually(async () => still.reached(), Boolean);
      await moving.cancel();
      still.goOn();
      await moving.result();
      const running = runningIn(fake);
      expect([ALL_ON_BLUE, ALL_ON_GREEN]).toContainEqual(running);
      // What was started when the word came stays where it is.
      if (act !== 'startWorkloads' && act !== 'clearHandoverNotes') expect(running).toEqual(ALL_ON_BLUE);
    });
  });

  it.each(ACTS)('is all on blue when its owner takes it back at %s', async (act) => {
    await scene(ALONE, async ({ fake, move }) => {
      const still = standStillBefore(fake, act);
      const moving = await move();
      await eventually(async () => still.reached(), Boolean);
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      still.goOn();
      const held = await until(moving, holds('aborted'));
      expect(held).toMatchObject({ greenPercent: 0, handover: { state: 'on-blue' } });
      expect(runningIn(fake)).toEqual(ALL_ON_BLUE);
    });
  });

  it('does each act once more when its worker died before it could say that it was done', async () => {
    await scene(ALONE, async ({ fake, move }) => {
      const real = fake.workloads.activities();
      const died = new Set<string>();
      fake.before = async (activity, input) => {
        if (!ACTS.some((act) => act === activity) || died.has(activity)) return;
        died.add(activity);
        await (Reflect.get(real, activity) as (given: unknown) => Promise<unknown>)(input);
        throw ApplicationFailure.create({ message: 'the worker is gone', type: 'k8s.unreachable' });
      };
      const moved = await until(await move(), ({ state }) => state === 'on-green');
      expect([...died]).toEqual(expect.arrayContaining(['stopWorkloads', 'startWorkloads', 'clearHandoverNotes']));
      expect(moved.handover?.state).toBe('on-green');
      expect(fake.workloads.get(GREEN, consumer)?.size).toBe(3);
    });
  });
});

describe.concurrent('an upgrade with such an app', () => {
  let temporal: TestTemporal;
  let number = 0;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  async function upgrade(
    act: (given: {
      fake: FakeWorld;
      up: Awaited<ReturnType<TestTemporal['startUpgrade']>>;
      until: (holdsFor: (status: Awaited<ReturnType<typeof look>>) => boolean) => Promise<unknown>;
    }) => Promise<void>,
    prepare: (fake: FakeWorld) => void = () => undefined,
  ): Promise<void> {
    number += 1;
    const apps = [anApp('nightly', ALONE)];
    const made = environment({ name: `hand${number}`, naming: { green: GREEN }, apps });
    const fake = new FakeWorld(made);
    prepare(fake);
    await temporal.withWorker(fake.activities(), async (taskQueue) => {
      const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
      await act({ fake, up, until: (holdsFor) => eventually(() => look(up), holdsFor) });
    });
    expect(fake.workloads.doubled).toEqual([]);
  }
  const look = (up: Awaited<ReturnType<TestTemporal['startUpgrade']>>) => up.query(messages.statusQuery);
  const by = 'sre@example.test';
  const role = 'sre' as const;

  it('prepares it stopped on green before Argo CD installs it, moves it, and deletes blue', async () => {
    await upgrade(async ({ fake, up, until: sees }) => {
      await sees(({ holds: all }) => all.some(({ kind }) => kind === 'approval'));
      expect(fake.workloads.runningIn(report)).toEqual([GREEN]);
      const prepared = fake.calls.indexOf('copyStopped');
      expect(prepared).toBeGreaterThan(0);
      expect(prepared).toBeLessThan(fake.calls.lastIndexOf('labelCluster'));
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      expect((await up.result()).result).toBe('succeeded');
    });
  });

  it('does not touch blue while something of it runs there', async () => {
    await upgrade(async ({ fake, up, until: sees }) => {
      await sees(({ holds: all }) => all.some(({ kind }) => kind === 'approval'));
      const kept = fake.workloads.get(BLUE, report);
      kept?.active.push('Job report-7 runs');
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      await sees(({ holds: all }) =>
        all.some(({ because }) => because.includes('nightly still runs on stg-1-33: Job report-7')),
      );
      const asked = (): number => fake.calls.filter((name) => name === 'lookAtWorkloads').length;
      // A resume is no proof.
      const before = asked();
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      await eventually(async () => asked() > before, Boolean);
      await sees(({ holds: all }) => all.some(({ because }) => because.includes('nightly still runs on stg-1-33')));
      expect(fake.clusters.has(BLUE)).toBe(true);
      kept?.active.pop();
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, reason: 'test', removeGreen: false }] });
      expect((await up.result()).result).toBe('rolled-back');
      expect(fake.workloads.runningIn(report)).toEqual([BLUE]);
    });
  });

  it('gives it back with all others when the whole is rolled back in the middle of its move', async () => {
    const started = latch();
    let waits = false;
    await upgrade(
      async ({ fake, up, until: sees }) => {
        await eventually(async () => waits, Boolean);
        await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, reason: 'test', removeGreen: false }] });
        started.open();
        expect((await up.result()).result).toBe('rolled-back');
        expect(fake.workloads.runningIn(report)).toEqual([BLUE]);
        await sees(({ apps }) => apps.every(({ state }) => state === 'on-blue'));
      },
      (fake) => {
        fake.before = async (activity) => {
          if (activity !== 'startWorkloads' || waits) return;
          waits = true;
          await started.opened;
        };
      },
    );
  });

  it('holds when Argo CD started on green what was prepared stopped, and stops it again', async () => {
    await upgrade(
      async ({ fake, until: sees }) => {
        await sees(({ holds: all }) =>
          all.some(({ because, runbook }) => because.includes('ran on stg-1-36 too') && runbook === 'handover'),
        );
        expect(fake.workloads.runningIn(report)).toEqual([BLUE]);
        expect(fake.workloads.get(GREEN, report)?.stopped).toBeNull();
        fake.workloads.doubled.length = 0;
      },
      (fake) => {
        fake.before = (activity) => {
          const kept = fake.workloads.get(GREEN, report);
          if (activity === 'syncApplication' && kept) kept.size = 1;
        };
      },
    );
  });
});
