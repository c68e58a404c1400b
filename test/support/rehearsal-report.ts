// Reports of rehearsals that ended as they should, whole and just good enough.
import type { Expected } from '../../sandbox/rehearsal/expected.ts';
import type { RehearsalReport } from '../../sandbox/rehearsal/report.ts';
import type { DnsHabit } from '../../sandbox/contracts.ts';
import type { TrafficStepStatus } from '../../src/domain/status.ts';
import type { Departure } from '../../sandbox/traffic/departures.ts';
import type { Served } from '../../sandbox/traffic/summary.ts';
import type { ScenarioName } from '../../sandbox/rehearsal/scenarios.ts';

export const [BLUE, GREEN] = ['stg-1-33', 'stg-1-36'];

const PLATFORM = ['crds', 'policy', 'external-dns', 'logging', 'node-termination-handler'];
const APPS = ['messages', 'files', 'search'];
const STEPS = [5, 25, 50, 100];

export const EXPECTED: Expected = {
  phases: ['preflight', 'provision', 'bootstrap', 'verify', 'migrate', 'soak', 'decommission'],
  apps: APPS.map((app) => ({ app, steps: STEPS })),
  applications: [...PLATFORM, ...APPS],
};

export const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

export const step = (app: string, expectedGreenPercent: number) => ({
  app,
  expectedGreenPercent,
  observedGreenPercent: expectedGreenPercent as number | null,
  resolutions: 1_500,
});

/** Its last step was asked for at 40 and settled at 45. */
const departure = (app: string, habit: DnsHabit, lastOnBlue: number): Departure => ({
  app,
  habit,
  requests: 200,
  triedAgain: habit === 'caches-for-ever' ? 25 : 0,
  lastOnBlueAt: at(lastOnBlue),
  lastOnGreenAt: at(69),
  lastStep: { askedAt: at(40), settledAt: at(45) },
});

const served = (app: string, cluster: string, failed = 0): Served => ({
  app,
  cluster,
  requests: 400,
  failed,
  lastFailure: failed > 0 ? { at: at(47), what: 'answered 500' } : null,
});
const walked = (app: string): [string, TrafficStepStatus[]] => [
  app,
  STEPS.map((greenPercent, index) => walkedStep(greenPercent, 40 + index)),
];
/** Settled after a second, and baked for ten. */
const walkedStep = (
  greenPercent: number,
  second: number,
  verdict: 'passed' | 'failed' = 'passed',
): TrafficStepStatus => ({
  greenPercent,
  bakeSeconds: 10,
  askedAt: at(second),
  settledAt: at(second + 1),
  endedAt: at(second + 11),
  verdict,
});
const healthy = (cluster: string) =>
  EXPECTED.applications.map((app) => ({ app, cluster, sync: 'Synced', health: 'Healthy' }));
const weights = (byCluster: Readonly<Record<string, number>>) =>
  Object.fromEntries(APPS.map((app) => [app, byCluster]));

/** One phase after the other, without a pause. */
const phases = (count: number) =>
  EXPECTED.phases.map((name, index) =>
    index < count
      ? { name, startedAt: at(10 * index), endedAt: at(10 * index + 10) }
      : { name, startedAt: null, endedAt: null },
  );

const plain = (): RehearsalReport => ({
  scenario: 'plain',
  speed: 60,
  result: 'succeeded',
  outcome: 'as it should',
  from: '1.33',
  to: '1.36',
  startedAt: at(0),
  endedAt: at(70),
  phases: phases(EXPECTED.phases.length),
  traffic: {
    requests: 2_400,
    failed: 0,
    blue: 1_200,
    green: 1_200,
    served: APPS.flatMap((app) => [served(app, BLUE), served(app, GREEN)]),
    steps: APPS.flatMap((app) => STEPS.map((percent) => step(app, percent))),
    departures: APPS.flatMap((app) => [departure(app, 'caches-for-ever', 60), departure(app, 'honours-ttl', 43)]),
  },
  clusters: {
    blue: { name: BLUE, version: '1.33', servesRemovedApi: true, deleted: true, ready: false },
    green: { name: GREEN, version: '1.36', servesRemovedApi: false, ready: true },
  },
  argocd: healthy(GREEN),
  aws: { calls: { 'eks:CreateCluster': 1, 'eks:DescribeCluster': 9 }, leftovers: [] },
  temporal: { workflows: 9, events: 2_709, failedWorkflowTasks: 0 },
  weights: weights({ [GREEN]: 100 }),
  walked: Object.fromEntries(APPS.map(walked)),
  noted: {},
  approvals: [
    {
      point: 'decommission',
      because: `all apps are on ${GREEN}; ${BLUE} still answers requests: ${APPS.map((app) => `140 of ${app} in 6 s`).join(', ')}`,
    },
  ],
  troubles: [],
});

/** Messages failed on green at 25 %, broken at 45, seen at 46, all back at 49; 50 requests a second. */
const rollback = (): RehearsalReport => {
  const report = plain();
  const [five] = report.walked['messages'] ?? [];
  const failing = { ...walkedStep(25, 41, 'failed'), endedAt: at(46) };
  return {
    ...report,
    scenario: 'rollback',
    result: 'rolled-back',
    phases: phases(EXPECTED.phases.indexOf('migrate') + 1),
    traffic: {
      ...report.traffic,
      failed: 75,
      green: 1_125,
      served: APPS.flatMap((app) => [served(app, BLUE), served(app, GREEN, app === 'messages' ? 75 : 0)]),
      steps: [step('messages', 5), step('files', 5), step('files', 25)],
      departures: report.traffic.departures.map((one) => Object.assign({}, one, { requests: 3_500, lastStep: null })),
    },
    walked: { ...report.walked, messages: [five, failing].filter((one) => one !== undefined) },
    noted: { brokenAt: [at(45)] },
    clusters: {
      ...report.clusters,
      blue: { name: BLUE, version: '1.33', servesRemovedApi: true, deleted: false, ready: true },
    },
    argocd: [...healthy(BLUE), ...healthy(GREEN)],
    aws: { ...report.aws, leftovers: null },
    weights: weights({ [BLUE]: 100, [GREEN]: 0 }),
  };
};

