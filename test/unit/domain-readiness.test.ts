import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApplicationFacts, ReadinessFacts, Seen } from '../../src/domain/readiness-facts.ts';
import type { Question } from '../../src/domain/readiness-found.ts';
import { describeReasons, judgeReadiness, type Readiness, type Reason } from '../../src/domain/readiness.ts';
import {
  applicationFacts,
  autoscalerFacts,
  canaryFacts,
  servingFacts,
  targetGroup,
  workloadFacts,
} from '../support/readiness.ts';

const green = servingFacts('green');
const blue = servingFacts('blue');
const judge = (change: Partial<ReadinessFacts>, asked: Partial<Question> = {}): Readiness =>
  judgeReadiness({
    facts: { ...green, ...change },
    blue,
    revision: 'same',
    prescale: { enabled: true },
    handsOver: false,
    ...asked,
  });
const application = (given: Partial<ApplicationFacts>) => ({ application: { seen: applicationFacts(given) } });
const targets = (...groups: Parameters<typeof targetGroup>[0][]) => ({
  loadBalancer: { seen: { hostname: 'web.green.elb.test', targetGroups: groups.map(targetGroup) } },
});
const runs = (
  workload: Parameters<typeof workloadFacts>[0],
  autoscalers: Parameters<typeof autoscalerFacts>[0][] = [],
) => ({
  workloads: { seen: { workloads: [workloadFacts(workload)], autoscalers: autoscalers.map(autoscalerFacts) } },
});

function reasonsOf(readiness: Readiness): readonly Reason[] {
  if (readiness.verdict === 'can') throw new Error('it can serve');
  return readiness.reasons;
}
/** The one reason, in short. */
function only(readiness: Readiness) {
  const [reason, ...more] = reasonsOf(readiness);
  expect(more).toEqual([]);
  const { evidence, todo, passes, unserved } = reason!;
  return {
    verdict: readiness.verdict,
    observed: evidence.observed,
    expected: evidence.expected,
    todo,
    passes,
    unserved,
  };
}

describe('a colour that serves', () => {
  it('can, with what was seen as evidence', () => {
    const readiness = judge({});
    if (readiness.verdict !== 'can') throw new Error('it cannot');
    expect(readiness.evidence.map(({ check, subject, observed }) => `${check} · ${subject} · ${observed}`)).toEqual([
      'Argo CD · web-green · Synced Healthy',
      'Argo CD · web-green · revision abc1234',
      'load balancer · k8s-web of web.green.elb.test · 2 healthy, 0 initial, 0 unhealthy, 0 draining',
      'workloads · Deployment web/web · 2 ready, 2 of the newest template, of 2',
    ]);
    expect(readiness.evidence.every(({ passed, at }) => passed && at === green.at)).toBe(true);
  });
});

