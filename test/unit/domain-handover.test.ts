import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HandoverWorkload } from '../../src/domain/environment.ts';
import {
  limitsOf,
  neitherSince,
  nextHandover as nextOf,
  whyBusy,
  type Sides,
  type Start,
  type WorkloadState,
} from '../../src/domain/handover.ts';
import { FakeWorkloads } from '../support/fake-workloads.ts';

const nextHandover = (sides: Sides) => nextOf(sides, { fenced: true, drained: true });
const report: HandoverWorkload = { kind: 'CronJob', namespace: 'nightly', name: 'report' };
const consumer: HandoverWorkload = { kind: 'Deployment', namespace: 'queue', name: 'consumer' };
const NOON = '2026-11-21T12:00:00.000Z';
const later = (seconds: number): string => new Date(Date.parse(NOON) + seconds * 1000).toISOString();

const state = (workload: HandoverWorkload, change: Partial<WorkloadState> = {}): WorkloadState => ({
  workload,
  version: '7',
  size: 0,
  ready: change.size ?? 0,
  active: [],
  lastRunAt: null,
  lastSuccessAt: null,
  stopped: null,
  seenAt: later(60),
  ...change,
});
const note = (was: number, at = NOON) => ({ was, at });

describe('the next act of a handover', () => {
  it('stops the side that runs, and nothing when the other side cannot take over', () => {
    const from = [state(report, { size: 1 })];
    expect(nextHandover({ from, to: [state(report)] })).toEqual({ kind: 'stop' });
    expect(nextHandover({ from, to: [state(report, { version: null })] })).toEqual({
      kind: 'refused',
      because: 'there is no CronJob nightly/report',
    });
  });

  it('stops one that looks stopped too: a start of before may be on its way', () => {
    const sides = { from: [state(report, { stopped: note(1) })], to: [state(report)] };
    expect(nextOf(sides, { fenced: false, drained: true })).toEqual({ kind: 'stop' });
    expect(nextOf({ from: sides.to, to: [state(report, { size: 1 })] }, { fenced: false, drained: true })).toEqual({
      kind: 'done',
    });
  });

  it('waits for the app’s own queries before it starts the other side, and for nothing else', () => {
    const from = [state(report, { stopped: note(1) })];
    const known = { fenced: true, drained: false };
    expect(nextOf({ from, to: [state(report)] }, known)).toMatchObject({ kind: 'await-idle' });
    expect(nextOf({ from, to: [state(report, { size: 1 })] }, known)).toEqual({ kind: 'clear-notes' });
  });

  it('waits while anything of the stopped side runs', () => {
    const from = [state(consumer, { stopped: note(3), active: ['Pod consumer-1 is there'] }), state(report)];
    const to = [state(consumer), state(report)];
    expect(nextHandover({ from, to })).toEqual({ kind: 'await-idle', because: 'Pod consumer-1 is there' });
  });

  it('waits until the controller of a CronJob must have seen that it is suspended', () => {
    const suspended = (seconds: number) => [state(report, { stopped: note(1), seenAt: later(seconds) })];
    expect(nextHandover({ from: suspended(4.9), to: [state(report)] })).toMatchObject({ kind: 'await-idle' });
    expect(nextHandover({ from: suspended(5), to: [state(report)] })).toMatchObject({ kind: 'start' });
  });

  it('starts the other side as large as the first was, as it was seen', () => {
    const from = [state(consumer, { stopped: note(3) })];
    expect(nextHandover({ from, to: [state(consumer, { version: '42' })] })).toMatchObject({
      kind: 'start',
      starts: [{ workload: consumer, version: '42', size: 3 }],
    });
  });

  it('takes the size of the latest stop when both sides were stopped', () => {
    const from = [state(consumer, { stopped: note(5, later(9)) })];
    const to = [state(consumer, { stopped: note(3) })];
    expect(nextHandover({ from, to })).toMatchObject({ starts: [{ size: 5 }] });
    expect(nextHandover({ from: to, to: from })).toMatchObject({ starts: [{ size: 5 }] });
  });

  it('hands the latest run on, whichever side ran it', () => {
    const from = [state(report, { stopped: note(1), lastRunAt: later(-60), lastSuccessAt: later(-59) })];
    const to = [state(report, { lastRunAt: later(-600), lastSuccessAt: later(-599) })];
    const runs = { lastRunAt: later(-60), lastSuccessAt: later(-59) };
    expect(nextHandover({ from, to })).toMatchObject({ starts: [runs] });
    expect(nextHandover({ from: [{ ...from[0]!, lastRunAt: null, lastSuccessAt: null }], to })).toMatchObject({
      starts: [{ lastRunAt: later(-600) }],
    });
  });

  it('has a CronJob that never ran miss only what was due since it was stopped', () => {
    const from = [state(report, { stopped: note(1) })];
    expect(nextHandover({ from, to: [state(report)] })).toMatchObject({ starts: [{ lastRunAt: NOON }] });
  });

  it('leaves off what its owner had switched off', () => {
    const off = [state(report), state(consumer, { stopped: note(2) })];
    const to = [state(report), state(consumer)];
    expect(nextHandover({ from: off, to })).toMatchObject({ starts: [{ workload: consumer }] });
    expect(nextHandover({ from: [state(report)], to: [state(report)] })).toEqual({ kind: 'done' });
  });

  it('waits until something works, and then takes its notes away', () => {
    const from = [state(consumer, { stopped: note(2) })];
    const to = state(consumer, { size: 2, ready: 0 });
    expect(nextHandover({ from, to: [to] })).toMatchObject({ kind: 'await-running' });
    expect(nextHandover({ from, to: [{ ...to, ready: 1 }] })).toEqual({ kind: 'clear-notes' });
    expect(nextHandover({ from: [state(consumer)], to: [{ ...to, ready: 1 }] })).toEqual({ kind: 'done' });
  });

  it('knows since when neither side runs', () => {
    const stopped = [state(report, { stopped: note(1, later(3)) }), state(consumer, { stopped: note(2) })];
    expect(neitherSince({ from: stopped, to: [state(report), state(consumer)] })).toBe(NOON);
    expect(neitherSince({ from: [state(report, { size: 1 })], to: [state(report)] })).toBeUndefined();
  });

  it('keeps enough of the gap for the way back', () => {
    expect(limitsOf(60)).toEqual({ idleSeconds: 40, runningSeconds: 50 });
    expect(limitsOf(3600)).toEqual({ idleSeconds: 3570, runningSeconds: 3585 });
  });
});

