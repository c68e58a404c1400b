import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { migrationId, zoneId } from '../../src/domain/ids.ts';
import type { ObservedRecord } from '../../src/domain/traffic.ts';
import * as messages from '../../workflows/messages.ts';
import { app as anApp, environment, ZONE } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import type { RecordSet } from '../../src/domain/record-set.ts';
import { latch } from '../support/latch.ts';
import { workloadFacts } from '../support/readiness.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const HOST = 'messages.example.test';
const withWeight = (record: ObservedRecord, weight: number): ObservedRecord => ({ ...record, weight });

/** Half as big as on blue. */
const SMALL = (name: string) => ({
  workloads: {
    seen: { workloads: [workloadFacts({ namespace: name, name, desired: 1, ready: 1, updated: 1 })], autoscalers: [] },
  },
});

describe.concurrent('upgrade', () => {
  let temporal: TestTemporal;
  let number = 0;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  /** Each test has an environment and a zone of its own, so that no workflow of another test is met. */
  function world(change: Parameters<typeof environment>[0] = {}) {
    number += 1;
    const zone = { ...ZONE, id: `${ZONE.id}${number}` };
    const plain = environment({ name: `stg${number}`, zones: [zone], ...change });
    const apps = plain.apps.map((one) => ({ ...one, hosts: one.hosts.map((host) => ({ ...host, zoneId: zone.id })) }));
    const made = { ...plain, apps };
    const fake = new FakeWorld(made);
    const run = <T>(body: (up: Awaited<ReturnType<TestTemporal['startUpgrade']>>) => Promise<T>) =>
      temporal.withWorker(fake.activities(), async (taskQueue) => {
        const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
        const result = await body(up);
        await temporal.server.client.workflow
          .getHandle(zoneId(zone.id))
          .terminate()
          .catch(() => undefined);
        return result;
      });
    return { fake, environment: made, run };
  }

  const holdsFor = (kind: string) => (status: { holds: readonly { kind: string }[] }) =>
    status.holds.some((hold) => hold.kind === kind);
  const by = 'sre@example.test';
  const role = 'sre' as const;

  it('moves every app to green, waits for the approval, and deletes blue', async () => {
    const { fake, run } = world();
    const entryOf = (setIdentifier: string): RecordSet => ({
      name: `cname-${HOST}`,
      type: 'TXT',
      setIdentifier,
      weight: 100,
      ttlSeconds: 300,
      alias: null,
      values: ['"heritage=external-dns,external-dns/owner=eksodus"'],
      healthChecked: false,
    });
    fake.ownEntries = [entryOf('stg-1-33'), entryOf('other')];
    // External-dns would make its record anew while an Ingress asks for it, and nothing of it is there.
    fake.annotations.adopted.add(HOST);
    const whileIngressIsThere: unknown[] = [];
    fake.before = (activity) => {
      if (activity === 'awaitLoadBalancersGone')
        whileIngressIsThere.push([fake.weights(HOST)['stg-1-33'], fake.ownEntries.length]);
    };
    const result = await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      expect(held.apps.map(({ app, state, greenPercent }) => ({ app, state, greenPercent }))).toEqual([
        { app: 'messages', state: 'on-green', greenPercent: 100 },
        { app: 'files', state: 'on-green', greenPercent: 100 },
      ]);
      expect(fake.clusters.has('stg-1-33')).toBe(true);
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      return up.result();
    });
    expect(result.result).toBe('succeeded');
    expect(result.status.phases.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'preflight done',
      'provision done',
      'bootstrap done',
      'verify done',
      'migrate done',
      'soak done',
      'decommission done',
    ]);
    expect([...fake.clusters.keys()]).toEqual([result.status.green.name]);
    expect(fake.parameters.get('/stg/live-cluster')).toBe(result.status.green.name);
    expect(fake.weights(HOST)).toEqual({ [result.status.green.name]: 100 });
    expect(whileIngressIsThere).toEqual([[0, 2]]);
    expect(fake.ownEntries).toEqual([entryOf('other')]);
    for (const write of fake.writes) {
      for (const weights of Object.values(write))
        expect(Object.values(weights).some((weight) => weight > 0)).toBe(true);
    }
  });

  it('takes the app back at once when its gate fails, and holds for a person, who may try again', async () => {
    const { fake, run } = world();
    let broken = true;
    fake.gate = (name, greenPercent) => (broken && name === 'messages' && greenPercent === 50 ? 'failed' : 'passed');
    await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('gate'));
      expect(held.state).toBe('holding');
      expect(fake.weights(HOST)).toEqual({ 'stg-1-33': 100, [held.green.name]: 0 });
      broken = false;
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      expect(fake.weights(HOST)).toEqual({ 'stg-1-33': 0, [held.green.name]: 100 });
      await up.terminate();
    });
  });

  it('tells who still asks blue before it asks whether blue may go, and that nobody could tell', async () => {
    const source = { kind: 'prometheus', name: 'main', url: 'http://127.0.0.1:9090', headersFrom: {} } as const;
    const limits = { everySeconds: 1, minSamples: 1, failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4 };
    const measure = { source: 'main', failed: 'f', total: '{app}', significance: 0.01, margin: 0.01 };
    const analyses = [{ ...limits, name: 'compared', measure: { kind: 'rates' as const, ...measure } }];
    const { fake, run } = world({ metrics: [source], analyses });
    fake.counts = ({ query }) =>
      query === 'messages'
        ? { kind: 'value', value: 7 }
        : { kind: 'error', error: 'unavailable', because: 'no answer' };
    await run(async (up) => {
      const { holds } = await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      expect(holds[0]?.because).toMatch(
        /no going back from that; stg-1-33 still answers requests: 7 of messages in 300 s .*; nobody could count what it still answers for files$/,
      );
      await up.terminate();
    });
  });

  it('rolls everything back by itself when the environment says so, and leaves blue whole', async () => {
    // Were the failed app to wait for the other one, the long bake would outlast the test.
    const steps = [
      { greenPercent: 50, bakeSeconds: 3600 },
      { greenPercent: 100, bakeSeconds: 0 },
    ];
    const { fake, run } = world({ onGateFailure: 'rollback', apps: [anApp('messages', { steps }), anApp('files')] });
    fake.gate = (name, greenPercent) => (name === 'files' && greenPercent === 50 ? 'failed' : 'passed');
    const [blueIsAsked, blueMayAnswer] = [latch(), latch()];
    fake.before = async (activity, input) => {
      const { app: name, target } = input as { app: string; target?: { hostname: string } };
      // The failed app itself is taken back before the run turns; the other one by the run.
      if (activity !== 'watchGate' || name !== 'messages' || !target?.hostname.includes('stg-1-33')) return;
      blueIsAsked.open();
      await blueMayAnswer.opened;
    };
    const result = await run(async (up) => {
      await blueIsAsked.opened;
      const turned = await up.query(messages.statusQuery).finally(() => blueMayAnswer.open());
      // The app that was stopped in its bake is no failure of its own: nobody is asked to mend it.
      expect(turned).toMatchObject({ state: 'rolling-back', holds: [] });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    expect(result.status.outcome).toContain('files');
    expect(result.status.apps.map(({ app, state, greenPercent }) => ({ app, state, greenPercent }))).toEqual([
      { app: 'messages', state: 'on-blue', greenPercent: 0 },
      { app: 'files', state: 'on-blue', greenPercent: 0 },
    ]);
    for (const host of ['messages.example.test', 'files.example.test']) {
      expect(fake.weights(host)['stg-1-33']).toBe(100);
      expect(fake.weights(host)[result.status.green.name]).toBe(0);
    }
    expect(fake.clusters.has('stg-1-33')).toBe(true);
    expect(fake.calls).not.toContain('deleteCluster');
  });

  it('waits for an app that its owner takes back from green, and asks for the approval again', async () => {
    const { environment: made, fake, run } = world();
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      const owner = temporal.server.client.workflow.getHandle(migrationId(made.name, 'files'));
      await owner.executeUpdate(messages.abortUpdate, { args: [{ by, role, reason: 'slow on green' }] });
      const without = await eventually(() => up.query(messages.statusQuery), holdsFor('aborted'));
      expect(without.holds.map(({ kind, app: whose }) => `${kind} ${whose ?? ''}`)).toEqual(['aborted files']);
      expect(fake.weights('files.example.test')['stg-1-33']).toBe(100);
      expect(fake.weights(HOST)['stg-1-33']).toBe(0);
      await owner.executeUpdate(messages.retryUpdate, { args: [{ by, role }] });
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      return up.result();
    });
    expect(result.result).toBe('succeeded');
    expect(fake.weights('files.example.test')).toEqual({ [result.status.green.name]: 100 });
  });

  it('moves an app after those it depends on, and no more at a time than are allowed', async () => {
    const apps = [anApp('messages', { dependsOn: ['files'] }), anApp('files'), anApp('search')];
    const { run } = world({ apps, maxMoving: 1 });
    await run(async (up) => {
      const { apps: moved } = await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      const spans = moved.map(({ app: name, history, since }) => ({
        name,
        from: history[0]?.askedAt ?? '',
        to: since,
      }));
      const [first, ...others] = spans.toSorted((a, b) => a.from.localeCompare(b.from));
      // Whoever queued first of those that wait for nobody.
      const order = [first, ...others].map((one) => one?.name);
      expect(order.indexOf('files')).toBeLessThan(order.indexOf('messages'));
      others.reduce(
        (before, next) => {
          expect(next.from >= before.to).toBe(true);
          return next;
        },
        first ?? { name: '', from: '', to: '' },
      );
      await up.terminate();
    });
  });

  it('holds when a migration was ended from outside, and starts it anew when a person resumes', async () => {
    const { environment: made, fake, run } = world({ apps: [anApp('messages', { start: 'owner' })] });
    await run(async (up) => {
      const moving = temporal.server.client.workflow.getHandle(migrationId(made.name, 'messages'));
      await eventually(() => up.query(messages.statusQuery), holdsFor('owner'));
      await moving.terminate();
      await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      await eventually(
        () => moving.describe(),
        ({ status }) => status.name === 'RUNNING',
      );
      await moving.executeUpdate(messages.startUpdate, { args: [{ by, role }] });
      const { apps } = await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      expect(apps).toMatchObject([{ state: 'on-green', greenPercent: 100 }]);
      expect(fake.weights(HOST)['stg-1-33']).toBe(0);
      await up.terminate();
    });
  });

  it('gives back what was raised for the move once all is back on blue, and tells what could not be', async () => {
    const { fake, run } = world();
    fake.readiness = (cluster, name) =>
      cluster === 'stg-1-33' || name === 'files' || fake.raised.length > 0 ? {} : { ...SMALL(name) };
    fake.before = (activity, input) => {
      if (activity !== 'restoreReplicas') return;
      expect(fake.weights(HOST)['stg-1-33']).toBe(100);
      throw ApplicationFailure.nonRetryable(
        `${(input as { application: string }).application}: forbidden`,
        'k8s.refused',
      );
    };
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      await up.executeUpdate(messages.rollbackUpdate, {
        args: [{ by, role, reason: 'second thoughts', removeGreen: false }],
      });
      return up.result();
    });
    expect(fake.raised).toHaveLength(1);
    expect(fake.calls.filter((one) => one === 'restoreReplicas')).toHaveLength(1);
    expect(result).toMatchObject({
      result: 'rolled-back',
      status: {
        outcome: `second thoughts (${by}); all traffic is on stg-1-33; messages keeps the replicas that it was raised to: messages-${result.status.green.name}: forbidden`,
      },
    });
  });

  it('rolls back when a person asks, and removes green when told to', async () => {
    const { fake, run } = world();
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      await up.executeUpdate(messages.rollbackUpdate, {
        args: [{ by, role, reason: 'second thoughts', removeGreen: true }],
      });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    expect([...fake.clusters.keys()]).toEqual(['stg-1-33']);
    expect(fake.weights(HOST)).toEqual({ 'stg-1-33': 100 });
    expect(fake.parameters.get('/stg/live-cluster')).toBe('stg-1-33');
  });

  it('lets caches forget green before it is removed, also when its apps had gone back just before', async () => {
    const { environment: made, fake, run } = world({ apps: [anApp('messages')] });
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      const reason = 'slow';
      await temporal.server.client.workflow
        .getHandle(migrationId(made.name, 'messages'))
        .executeUpdate(messages.abortUpdate, { args: [{ by, role, reason }] });
      await eventually(() => up.query(messages.statusQuery), holdsFor('aborted'));
      fake.calls.length = 0;
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, reason, removeGreen: true }] });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    expect(fake.calls).toContain('readTtl');
    expect(fake.calls.indexOf('readTtl')).toBeLessThan(fake.calls.indexOf('labelCluster'));
  });

  it('never deletes a cluster that it did not make, though it has green’s name', async () => {
    const { fake, run } = world();
    fake.clusters.set('stg-foreign', { ...fake.cluster('stg-1-33'), name: 'stg-foreign', run: 'upgrade/other/1' });
    fake.before = (activity) => {
      if (activity === 'requestCluster')
        throw ApplicationFailure.nonRetryable('it belongs to another run', 'eks.name-taken');
    };
    const result = await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      fake.clusters.set(held.green.name, { ...fake.cluster('stg-foreign'), name: held.green.name });
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: true }] });
      return up.result();
    });
    expect(result.status.outcome).toContain('was not made by this upgrade and stays');
    expect(fake.clusters.has(result.status.green.name)).toBe(true);
    expect(fake.calls).not.toContain('deleteCluster');
    expect(fake.parameters.get('/stg/live-cluster')).toBe('stg-1-33');
  });

  it('takes traffic back that an aborted run left on green', async () => {
    const { fake, run } = world({ approvals: [] });
    fake.before = (activity) => {
      if (activity === 'requestCluster')
        throw ApplicationFailure.nonRetryable('it belongs to another run', 'eks.name-taken');
    };
    const result = await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      const [record] = fake.records.get(HOST) ?? [];
      if (!record) throw new Error('no record');
      const both = (['A', 'AAAA'] as const).flatMap((type) => [
        { ...record, type, weight: 50 },
        { ...record, type, weight: 50, setIdentifier: held.green.name },
      ]);
      fake.records.set(HOST, both);
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: false }] });
      return up.result();
    });
    expect(fake.weights(HOST)).toEqual({ 'stg-1-33': 100, [result.status.green.name]: 0 });
  });

  it('leaves blue’s record leading where it led, and only changes its weight', async () => {
    const { fake, run } = world();
    const elsewhere = { hostname: 'front.example.test', hostedZoneId: 'Z9' };
    fake.records.set(
      HOST,
      (fake.records.get(HOST) ?? []).map((record) => Object.assign({}, record, { target: elsewhere })),
    );
    await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      const blue = (fake.records.get(HOST) ?? []).filter(({ setIdentifier }) => setIdentifier === 'stg-1-33');
      expect(blue.map(({ target, weight }) => ({ target, weight }))).toEqual([
        { target: elsewhere, weight: 0 },
        { target: elsewhere, weight: 0 },
      ]);
      await up.terminate();
    });
  });

  it('can still roll back when the proof that blue is idle fails', async () => {
    const { fake, run } = world({ approvals: [] });
    const leak = (activity: string) => {
      if (activity === 'proveIdle')
        throw ApplicationFailure.nonRetryable('an answer still leads to blue', 'checks.failed');
    };
    fake.before = leak;
    const result = await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(held.holds[0]?.releases).toContain(`eksodus upgrade rollback ${held.environment}`);
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: false }] });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    expect(fake.weights(HOST)['stg-1-33']).toBe(100);
    expect(fake.parameters.get('/stg/live-cluster')).toBe('stg-1-33');
  });

  it('never touches what bears green’s name when it had made nothing', async () => {
    const { fake, run } = world();
    fake.before = (activity) => {
      if (activity === 'gatherPreflight') throw ApplicationFailure.nonRetryable('no such zone', 'input.invalid');
    };
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('blocker'));
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: true }] });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    for (const call of ['labelCluster', 'deregisterCluster', 'deleteExposedApplications', 'deleteCluster'])
      expect(fake.calls).not.toContain(call);
  });

  it('holds when green cannot be looked at on the way back, and removes it when that is mended', async () => {
    const { fake, run } = world();
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      let denied = true;
      fake.before = (activity) => {
        if (denied && activity === 'describeCluster') throw ApplicationFailure.nonRetryable('denied', 'cloud.denied');
      };
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: true }] });
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(held.wayBack).toBe('taken');
      denied = false;
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    expect([...fake.clusters.keys()]).toEqual(['stg-1-33']);
  });

  it('lets a person give up a rollback that holds', async () => {
    const { fake, run } = world();
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      fake.before = (activity) => {
        if (activity === 'readRecords') throw ApplicationFailure.nonRetryable('no such zone', 'dns.batch-refused');
      };
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: false }] });
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(held.holds[0]?.releases).toEqual([
        `eksodus upgrade resume ${held.environment}`,
        `eksodus upgrade abort ${held.environment}`,
      ]);
      await up.executeUpdate(messages.abortUpdate, { args: [{ by, role, reason: 'by hand' }] });
      return up.result();
    });
    expect(result.result).toBe('aborted');
    expect(result.status.outcome).toContain('the rollback was given up by sre@example.test: by hand');
  });

  it('takes back the apps whose blue answers, and holds for the one whose blue does not', async () => {
    const { fake, run } = world();
    const result = await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      fake.blueGate = (name) => (name === 'files' ? 'failed' : 'passed');
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: false }] });
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(held.holds[0]?.because).toContain('blue does not answer: ');
      expect(fake.weights(HOST)['stg-1-33']).toBe(100);
      expect(fake.weights('files.example.test')['stg-1-33']).toBe(0);
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    expect(fake.weights('files.example.test')['stg-1-33']).toBe(100);
  });

  it('can go back while the live cluster’s name cannot be written, and puts the old name back', async () => {
    const { fake, run } = world({ approvals: [] });
    let isDenied = true;
    fake.before = (activity) => {
      if (isDenied && activity === 'writeLiveCluster') throw ApplicationFailure.nonRetryable('denied', 'cloud.denied');
    };
    const result = await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(held.wayBack).toBe('open');
      isDenied = false;
      fake.parameters.set('/stg/live-cluster', held.green.name);
      await up.executeUpdate(messages.rollbackUpdate, { args: [{ by, role, removeGreen: false }] });
      return up.result();
    });
    expect(result.result).toBe('rolled-back');
    expect(fake.parameters.get('/stg/live-cluster')).toBe('stg-1-33');
    expect(fake.calls).not.toContain('deleteCluster');
  });

  it('touches nothing of blue while green does not serve, or blue’s record is gone', async () => {
    const { fake, run } = world();
    await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      let isSick = true;
      const { before } = fake;
      fake.before = (activity, input) => {
        if (isSick && activity === 'findLoadBalancer')
          throw ApplicationFailure.nonRetryable('no Ingress', 'checks.failed');
        return before(activity, input);
      };
      fake.records.set(
        HOST,
        (fake.records.get(HOST) ?? []).filter(({ setIdentifier }) => setIdentifier !== 'stg-1-33'),
      );
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      const sick = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(sick).toMatchObject({ wayBack: 'open', holds: [{ because: 'no Ingress' }] });
      isSick = false;
      await up.terminate();
      expect(fake.calls).not.toContain('proveIdle');
    });
    const other = world();
    await other.run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      other.fake.records.set(
        HOST,
        (other.fake.records.get(HOST) ?? []).filter(({ setIdentifier }) => setIdentifier !== 'stg-1-33'),
      );
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      const gone = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(gone.wayBack).toBe('open');
      expect(gone.holds[0]?.because).toContain('has no weighted record stg-1-33 any more');
      expect(other.fake.calls).not.toContain('deleteCluster');
      await up.terminate();
    });
  });

  it('holds when a phase fails, and goes on from there when a person resumes', async () => {
    const { fake, run } = world();
    let failing = true;
    fake.before = (activity) => {
      if (failing && activity === 'awaitNodeGroup')
        throw ApplicationFailure.nonRetryable('no capacity in any zone', 'eks.create-failed');
    };
    await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('failure'));
      expect(held.holds[0]?.because).toContain('no capacity in any zone');
      expect(held.holds[0]?.releases).toContain(`eksodus upgrade resume ${held.environment}`);
      failing = false;
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      await up.terminate();
    });
  });

  it('never overwrites what somebody else changed: it holds and says what it saw', async () => {
    const { fake, run } = world();
    let meddled = false;
    fake.before = (activity, input) => {
      // In the middle of a step, which is watched for as long as it takes, and not before it.
      const { app: name, until } = input as { app: string; until: string };
      if (activity !== 'watchGate' || meddled || name !== 'messages' || Date.parse(until) < Date.now() + 60_000) return;
      meddled = true;
      fake.records.set(
        HOST,
        (fake.records.get(HOST) ?? []).map((record) => withWeight(record, 77)),
      );
    };
    await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('drift'));
      expect(held.holds.find(({ kind }) => kind === 'drift')?.because).toContain('77');
      expect(Object.values(fake.weights(HOST))).toEqual([77, 77]);
      await up.terminate();
    });
  });

  it('pauses between steps, resumes, and aborts without touching the world', async () => {
    const { fake, run } = world({ approvals: ['migrate', 'decommission'] });
    const result = await run(async (up) => {
      const held = await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      expect(held.holds[0]?.approval).toBe('migrate');
      await up.executeUpdate(messages.pauseUpdate, { args: [{ by, role, reason: 'lunch' }] });
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'migrate' }] });
      await eventually(
        () => up.query(messages.statusQuery),
        ({ state }) => state === 'paused',
      );
      const { holds } = await eventually(() => up.query(messages.statusQuery), holdsFor('paused'));
      expect(holds[0]?.because).toBe('sre@example.test paused the upgrade: lunch');
      expect(fake.weights(HOST)['stg-1-33']).toBe(100);
      await up.executeUpdate(messages.abortUpdate, { args: [{ by, role, reason: 'not today' }] });
      return up.result();
    });
    expect(result.result).toBe('aborted');
    expect(fake.weights(HOST)['stg-1-33']).toBe(100);
    expect(fake.clusters.size).toBe(2);
  });

  it('refuses commands that make no sense now, and says why', async () => {
    const { run } = world();
    await run(async (up) => {
      await eventually(() => up.query(messages.statusQuery), holdsFor('approval'));
      const refusal = async (ask: Promise<unknown>): Promise<string> => {
        const error = await ask.then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure))
          throw new Error('the command was not refused', { cause: error });
        expect(error.cause.type).toBe(messages.REFUSED);
        return error.cause.message;
      };
      expect(await refusal(up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'migrate' }] }))).toBe(
        'it waits for approval of decommission, not of migrate',
      );
      expect(await refusal(up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] }))).toBe(
        'it waits for approval of decommission, which resume does not give',
      );
      expect(
        await refusal(up.executeUpdate(messages.approveUpdate, { args: [{ by: ' ', role, point: 'decommission' }] })),
      ).toBe('a command needs the name of who gives it');
      await up.terminate();
    });
  });
});
