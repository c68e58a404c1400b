// What API servers answer of workloads and autoscalers, as the domain reads it.
import { describe, expect, it } from 'vitest';
import { toAutoscaler, toWorkloads, withoutReferenced } from '../../src/adapters/replica-facts.ts';

const metadata = { name: 'web', namespace: 'web', generation: 3 };
const one = (kind: 'Deployment' | 'StatefulSet' | 'Rollout', object: object) =>
  toWorkloads(kind, [{ metadata, ...object }])[0]!.workload;

describe('a workload', () => {
  it('is read with what its controller has seen', () => {
    const status = { observedGeneration: 3, replicas: 4, readyReplicas: 2, updatedReplicas: 3 };
    expect(one('Deployment', { spec: { replicas: 4 }, status })).toEqual({
      kind: 'Deployment',
      namespace: 'web',
      name: 'web',
      desired: 4,
      ready: 2,
      updated: 3,
      observed: true,
      raised: null,
      canary: null,
    });
    expect(one('Deployment', { status: { ...status, observedGeneration: 2 } })).toMatchObject({
      desired: 1,
      observed: false,
    });
    expect(one('Deployment', {})).toMatchObject({ ready: 0, updated: 0, observed: false });
    expect(one('StatefulSet', { status: { replicas: 2 } }).updated).toBe(2);
  });

  it.each([
    ['from 2 to 5', { from: 2, to: 5 }],
    ['yes', null],
  ])('that was raised carries the note %s', (note, raised) => {
    const object = { metadata: { ...metadata, annotations: { 'eksodus.dev/raised': note } } };
    expect(toWorkloads('Deployment', [object])[0]?.workload.raised).toEqual(raised);
  });

  it('that is none is not read', () => {
    expect(() => toWorkloads('Deployment', [{ kind: 'Status' }])).toThrow('metadata');
  });
});

describe('a Rollout', () => {
  const settled = { observedGeneration: '3', phase: 'Healthy', stableRS: 'abc', currentPodHash: 'abc' };
  const canary = (status: object, spec: object = {}) =>
    one('Rollout', { spec, status: { ...settled, ...status } }).canary;

  it.each<[string, object, object, object]>([
    ['has settled', {}, {}, { phase: 'Healthy', pauses: [], aborted: false, stable: true }],
    [
      'is paused',
      { phase: 'Paused', controllerPause: true, pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 'x' }] },
      {},
      { pauses: ['CanaryPauseStep'] },
    ],
    ['is paused by its spec', {}, { paused: true }, { pauses: ['spec.paused'] }],
    ['was aborted', { phase: 'Degraded', abort: true }, {}, { aborted: true, phase: 'Degraded' }],
    ['is at two revisions', { currentPodHash: 'def' }, {}, { stable: false }],
    ['was let go on and has not yet', { controllerPause: true }, {}, { stable: false }],
    ['was never stable', { stableRS: undefined }, {}, { stable: false }],
    ['was not seen by its controller', { phase: undefined }, {}, { phase: 'Progressing' }],
  ])('that %s is seen so', (_what, status, spec, expected) => {
    expect(canary(status, spec)).toMatchObject(expected);
  });

  it('counts the generation that it writes as a text', () => {
    expect(one('Rollout', { status: settled }).observed).toBe(true);
    expect(one('Rollout', { status: { ...settled, observedGeneration: '2' } }).observed).toBe(false);
  });

  it('keeps at zero the Deployment that it takes its template from, which is then none of the app', () => {
    const ref = { workloadRef: { kind: 'Deployment', name: 'web' } };
    const rollouts = toWorkloads('Rollout', [{ metadata, spec: ref }]);
    const deployments = toWorkloads('Deployment', [
      { metadata },
      { metadata: { ...metadata, name: 'other' } },
      { metadata: { ...metadata, namespace: 'x' } },
    ]);
    const names = withoutReferenced([...deployments, ...rollouts]).map(
      ({ kind, namespace, name }) => `${kind} ${namespace}/${name}`,
    );
    expect(names).toEqual(['Deployment web/other', 'Deployment x/web', 'Rollout web/web']);
  });
});

describe('an autoscaler', () => {
  const spec = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 2,
    maxReplicas: 9,
  };
  it('tells its replicas once its controller has looked', () => {
    const looked = { currentReplicas: 3, desiredReplicas: 4, conditions: [{ type: 'AbleToScale' }] };
    expect(toAutoscaler({ metadata, spec, status: looked })).toEqual({
      namespace: 'web',
      name: 'web',
      target: { kind: 'Deployment', name: 'web' },
      min: 2,
      max: 9,
      current: 3,
      desired: 4,
      raised: null,
      keptBy: null,
    });
    expect(toAutoscaler({ metadata, spec, status: { desiredReplicas: 0 } })).toMatchObject({
      current: null,
      desired: null,
    });
    expect(toAutoscaler({ metadata, spec, status: { ...looked, currentReplicas: undefined } }).current).toBe(0);
  });

  it('may be another controller’s', () => {
    const ownerReferences = [
      { kind: 'Other', name: 'x' },
      { kind: 'ScaledObject', name: 'web', controller: true },
    ];
    expect(toAutoscaler({ metadata: { ...metadata, ownerReferences }, spec })).toMatchObject({
      keptBy: 'ScaledObject web',
    });
  });
});
