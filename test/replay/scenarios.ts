// The runs whose histories are kept: together they take every workflow type through what it must never do differently.
import { ApplicationFailure } from '@temporalio/common';
import { deadlineFor } from '../../src/domain/deadline-days.ts';
import type { Deadline, Environment } from '../../src/domain/environment.ts';
import { greenName } from '../../src/domain/environment.ts';
import {
  adoptionId,
  discoverId,
  migrationId,
  namesId,
  phaseId,
  TASK_QUEUE,
  upgradeId,
  zoneId,
} from '../../src/domain/ids.ts';
import { momentAt } from '../../src/domain/moment.ts';
import type { HoldKind, UpgradeStatus } from '../../src/domain/status.ts';
import type { discover } from '../../workflows/discover.ts';
import type { adoption } from '../../workflows/adoption.ts';
import * as messages from '../../workflows/messages.ts';
import type { names } from '../../workflows/names.ts';
import type { asker } from '../support/asker-workflows.ts';
import { HOST, Twins } from '../support/adoption-world.ts';
import { app, environment } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { latch } from '../support/latch.ts';
import { applicationFacts, workloadFacts } from '../support/readiness.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';
import { wishFor, ZoneWorld } from '../support/zone-world.ts';

/** Keeps the history, as it is now, of a run: the latest one of its workflow, unless it is named. */
export type Keep = (kept: {
  readonly type: string;
  readonly case: string;
  readonly workflowId: string;
  readonly runId?: string;
}) => Promise<void>;

export interface Scenario {
  readonly name: string;
  readonly run: (keeperOf: (temporal: TestTemporal) => Keep) => Promise<void>;
}

const deadlineIn = (ms: number): Deadline =>
  deadlineFor(momentAt(Date.now() + ms, 'Asia/Tokyo'), { policy: 'escalate', remindDays: [1] });

const IDENTITY = 'eksodus';
const by = 'sre@example.test';
const role = 'sre' as const;

type Upgrade = Awaited<ReturnType<TestTemporal['startUpgrade']>>;

interface Given {
  readonly fake: FakeWorld;
  readonly made: Environment;
  readonly up: Upgrade;
  readonly keep: Keep;
  readonly until: (holds: (status: UpgradeStatus) => boolean) => Promise<UpgradeStatus>;
}

/** An upgrade of its own on a server of its own. */
const upgradeScenario = (
  name: string,
  change: Partial<Environment>,
  { prepare, act }: { prepare: (fake: FakeWorld, made: Environment) => void; act: (given: Given) => Promise<void> },
): Scenario => ({
  name,
  async run(keeperOf) {
    const temporal = await TestTemporal.start({ identity: IDENTITY });
    try {
      const made = environment(change);
      const fake = new FakeWorld(made);
      prepare(fake, made);
      await temporal.withWorker(
        fake.activities(),
        async (taskQueue) => {
          const up = await temporal.startUpgrade({ environment: made, startedBy: by }, taskQueue);
          const until: Given['until'] = (holds) => eventually(() => up.query(messages.statusQuery), holds);
          await act({ fake, made, up, keep: keeperOf(temporal), until });
        },
        TASK_QUEUE,
      );
    } finally {
      await temporal.stop();
    }
  },
});

const holdsFor =
  (kind: HoldKind) =>
  ({ holds }: UpgradeStatus): boolean =>
    holds.some((hold) => hold.kind === kind);
const holdsForApprovalOf =
  (point: 'migrate' | 'decommission') =>
  ({ holds }: UpgradeStatus): boolean =>
    holds.some(({ approval }) => approval === point);

