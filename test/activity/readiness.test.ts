import { describe, expect, it } from 'vitest';
import { KubeError } from '../../src/adapters/kube-error.ts';
import { autoscalerFacts, targetGroup, workloadFacts } from '../support/readiness.ts';
import {
  ACTOR,
  activityEnvironment,
  answers,
  application,
  ARGOCD,
  awsError,
  failureOf,
  operation,
  prepare,
  run,
  type Prepared,
} from './fakes.ts';

const REQUEST = {
  actor: ACTOR,
  argocd: ARGOCD,
  app: { application: 'web-green', ingress: { namespace: 'web', name: 'web' } },
  cluster: 'green',
  argoCd: 'anew',
} as const;
const AS_KNOWN = { ...REQUEST, argoCd: 'as-known' } as const;
const AT = { region: ACTOR.region, cluster: 'green' };
const BEHIND = { hostname: 'green.elb.test', targetGroups: [targetGroup()] };
const RUNS = { workloads: [workloadFacts()], autoscalers: [autoscalerFacts()] };
const WEB = { kind: 'Deployment', namespace: 'web', name: 'web' };
const before = application({ objects: [WEB], reconciledAt: '2026-11-21T10:00:00Z' });
const after = application({ objects: [WEB], reconciledAt: '2026-11-21T10:00:05Z' });

function world(change: Prepared = {}) {
  const well = {
    argo: {
      findApplication: answers(before, { ...before, refreshing: true }, { ...after, refreshing: true }, after),
      requestRefresh: answers(undefined),
    },
    kube: { ingressHostname: answers('green.elb.test') },
    elb: { targetsBehind: answers(BEHIND) },
    replicas: { read: answers(RUNS) },
  };
  return { ...well, deps: prepare({ ...well, ...change }) };
}

describe('lookAtReadiness', () => {
  it('has Argo CD look anew, and tells what there is', async () => {
    const { deps, argo, elb, replicas } = world();
    expect(await run(deps, 'lookAtReadiness', REQUEST)).toMatchObject({
      cluster: 'green',
      at: expect.stringMatching(/Z$/),
      application: { seen: { name: 'web-green', sync: 'Synced', revision: 'abc', comparedAnew: true, syncing: false } },
      loadBalancer: { seen: BEHIND },
      workloads: { seen: RUNS },
    });
    expect(argo.requestRefresh.calls).toHaveLength(1);
    // It has compared when it says so, and has taken the request off.
    expect(argo.findApplication.calls).toHaveLength(4);
    expect(elb.targetsBehind.calls).toEqual([['green.elb.test', REQUEST.app.ingress]]);
    expect(replicas.read.calls).toEqual([[AT, [WEB]]]);
  });

  it('says when Argo CD did not compare in a minute', async () => {
    const argo = { findApplication: answers(before), requestRefresh: answers(undefined) };
    const facts = await run(world({ argo }).deps, 'lookAtReadiness', REQUEST);
    expect(facts.application).toMatchObject({ seen: { comparedAnew: false } });
  });

  it('asks nothing of Argo CD but what it knows when there is no time', async () => {
    const { deps, argo } = world();
    expect((await run(deps, 'lookAtReadiness', AS_KNOWN)).application).toMatchObject({ seen: { comparedAnew: null } });
    expect(argo.findApplication.calls).toHaveLength(1);
    expect(argo.requestRefresh.calls).toEqual([]);
  });

  it.each<[string, Parameters<typeof application>[0], boolean]>([
    ['was asked for', { requested: { requestId: null } }, true],
    ['runs', { operation: operation({ phase: 'Running' }) }, true],
    ['has ended', { operation: operation() }, false],
  ])('tells that a sync %s', async (_what, given, syncing) => {
    const argo = { findApplication: answers(application(given)) };
    const { application: found } = await run(world({ argo }).deps, 'lookAtReadiness', AS_KNOWN);
    expect(found).toMatchObject({ seen: { syncing } });
  });

  it('tells what keeps Argo CD’s hands off', async () => {
    const argo = { findApplication: answers(application({ syncOptions: ['RespectIgnoreDifferences=true'] })) };
    expect((await run(world({ argo }).deps, 'lookAtReadiness', AS_KNOWN)).application).toMatchObject({
      seen: { respectsIgnored: true },
    });
  });

  it('finds no app where there is none', async () => {
    const read = answers({ workloads: [], autoscalers: [] });
    const none = { findApplication: answers(null) };
    const { deps } = world({ argo: none, kube: { ingressHostname: answers(null) }, replicas: { read } });
    expect(await run(deps, 'lookAtReadiness', REQUEST)).toMatchObject({
      application: { seen: null },
      loadBalancer: { seen: null },
    });
    expect(read.calls).toEqual([[AT, []]]);
  });

  const DOWN = new KubeError('green', null, 'no answer in time');
  const denied = new KubeError('green', 403, 'forbidden');

  it('tells what is refused for good as not known, and the rest all the same', async () => {
    const elb = { targetsBehind: answers(awsError('AccessDenied', 'not authorized', 403)) };
    const facts = await run(world({ elb, replicas: { read: answers(denied) } }).deps, 'lookAtReadiness', REQUEST);
    expect(facts).toMatchObject({
      application: { seen: { sync: 'Synced' } },
      loadBalancer: { unknown: expect.stringContaining('not authorized') },
      workloads: { unknown: 'API server of green answered 403: forbidden' },
    });
  });

  it('has what does not answer tried again, and in the end tells it as not known', async () => {
    const deps = () => world({ replicas: { read: answers(DOWN) } }).deps;
    expect(await failureOf(run(deps(), 'lookAtReadiness', REQUEST))).toMatchObject({ type: 'k8s.unreachable' });
    const third = activityEnvironment({ attempt: 3 });
    const unknown = { unknown: 'API server of green: no answer in time' };
    expect((await run(deps(), 'lookAtReadiness', REQUEST, third)).workloads).toEqual(unknown);
    expect((await run(deps(), 'lookAtReadiness', AS_KNOWN)).workloads).toEqual(unknown);
  });

  it('knows no workloads when Argo CD cannot be heard', async () => {
    const argo = { findApplication: answers(new KubeError('manager', 403, 'forbidden')) };
    const facts = await run(world({ argo }).deps, 'lookAtReadiness', AS_KNOWN);
    expect(facts).toMatchObject({
      application: { unknown: 'API server of manager answered 403: forbidden' },
      workloads: { unknown: 'Argo CD, which knows what belongs to the app, was not heard' },
      loadBalancer: { seen: BEHIND },
    });
  });
});

