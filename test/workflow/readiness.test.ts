// What a migration does with what is known of both colours: waits, raises, holds with why, and gives back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppStatus } from '../../src/domain/status.ts';
import * as messages from '../../workflows/messages.ts';
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
import { applicationFacts, autoscalerFacts, servingFacts, targetGroup, workloadFacts } from '../support/readiness.ts';
import { TestTemporal } from '../support/temporal.ts';

const ana = { by: 'ana@example.test', role: 'developer', reason: 'seen by hand' } as const;
const WEB = { namespace: 'messages', name: 'messages' };
const sized = (ready: number, min = ready) => ({
  workloads: {
    seen: {
      workloads: [workloadFacts({ ...WEB, desired: ready, ready, updated: ready })],
      autoscalers: [autoscalerFacts({ ...WEB, target: { kind: 'Deployment', name: WEB.name }, min })],
    },
  },
});
const at = (revision: string, given: Parameters<typeof applicationFacts>[0] = {}) => ({
  application: { seen: applicationFacts({ name: `messages-${GREEN}`, revision, ...given }) },
});
const sick = {
  loadBalancer: {
    seen: {
      hostname: 'blue.elb.test',
      targetGroups: [targetGroup({ name: 'k8s-messages', healthy: 0, unhealthy: 2, because: ['codes: [503]'] })],
    },
  },
};
const LONG = [10, 100].map((greenPercent) => ({ greenPercent, bakeSeconds: 3600 }));
const isOnGreen = ({ state }: AppStatus): boolean => state === 'on-green';
const bakes = ({ state }: AppStatus): boolean => state === 'baking';

describe.concurrent('before an app gets traffic on green', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const scene = (
    change: Parameters<typeof migrationScene>[1],
    prepare: (fake: Scene['fake']) => void,
    act: (given: Scene & { moving: Move }) => Promise<void>,
  ) =>
    migrationScene(temporal, change, async (given) => {
      prepare(given.fake);
      await act({ ...given, moving: await given.move() });
    });
  const retry = (moving: Move) => moving.executeUpdate(messages.retryUpdate, { args: [ana] });
  const promote = (moving: Move) => moving.executeUpdate(messages.promoteUpdate, { args: [ana] });

  it('an app is made as big as blue, waited for, and gives back what it was raised to when blue may go', async () => {
    let looks = 0;
    await scene(
      {},
      (fake) => {
        fake.readiness = (cluster) => {
          if (cluster === BLUE) return sized(5);
          if (fake.raised.length === 0) return sized(2);
          looks += 1;
          // Pods take a while to be ready.
          return looks < 3 ? sized(3, 5) : sized(5);
        };
      },
      async ({ fake, moving, hosts: [host = ''] }) => {
        const waiting = await until(moving, holds('ready'));
        expect(waiting.hold).toMatchObject({
          because:
            'green cannot serve yet: workloads of Deployment messages/messages: 3 ready, 3 of the newest template, of 3, expected at least 5 ready, all of the newest template',
          waitsFor: 'green to become ready, 10 minutes at most',
        });
        expect(fake.weights(host)).toEqual(onBlue);
        await until(moving, isOnGreen);
        const object = { kind: 'HorizontalPodAutoscaler', ...WEB };
        expect(fake.raised).toEqual([{ cluster: GREEN, object, from: 2, to: 5, original: 2 }]);
        expect(fake.calls.indexOf('raiseReplicas')).toBeLessThan(fake.calls.indexOf('applyWishes'));
        expect(fake.restored).toEqual([]);
        await moving.signal(messages.releaseSignal);
        expect(await moving.result()).toMatchObject({ state: 'on-green', raised: false });
        expect(fake.restored).toEqual([{ cluster: GREEN, application: `messages-${GREEN}`, serves: true }]);
      },
    );
  });

  it('what it was raised to is given back when it goes back to blue', async () => {
    await scene(
      { app: { steps: LONG } },
      (fake) => {
        fake.readiness = (cluster) => (cluster === BLUE || fake.raised.length > 0 ? sized(5) : sized(2));
      },
      async ({ fake, moving }) => {
        await until(moving, bakes);
        await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
        expect(await until(moving, holds('aborted'))).toMatchObject({ raised: false });
        expect(fake.restored).toEqual([{ cluster: GREEN, application: `messages-${GREEN}`, serves: false }]);
        expect(fake.calls.lastIndexOf('restoreReplicas')).toBeGreaterThan(fake.calls.lastIndexOf('applyWishes'));
      },
    );
  });

  it('nothing is raised, and nothing given back, when it is big enough', async () => {
    await scene(
      {},
      () => undefined,
      async ({ fake, moving }) => {
        await until(moving, isOnGreen);
        await moving.signal(messages.releaseSignal);
        await moving.result();
        expect([fake.raised, fake.restored]).toEqual([[], []]);
      },
    );
  });

  it('an app holds with what a person has to do, and asks again when that was done', async () => {
    let revision = 'def5678';
    await scene(
      {},
      (fake) => {
        fake.readiness = (cluster) => (cluster === GREEN ? at(revision) : {});
      },
      async ({ fake, moving, hosts: [host = ''] }) => {
        const held = await until(moving, holds('gate'));
        expect(held.hold).toMatchObject({
          because: `green cannot serve yet: Argo CD of messages-${GREEN}: revision def5678, expected revision abc1234, as on ${BLUE}`,
          todo: 'bring both Applications to one revision and sync',
          runbook: 'cannot-serve',
          promotable: true,
        });
        expect(fake.weights(host)).toEqual(onBlue);
        revision = 'abc1234';
        await retry(moving);
        await until(moving, isOnGreen);
      },
    );
  });

  it('a person may know better, for one step, than what proves nothing', async () => {
    await scene(
      {},
      (fake) => {
        fake.readiness = (cluster) => (cluster === GREEN ? at('def5678') : {});
      },
      async ({ fake, moving, hosts: [host = ''] }) => {
        await until(moving, holds('gate'));
        await promote(moving);
        await until(moving, (status) => holds('gate')(status) && status.greenPercent === 10);
        expect(fake.weights(host)).toEqual({ [BLUE]: 90, [GREEN]: 10 });
      },
    );
  });

  it('nobody may know better than targets that are not healthy', async () => {
    await scene(
      {},
      (fake) => {
        fake.readiness = (cluster) => (cluster === GREEN ? sick : {});
      },
      async ({ moving }) => {
        const held = await until(moving, holds('gate'));
        expect(held.hold?.because).toContain('0 healthy, 0 initial, 2 unhealthy, 0 draining (codes: [503])');
        await expect(promote(moving)).rejects.toThrow('Workflow Update failed');
      },
    );
  });

  it('green is asked again before each step', async () => {
    await scene(
      {},
      (fake) => {
        fake.readiness = (cluster) =>
          cluster === GREEN && fake.writes.length > 0 ? at('abc1234', { health: 'Degraded' }) : {};
      },
      async ({ moving }) => {
        const held = await until(moving, holds('gate'));
        expect(held).toMatchObject({ greenPercent: 10, hold: { todo: 'look at what Argo CD calls Degraded' } });
      },
    );
  });

  it('self-heal is not fought: it holds with what to write into the Application', async () => {
    await scene(
      {},
      (fake) => {
        fake.readiness = (cluster) =>
          cluster === BLUE ? sized(5) : { ...sized(2), ...at('abc1234', { selfHeals: true }) };
      },
      async ({ fake, moving }) => {
        const held = await until(moving, holds('gate'));
        expect(held.hold?.todo).toContain('jsonPointers: [/spec/minReplicas]');
        expect(held.hold?.todo).toContain('RespectIgnoreDifferences=true');
        expect(fake.raised).toEqual([]);
      },
    );
  });

  it('less for green is a way back: green is not asked for it, and only a proven no of blue stops it', async () => {
    let blueIs: object = {};
    await scene(
      { app: { steps: LONG } },
      (fake) => {
        fake.readiness = (cluster) => {
          if (cluster === BLUE) return blueIs;
          return fake.writes.length > 0 ? sick : {};
        };
      },
      async ({ fake, moving, hosts: [host = ''] }) => {
        await until(moving, bakes);
        await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 5 }] });
        await until(moving, holds('pinned'));
        expect(fake.weights(host)).toEqual({ [BLUE]: 95, [GREEN]: 5 });
        blueIs = sick;
        await moving.executeUpdate(messages.pinUpdate, { args: [{ ...ana, greenPercent: 1 }] });
        const held = await until(moving, holds('gate'));
        expect(held.hold?.because).toMatch(
          /^blue cannot serve: load balancer of k8s-messages of blue\.elb\.test: 0 healthy/,
        );
        await promote(moving);
        await until(moving, holds('pinned'));
        expect(fake.weights(host)).toEqual({ [BLUE]: 99, [GREEN]: 1 });
      },
    );
  });
});

