import { describe, expect, it } from 'vitest';
import type { HandoverWorkload } from '../../src/domain/environment.ts';
import type { WorkloadState } from '../../src/domain/handover.ts';
import { ACTOR, activityEnvironment, answers, failureOf, FakeClock, prepare, REGION, run } from './fakes.ts';

const report: HandoverWorkload = { kind: 'CronJob', namespace: 'nightly', name: 'report' };
const mailer: HandoverWorkload = { kind: 'Deployment', namespace: 'nightly', name: 'mailer' };
const workloads = [report];
const at = { actor: ACTOR, cluster: 'blue' };
const [BLUE, GREEN] = [
  { region: REGION, cluster: 'blue' },
  { region: REGION, cluster: 'green' },
];
const state = (change: Partial<WorkloadState> = {}): WorkloadState => ({
  workload: report,
  version: '7',
  size: 0,
  ready: 0,
  active: [],
  lastRunAt: null,
  lastSuccessAt: null,
  stopped: null,
  seenAt: '2026-11-21T10:00:00.000Z',
  ...change,
});
const start = { workload: report, version: '7', size: 1, lastRunAt: null, lastSuccessAt: null };

describe('workloads that change hands', () => {
  it('are waited for until nothing of them runs', async () => {
    const look = answers(state({ active: ['Job report-1 runs'] }), state({ active: ['Job report-1 runs'] }), state());
    const input = { ...at, workloads, goal: 'idle', until: '2026-11-21T10:01:00.000Z' } as const;
    expect(await run(prepare({ workloads: { look } }), 'awaitWorkloads', input)).toEqual({
      reached: true,
      observed: 'idle',
    });
    expect(look.calls).toHaveLength(3);
    expect(look.calls[0]).toEqual([BLUE, report]);
  });

  it('are idle only when the queries say so, which are asked once nothing runs', async () => {
    const source = { kind: 'prometheus', name: 'prometheus', url: 'http://p.test', headersFrom: {} } as const;
    const look = answers(state({ active: ['Job report-1 runs'] }), state());
    const read = answers(
      { kind: 'error', error: 'no data', because: 'no series' },
      { kind: 'value', value: 7 },
      { kind: 'value', value: 0 },
    );
    const running = activityEnvironment();
    const input = {
      ...at,
      workloads,
      goal: 'idle',
      until: '2026-11-21T10:01:00.000Z',
      queries: [{ source, query: 'in_flight', when: 'result == 0' }],
    } as const;
    expect(await run(prepare({ workloads: { look }, metrics: { read } }), 'awaitWorkloads', input, running)).toEqual({
      reached: true,
      observed: 'idle',
    });
    expect(running.beats.map((beat) => (beat as { waiting: string }).waiting)).toEqual([
      'Job report-1 runs',
      'prometheus cannot tell whether result == 0: no series',
      'in_flight is 7, expected result == 0',
    ]);
  });

  it('are waited for so long, looked at once a second, and then what was seen is told', async () => {
    const clock = new FakeClock();
    const look = answers(state({ size: 1, ready: 0 }));
    const until = new Date(clock.now() + 30_000).toISOString();
    const input = { ...at, workloads, goal: 'running', until } as const;
    expect(await run(prepare({ workloads: { look } }, clock), 'awaitWorkloads', input)).toEqual({
      reached: false,
      observed: 'nothing works yet of CronJob nightly/report',
    });
    expect(clock.now()).toBeLessThanOrEqual(Date.parse(until) + 1000);
  });

  it('are not waited for until no time at all', async () => {
    const input = { ...at, workloads, goal: 'idle', until: 'soon' } as const;
    expect((await failureOf(run(prepare({}), 'awaitWorkloads', input))).type).toBe('input.invalid');
  });

  it('are all started, or it is said that they were not', async () => {
    const both = [start, { ...start, workload: mailer }];
    const input = { ...at, starts: both };
    expect(await run(prepare({ workloads: { start: answers(true, true) } }), 'startWorkloads', input)).toEqual({
      started: true,
    });
    expect(await run(prepare({ workloads: { start: answers(true, false) } }), 'startWorkloads', input)).toEqual({
      started: false,
    });
  });

  it('are copied from the one cluster to the other, and those that are not there are named', async () => {
    const copyStopped = answers<'copied' | null>('copied', null);
    const input = { actor: ACTOR, from: 'blue', to: 'green', workloads: [report, mailer] };
    expect(await run(prepare({ workloads: { copyStopped } }), 'copyStopped', input)).toEqual({ missing: [mailer] });
    expect(copyStopped.calls).toEqual([
      [BLUE, GREEN, report],
      [BLUE, GREEN, mailer],
    ]);
  });
});