const plain = upgradeScenario(
  'an upgrade with both approvals, a window that opens later, waits and a soak',
  {
    approvals: ['migrate', 'decommission'],
    window: { timeZone: 'UTC', hours: [{ days: ['Mon'], from: '00:00', to: '23:59' }], holidays: [], freezes: [] },
    drainSeconds: 1,
    soakSeconds: 1,
  },
  {
    prepare(fake) {
      let looks = 0;
      fake.window = async ({ at }) => {
        looks += 1;
        const opens = new Date(Date.parse(at) + 1000).toISOString();
        return looks > 1 ? { open: true } : { open: false, why: 'not yet', opens: { at: opens, local: opens } };
      };
    },
    async act({ made, up, keep, until }) {
      const { name } = made;
      await until(holdsForApprovalOf('migrate'));
      await keep({ type: 'upgrade', case: 'awaiting-approval', workflowId: upgradeId(name) });
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'migrate' }] });
      await until(holdsForApprovalOf('decommission'));
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      await up.result();
      await keep({ type: 'upgrade', case: 'succeeded', workflowId: upgradeId(name) });
      for (const type of ['provision', 'bootstrap', 'verify', 'decommission'])
        await keep({ type, case: 'done', workflowId: phaseId(type, name, 1) });
      await keep({ type: 'migration', case: 'on-green', workflowId: migrationId(name, 'messages') });
      await keep({ type: 'zone', case: 'idle', workflowId: zoneId(made.zones[0]?.id ?? '') });
    },
  },
);

const failingPhases = upgradeScenario(
  'phases that fail and are tried again, a pause, and an end before anything moved',
  { approvals: ['migrate'] },
  {
    prepare(fake) {
      const failures = new Map([
        ['awaitNodeGroup', 'eks.create-failed'],
        ['syncApplication', 'argo.sync-failed'],
        ['checkNodes', 'checks.failed'],
      ]);
      fake.before = (activity) => {
        const type = failures.get(activity);
        failures.delete(activity);
        if (type !== undefined) throw ApplicationFailure.nonRetryable(`${activity} failed`, type);
      };
    },
    async act({ made, up, keep, until }) {
      const { name } = made;
      const resume = () => up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      for (const type of ['provision', 'bootstrap', 'verify'] as const) {
        const failed = ({ phases, holds }: UpgradeStatus): boolean =>
          holds.length > 0 && phases.some((phase) => phase.name === type && phase.state === 'failed');
        await until(failed);
        await keep({ type, case: 'failed', workflowId: phaseId(type, name, 1) });
        if (type === 'verify') await keep({ type: 'upgrade', case: 'holding', workflowId: upgradeId(name) });
        await resume();
      }
      await until(holdsForApprovalOf('migrate'));
      await up.executeUpdate(messages.pauseUpdate, { args: [{ by, role }] });
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'migrate' }] });
      await until(holdsFor('paused'));
      await up.executeUpdate(messages.abortUpdate, { args: [{ by, role, reason: 'not today' }] });
      await up.result();
      await keep({ type: 'upgrade', case: 'aborted', workflowId: upgradeId(name) });
    },
  },
);

/** Every step is told to the upgrade with all before it, so one step keeps the histories small. */
const ONE_STEP = [{ greenPercent: 10, bakeSeconds: 0 }];
const LAST_STEP = [{ greenPercent: 100, bakeSeconds: 0 }];

const hardWay = upgradeScenario(
  'a gate that fails and one that cannot tell, drift, and the way back with green removed',
  { approvals: [], apps: [app('messages', { steps: ONE_STEP }), app('files')] },
  {
    prepare(fake, made) {
      const failed = new Set<string>();
      const once = (what: string): boolean => !failed.has(what) && failed.add(what).has(what);
      fake.gate = (name, greenPercent) => {
        if (name === 'messages' && greenPercent === 10 && once('the gate')) return 'failed';
        if (name === 'files' && greenPercent === 10 && once('the look')) return 'inconclusive';
        if (name === 'files' && greenPercent === 50 && once('drift')) meddle(fake, 'files.example.test', made);
        return 'passed';
      };
    },
    async act({ made, up, keep, until }) {
      const { name } = made;
      await until(({ holds }) => new Set(holds.map((hold) => hold.app)).size === 2);
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      await until(holdsFor('drift'));
      await keep({ type: 'migration', case: 'holding-for-drift', workflowId: migrationId(name, 'files') });
      await up.executeUpdate(messages.rollbackUpdate, {
        args: [{ by, role, reason: 'second thoughts', removeGreen: true }],
      });
      await up.result();
      await keep({ type: 'upgrade', case: 'rolled-back', workflowId: upgradeId(name) });
      await keep({ type: 'migration', case: 'cancelled', workflowId: migrationId(name, 'files') });
      await keep({ type: 'migration', case: 'second-try', workflowId: migrationId(name, 'messages') });
      await keep({ type: 'decommission', case: 'of-green', workflowId: phaseId('decommission', name, 1) });
      await keep({ type: 'zone', case: 'drift-and-reversals', workflowId: zoneId(made.zones[0]?.id ?? '') });
    },
  },
);