describe.concurrent('before an app goes back to blue', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  const back = (blueIs: object | Error, act: (given: Scene & { moving: Move }) => Promise<void>) =>
    migrationScene(temporal, { app: { steps: LONG } }, async (given) => {
      const { fake } = given;
      fake.readiness = (cluster) => {
        if (cluster !== BLUE || fake.writes.length === 0) return {};
        if (blueIs instanceof Error) throw blueIs;
        return blueIs;
      };
      const moving = await given.move();
      await until(moving, bakes);
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      await act({ ...given, moving });
    });

  it('blue’s targets are looked at: without a healthy one it holds, and goes back all the same when it is told to', async () => {
    await back(sick, async ({ fake, moving, hosts: [host = ''] }) => {
      const held = await until(moving, holds('gate'));
      expect(held.hold).toMatchObject({
        because:
          'ana@example.test took it back: seen by hand; but blue does not answer either: load balancer of k8s-messages of blue.elb.test: 0 healthy, 0 initial, 2 unhealthy, 0 draining (codes: [503]), expected at least 1 healthy',
        todo: 'mend blue, or green, whichever is sooner; retry goes back to blue whatever it answers',
      });
      expect(fake.weights(host)).toEqual({ [BLUE]: 90, [GREEN]: 10 });
      await retry(moving);
      await until(moving, holds('aborted'));
      expect(fake.weights(host)).toEqual(onBlue);
    });
    async function retry(moving: Move): Promise<void> {
      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
    }
  });

  it.each<[string, object | Error]>([
    ['is out of sync and in the middle of a canary', at('other', { sync: 'OutOfSync', health: 'Suspended' })],
    [
      'is not as big as it wants to be',
      { workloads: { seen: { workloads: [workloadFacts({ ready: 1 })], autoscalers: [] } } },
    ],
    [
      'cannot be seen',
      { ...servingFacts(BLUE), loadBalancer: { unknown: 'denied' }, workloads: { unknown: 'denied' } },
    ],
    ['is asked in vain', new Error('the look failed')],
  ])('a blue that %s is no reason to stay', async (_what, blueIs) => {
    await back(blueIs, async ({ fake, moving, hosts: [host = ''] }) => {
      await until(moving, holds('aborted'));
      expect(fake.weights(host)).toEqual(onBlue);
    });
  });
});
