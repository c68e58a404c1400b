import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import type { temporal as proto } from '@temporalio/proto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zoneId } from '../../src/domain/ids.ts';
import type { Wish } from '../../src/domain/traffic.ts';
import { wishSignal, type WishAnswer, type WishLetter } from '../../workflows/messages.ts';
import type { Answered, asker } from '../support/asker-workflows.ts';
import type { ZoneInput } from '../../workflows/zone.ts';
import { latch } from '../support/latch.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';
import { throttled, wishFor, ZoneWorld } from '../support/zone-world.ts';

type HistoryEvent = proto.api.history.v1.IHistoryEvent;
type Asking = Omit<Wish, 'id'>;

/** So low that some wishes make the zone begin a new run. */
const EVENTS_BEFORE_NEW_RUN = 100;

interface Scene {
  readonly world: ZoneWorld;
  readonly ask: (...wishes: readonly Asking[]) => Promise<WorkflowHandle<typeof asker>>;
  readonly answersTo: (...wishes: readonly Asking[]) => Promise<readonly Answered[]>;
  /** The events of all of the zone's runs, first to last. */
  readonly zoneRuns: () => Promise<HistoryEvent[][]>;
  /** What its worker knows is gone; another one takes over. */
  readonly crash: () => void;
}

describe('the one writer of a zone', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start({
      workflows: new URL('../support/asker-workflows.ts', import.meta.url),
      serverArguments: [
        `limit.historyCount.suggestContinueAsNew=${EVENTS_BEFORE_NEW_RUN}`,
        // Else every timer, a retry's too, takes a second at least.
        'history.timerProcessorMaxTimeShift="5ms"',
      ].flatMap((setting) => ['--dynamic-config-value', setting]),
    });
  }, 30_000);
  afterAll(() => temporal.stop());

  /** Each scene has a zone of its own. */
  async function scene(hostCount: number, act: (given: Scene) => Promise<void>): Promise<void> {
    const world = new ZoneWorld(randomUUID(), hostCount);
    const { workflow } = temporal.server.client;
    await withWorkers(world, async (taskQueue, crash) => {
      const ask: Scene['ask'] = (...wishes) =>
        workflow.start<typeof asker>('asker', {
          workflowId: `asker/${randomUUID()}`,
          taskQueue,
          args: [{ zone: world.zone, wishes }],
        });
      const zoneRuns = async (): Promise<HistoryEvent[][]> => {
        const id = zoneId(world.zone.id);
        const runs: HistoryEvent[][] = [];
        let runId = (await workflow.getHandle(id).describe()).raw.workflowExecutionInfo?.firstRunId ?? undefined;
        while (runId !== undefined) {
          const { events } = await workflow.getHandle(id, runId).fetchHistory();
          runs.push(events ?? []);
          runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
        }
        return runs;
      };
      try {
        await act({ world, ask, zoneRuns, crash, answersTo: async (...wishes) => (await ask(...wishes)).result() });
        expect(mostWritesAtOnce((await zoneRuns()).flat())).toBe(1);
      } finally {
        await workflow.getHandle(zoneId(world.zone.id)).terminate();
      }
    });
    for (const write of world.writes)
      for (const weights of Object.values(write))
        expect(Object.values(weights).some((weight) => weight > 0)).toBe(true);
  }

  /** One worker at a time, on one task queue, until the body has ended. */
  async function withWorkers(
    world: ZoneWorld,
    body: (taskQueue: string, crash: () => void) => Promise<void>,
  ): Promise<void> {
    const taskQueue = randomUUID();
    let ended: Promise<'over'> | undefined;
    let crashNow: () => void = () => undefined;
    for (let how = 'crashed'; how === 'crashed';) {
      const crash = latch();
      crashNow = () => crash.open();
      const untilCrashed = (): Promise<string> => {
        ended ??= body(taskQueue, () => crashNow()).then(() => 'over');
        return Promise.race([crash.opened.then(() => 'crashed'), ended]);
      };
      how = await temporal.withWorker(world.activities(), untilCrashed, taskQueue);
    }
  }

  /** How many writes the zone had under way together, as its own history tells. */
  function mostWritesAtOnce(events: readonly HistoryEvent[]): number {
    const underWay = new Set<string>();
    let most = 0;
    for (const event of events) {
      const { activityTaskScheduledEventAttributes: scheduled } = event;
      const ended =
        event.activityTaskCompletedEventAttributes ??
        event.activityTaskFailedEventAttributes ??
        event.activityTaskTimedOutEventAttributes;
      if (scheduled?.activityType?.name === 'applyWishes') underWay.add(String(event.eventId));
      if (ended) underWay.delete(String(ended.scheduledEventId));
      most = Math.max(most, underWay.size);
    }
    return most;
  }

  /** Every answer that the zone sent, by wish: it is in the zone's own history, so a second one would be seen. */
  async function sent({ zoneRuns }: Scene): Promise<Map<string, WishAnswer[]>> {
    const answers = (await zoneRuns()).flat().flatMap((event) => {
      const signal = event.signalExternalWorkflowExecutionInitiatedEventAttributes;
      return signal ? defaultPayloadConverter.fromPayload<WishAnswer[]>(signal.input!.payloads![0]!) : [];
    });
    return Map.groupBy(answers, ({ wish }) => wish);
  }

  /** The ids of the wishes that have reached the zone, in the order of asking. */
  const heard =
    ({ zoneRuns }: Scene) =>
    async (): Promise<string[]> =>
      (await zoneRuns()).flat().flatMap((event) => {
        const signal = event.workflowExecutionSignaledEventAttributes;
        if (signal?.signalName !== 'wish') return [];
        return defaultPayloadConverter.fromPayload<WishLetter>(signal.input!.payloads![0]!).wishes.map(({ id }) => id);
      });

  const greens = (wishes: readonly Wish[]): string[] =>
    wishes.map(({ host, want }) => `${host.split('.')[0]}=${want[1]!.weight}`);

  it('writes a wish, waits until all name servers have it, and says when that was', async () => {
    await scene(1, async ({ world, answersTo }) => {
      const [host = ''] = world.hosts;
      const [answer] = await answersTo(wishFor(host, 10, { expected: { 'stg-1-33': 100 } }));
      expect(answer).toMatchObject({ outcome: 'in-sync', changed: true });
      expect(world.weights(host)).toEqual({ 'stg-1-33': 90, green: 10 });
      // As wished already: written once more as it is, so that INSYNC speaks for it.
      const [again] = await answersTo(wishFor(host, 10));
      expect(again).toMatchObject({ outcome: 'in-sync', changed: true });
      const written = { [host]: { 'stg-1-33': 90, green: 10 } };
      expect(world.writes).toEqual([written, written]);
    });
  });

  it('gives no answer before the change has spread, and writes the next one meanwhile', async () => {
    await scene(2, async ({ world, ask }) => {
      const spread = latch();
      world.onAwaitInSync = (changeId) => (changeId === 'C0' ? spread.opened : undefined);
      const [first = '', second = ''] = world.hosts;
      const slow = await ask(wishFor(first, 10));
      await eventually(
        async () => world.writes.length,
        (count) => count === 1,
      );
      const quick = await ask(wishFor(second, 10));
      expect(await quick.result()).toMatchObject([{ outcome: 'in-sync' }]);
      expect((await slow.describe()).status.name).toBe('RUNNING');
      spread.open();
      expect(await slow.result()).toMatchObject([{ outcome: 'in-sync' }]);
    });
  });

  it('puts what came in meanwhile into one batch, reversals first, and drops the advances they make pointless', async () => {
    await scene(4, async (given) => {
      const { world, ask } = given;
      const writing = latch();
      world.onApply = (wishes) => (wishes[0]?.host === world.hosts[0] ? writing.opened : undefined);
      const [h0 = '', h1 = '', h2 = '', h3 = ''] = world.hosts;
      const busy = await ask(wishFor(h0, 10));
      await eventually(
        async () => world.attempts.length,
        (count) => count === 1,
      );
      const asked = await ask(
        wishFor(h1, 50),
        wishFor(h2, 50),
        wishFor(h1, 0, { urgent: true }),
        wishFor(h3, 0, { urgent: true }),
      );
      await eventually(heard(given), ({ length }) => length === 5);
      writing.open();
      const answers = await asked.result();
      await busy.result();
      expect(world.attempts.map(greens)).toEqual([['h0=10'], ['h1=0', 'h3=0'], ['h2=50']]);
      expect(answers).toMatchObject([
        { outcome: 'refused', type: 'dns.superseded', why: `${h1} is being taken back` },
        { outcome: 'in-sync' },
        { outcome: 'in-sync' },
        { outcome: 'in-sync' },
      ]);
    });
  });

  it('keeps at it while Route 53 has enough, and nobody hears of that', async () => {
    await scene(1, async ({ world, answersTo }) => {
      world.onApply = () => {
        if (world.attempts.length < 4) throw throttled();
      };
      expect(await answersTo(wishFor(world.hosts[0] ?? '', 10))).toMatchObject([{ outcome: 'in-sync', changed: true }]);
      expect(world.attempts).toHaveLength(4);
    });
  });

  it('halves a refused batch until the bad wish stands alone', async () => {
    await scene(8, async ({ world, answersTo }) => {
      const bad = world.hosts[5];
      world.protect(bad ?? '');
      const answers = await answersTo(...world.hosts.map((host) => wishFor(host, 10)));
      expect(answers.map(({ outcome }, index) => `${index} ${outcome}`)).toEqual(
        world.hosts.map((host, index) => `${index} ${host === bad ? 'refused' : 'in-sync'}`),
      );
      const why = expect.stringMatching(/^Route 53 refused h5\.example\.test: .* is protected from changes/);
      expect(answers[5]).toEqual({ outcome: 'refused', type: 'dns.refused', why });
      // One wish may come alone before the other seven; at worst a batch is halved three times.
      expect(world.attempts.length).toBeLessThanOrEqual(1 + 1 + 2 * 3);
    });
  });

  it('says drift to the one whose expectation is wrong, and writes what the others asked', async () => {
    await scene(2, async ({ world, answersTo }) => {
      const [first = '', second = ''] = world.hosts;
      const answers = await answersTo(wishFor(first, 10, { expected: { 'stg-1-33': 77 } }), wishFor(second, 10));
      expect(answers).toMatchObject([
        { outcome: 'refused', type: 'drift.detected', why: expect.stringContaining('stg-1-33=77') },
        { outcome: 'in-sync' },
      ]);
      expect(world.weights(first)).toEqual({ 'stg-1-33': 100 });
    });
  });

  it('does not call a change in sync when nobody could tell', async () => {
    await scene(1, async ({ world, answersTo }) => {
      world.onAwaitInSync = () => {
        throw ApplicationFailure.nonRetryable('change C0 is PENDING since 15 minutes', 'wait.deadline');
      };
      expect(await answersTo(wishFor(world.hosts[0] ?? '', 10))).toEqual([
        { outcome: 'refused', type: 'dns.not-in-sync', why: 'change C0 is PENDING since 15 minutes' },
      ]);
    });
  });

  it('goes on when an asker is gone', async () => {
    await scene(2, async ({ world, ask, answersTo }) => {
      const writing = latch();
      world.onApply = () => (world.attempts.length === 1 ? writing.opened : undefined);
      const gone = await ask(wishFor(world.hosts[0] ?? '', 10));
      await eventually(
        async () => world.attempts.length,
        (count) => count === 1,
      );
      await gone.terminate();
      const others = answersTo(wishFor(world.hosts[1] ?? '', 10));
      writing.open();
      expect(await others).toMatchObject([{ outcome: 'in-sync' }]);
    });
  });

  it('outlives a cancelled asker, even the one that started it', async () => {
    await scene(2, async ({ world, ask, zoneRuns }) => {
      const writing = latch();
      world.onApply = () => (world.attempts.length === 1 ? writing.opened : undefined);
      const starter = await ask(wishFor(world.hosts[0] ?? '', 10));
      await eventually(
        async () => world.attempts.length,
        (count) => count === 1,
      );
      const other = await ask(wishFor(world.hosts[1] ?? '', 10));
      await starter.cancel();
      await eventually(
        async () => (await starter.describe()).status.name,
        (status) => status !== 'RUNNING',
      );
      writing.open();
      expect(await other.result()).toMatchObject([{ outcome: 'in-sync' }]);
      const told = (await zoneRuns()).flat().filter((e) => e.workflowExecutionCancelRequestedEventAttributes);
      expect(told).toEqual([]);
    });
  });

  it('begins new runs of its own as it grows, and takes along what still waits', async () => {
    await scene(1, async (given) => {
      const { world, ask } = given;
      const [host = ''] = world.hosts;
      const looking = latch();
      world.onApply = () => (world.attempts.length === 1 ? looking.opened : undefined);
      const refused = await ask(wishFor(host, 99, { expected: { 'stg-1-33': 77 } }));
      await eventually(
        async () => world.attempts.length,
        (count) => count === 1,
      );
      // All for one host, so that each is a batch of its own.
      const wishes = Array.from({ length: 25 }, (_, index) => wishFor(host, index + 1));
      const asked = await ask(...wishes);
      await eventually(heard(given), ({ length }) => length === 1 + wishes.length);
      looking.open();
      await refused.result();
      const answers = await asked.result();
      expect(answers.filter(({ outcome }) => outcome === 'in-sync')).toHaveLength(wishes.length);
      const runs = await given.zoneRuns();
      expect(runs.length).toBeGreaterThan(1);
      expect(world.applied.flatMap((one) => one.wishes.map(({ id }) => id))).toEqual(await heard(given)());
      const carried = runs.slice(1).map(([begun]) => {
        const input = begun?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
        return defaultPayloadConverter.fromPayload<ZoneInput>(input!).carried?.waiting.wishes.length ?? 0;
      });
      expect(Math.max(...carried)).toBeGreaterThan(0);
      for (const [wish, all] of await sent(given)) expect({ wish, answers: all.length }).toEqual({ wish, answers: 1 });
    });
  });

  it('begins a new run while changes spread, and then answers for them', async () => {
    await scene(2, async (given) => {
      const { world, ask, answersTo } = given;
      const [first = '', second = ''] = world.hosts;
      const spread = latch();
      world.onAwaitInSync = (changeId) => (changeId === 'C0' ? spread.opened : undefined);
      const slow = await ask(wishFor(first, 10));
      await eventually(
        async () => world.writes.length,
        (count) => count === 1,
      );
      let green = 0;
      while ((await given.zoneRuns()).length === 1) await answersTo(wishFor(second, (green += 1)));
      expect((await slow.describe()).status.name).toBe('RUNNING');
      spread.open();
      expect(await slow.result()).toMatchObject([{ outcome: 'in-sync', changed: true }]);
      for (const [wish, all] of await sent(given)) expect({ wish, answers: all.length }).toEqual({ wish, answers: 1 });
    });
  });

  it('does nothing for a wish that it has answered, when its asker asks again before it has heard so', async () => {
    await scene(2, async (given) => {
      const { world, ask, answersTo } = given;
      const [first = '', second = ''] = world.hosts;
      const asked = await ask(wishFor(first, 10));
      await asked.result();
      const [id = ''] = await heard(given)();
      const again = { zone: world.zone, askerWorkflowId: asked.workflowId, wishes: [{ ...wishFor(first, 10), id }] };
      await temporal.server.client.workflow.getHandle(zoneId(world.zone.id)).signal(wishSignal, again);
      await answersTo(wishFor(second, 10));
      expect(await heard(given)()).toHaveLength(3);
      expect(world.applied.map(({ wishes }) => wishes.map(({ host }) => host))).toEqual([[first], [second]]);
      expect((await sent(given)).get(id)).toHaveLength(1);
    });
  });

  it('writes nothing for an asker that was cancelled while its wish waited', async () => {
    await scene(3, async (given) => {
      const { world, ask, answersTo } = given;
      const [first = '', second = '', third = ''] = world.hosts;
      const writing = latch();
      world.onApply = () => (world.attempts.length === 1 ? writing.opened : undefined);
      const busy = await ask(wishFor(first, 10));
      await eventually(
        async () => world.attempts.length,
        (count) => count === 1,
      );
      const cancelled = await ask(wishFor(second, 10));
      await eventually(heard(given), ({ length }) => length === 2);
      await cancelled.cancel();
      await expect(cancelled.result()).rejects.toThrow('Workflow execution cancelled');
      writing.open();
      await busy.result();
      await answersTo(wishFor(third, 10));
      expect(world.attempts.flat().map(({ host }) => host)).toEqual([first, third]);
    });
  });

  it('lets an advance wait a moment for company, while others keep coming', async () => {
    await scene(3, async ({ world, ask }) => {
      const [first = '', second = '', third = ''] = world.hosts;
      const asked = await ask(wishFor(first, 10));
      const tell = (host: string): Promise<void> =>
        temporal.server.client.workflow.getHandle(zoneId(world.zone.id)).signal(wishSignal, {
          zone: world.zone,
          askerWorkflowId: asked.workflowId,
          wishes: [{ ...wishFor(host, 10), id: randomUUID() }],
        });
      // The second comes while the first is written, the third right after that.
      world.onApply = () => (world.attempts.length === 1 ? tell(second) : undefined);
      await eventually(
        async () => world.applied.length,
        (count) => count === 1,
      );
      await tell(third);
      await eventually(
        async () => world.applied.flatMap(({ wishes }) => wishes),
        ({ length }) => length === 3,
      );
      expect(world.attempts.map((wishes) => wishes.map(({ host }) => host))).toEqual([[first], [second, third]]);
    });
  });

  it('is asked for many names in one letter', async () => {
    await scene(130, async (given) => {
      const { world, zoneRuns, answersTo } = given;
      const answers = await answersTo(...world.hosts.map((host) => wishFor(host, 0, { urgent: true })));
      expect(answers.filter(({ outcome }) => outcome === 'in-sync')).toHaveLength(130);
      const events = (await zoneRuns()).flat();
      const letters = events.filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'wish');
      // The first full one, and what is left; as many answers, and no more batches.
      expect([letters.length, world.attempts.length]).toEqual([2, 2]);
      expect(events.filter((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes)).toHaveLength(2);
    });
  });

  it('gives every asker exactly one true answer, whatever comes together', async () => {
    const HOSTS = 5;
    const asking = fc.record({
      host: fc.nat({ max: HOSTS - 1 }),
      urgent: fc.boolean(),
      expects: fc.constantFrom('anything', 'anything', 'what was there first', 'something else'),
    });
    const numbers = (most: number) => fc.uniqueArray(fc.nat({ max: 12 }), { maxLength: most });
    const plan = fc.record({
      askers: fc.array(
        fc.record({ wishes: fc.array(asking, { minLength: 1, maxLength: 4 }), isCancelled: fc.boolean() }),
        { minLength: 3, maxLength: 8 },
      ),
      badHost: fc.option(fc.nat({ max: HOSTS - 1 })),
      /** Which calls are throttled, which batches are taken without the answer coming through, and where the worker dies. */
      throttles: numbers(3),
      lostAnswers: numbers(2),
      crashes: numbers(1),
      /** The call at which those who are cancelled are. */
      cancelAt: fc.integer({ min: 1, max: 6 }),
    });

    await fc.assert(
      fc.asyncProperty(plan, async ({ askers, badHost, throttles, lostAnswers, crashes, cancelAt }) => {
        await scene(HOSTS, async (given) => {
          const { world } = given;
          const bad = badHost === null ? undefined : world.hosts[badHost];
          if (bad !== undefined) world.protect(bad);
          const cancelling = latch();
          world.onApply = () => {
            const call = world.attempts.length;
            if (call === cancelAt) cancelling.open();
            if (crashes.includes(call)) given.crash();
            if (throttles.includes(call)) throw throttled();
          };
          world.onTaken = () => {
            if (lostAnswers.includes(world.attempts.length)) throw hangUp();
          };
          let green = 0;
          const wishes = askers.map((ofOne) =>
            ofOne.wishes.map(({ host, urgent, expects }) => {
              green += 1;
              const expected = expects === 'anything' ? null : { 'stg-1-33': expects === 'something else' ? 200 : 100 };
              return wishFor(world.hosts[host] ?? '', green, { urgent, expected });
            }),
          );
          const asked = await Promise.all(wishes.map((ofOne) => given.ask(...ofOne)));
          void cancelling.opened.then(() =>
            asked.filter((_, index) => askers[index]!.isCancelled).map((one) => one.cancel().catch(() => undefined)),
          );
          // Nobody hears of an asker that was cancelled in time; everybody else has answers.
          const answers = await Promise.all(
            asked.map((one, index) =>
              one.result().catch((error) => (askers[index]!.isCancelled ? null : Promise.reject(error))),
            ),
          );

          const all = await sent(given);
          for (const [wish, ofOne] of all) expect({ wish, answers: ofOne.length }).toEqual({ wish, answers: 1 });
          for (const [index, ofOne] of answers.entries())
            for (const [number, wish] of wishes[index]!.entries()) if (ofOne) judge(world, wish, ofOne[number], bad);
          for (const { wishes: together } of world.applied)
            expect(new Set(together.map(({ host }) => host)).size).toBe(together.length);
          for (const attempt of world.attempts) expect(new Set(attempt.map(({ urgent }) => urgent)).size).toBe(1);
          for (const before of world.applied)
            for (const [index, outcome] of before.outcomes.entries())
              if (outcome.outcome === 'refused' && outcome.type === 'dns.refused')
                expect(before.wishes[index]!.host).toBe(bad);
        });
      }),
      { numRuns: 6 },
    );
  });

  /** Whether an answer is true of what happened in the world. A wish is known by its share of green, which no other has. */
  function judge(world: ZoneWorld, wish: Asking, answer: Answered | undefined, bad: string | undefined): void {
    const green = wish.want[1]!.weight;
    const isIt = (one: Wish): boolean => one.host === wish.host && one.want[1]!.weight === green;
    const applied = world.applied.filter(({ wishes }) => wishes.some(isIt));
    const written = world.writes.filter((write) => write[wish.host]?.['green'] === green);
    if (answer?.outcome === 'in-sync') {
      expect(answer.changed).toBe(true);
      expect(applied).toHaveLength(1);
      // More than once only where the first answer was lost.
      expect(written.length).toBeGreaterThan(0);
      return;
    }
    expect(written).toHaveLength(0);
    switch (answer?.type ?? 'no answer') {
      case 'dns.superseded':
        expect(wish.urgent).toBe(false);
        expect(applied).toHaveLength(0);
        break;
      case 'drift.detected':
        expect(applied).toHaveLength(1);
        expect(applied[0]!.before[applied[0]!.wishes.findIndex(isIt)]).not.toEqual(wish.expected);
        break;
      case 'dns.refused':
        expect(wish.host).toBe(bad);
        break;
      default:
        expect(answer).toBe('a known answer');
    }
  }
});

/** As when Route 53 has done what it was asked, and the connection ends before it says so. */
const hangUp = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