/** What may happen between two acts, and to an act. */
type Happening =
  | { readonly kind: 'act' }
  /** The act is done, but whoever asked dies and never hears of it. */
  | { readonly kind: 'crash' }
  /** A start is on its way, and arrives at a later moment, when its worker is long given up. */
  | { readonly kind: 'delay' }
  | { readonly kind: 'arrive' }
  | { readonly kind: 'turn' }
  | { readonly kind: 'work-begins' | 'work-ends'; readonly cluster: 'blue' | 'green'; readonly one: number };

const clusters = fc.constantFrom('blue' as const, 'green' as const);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Happening>({ kind: 'act' }) },
  fc.constantFrom<Happening>({ kind: 'crash' }, { kind: 'delay' }, { kind: 'arrive' }, { kind: 'turn' }),
  fc.record({ kind: fc.constantFrom('work-begins' as const, 'work-ends' as const), cluster: clusters, one: fc.nat(1) }),
);

describe('any sequence of acts, crashes, late starts and turns', () => {
  it('never has both sides run the same, and ends where it was wanted', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        let clock = Date.parse(NOON);
        const world = new FakeWorkloads(() => (clock += 1000));
        const workloads = [report, consumer];
        world.put('blue', report, 1);
        world.put('blue', consumer, 3);
        for (const workload of workloads) world.put('green', workload, 0);
        let [to, from]: ('blue' | 'green')[] = ['green', 'blue'];
        let fenced = false;
        const late: { readonly cluster: string; readonly starts: readonly Start[] }[] = [];
        const act = (arrives: boolean): string => {
          const sides = { from: world.look(from!, workloads), to: world.look(to!, workloads) };
          const next = nextOf(sides, { fenced, drained: true });
          fenced ||= next.kind === 'stop';
          if (next.kind === 'stop') world.stop(from!, workloads);
          if (next.kind === 'start' && arrives) world.start(to!, next.starts);
          if (next.kind === 'start' && !arrives) late.push({ cluster: to!, starts: next.starts });
          if (next.kind === 'clear-notes') for (const one of ['blue', 'green']) world.clearNotes(one, workloads);
          return next.kind;
        };
        const turn = (): void => {
          [to, from] = [from, to];
          fenced = false;
        };
        for (const one of happenings) {
          switch (one.kind) {
            case 'act':
              act(true);
              break;
            case 'crash':
              act(true);
              fenced = false;
              break;
            case 'delay':
              act(false);
              break;
            case 'arrive': {
              const arriving = late.shift();
              if (arriving) world.start(arriving.cluster, arriving.starts);
              break;
            }
            case 'turn':
              turn();
              break;
            case 'work-begins': {
              const kept = world.get(one.cluster, workloads[one.one]!);
              if (kept && kept.size > 0) kept.active.push('work');
              break;
            }
            case 'work-ends':
              world.get(one.cluster, workloads[one.one]!)?.active.pop();
          }
          for (const workload of workloads) expect(world.runningIn(workload).length).toBeLessThan(2);
        }
        for (const cluster of ['blue', 'green'])
          for (const workload of workloads) world.get(cluster, workload)!.active.length = 0;
        for (let acts = 0; act(true) !== 'done'; acts += 1) expect(acts).toBeLessThan(10);
        for (const { cluster, starts } of late) world.start(cluster, starts);
        expect(workloads.map((workload) => world.runningIn(workload))).toEqual([[to], [to]]);
        expect(world.get(to!, consumer)?.size).toBe(3);
        expect(world.doubled).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('says of a side that runs what is not stopped', () => {
    expect(whyBusy([state(report, { size: 1 })])).toBe('CronJob nightly/report is not stopped');
    expect(whyBusy([state(report)])).toBeUndefined();
  });
});