/** Somebody else's edit, still between blue and green. */
function meddle(fake: FakeWorld, host: string, made: Environment): void {
  const green = greenName(made);
  const records = fake.records.get(host) ?? [];
  fake.records.set(
    host,
    records.map((record) => (record.setIdentifier === green ? Object.assign({}, record, { weight: 77 }) : record)),
  );
}

const givenBack = upgradeScenario(
  'an app whose gate fails takes the environment back by itself',
  { onGateFailure: 'rollback' },
  {
    prepare(fake) {
      fake.gate = (name, greenPercent) => (name === 'files' && greenPercent === 50 ? 'failed' : 'passed');
    },
    async act({ made, up, keep }) {
      await up.result();
      await keep({ type: 'upgrade', case: 'rolled-back-by-itself', workflowId: upgradeId(made.name) });
      await keep({ type: 'migration', case: 'on-blue', workflowId: migrationId(made.name, 'files') });
    },
  },
);

const planned = upgradeScenario(
  'an app that nobody starts: reminded, late, given more time, scheduled, taken back and scheduled again',
  {
    approvals: ['decommission'],
    apps: [app('messages', { steps: LAST_STEP, start: 'owner', deadline: deadlineIn(2_000) })],
  },
  {
    prepare: () => undefined,
    async act({ made, up, keep, until }) {
      const { name } = made;
      const moving = up.client.getHandle(migrationId(name, 'messages'));
      const owner = { by: 'ana@example.test', role: 'developer', reason: 'as planned' } as const;
      const keepMigration = (named: string) =>
        keep({ type: 'migration', case: named, workflowId: migrationId(name, 'messages') });
      await until(holdsFor('deadline'));
      const { due, remind } = deadlineIn(600_000);
      await moving.executeUpdate(messages.extendUpdate, { args: [{ ...owner, due, remind }] });
      await moving.executeUpdate(messages.grantExtensionUpdate, { args: [{ by, role, reason: 'as agreed' }] });
      await until(holdsFor('owner'));
      const schedule = () =>
        moving.executeUpdate(messages.scheduleUpdate, { args: [{ ...owner, moment: deadlineIn(5_000).due }] });
      await schedule();
      await until(holdsFor('schedule'));
      await keepMigration('scheduled');
      await until(holdsForApprovalOf('decommission'));
      await moving.executeUpdate(messages.abortUpdate, { args: [owner] });
      await until(holdsFor('aborted'));
      await schedule();
      await until(holdsForApprovalOf('decommission'));
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      await up.result();
      await keepMigration('by-its-calendar');
    },
  },
);

const failedAnalysis = upgradeScenario(
  'an app whose analysis fails stops new steps until a person resumes',
  {
    stopAfterFailedApps: 1,
    metrics: [{ kind: 'prometheus', name: 'main', url: 'http://127.0.0.1:9090', headersFrom: {} }],
    analyses: [
      {
        name: 'errors',
        measure: { kind: 'query', source: 'main', query: 'q', success: 'result < 1' },
        everySeconds: 1,
        minSamples: 1,
        failureLimit: 0,
        inconclusiveLimit: 0,
        consecutiveErrorLimit: 4,
      },
    ],
  },
  {
    prepare(fake) {
      let failed = false;
      fake.analysis = (name, greenPercent) => {
        if (failed || name !== 'files' || greenPercent !== 50) return 'passed';
        failed = true;
        return 'failed';
      };
    },
    async act({ made, up, keep, until }) {
      await until(({ holds }) => holds.some(({ kind, app: whose }) => kind === 'gate' && whose === undefined));
      await until(({ holds }) => holds.some(({ kind, app: whose }) => kind === 'gate' && whose === 'files'));
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      await until(holdsForApprovalOf('decommission'));
      await keep({ type: 'upgrade', case: 'went-on-after-failed-apps', workflowId: upgradeId(made.name) });
      await keep({ type: 'migration', case: 'analysis-failed', workflowId: migrationId(made.name, 'files') });
    },
  },
);

