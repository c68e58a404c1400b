import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planPrescale, type Prescale } from '../../src/domain/prescale.ts';
import type {
  ApplicationFacts,
  AutoscalerFacts,
  ReadinessFacts,
  WorkloadFacts,
} from '../../src/domain/readiness-facts.ts';
import { judgeReadiness } from '../../src/domain/readiness.ts';
import { applicationFacts, autoscalerFacts, servingFacts, workloadFacts } from '../support/readiness.ts';

const ON: Prescale = { enabled: true };
const HPA = { kind: 'HorizontalPodAutoscaler', namespace: 'web', name: 'web' };
const WEB = { kind: 'Deployment', namespace: 'web', name: 'web' };

function runs(
  workload: Partial<WorkloadFacts>,
  autoscaler?: Partial<AutoscalerFacts>,
  application: Partial<ApplicationFacts> = {},
): ReadinessFacts {
  const autoscalers = autoscaler ? [autoscalerFacts(autoscaler)] : [];
  return {
    ...servingFacts('green'),
    application: { seen: applicationFacts(application) },
    workloads: { seen: { workloads: [workloadFacts(workload)], autoscalers } },
  };
}
const blueWith = (ready: number): ReadinessFacts => runs({ desired: ready, ready, updated: ready });
const HEALS = { selfHeals: true };

describe('what is raised on green', () => {
  it('is the least of its autoscaler, to what blue has ready', () => {
    expect(planPrescale(runs({}, {}), blueWith(6), ON)).toEqual({
      raises: [{ object: HPA, from: 2, to: 6, original: 2 }],
      obstacles: [],
    });
  });

  it('is the workload itself where nothing scales it', () => {
    expect(planPrescale(runs({ kind: 'StatefulSet' }), blueWith(3), ON).raises).toEqual([
      { object: { ...WEB, kind: 'StatefulSet' }, from: 2, to: 3, original: 2 },
    ]);
  });

  it.each<[string, ReadinessFacts, ReadinessFacts, Prescale]>([
    ['is as big as blue', runs({}, {}), blueWith(2), ON],
    ['is bigger than blue', runs({ desired: 9, ready: 9, updated: 9 }), blueWith(2), ON],
    ['may not be pre-scaled', runs({}, {}), blueWith(6), { enabled: false }],
    ['was switched off', runs({ desired: 0, ready: 0, updated: 0 }), blueWith(6), ON],
    ['has another workload than blue', runs({ name: 'other' }), blueWith(6), ON],
    ['was not seen', { ...runs({}), workloads: { unknown: 'x' } }, blueWith(6), ON],
    ['cannot be compared', runs({}), { ...blueWith(6), workloads: { unknown: 'x' } }, ON],
  ])('is nothing where green %s', (_what, green, blue, prescale) => {
    expect(planPrescale(green, blue, prescale).raises).toEqual([]);
  });

  it('goes no further than the ceiling of the file', () => {
    expect(planPrescale(runs({}, {}), blueWith(6), { enabled: true, maxReplicas: 4 }).raises).toMatchObject([
      { to: 4 },
    ]);
  });

  it('remembers what was there before the first time, and keeps what green was given when blue has shrunk', () => {
    const raised = { from: 2, to: 5 };
    expect(planPrescale(runs({}, { min: 5, raised }), blueWith(8), ON).raises).toEqual([
      { object: HPA, from: 5, to: 8, original: 2 },
    ]);
    expect(planPrescale(runs({}, { min: 2, raised }), blueWith(1), ON).raises).toMatchObject([
      { from: 2, to: 5, original: 2 },
    ]);
    expect(planPrescale(runs({ raised }), blueWith(1), ON).raises).toMatchObject([
      { object: WEB, from: 2, to: 5, original: 2 },
    ]);
  });

  it('never gets less, whatever the sizes', () => {
    const size = fc.nat(50);
    fc.assert(
      fc.property(size, size, fc.option(size, { nil: undefined }), size, (desired, ready, min, ofBlue) => {
        const green = runs({ desired, ready, updated: ready }, min === undefined ? undefined : { min, max: min + 5 });
        for (const { from, to } of planPrescale(green, blueWith(ofBlue), ON).raises) expect(to).toBeGreaterThan(from);
      }),
    );
  });
});

