// The judgement of a rehearsal: a report that is as it should be has no problem, and each thing that is not is one.
import { describe, expect, it } from 'vitest';
import { judge, type RehearsalReport, type Scenario } from '../../sandbox/rehearsal/report.ts';
import { PHASES } from '../../src/domain/status.ts';

const [BLUE, GREEN] = ['stg-1-33', 'stg-1-36'];
const AT = '2026-01-01T00:00:00.000Z';
const step = (app: string, expectedGreenPercent: number) => ({
  app,
  expectedGreenPercent,
  observedGreenPercent: expectedGreenPercent as number | null,
  resolutions: 1_500,
});
const healthy = (app: string, cluster: string) => ({ app, cluster, sync: 'Synced', health: 'Healthy' });

/** What every scenario shares, just good enough. */
const common = () => ({
  speed: 60,
  outcome: 'as it should',
  from: '1.33',
  to: '1.36',
  startedAt: AT,
  endedAt: AT,
  phases: PHASES.map((name) => ({ name, startedAt: AT, endedAt: AT })),
  traffic: {
    requests: 2_000,
    failed: 0,
    blue: 1_000,
    green: 1_000,
    steps: [step('files', 5), step('files', 100), step('search', 100)],
  },
  aws: { calls: { 'eks:CreateCluster': 1, 'eks:DescribeCluster': 50 }, leftovers: [] },
  temporal: { workflows: 9, events: 2_700, failedWorkflowTasks: 0 },
});

const succeeded = (): RehearsalReport => ({
  ...common(),
  scenario: 'plain',
  result: 'succeeded',
  clusters: {
    blue: { name: BLUE, version: '1.33', servesRemovedApi: true, deleted: true },
    green: { name: GREEN, version: '1.36', servesRemovedApi: false, ready: true },
  },
  argocd: [healthy('crds', GREEN), healthy('files', GREEN)],
  weights: { files: { [GREEN]: 100 }, search: { [GREEN]: 100 } },
  workerKilledIn: [],
});

const GOOD: Record<Scenario, () => RehearsalReport> = {
  plain: succeeded,
  'worker-crash': () => ({ ...succeeded(), scenario: 'worker-crash', workerKilledIn: PHASES }),
  rollback: () => ({
    ...common(),
    scenario: 'rollback',
    result: 'rolled-back',
    clusters: {
      blue: { name: BLUE, version: '1.33', servesRemovedApi: true, deleted: false },
      green: { name: GREEN, version: '1.36', servesRemovedApi: false, ready: true },
    },
    argocd: [healthy('files', BLUE), healthy('files', GREEN)],
    weights: { files: { [BLUE]: 100, [GREEN]: 0 }, search: { [BLUE]: 100 } },
    workerKilledIn: [],
  }),
};

type Change = (report: RehearsalReport) => Partial<RehearsalReport>;
/** A change, and what the one problem that it makes must say. */
type Broken = readonly [change: Change, problem: string];

const traffic =
  (change: Partial<RehearsalReport['traffic']>): Change =>
  (report) => ({ traffic: { ...report.traffic, ...change } });
const aws =
  (change: Partial<RehearsalReport['aws']>): Change =>
  (report) => ({ aws: { ...report.aws, ...change } });
const blue =
  (change: Partial<RehearsalReport['clusters']['blue']>): Change =>
  ({ clusters }) => ({ clusters: { ...clusters, blue: { ...clusters.blue, ...change } } });
const green =
  (change: Partial<RehearsalReport['clusters']['green']>): Change =>
  ({ clusters }) => ({ clusters: { ...clusters, green: { ...clusters.green, ...change } } });
const alsoStep =
  (change: Partial<ReturnType<typeof step>>): Change =>
  (report) => ({
    traffic: { ...report.traffic, steps: [...report.traffic.steps, { ...step('messages', 50), ...change }] },
  });
const alsoApp =
  (app: RehearsalReport['argocd'][number]): Change =>
  ({ argocd }) => ({ argocd: [...argocd, app] });
const weightsOfFiles =
  (weights: Readonly<Record<string, number>>): Change =>
  (report) => ({ weights: { ...report.weights, files: weights } });

const ANY: Record<string, Broken> = {
  'too few requests': [traffic({ requests: 1_999 }), '1999 requests, expected at least 2000'],
  'no CreateCluster': [aws({ calls: {} }), '0 calls of eks:CreateCluster, expected exactly 1'],
  'two CreateClusters': [
    aws({ calls: { 'eks:CreateCluster': 2 } }),
    '2 calls of eks:CreateCluster, expected exactly 1',
  ],
  'a failed workflow task': [
    ({ temporal }) => ({ temporal: { ...temporal, failedWorkflowTasks: 1 } }),
    '1 failed workflow tasks, expected none',
  ],
};

