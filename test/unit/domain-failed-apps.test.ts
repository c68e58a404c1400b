import { describe, expect, it } from 'vitest';
import { failedApps } from '../../src/domain/failed-apps.ts';
import type { AppStatus, TrafficStepStatus } from '../../src/domain/status.ts';

const step = (verdict: TrafficStepStatus['verdict'], change: Partial<TrafficStepStatus> = {}): TrafficStepStatus => ({
  greenPercent: 25,
  bakeSeconds: 60,
  askedAt: '2026-11-21T10:00:00.000Z',
  endedAt: '2026-11-21T10:05:00.000Z',
  ...(verdict ? { verdict } : {}),
  ...change,
});
const status = (app: string, ...history: TrafficStepStatus[]): AppStatus => ({
  app,
  team: 'team',
  state: 'holding',
  greenPercent: 0,
  stepIndex: 0,
  stepCount: 4,
  since: '2026-11-21T10:00:00.000Z',
  history,
  actions: [],
});
const seen = (check: string, passed = false) => ({
  check,
  subject: 's',
  passed,
  observed: 'o',
  expected: 'e',
  at: '2026-11-21T10:05:00.000Z',
});

describe('failed apps', () => {
  it('are those whose latest step failed, with what failed', () => {
    const evidence = [seen('analysis errors'), seen('analysis errors'), seen('gate'), seen('analysis latency', true)];
    expect(
      failedApps([
        status('never'),
        status('passed', step('passed')),
        status('unclear', step('inconclusive')),
        status('plain', step('failed')),
        status('failed', step('passed'), step('failed', { evidence })),
        status('again', step('failed'), step(undefined)),
      ]),
    ).toEqual([
      { key: 'failed 2026-11-21T10:05:00.000Z', what: 'failed at 25 % (analysis errors, gate)' },
      { key: 'plain 2026-11-21T10:05:00.000Z', what: 'plain at 25 %' },
    ]);
  });
});