describe('what cannot be raised', () => {
  const snippet =
    "add to web-green's spec, where it is generated: ignoreDifferences: [{ group: autoscaling, kind: HorizontalPodAutoscaler, jsonPointers: [/spec/minReplicas] }], and in syncPolicy: syncOptions: [RespectIgnoreDifferences=true]";

  it('is what self-heal would undo, and it is said how to let it be', () => {
    expect(planPrescale(runs({}, {}, HEALS), blueWith(6), ON)).toEqual({
      raises: [],
      obstacles: [
        {
          object: HPA,
          observed: 'minReplicas 2, and self-heal of Application web-green undoes a change of it',
          expected: '6, left alone by Argo CD',
          todo: snippet,
        },
      ],
    });
    expect(planPrescale(runs({}, undefined, HEALS), blueWith(6), ON).obstacles[0]?.todo).toContain(
      '[{ group: apps, kind: Deployment, jsonPointers: [/spec/replicas] }]',
    );
  });

  const jqPathExpressions: string[] = [];
  const ignored = {
    group: 'autoscaling',
    kind: 'HorizontalPodAutoscaler',
    namespace: null,
    name: null,
    jsonPointers: ['/spec/minReplicas'],
    jqPathExpressions,
  };
  it.each<[string, object, number]>([
    ['ignores it and respects that', { ignored: [ignored], respectsIgnored: true }, 1],
    [
      'ignores it as jq has it',
      { ignored: [{ ...ignored, jsonPointers: [], jqPathExpressions: ['.spec.minReplicas'] }], respectsIgnored: true },
      1,
    ],
    ['ignores it until the next sync', { ignored: [ignored] }, 0],
    [
      'ignores another field',
      { ignored: [{ ...ignored, jsonPointers: ['/spec/maxReplicas'] }], respectsIgnored: true },
      0,
    ],
    ['ignores that of another app', { ignored: [{ ...ignored, name: 'other' }], respectsIgnored: true }, 0],
    ['ignores another kind', { ignored: [{ ...ignored, kind: 'Deployment' }], respectsIgnored: true }, 0],
  ])('depends on whether an Application that heals itself %s', (_what, given, raises) => {
    expect(planPrescale(runs({}, {}, { ...HEALS, ...given }), blueWith(6), ON).raises).toHaveLength(raises);
  });

  it('is what another controller keeps as it is', () => {
    expect(planPrescale(runs({}, { keptBy: 'ScaledObject web' }), blueWith(6), ON)).toMatchObject({
      raises: [],
      obstacles: [{ todo: 'raise the least replicas of ScaledObject web to 6 while the app moves' }],
    });
  });

  it('is what is beyond the autoscaler’s own limit', () => {
    expect(planPrescale(runs({}, { max: 4 }), blueWith(6), ON)).toMatchObject({
      raises: [{ from: 2, to: 4 }],
      obstacles: [{ observed: 'maxReplicas 4', todo: 'raise maxReplicas in Git to 6 or more and sync' }],
    });
  });

  it('keeps green from being ready, with what to do', () => {
    const green = runs({ desired: 6, ready: 6, updated: 6 }, {}, HEALS);
    const readiness = judgeReadiness({
      facts: green,
      blue: blueWith(6),
      revision: 'same',
      prescale: ON,
      handsOver: false,
    });
    expect(readiness).toMatchObject({ verdict: 'cannot', reasons: [{ todo: snippet, passes: false }] });
  });

  it('has not been raised yet keeps green from being ready, too', () => {
    const green = runs({ desired: 6, ready: 6, updated: 6 }, {});
    const readiness = judgeReadiness({
      facts: green,
      blue: blueWith(6),
      revision: 'same',
      prescale: ON,
      handsOver: false,
    });
    expect(readiness).toMatchObject({ verdict: 'cannot', reasons: [{ passes: true }] });
  });
});
