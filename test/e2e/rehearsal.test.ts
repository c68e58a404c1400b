import { describe, expect, it } from 'vitest';
import { PHASES } from '../../src/domain/status.ts';
import { judge } from '../../sandbox/rehearsal/report.ts';
import { rehearsal } from './support.ts';

// Each of these brings up the whole sandbox and walks a whole upgrade.
const WHOLE_REHEARSAL_MS = 15 * 60_000;

describe('npm run rehearse', () => {
  it(
    'moves the live environment from 1.33 to 1.36 without a lost request, and deletes the old cluster',
    async () => {
      const { ended, report, left } = await rehearsal();
      expect(judge(report, PHASES)).toEqual([]);
      expect(ended.code).toBe(0);
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
      });
      expect(report.traffic.requests).toBeGreaterThanOrEqual(2_000);
      expect(report.aws.calls['eks:CreateCluster']).toBe(1);
      expect(new Set(report.traffic.steps.map(({ app }) => app)).size).toBe(3);
      for (const step of report.traffic.steps) {
        expect(step.resolutions).toBeGreaterThanOrEqual(1_500);
        expect(Math.abs((step.observedGreenPercent ?? Number.NaN) - step.expectedGreenPercent)).toBeLessThanOrEqual(5);
      }
      expect(left).toEqual([]);
    },
    WHOLE_REHEARSAL_MS,
  );

  it(
    'rolls back by itself when an app fails on green, and leaves blue whole',
    async () => {
      const { ended, report, left } = await rehearsal('--scenario', 'rollback');
      expect(judge(report, PHASES)).toEqual([]);
      expect(ended.code).toBe(0);
      expect(report).toMatchObject({ result: 'rolled-back', clusters: { blue: { deleted: false, version: '1.33' } } });
      expect(report.outcome).toContain('messages');
      for (const weights of Object.values(report.weights)) expect(weights).toEqual({ 'stg-1-33': 100, 'stg-1-36': 0 });
      expect(left).toEqual([]);
    },
    WHOLE_REHEARSAL_MS,
  );

  it(
    'ends as if nothing had been when the worker is killed once in each phase',
    async () => {
      const { ended, report, left } = await rehearsal('--scenario', 'worker-crash');
      expect(judge(report, PHASES)).toEqual([]);
      expect(ended.code).toBe(0);
      expect(report).toMatchObject({ result: 'succeeded', traffic: { failed: 0 }, aws: { leftovers: [] } });
      expect(report.workerKilledIn).toEqual([...PHASES]);
      expect(left).toEqual([]);
    },
    WHOLE_REHEARSAL_MS,
  );
});