describe('Argo CD', () => {
  it.each<[string, Partial<ApplicationFacts>, string, boolean]>([
    [
      'is out of sync',
      { sync: 'OutOfSync', outOfSync: [{ kind: 'Service', namespace: 'web', name: 'web' }] },
      'OutOfSync Healthy (out of sync: Service web/web)',
      false,
    ],
    [
      'cannot compare',
      { sync: 'Unknown', problems: ['ComparisonError: no repository'] },
      'Unknown Healthy (ComparisonError: no repository)',
      false,
    ],
    [
      'says Synced of a render that failed',
      { problems: ['ComparisonError: no repository'] },
      'Synced Healthy (ComparisonError: no repository)',
      false,
    ],
    ['is Degraded', { health: 'Degraded' }, 'Synced Degraded', false],
    ['is Suspended', { health: 'Suspended' }, 'Synced Suspended', false],
    ['is Missing', { health: 'Missing' }, 'Synced Missing', false],
    ['is Progressing', { health: 'Progressing' }, 'Synced Progressing', true],
    ['syncs', { syncing: true }, 'Synced Healthy, a sync under way', true],
    ['has not looked since', { comparedAnew: false }, 'has not compared since it was asked to', true],
    ['is at another revision', { revision: 'def' }, 'revision def', false],
  ])('that %s keeps it from serving', (_what, change, observed, passes) => {
    expect(only(judge(application(change)))).toMatchObject({ verdict: 'cannot', observed, passes, unserved: false });
  });

  it('has to have the app', () => {
    expect(only(judge({ application: { seen: null } }))).toMatchObject({
      verdict: 'cannot',
      observed: 'no such application',
    });
  });

  it('may be at another revision where the file says so', () => {
    expect(judge(application({ revision: 'def' }), { revision: 'any' }).verdict).toBe('can');
  });

  it.each<[string, Seen<ApplicationFacts | null>]>([
    ['is not seen', { unknown: 'HTTP 403' }],
    ['is not there', { seen: null }],
    ['has none', { seen: applicationFacts({ revision: null }) }],
  ])('cannot be compared with a blue whose revision %s', (_what, seen) => {
    expect(only(judge({}, { blue: { ...blue, application: seen } })).verdict).toBe('cannot-know');
  });

  it('is not to blame for what was raised for the move', () => {
    const difference = { kind: 'HorizontalPodAutoscaler', namespace: 'web', name: 'web' };
    const ours = {
      ...application({ sync: 'OutOfSync', outOfSync: [difference] }),
      ...runs({}, [{ raised: { from: 1, to: 2 } }]),
    };
    expect(judge(ours).verdict).toBe('can');
    expect(judge({ ...ours, ...runs({}, [{}]) }).verdict).toBe('cannot');
    const others = [difference, { kind: 'Service', namespace: 'web', name: 'web' }];
    expect(only(judge({ ...ours, ...application({ sync: 'OutOfSync', outOfSync: others }) })).observed).toBe(
      'OutOfSync Healthy (out of sync: Service web/web)',
    );
  });
});

describe('targets', () => {
  it.each<[string, Parameters<typeof targetGroup>[0], { passes: boolean; unserved: boolean; expected: string }]>([
    ['none', { healthy: 0 }, { passes: true, unserved: true, expected: 'at least 1 healthy' }],
    ['draining only', { healthy: 0, draining: 2 }, { passes: true, unserved: true, expected: 'at least 1 healthy' }],
    ['all unhealthy', { healthy: 0, unhealthy: 3 }, { passes: false, unserved: true, expected: 'at least 2 healthy' }],
    [
      'less than half healthy',
      { healthy: 2, unhealthy: 3 },
      { passes: false, unserved: false, expected: 'at least 3 healthy' },
    ],
    ['not checked yet', { healthy: 0, initial: 2 }, { passes: true, unserved: true, expected: 'at least 1 healthy' }],
    [
      'nodes, none of them healthy',
      { targetType: 'instance', healthy: 0, unhealthy: 9 },
      { passes: false, unserved: true, expected: 'at least 1 healthy' },
    ],
  ])('%s are not enough', (_what, group, expected) => {
    expect(only(judge(targets(group)))).toMatchObject({ verdict: 'cannot', ...expected });
  });

  it.each<[string, Parameters<typeof targetGroup>[0]]>([
    ['half of the pods', { healthy: 2, unhealthy: 2, draining: 5 }],
    ['one node', { targetType: 'instance', healthy: 1, unhealthy: 9 }],
  ])('%s are enough', (_what, group) => {
    expect(judge(targets(group)).verdict).toBe('can');
  });

  it('are needed in every target group', () => {
    const readiness = judge(targets({}, { name: 'k8s-admin', healthy: 0, unhealthy: 1, because: ['codes: [503]'] }));
    expect(describeReasons(reasonsOf(readiness))).toBe(
      'load balancer of k8s-admin of web.green.elb.test: 0 healthy, 0 initial, 1 unhealthy, 0 draining (codes: [503]), expected at least 1 healthy',
    );
  });

  it.each([
    ['no load balancer', { loadBalancer: { seen: null } }],
    ['no target group', targets()],
  ])('cannot be where there is %s', (_what, change) => {
    expect(only(judge(change))).toMatchObject({ verdict: 'cannot', unserved: true });
  });
});

