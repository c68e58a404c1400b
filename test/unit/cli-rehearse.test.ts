// What people read of a rehearsal, before and after.
import { describe, expect, it } from 'vitest';
import type { RehearsalReport } from '../../sandbox/rehearsal/report.ts';
import { introduction, summary, whereToLook } from '../../sandbox/rehearsal/words.ts';

describe('before', () => {
  it.each([
    [60, 'about 3 minutes'],
    [10, 'about 10 minutes'],
    [1, 'about 105 minutes'],
    [600, 'about 2 minutes'],
  ])('at speed %i says how long it takes: %s', (speed, expected) => {
    expect(introduction('plain', speed)[0]).toMatch(new RegExp(`It takes ${expected}\\.$`));
  });

  it('names the phases, and expects less of an upgrade that goes back', () => {
    expect(introduction('rollback', 60)).toEqual([
      'Rehearsal "rollback" at speed 60: a minute of AWS takes 1.0 s. It takes at most 3 minutes.',
      'The parts come up first; then one upgrade walks 7 phases: preflight, provision, bootstrap, verify, migrate, soak, decommission.',
    ]);
  });

  it('says how to look at it', () => {
    expect(whereToLook('stg', { address: '127.0.0.1:1', pageUrl: 'http://127.0.0.1:2' })).toEqual([
      'To look at it while it runs, from another terminal in this folder:',
      '  TEMPORAL_ADDRESS=127.0.0.1:1 npm run -s eksodus -- upgrade status stg',
      "or at Temporal's page: http://127.0.0.1:2",
    ]);
  });
});

describe('after', () => {
  const report: RehearsalReport = {
    scenario: 'plain',
    speed: 60,
    result: 'succeeded',
    outcome: '',
    from: '1.33',
    to: '1.36',
    startedAt: '',
    endedAt: '',
    phases: [],
    traffic: {
      requests: 91_612,
      failed: 0,
      blue: 58_628,
      green: 32_984,
      steps: [
        { app: 'messages', expectedGreenPercent: 5, observedGreenPercent: 5.46, resolutions: 2_419 },
        { app: 'files', expectedGreenPercent: 5, observedGreenPercent: null, resolutions: 0 },
      ],
    },
    clusters: {
      blue: { name: 'stg-1-33', version: '1.33', servesRemovedApi: true, deleted: true },
      green: { name: 'stg-1-36', version: '1.36', servesRemovedApi: false, ready: true },
    },
    argocd: [],
    aws: { calls: { 'eks:CreateCluster': 1, 'eks:DescribeCluster': 9 }, leftovers: [] },
    temporal: { workflows: 9, events: 2_709, failedWorkflowTasks: 0 },
    weights: {},
    workerKilledIn: [],
  };

  it('says beside what was seen what was allowed', () => {
    expect(summary(report).join('\n')).toMatchInlineSnapshot(`
      "stg-1-33 1.33 deleted · stg-1-36 1.36 ready
      0 of 91612 requests failed (allowed: none, of at least 2000) · 58628 served by blue, 32984 by green
      share of fresh resolutions that led to green (allowed: within 5 points, of at least 1500 in each step):
        messages at 5 %: 5.5 % of 2419
        files at 5 %: - % of 0
      AWS: 10 calls, 1 of eks:CreateCluster, 0 leftovers
      Temporal: 9 workflows, 2709 events, 0 failed workflow tasks"
    `);
  });

  it('of a rollback, which may fail requests and end at any step, demands less', () => {
    const [, requests, shares] = summary({ ...report, scenario: 'rollback' });
    expect(requests).toContain('requests failed (allowed: any, of at least 2000)');
    expect(shares).toBe('share of fresh resolutions that led to green:');
  });
});