const UPGRADED: Record<string, Broken> = {
  ...ANY,
  'rolled back': [() => ({ result: 'rolled-back' }), 'result is rolled-back, expected succeeded: as it should'],
  holding: [() => ({ result: 'holding', outcome: 'no quota' }), 'result is holding, expected succeeded: no quota'],
  'still running': [() => ({ result: 'running' }), 'result is running, expected succeeded: as it should'],
  'a failed request': [traffic({ failed: 1 }), '1 of 2000 requests failed, expected none'],
  'no app': [() => ({ weights: {} }), 'no app has a record'],
  'an app that nobody saw whole on green': [
    traffic({ steps: [step('files', 100), step('search', 50)] }),
    'search was not observed at 100 %',
  ],
  'too few resolutions in a step': [
    alsoStep({ resolutions: 1_499 }),
    'messages at 50 %: 1499 fresh resolutions, expected at least 1500',
  ],
  'too little green in a step': [
    alsoStep({ observedGreenPercent: 44.9 }),
    'messages at 50 %: 44.9 % of resolutions led to green, expected within 5 points',
  ],
  'too much green in a step': [
    alsoStep({ observedGreenPercent: 55.1 }),
    'messages at 50 %: 55.1 % of resolutions led to green, expected within 5 points',
  ],
  'a step that nobody saw': [
    alsoStep({ observedGreenPercent: null }),
    'messages at 50 %: nothing % of resolutions led to green, expected within 5 points',
  ],
  'blue still there': [blue({ deleted: false }), 'stg-1-33 still exists'],
  'something left behind': [aws({ leftovers: ['oidc-provider x', 'eni y'] }), 'left behind: oidc-provider x, eni y'],
  'blue of another version': [
    blue({ version: '1.34' }),
    "blue's API served 1.34, removed API true; expected 1.33, served",
  ],
  'blue that nobody asked': [
    blue({ version: null }),
    "blue's API served nothing, removed API true; expected 1.33, served",
  ],
  'the removed API not on blue': [
    blue({ servesRemovedApi: false }),
    "blue's API served 1.33, removed API false; expected 1.33, served",
  ],
  'green of the old version': [
    green({ version: '1.33' }),
    "green's API serves 1.33, removed API false; expected 1.36, gone",
  ],
  'green that does not answer': [
    green({ version: null }),
    "green's API serves nothing, removed API false; expected 1.36, gone",
  ],
  'the removed API on green': [
    green({ servesRemovedApi: true }),
    "green's API serves 1.36, removed API true; expected 1.36, gone",
  ],
  'the removed API on green not known': [
    green({ servesRemovedApi: null }),
    "green's API serves 1.36, removed API null; expected 1.36, gone",
  ],
  'green not ready': [green({ ready: false }), 'stg-1-36 is not ready'],
  'no application in Argo CD': [() => ({ argocd: [] }), 'Argo CD: no application, expected all Synced Healthy'],
  'an application out of sync': [
    alsoApp({ ...healthy('policy', GREEN), sync: 'OutOfSync' }),
    'Argo CD: policy OutOfSync Healthy, expected all Synced Healthy',
  ],
  'a sick application': [
    alsoApp({ ...healthy('policy', GREEN), health: 'Degraded' }),
    'Argo CD: policy Synced Degraded, expected all Synced Healthy',
  ],
};

const BROKEN: Record<Scenario, Record<string, Broken>> = {
  plain: UPGRADED,
  'worker-crash': {
    ...UPGRADED,
    'the worker not killed in a phase': [
      () => ({ workerKilledIn: PHASES.filter((phase) => phase !== 'verify' && phase !== 'soak') }),
      'the worker was not killed in verify, soak',
    ],
  },
  rollback: {
    ...ANY,
    succeeded: [() => ({ result: 'succeeded' }), 'result is succeeded, expected rolled-back: as it should'],
    holding: [() => ({ result: 'holding' }), 'result is holding, expected rolled-back: as it should'],
    'nothing of blue in Argo CD': [
      () => ({ argocd: [healthy('files', GREEN)] }),
      'Argo CD has no application of stg-1-33',
    ],
    'blue deleted': [blue({ deleted: true }), 'blue is deleted, expected whole at 1.33'],
    'blue that does not answer': [blue({ version: null }), 'blue is at nothing, expected whole at 1.33'],
    'weight left on green': [
      weightsOfFiles({ [BLUE]: 95, [GREEN]: 5 }),
      `weights of files are {"${BLUE}":95,"${GREEN}":5}, expected all on blue`,
    ],
    'no weight on blue': [weightsOfFiles({ [BLUE]: 0 }), `weights of files are {"${BLUE}":0}, expected all on blue`],
    'no record at all': [weightsOfFiles({}), 'weights of files are {}, expected all on blue'],
    'a sick application on blue': [
      alsoApp({ ...healthy('search', BLUE), health: 'Degraded' }),
      "blue's search not Synced and Healthy",
    ],
    'an application out of sync on blue': [
      alsoApp({ ...healthy('search', BLUE), sync: 'Unknown' }),
      "blue's search not Synced and Healthy",
    ],
    'green that never served': [traffic({ green: 0 }), 'green never served anything: nothing was rolled back'],
  },
};

describe.each(Object.entries(GOOD))('a rehearsal "%s"', (scenario, good) => {
  it('that ended as it should has no problem', () => {
    expect(judge(good(), PHASES)).toEqual([]);
  });

  it.each(Object.entries(BROKEN[scenario as Scenario]))('has a problem with: %s', (_, [change, problem]) => {
    const report = good();
    expect(judge({ ...report, ...change(report) }, PHASES)).toEqual([problem]);
  });

  it('names all its problems at once', () => {
    const report = {
      ...good(),
      result: 'aborted' as const,
      temporal: { workflows: 0, events: 0, failedWorkflowTasks: 2 },
    };
    expect(judge(report, PHASES)).toHaveLength(2);
  });
});

it('a share of five points off is near enough', () => {
  const report = { ...succeeded(), ...alsoStep({ observedGreenPercent: 45 })(succeeded()) };
  expect(judge(report, PHASES)).toEqual([]);
});

it('a rollback may have failed requests and what is sick on green: that is what it is about', () => {
  const report = GOOD.rollback();
  const sick = { ...healthy('search', GREEN), health: 'Degraded' };
  expect(judge({ ...report, ...traffic({ failed: 900 })(report), argocd: [...report.argocd, sick] }, PHASES)).toEqual(
    [],
  );
});
