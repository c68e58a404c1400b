import { describe, expect, it } from 'vitest';
import { PHASES } from '../../src/domain/status.ts';
import type { RehearsalReport } from '../../sandbox/rehearsal/report.ts';
import { rehearsal } from './support.ts';

// Each of these brings up the whole sandbox and walks a whole upgrade.
const WHOLE_REHEARSAL_MS = 15 * 60_000;

const [BLUE, GREEN] = ['stg-1-33', 'stg-1-36'];
const APPS = ['messages', 'files', 'search'];
const EVERY_STEP = APPS.flatMap((app) => [5, 25, 50, 100].map((percent) => `${app} at ${percent} %`));
const APPLICATIONS = [...APPS, 'crds', 'policy', 'external-dns', 'logging', 'node-termination-handler'];

/** What was observed, each near enough to what the step says and often enough to mean something. */
function observed({ traffic }: RehearsalReport): string[] {
  expect(traffic.requests).toBeGreaterThanOrEqual(2_000);
  return traffic.steps.map(({ app, expectedGreenPercent, observedGreenPercent, resolutions }) => {
    expect(resolutions).toBeGreaterThanOrEqual(1_500);
    expect(Math.abs((observedGreenPercent ?? Number.NaN) - expectedGreenPercent)).toBeLessThanOrEqual(5);
    return `${app} at ${expectedGreenPercent} %`;
  });
}

const healthyOn = ({ argocd }: RehearsalReport, on: string): string[] =>
  argocd
    .filter(({ cluster, sync, health }) => cluster === on && sync === 'Synced' && health === 'Healthy')
    .map(({ app }) => app)
    .toSorted();

function expectUpgraded(report: RehearsalReport): void {
  expect(report).toMatchObject({
    result: 'succeeded',
    from: '1.33',
    to: '1.36',
    traffic: { failed: 0 },
    clusters: {
      blue: { version: '1.33', servesRemovedApi: true, deleted: true },
      green: { version: '1.36', servesRemovedApi: false, ready: true },
    },
    aws: { leftovers: [] },
    temporal: { failedWorkflowTasks: 0 },
    weights: Object.fromEntries(APPS.map((app) => [app, { [GREEN]: 100 }])),
  });
  expect(report.aws.calls['eks:CreateCluster']).toBe(1);
  expect(observed(report).toSorted()).toEqual(EVERY_STEP.toSorted());
  expect(healthyOn(report, GREEN)).toEqual(APPLICATIONS.toSorted());
  expect(report.argocd).toHaveLength(APPLICATIONS.length);
  const times = report.phases.flatMap(({ startedAt, endedAt }) => [
    Date.parse(startedAt ?? ''),
    Date.parse(endedAt ?? ''),
  ]);
  expect(report.phases.map(({ name }) => name)).toEqual([...PHASES]);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times).not.toContain(Number.NaN);
}

describe('npm run rehearse', () => {
  it(
    'moves the live environment from 1.33 to 1.36 without a lost request, and deletes the old cluster',
    async () => {
      const { ended, report, left } = await rehearsal();
      expect(report.problems).toEqual([]);
      expect(ended.code).toBe(0);
      expectUpgraded(report);
      expect(left).toEqual([]);
    },
    WHOLE_REHEARSAL_MS,
  );

  it(
    'rolls back by itself when an app fails on green, and leaves blue whole',
    async () => {
      const { ended, report, left } = await rehearsal('--scenario', 'rollback');
      expect(report.problems).toEqual([]);
      expect(ended.code).toBe(0);
      expect(report).toMatchObject({
        result: 'rolled-back',
        clusters: { blue: { deleted: false, ready: true, version: '1.33' } },
        aws: { leftovers: null },
        weights: Object.fromEntries(APPS.map((app) => [app, { [BLUE]: 100, [GREEN]: 0 }])),
      });
      expect(report.outcome).toContain('messages');
      expect(observed(report)).toContain('messages at 5 %');
      const hit = report.traffic.served.filter(({ failed }) => failed > 0);
      expect(hit.map(({ app, cluster }) => ({ app, cluster }))).toEqual([{ app: 'messages', cluster: GREEN }]);
      expect(healthyOn(report, BLUE)).toEqual(APPLICATIONS.toSorted());
      expect(left).toEqual([]);
    },
    WHOLE_REHEARSAL_MS,
  );

  it(
    'ends as if nothing had been when the worker is killed once in each phase',
    async () => {
      const { ended, report, left } = await rehearsal('--scenario', 'worker-crash');
      expect(report.problems).toEqual([]);
      expect(ended.code).toBe(0);
      expectUpgraded(report);
      expect(report.noted['workerKilledIn']).toEqual([...PHASES]);
      expect(left).toEqual([]);
    },
    WHOLE_REHEARSAL_MS,
  );
});