describe('workloads', () => {
  const off = { desired: 0, ready: 0, updated: 0 };
  it('scaled to zero do not serve, unless they are so on blue', () => {
    const zero = judge({
      workloads: { seen: { workloads: [workloadFacts(off), workloadFacts({ name: 'x' })], autoscalers: [] } },
    });
    expect(only(zero)).toMatchObject({ observed: 'scaled to 0', passes: false });
    const both = [workloadFacts(), workloadFacts({ ...off, name: 'batch' })];
    const switchedOff = { workloads: { seen: { workloads: both, autoscalers: [] } } };
    expect(judge(switchedOff, { blue: { ...blue, ...switchedOff } }).verdict).toBe('can');
  });

  it('that an autoscaler holds at zero do not serve, though blue’s is switched off', () => {
    const switchedOff = { ...blue, ...runs(off) };
    expect(judge(runs({}, [{ min: 0, current: 0, desired: 0 }]), { blue: switchedOff }).verdict).toBe('cannot');
  });

  it('held at zero by an autoscaler do not serve', () => {
    expect(only(judge(runs({}, [{ min: 0, current: 0, desired: 0 }]), { prescale: { enabled: false } }))).toMatchObject(
      {
        observed: 'scaled to 2, HPA web at 0 of min 0',
        todo: 'scale it up: an autoscaler does not leave zero by itself',
      },
    );
  });

  it('are not judged by an autoscaler whose controller has not looked yet, or never had a metric', () => {
    expect(judge(runs({}, [{ current: 2, desired: 0 }])).verdict).toBe('can');
    expect(judge(runs({}, [{ current: null, desired: null }])).verdict).toBe('can');
  });

  it.each([
    ['has fewer ready than blue', { desired: 3, ready: 1, updated: 3 }, true],
    ['rolls', { updated: 1 }, true],
    ['has not been seen by its controller', { observed: false }, true],
  ])('one of which %s do not serve yet', (_what, change, passes) => {
    expect(only(judge(runs(change)))).toMatchObject({ verdict: 'cannot', passes, unserved: false });
  });

  it('without a ready pod serve nobody', () => {
    const reasons = reasonsOf(judge(runs({ ready: 0 })));
    expect(reasons.filter(({ unserved }) => unserved).map(({ evidence }) => evidence.observed)).toEqual([
      'no pod of the app is ready',
    ]);
  });

  it('need all that they want when they are not measured by blue', () => {
    const change = runs({ desired: 5, ready: 4, updated: 5 });
    expect(judge(change, { prescale: { enabled: false } }).verdict).toBe('cannot');
    expect(judge(change).verdict).toBe('can');
  });

  it('cannot be compared with a blue that does not answer', () => {
    const silent = { ...blue, workloads: { unknown: 'API server of blue: no answer in time' } };
    expect(only(judge({}, { blue: silent }))).toMatchObject({
      verdict: 'cannot-know',
      observed: 'API server of blue: no answer in time',
      passes: true,
    });
    expect(judge({}, { blue: silent, prescale: { enabled: false } }).verdict).toBe('can');
  });
});