/** Search began at its deadline, and files when its owner had said. */
const DEADLINE_NOTED = {
  'search commands': [],
  'search begun': ['start by eksodus: its deadline has come: Sat 2026-11-21 03:00 UTC'],
  'search asked': [at(45)],
  'search due': [at(44)],
  'files commands': ['schedule'],
  'files begun': ['start by eksodus: rehearsal scheduled it for Sat 2026-11-21 02:59 UTC'],
  'files asked': [at(43)],
  'files due': [at(43)],
  reminded: ['1', '0'],
};

/** Messages failed a fifth of its requests on green at 25 %, broken at 45, seen at 46, all back at 49; 10 requests a second. */
const gateFailure = (): RehearsalReport => {
  const report = plain();
  const [five, ...others] = report.walked['messages'] ?? [];
  const failing = { ...walkedStep(25, 41, 'failed'), endedAt: at(46) };
  return {
    ...report,
    scenario: 'gate-failure',
    traffic: {
      ...report.traffic,
      failed: 1,
      served: APPS.flatMap((app) => [served(app, BLUE), served(app, GREEN, app === 'messages' ? 1 : 0)]),
      departures: report.traffic.departures.map((one) => Object.assign({}, one, { requests: 700 })),
    },
    walked: {
      ...report.walked,
      messages: [five, failing, five, ...others].filter((one) => one !== undefined),
    },
    noted: {
      brokenAt: [at(45)],
      heldBecause: ['analysis errors of messages at messages.example.test: result 0.1, expected result <= 0.05'],
      weightsWhileHeld: [`${BLUE} 100`, `${GREEN} 0`],
      onGreenWhileHeld: ['files', 'search'],
      retriedAt: [at(55)],
    },
  };
};
/** Somebody wrote other weights for messages at 25 %. */
export const DRIFTED = {
  wrote: [`${BLUE}=60 ${GREEN}=40`],
  held: [
    `messages.example.test has A ${BLUE}=60 ${GREEN}=40, expected A ${BLUE}=75 ${GREEN}=25: somebody else changed it`,
  ],
  seenWhileHeld: Array.from({ length: 10 }, () => `${BLUE}=60 ${GREEN}=40`),
  answered: ['in-sync', 'drift.detected'],
  resumed: ['because of it'],
} as const;

export const THROTTLED = {
  refusals: [
    ...Array.from({ length: 20 }, () => 'ListResourceRecordSets Throttling'),
    ...Array.from({ length: 3 }, () => 'ChangeResourceRecordSets PriorRequestNotComplete'),
  ],
  wishes: ['w-1', 'w-2'],
  unanswered: [],
  unfulfilled: [],
  allZero: [],
} as const;
export const ANNOTATED = {
  weights: ['100/-', '100/0', '100/5', '95/5', '95/25', '75/25', '75/50', '50/50', '50/100', '0/100', '-/100'],
  uneven: [],
  annotated: Array.from({ length: 8 }, () => 'annotateWeight'),
  wished: [],
} as const;
/** Of every minute, two in each cluster before the next takes over. */
export const runs = (turns: readonly string[]): string[] =>
  turns.flatMap((cluster, turn) => [2 * turn, 2 * turn + 1].map((minute) => `${29_000_000 + minute} ${cluster}`));

/** Blue's health check failed for messages, and a person asked for a rollback. */
const blueSick = (): RehearsalReport => {
  const report = rollback();
  return {
    ...report,
    scenario: 'blue-sick',
    traffic: { ...report.traffic, failed: 0, green: 1_200, served: plain().traffic.served },
    walked: { ...report.walked, messages: (report.walked['messages'] ?? []).slice(0, 1) },
    noted: {
      refusal: [
        'blue does not answer: messages: messages.example.test at lb: /healthz 3 probes, 3 failed, last failure: status 503 in 4 ms; load balancer of k8s-messages of lb: 0 healthy, 0 initial, 3 unhealthy, 0 draining (Health checks failed with these codes: [503]), expected at least 2 healthy. Resume goes back to it all the same',
      ],
      weights: [`messages ${BLUE} 75, ${GREEN} 25`, `files ${BLUE} 100, ${GREEN} 0`, `search ${BLUE} 100, ${GREEN} 0`],
      looks: ['gatherPreflight', 'watchGate', 'lookAtReadiness'],
      retried: [at(40)],
    },
  };
};

/** One that has no problem, by scenario. */
export const GOOD: Readonly<Record<ScenarioName, () => RehearsalReport>> = {
  plain,
  'worker-crash': () => ({ ...plain(), scenario: 'worker-crash', noted: { workerKilledIn: EXPECTED.phases } }),
  deadline: () => ({ ...plain(), scenario: 'deadline', noted: DEADLINE_NOTED }),
  rollback,
  'gate-failure': gateFailure,
  drift: () => ({ ...plain(), scenario: 'drift', noted: DRIFTED }),
  'zone-throttle': () => ({ ...plain(), scenario: 'zone-throttle', noted: THROTTLED }),
  'external-dns': () => ({ ...plain(), scenario: 'external-dns', noted: ANNOTATED }),
  'cron-handover': () => ({ ...plain(), scenario: 'cron-handover', noted: { runs: runs([BLUE, GREEN, BLUE, GREEN]) } }),
  'blue-sick': blueSick,
};