const unready = upgradeScenario(
  'an app for which green is raised, that holds because green cannot serve, and goes back with what was raised',
  { approvals: [], apps: [app('messages', { steps: ONE_STEP })] },
  {
    prepare(fake) {
      fake.readiness = (cluster) => {
        if (cluster === BLUE) return {};
        const size = fake.raised.length > 0 ? 2 : 1;
        const seen = {
          workloads: [workloadFacts({ ...MESSAGES, desired: size, ready: size, updated: size })],
          autoscalers: [],
        };
        const application = applicationFacts({ name: `messages-${cluster}`, revision: 'another' });
        return { workloads: { seen }, application: { seen: application } };
      };
    },
    async act({ made, up, keep, until }) {
      const { name } = made;
      const workflowId = migrationId(name, 'messages');
      await until(holdsFor('gate'));
      await keep({ type: 'migration', case: 'unready', workflowId });
      await keep({ type: 'upgrade', case: 'with-an-unready-app', workflowId: upgradeId(name) });
      await up.executeUpdate(messages.rollbackUpdate, {
        args: [{ by, role, reason: 'not today', removeGreen: false }],
      });
      await up.result();
      await keep({ type: 'upgrade', case: 'rolled-back-with-what-was-raised', workflowId: upgradeId(name) });
    },
  },
);

const handedOver = upgradeScenario(
  'an app whose workloads change hands, and the way back',
  {
    apps: [
      app('nightly', {
        hosts: [],
        checks: [],
        steps: [{ greenPercent: 100, bakeSeconds: 0 }],
        handover: {
          maxGapSeconds: 60,
          workloads: [{ kind: 'Deployment', namespace: 'nightly', name: 'mailer' }],
          idle: [],
        },
      }),
    ],
  },
  {
    prepare() {},
    async act({ made, up, keep, until }) {
      const { name } = made;
      await until(holdsForApprovalOf('decommission'));
      await keep({ type: 'migration', case: 'handed-over', workflowId: migrationId(name, 'nightly') });
      await keep({ type: 'bootstrap', case: 'with-stopped-copies', workflowId: phaseId('bootstrap', name, 1) });
      await up.executeUpdate(messages.rollbackUpdate, {
        args: [{ by, role, reason: 'second thoughts', removeGreen: false }],
      });
      await up.result();
      await keep({ type: 'upgrade', case: 'handed-back', workflowId: upgradeId(name) });
    },
  },
);

const BLUE = 'stg-1-33';
const MESSAGES = { namespace: 'messages', name: 'messages' };