describe('a rollout', () => {
  const rollout = (given: Parameters<typeof canaryFacts>[0]) =>
    judge(runs({ kind: 'Rollout', canary: canaryFacts(given) }));
  const cli = (verb: string) => `kubectl argo rollouts ${verb} web -n web`;

  it('that has settled serves', () => {
    expect(rollout({}).verdict).toBe('can');
  });

  it.each<[string, Parameters<typeof canaryFacts>[0], string, string, boolean]>([
    [
      'is paused by a step',
      { phase: 'Paused', pauses: ['CanaryPauseStep'], message: 'CanaryPauseStep', stable: false },
      'rollout Paused, paused by CanaryPauseStep, mid-canary (CanaryPauseStep)',
      `${cli('promote')}, or ${cli('abort')}`,
      false,
    ],
    [
      'is paused by a person',
      { pauses: ['spec.paused'] },
      'rollout Healthy, paused by spec.paused',
      `${cli('promote')}, or ${cli('abort')}`,
      false,
    ],
    [
      'was aborted',
      { phase: 'Degraded', aborted: true, message: 'RolloutAborted' },
      'rollout Degraded, aborted (RolloutAborted)',
      `${cli('retry rollout')}, or ${cli('undo')}`,
      false,
    ],
    [
      'is degraded',
      { phase: 'Degraded', message: 'ProgressDeadlineExceeded' },
      'rollout Degraded (ProgressDeadlineExceeded)',
      `mend it, or ${cli('undo')}`,
      false,
    ],
    [
      'goes on',
      { phase: 'Progressing', stable: false },
      'rollout Progressing, mid-canary',
      `wait until it is done, or ${cli('promote --full')}`,
      true,
    ],
    [
      'calls itself Healthy in the middle of a canary',
      { stable: false },
      'rollout Healthy, mid-canary',
      `wait until it is done, or ${cli('promote --full')}`,
      true,
    ],
  ])('that %s does not, and it is said what to do', (_what, given, ...[observed, todo, passes]) => {
    expect(only(rollout(given))).toMatchObject({ verdict: 'cannot', observed, todo, passes });
  });
});

describe('what was not seen', () => {
  it.each(['application', 'loadBalancer', 'workloads'] as const)('of %s makes it unknown, not ready', (part) => {
    const readiness = judge(
      { [part]: { unknown: 'API server of green answered 403' } },
      { revision: 'any', prescale: { enabled: false } },
    );
    expect(only(readiness)).toMatchObject({ verdict: 'cannot-know', observed: 'API server of green answered 403' });
  });

  it('is less than a proven no', () => {
    expect(judge({ workloads: { unknown: 'x' }, ...application({ health: 'Degraded' }) }).verdict).toBe('cannot');
  });

  it('comes after what a person has to mend', () => {
    const reasons = reasonsOf(judge({ workloads: { unknown: 'x' }, ...application({ health: 'Degraded' }) }));
    expect(describeReasons(reasons)).toBe(
      'Argo CD of web-green: Synced Degraded, expected Synced Healthy; workloads of green: x, expected an answer',
    );
  });
});

describe('the judge', () => {
  /** Each makes facts of which nobody may say that they serve. */
  const unhealthy = fc.oneof(
    fc.constantFrom('OutOfSync', 'Unknown').map((sync) => application({ sync })),
    fc
      .constantFrom('Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown')
      .map((health) => application({ health })),
    fc.string().map((revision) => application({ revision: `not ${revision}` })),
    fc.constant(application({ comparedAnew: false })),
    fc.constant(application({ syncing: true })),
    fc
      .record({ unhealthy: fc.nat(9), draining: fc.nat(9), initial: fc.nat(9) })
      .map((group) => targets({}, { ...group, healthy: 0 })),
    fc.record({ ready: fc.constantFrom(0, 1), updated: fc.nat(2) }).map((workload) => runs(workload)),
    fc.constant(runs({ desired: 0 })),
    fc.constant(runs({ observed: false })),
    fc
      .constantFrom({ aborted: true }, { stable: false }, { phase: 'Paused' }, { phase: 'Degraded' }, { pauses: ['x'] })
      .map((canary) => runs({ kind: 'Rollout', canary: canaryFacts(canary) })),
    fc.constantFrom('application', 'loadBalancer', 'workloads').map((part) => ({ [part]: { unknown: 'no answer' } })),
    fc.constant({ loadBalancer: { seen: null } }),
    fc.constant({ application: { seen: null } }),
  );

  it('never says that it can serve when one thing is not well, whatever else is', () => {
    fc.assert(
      fc.property(unhealthy, fc.array(unhealthy, { maxLength: 3 }), (first, others) => {
        // The one that must show comes last: the others may speak of the same part.
        const readiness = judge(Object.assign({}, ...others, first));
        expect(readiness.verdict).not.toBe('can');
        for (const { evidence, todo } of reasonsOf(readiness)) {
          expect(evidence.passed).toBe(false);
          expect([evidence.subject, evidence.observed, evidence.expected, todo]).not.toContain('');
        }
      }),
    );
  });
});