const HPA = { kind: 'HorizontalPodAutoscaler', namespace: 'web', name: 'web' };

describe('raiseReplicas', () => {
  it('notes what was there before the first time', async () => {
    const replicas = { raise: answers(undefined) };
    const raises = [{ object: HPA, from: 5, to: 8, original: 2 }];
    await run(prepare({ replicas }), 'raiseReplicas', { actor: ACTOR, cluster: 'green', raises });
    expect(replicas.raise.calls).toEqual([[AT, HPA, { from: 2, to: 8 }]]);
  });
});

describe('restoreReplicas', () => {
  const asked = { actor: ACTOR, argocd: ARGOCD, application: 'web-green', cluster: 'green' };
  const raised = { from: 2, to: 5 };
  const restore = async (
    {
      autoscaler = {},
      workload = {},
      refused,
    }: { autoscaler?: object; workload?: object; refused?: Error | undefined },
    serves: boolean,
  ) => {
    const found = { workloads: [workloadFacts(workload)], autoscalers: [autoscalerFacts(autoscaler)] };
    const replicas = { read: answers(found), restore: answers<unknown>(refused ?? undefined) };
    const argo = { findApplication: answers(before) };
    const ended = run(prepare({ replicas, argo }), 'restoreReplicas', { ...asked, serves });
    return { ended, calls: replicas.restore.calls };
  };

  it.each<[string, Parameters<typeof restore>[0], boolean, readonly unknown[]]>([
    ['an autoscaler its least number', { autoscaler: { raised, min: 5 } }, true, [[HPA, 2]]],
    [
      'nothing that somebody has changed since, but takes the note off',
      { autoscaler: { raised, min: 7 } },
      true,
      [[HPA, null]],
    ],
    ['a workload its replicas when nobody is served by it', { workload: { raised, desired: 5 } }, false, [[WEB, 2]]],
    ['a workload nothing while users are served by it', { workload: { raised, desired: 5 } }, true, [[WEB, null]]],
    ['a workload nothing that somebody has scaled since', { workload: { raised, desired: 6 } }, false, [[WEB, null]]],
    ['nothing that was not raised', {}, false, []],
  ])('gives back %s', async (_what, given, serves, expected) => {
    const { ended, calls } = await restore(given, serves);
    expect((await ended).restored).toHaveLength(expected.length);
    expect(calls.map(([, object, to]) => [object, to])).toEqual(expected);
  });

  it('tries all, and then names all that could not be', async () => {
    const given = { autoscaler: { raised, min: 5 }, workload: { raised, desired: 5 } };
    const { ended, calls } = await restore({ ...given, refused: new KubeError('green', 422, 'invalid') }, false);
    expect(await failureOf(ended)).toMatchObject({
      type: 'k8s.refused',
      nonRetryable: true,
      message:
        'what was raised for the move could not be given back: HorizontalPodAutoscaler web/web: API server of green answered 422: invalid; Deployment web/web: API server of green answered 422: invalid',
    });
    expect(calls).toHaveLength(2);
  });

  it('is tried again while an API server does not answer', async () => {
    const down = new KubeError('green', null, 'no answer in time');
    const { ended } = await restore({ autoscaler: { raised, min: 5 }, refused: down }, true);
    expect(await failureOf(ended)).toMatchObject({ type: 'k8s.unreachable', nonRetryable: false });
  });
});