const busyZone: Scenario = {
  name: 'a zone that begins a new run while wishes wait, refuses, splits and is throttled',
  async run(keeperOf) {
    const temporal = await TestTemporal.start({
      workflows: new URL('../support/asker-workflows.ts', import.meta.url),
      serverArguments: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=80'],
      identity: IDENTITY,
    });
    try {
      const keep = keeperOf(temporal);
      const world = new ZoneWorld('Z0123456789', 6);
      const [first = '', ...others] = world.hosts;
      const looking = latch();
      world.onApply = async (wishes) => {
        if (world.attempts.length === 1) await looking.opened;
        if (world.attempts.length === 2)
          throw ApplicationFailure.create({ message: 'Rate exceeded', type: 'cloud.throttled' });
        if (wishes.some(({ host }) => host === others[1]))
          throw ApplicationFailure.nonRetryable('Route 53 refused the batch', 'dns.batch-refused');
      };
      await temporal.withWorker(
        world.activities(),
        async (taskQueue) => {
          const { workflow } = temporal.server.client;
          const ask = (name: string, ...wishes: readonly ReturnType<typeof wishFor>[]) =>
            workflow.start<typeof asker>('asker', {
              workflowId: `asker/${name}`,
              taskQueue,
              args: [{ zone: world.zone, wishes }],
            });
          const refused = await ask('first', wishFor(first, 99, { expected: { 'stg-1-33': 77 } }));
          await eventually(
            async () => world.attempts.length,
            (count) => count === 1,
          );
          const workflowId = zoneId(world.zone.id);
          const many = Array.from({ length: 20 }, (_, index) => wishFor(first, index + 1));
          const askers = await Promise.all([
            ask('many', ...many, ...others.map((host) => wishFor(host, 10))),
            ask('reversing', ...others.slice(2).map((host) => wishFor(host, 0, { urgent: true }))),
          ]);
          // One letter of each asker.
          await eventually(
            async () => (await workflow.getHandle(workflowId).fetchHistory()).events ?? [],
            (events) => events.filter((e) => e.workflowExecutionSignaledEventAttributes).length === 3,
          );
          const { runId } = await workflow.getHandle(workflowId).describe();
          looking.open();
          await Promise.all([refused, ...askers].map((handle) => handle.result()));
          await keep({ type: 'zone', case: 'continued-as-new', workflowId, runId });
          const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
          const next = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
          if (!next) throw new Error('the zone did not begin a new run');
          await keep({ type: 'zone', case: 'with-what-waited', workflowId, runId: next });
        },
        TASK_QUEUE,
      );
    } finally {
      await temporal.stop();
    }
  },
};

const forgotten = upgradeScenario(
  'something that no app has, before the old cluster is deleted; and the look at it that a person asks for',
  { approvals: [] },
  {
    prepare(fake) {
      fake.uncatalogued = [
        { subject: 'admin.example.test', what: 'CNAME to Ingress shop/admin', app: 'admin', owner: null },
      ];
    },
    async act({ fake, made, up, keep, until }) {
      const { name } = made;
      await until(holdsFor('blocker'));
      await keep({ type: 'upgrade', case: 'would-cut-something', workflowId: upgradeId(name) });
      await up.client.start<typeof discover>('discover', {
        workflowId: discoverId(name),
        taskQueue: TASK_QUEUE,
        args: [{ environment: made }],
      });
      await up.client.getHandle(discoverId(name)).result();
      await keep({ type: 'discover', case: 'done', workflowId: discoverId(name) });
      fake.uncatalogued = [];
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      await up.result();
    },
  },
);
/** A name that becomes ours in both of its zones, and one that external-dns takes back. */
const namesThatMove: Scenario = {
  name: 'names that move',
  async run(keeperOf) {
    const temporal = await TestTemporal.start({ identity: IDENTITY });
    try {
      const keep = keeperOf(temporal);
      const move = (twins: Twins, of: string): Promise<void> =>
        temporal.withWorker(
          twins.activities(),
          async (taskQueue) => {
            const { workflow } = temporal.server.client;
            const workflowId = adoptionId('stg', HOST);
            const given = twins.environment;
            const input = { environment: given, host: HOST, wanted: { kind: 'adopt' }, by, role: 'sre' } as const;
            await workflow.execute<typeof adoption>('adoption', { workflowId, taskQueue, args: [input] });
            await keep({ type: 'adoption', case: of, workflowId });
            const look = namesId('stg', of);
            await workflow.execute<typeof names>('names', {
              workflowId: look,
              taskQueue,
              args: [{ environment: given, hosts: null }],
            });
            if (of === 'done') await keep({ type: 'names', case: 'all', workflowId: look });
          },
          TASK_QUEUE,
        );
      await move(new Twins('Z0123456789', 'Z9876543210'), 'done');
      const reverted = new Twins('Z1111111111');
      const [world] = reverted.worlds;
      const before = world?.sets ?? [];
      reverted.onLook = (looks) => {
        if (looks === 2) world?.replace(before);
      };
      await move(reverted, 'restored');
    } finally {
      await temporal.stop();
    }
  },
};

export const SCENARIOS: readonly Scenario[] = [
  plain,
  failingPhases,
  hardWay,
  givenBack,
  planned,
  busyZone,
  forgotten,
  failedAnalysis,
  unready,
  handedOver,
  namesThatMove,
];
