import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import type { Workload } from '../../src/adapters/kube.ts';
import { KubeError } from '../../src/adapters/kube-error.ts';
import type { HttpCheck, NodeGroup, Window } from '../../src/domain/environment.ts';
import { ARGO } from '../../src/domain/ids.ts';
import { ACTOR, activityEnvironment, answers, application, ARGOCD, cluster, FakeClock, prepare, run } from './fakes.ts';

const NAMED = { actor: ACTOR, cluster: 'green' };
const TARGET = { hostname: 'green.elb.test', hostedZoneId: 'ZLB' };
const WEB = { kind: 'Ingress', namespace: 'web', name: 'web' };
const NGINX = { kind: 'Service', namespace: 'nginx', name: 'nginx' };
const POLICY = { kind: 'Deployment', namespace: 'policy', name: 'engine' };

describe('load balancers', () => {
  const ingress = { namespace: 'web', name: 'web' };

  it('are found by the host name of the ingress, once ELBv2 knows it', async () => {
    const kube = { ingressHostname: answers<unknown>(null, 'green.elb.test') };
    const elb = { findByHostname: answers<unknown>(null, TARGET) };
    const running = activityEnvironment();
    expect(await run(prepare({ kube, elb }), 'findLoadBalancer', { ...NAMED, ingress }, running)).toEqual(TARGET);
    expect(running.beats.map((details) => (details as { waiting: string }).waiting)).toEqual([
      'the ingress has no host name',
      'ELBv2 does not know green.elb.test',
    ]);
  });

  it('have the applications deleted that ask for them, and no others', async () => {
    const dashboard = application({ name: 'nginx-green', objects: [POLICY, NGINX] });
    const others = [POLICY, { ...NGINX, namespace: 'other' }, { ...NGINX, kind: 'Deployment' }].map((object) =>
      application({ name: `${object.kind}-green`, objects: [object] }),
    );
    const argo = { applications: answers([...others, dashboard]), deleteApplication: answers(undefined) };
    const deps = prepare({
      eks: { findCluster: answers(cluster()) },
      kube: { exposures: answers([WEB, NGINX]) },
      argo,
    });
    expect(await run(deps, 'deleteExposedApplications', { ...NAMED, argocd: ARGOCD })).toEqual({
      deleted: ['nginx-green'],
    });
    const at = { region: ACTOR.region, cluster: 'manager', namespace: 'argocd' };
    expect(argo.applications.calls).toEqual([[at, { [ARGO.cluster]: 'green' }]]);
    expect(argo.deleteApplication.calls).toEqual([[at, 'nginx-green']]);
  });

  it('are gone when neither ingress nor load balancer is left', async () => {
    const eks = { findCluster: answers(cluster()) };
    const kube = { exposures: answers<unknown>([WEB, NGINX], []) };
    const elb = { loadBalancersOf: answers<unknown>(['arn:lb'], ['arn:lb'], []) };
    const running = activityEnvironment();
    await run(prepare({ eks, kube, elb }), 'awaitLoadBalancersGone', NAMED, running);
    expect(running.beats.map((details) => (details as { waiting: string }).waiting)).toEqual([
      'still there: Ingress web/web, Service nginx/nginx, arn:lb',
      'still there: arn:lb',
    ]);
  });

  it.each([
    ['gone', null],
    ['half-built', cluster({ status: 'FAILED', endpoint: null })],
  ])('of a cluster that is %s are asked of ELBv2 only', async (_what, found) => {
    const eks = { findCluster: answers(found) };
    const elb = { loadBalancersOf: answers([]) };
    await expect(run(prepare({ eks, elb }), 'awaitLoadBalancersGone', NAMED)).resolves.toBeUndefined();
  });
});

describe('checkNodes', () => {
  const group = (name: string, desiredSize: number) => ({ name, desiredSize }) as NodeGroup;
  const node = (nodeGroup: string, ready = true) => ({
    name: `${nodeGroup}-${ready}`,
    labels: { 'eks.amazonaws.com/nodegroup': nodeGroup },
    ready,
  });
  const request = { ...NAMED, nodeGroups: [group('general', 2), group('spot', 1)] };

  it('passes when every group has its nodes Ready', async () => {
    const kube = {
      nodes: answers([node('general'), node('general', false)], [node('general'), node('general'), node('spot')]),
    };
    expect(await run(prepare({ kube }), 'checkNodes', request)).toMatchObject({
      passed: true,
      observed: 'general 2, spot 1',
      expected: 'general 2, spot 1',
      subject: 'green',
    });
    expect(kube.nodes.calls).toHaveLength(2);
  });

  it('ends as evidence, not as a failure, when they do not come', async () => {
    const kube = { nodes: answers([node('general'), node('other'), node('other')]) };
    expect(await run(prepare({ kube }), 'checkNodes', request)).toMatchObject({
      passed: false,
      observed: 'general 1, spot 0',
    });
  });
});

describe('checkWorkloads', () => {
  const workload = (name: string, settled: boolean): Workload => ({
    kind: 'Deployment',
    namespace: 'web',
    name,
    desired: 2,
    available: settled ? 2 : 1,
    settled,
  });

  it('passes when all are available', async () => {
    const kube = { workloads: answers([workload('a', false)], [workload('a', true)]) };
    expect(await run(prepare({ kube }), 'checkWorkloads', NAMED)).toMatchObject({
      passed: true,
      observed: '1 of 1 available',
    });
  });

  it('names those that are not', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const kube = { workloads: answers([workload('ok', true), ...names.map((name) => workload(name, false))]) };
    const evidence = await run(prepare({ kube }), 'checkWorkloads', NAMED);
    expect(evidence.passed).toBe(false);
    expect(evidence.observed).toMatch(/^1 of 8 available; not: Deployment web\/a 1\/2, .* and 2 more$/);
  });

  it('does not pass a cluster without any', async () => {
    const kube = { workloads: answers([]) };
    expect(await run(prepare({ kube }), 'checkWorkloads', NAMED)).toMatchObject({ passed: false });
  });
});

describe('checkApplications', () => {
  const request = { ...NAMED, argocd: ARGOCD };

  it('passes when all are Synced and Healthy and the cluster answers', async () => {
    const argo = { applications: answers([application({ health: 'Progressing' })], [application()]) };
    const kube = { letsUsIn: answers(undefined) };
    expect(await run(prepare({ argo, kube }), 'checkApplications', request)).toMatchObject({
      passed: true,
      observed: '1 of 1 Synced and Healthy',
    });
  });

  it('does not believe Argo CD when the API server is dead', async () => {
    const argo = { applications: answers([application()]) };
    const kube = { letsUsIn: answers(new KubeError('green', null, 'ECONNREFUSED')) };
    expect(await run(prepare({ argo, kube }), 'checkApplications', request)).toMatchObject({
      passed: false,
      observed: '1 of 1 Synced and Healthy, but API server of green: ECONNREFUSED',
    });
  });
});

const CHECK: HttpCheck = {
  scheme: 'http',
  port: 80,
  path: '/healthz',
  expectStatus: 200,
  everySeconds: 1,
  timeoutSeconds: 1,
  failures: 3,
};
const resolver = { resolve: answers([{ address: '127.0.0.2', ttlSeconds: 60 }]) };
const status = (code: number) => ({ status: code, ms: 5 });

describe('checkHttp', () => {
  const request = { host: 'web.example.test', target: TARGET, check: CHECK, resolvers: ['127.0.0.1:53'] };

  it('asks the load balancer by its address, in the name of the app', async () => {
    const own = { resolve: answers([{ address: '127.0.0.2', ttlSeconds: 60 }]) };
    const http = { request: answers(status(200)) };
    expect(await run(prepare({ resolver: own, http }), 'checkHttp', request)).toMatchObject({
      passed: true,
      observed: 'status 200 in 5 ms',
      expected: 'status 200',
    });
    expect(own.resolve.calls).toEqual([['green.elb.test', ['127.0.0.1:53']]]);
    expect(http.request.calls).toEqual([
      [
        {
          address: '127.0.0.2',
          port: 80,
          scheme: 'http',
          path: '/healthz',
          host: 'web.example.test',
          timeoutSeconds: 1,
        },
      ],
    ]);
  });

  it.each([
    ['a wrong status', { resolver, http: { request: answers(status(503)) } }, 'status 503 in 5 ms'],
    ['no answer', { resolver, http: { request: answers(new Error('ECONNREFUSED')) } }, '127.0.0.2:80: ECONNREFUSED'],
    ['no address', { resolver: { resolve: answers([]) } }, 'green.elb.test has no address'],
    [
      'no name server',
      { resolver: { resolve: answers(new Error('ETIMEOUT')) } },
      'green.elb.test could not be resolved: ETIMEOUT',
    ],
  ])('shows %s as evidence', async (_what, prepared, observed) => {
    expect(await run(prepare(prepared), 'checkHttp', request)).toMatchObject({ passed: false, observed });
  });
});

describe('watchGate', () => {
  const clock = () => new FakeClock();
  const watch = (checks: readonly HttpCheck[], seconds: number) => ({
    app: 'web',
    host: 'web.example.test',
    target: TARGET,
    checks,
    until: new Date(new FakeClock().now() + seconds * 1000).toISOString(),
    resolvers: null,
  });
  const OK = status(200);
  const BAD = status(503);

  it('passes when nothing went wrong until the end', async () => {
    const http = { request: answers(OK) };
    const result = await run(prepare({ resolver, http }, clock()), 'watchGate', watch([CHECK], 10));
    expect(result.verdict).toBe('passed');
    expect(http.request.calls).toHaveLength(11);
    expect(result.evidence).toMatchObject({ passed: true, observed: '/healthz 11 probes, 0 failed' });
  });

  it('bears fewer failures in a row than it may', async () => {
    const http = { request: answers(BAD, BAD, OK, BAD, BAD, OK) };
    const result = await run(prepare({ resolver, http }, clock()), 'watchGate', watch([CHECK], 10));
    expect(result.verdict).toBe('passed');
    expect(result.evidence.observed).toBe('/healthz 11 probes, 4 failed, last failure: status 503 in 5 ms');
  });

  it('fails at once at so many failures in a row', async () => {
    const http = { request: answers(OK, BAD, BAD, BAD) };
    const time = clock();
    const result = await run(prepare({ resolver, http }, time), 'watchGate', watch([CHECK], 3600));
    expect(result.verdict).toBe('failed');
    expect(result.evidence).toMatchObject({
      passed: false,
      observed: '/healthz 4 probes, 3 failed, last failure: status 503 in 5 ms',
      expected: '/healthz fewer than 3 failures in a row',
    });
    expect(time.sleeps).toHaveLength(3);
  });

  it('ends for all checks when one has failed', async () => {
    const byPath = (request: { path: string }) => Promise.resolve(request.path === '/bad' ? BAD : OK);
    const checks = [CHECK, { ...CHECK, path: '/bad', everySeconds: 0.1 }];
    const result = await run(
      prepare({ resolver, http: { request: byPath } }, clock()),
      'watchGate',
      watch(checks, 3600),
    );
    expect(result.verdict).toBe('failed');
    expect(result.evidence.observed).toMatch(/\/healthz \d probes, 0 failed; \/bad 3 probes, 3 failed/);
  });

  it('counts a load balancer without an address as a failure', async () => {
    const gone = { resolve: answers([]) };
    const result = await run(prepare({ resolver: gone }, clock()), 'watchGate', watch([CHECK], 10));
    expect(result.verdict).toBe('failed');
  });

  it('does not end in the middle of a row of failures', async () => {
    const http = { request: answers(OK, OK, BAD, BAD, BAD) };
    const result = await run(prepare({ resolver, http }, clock()), 'watchGate', watch([CHECK], 2));
    expect(result.verdict).toBe('failed');
  });

  it('probes at least once, also when it comes too late', async () => {
    const http = { request: answers(OK) };
    const result = await run(prepare({ resolver, http }, clock()), 'watchGate', watch([CHECK], -60));
    expect(result).toMatchObject({ verdict: 'passed', evidence: { observed: '/healthz 1 probes, 0 failed' } });
  });

  it.each([
    ['no probe could be made', [CHECK]],
    ['there is no check', []],
  ])('is inconclusive when %s', async (_what, checks) => {
    const dead = { resolve: answers(new Error('ETIMEOUT')) };
    const result = await run(prepare({ resolver: dead }, clock()), 'watchGate', watch(checks, 10));
    expect(result.verdict).toBe('inconclusive');
    expect(result.evidence.passed).toBe(false);
  });

  it('ends as cancelled when it is cancelled', async () => {
    const running = activityEnvironment();
    const http = { request: answers(OK) };
    const far = { ...watch([CHECK], 0), until: '2100-01-01T00:00:00Z' };
    const probed = new Promise((resolve) => {
      running.environment.once('probed', resolve);
    });
    const seen = { request: (...given: unknown[]) => (running.environment.emit('probed'), http.request(...given)) };
    const watching = run(prepare({ resolver, http: seen }, systemClock), 'watchGate', far, running);
    await probed;
    running.environment.cancel();
    await expect(watching).rejects.toBeInstanceOf(CancelledFailure);
  });

  it('refuses a moment that is none', async () => {
    const broken = { ...watch([CHECK], 0), until: 'soon' };
    await expect(run(prepare({}), 'watchGate', broken)).rejects.toMatchObject({ type: 'input.invalid' });
  });
});

describe('windowState', () => {
  const window: Window = {
    timeZone: 'Asia/Tokyo',
    hours: [{ days: ['Mon', 'Tue'], from: '10:00', to: '17:00' }],
    holidays: ['2026-12-01'],
    freezes: [{ from: '2026-12-21 00:00', to: '2027-01-03 24:00', why: 'year end' }],
  };
  const state = (at: string, change: Partial<Window> = {}) =>
    run(prepare({}), 'windowState', { window: { ...window, ...change }, at });

  it('says whether changes may happen, and if not why, and when next', async () => {
    expect(await state('2026-11-23T02:00:00Z')).toEqual({ open: true });
    expect(await state('2026-11-21T02:00:00Z')).toEqual({
      open: false,
      why: 'outside Mon-Tue 10:00-17:00 Asia/Tokyo',
      opens: { at: '2026-11-23T01:00:00.000Z', local: 'Mon 2026-11-23 10:00 Asia/Tokyo' },
    });
    expect(await state('2026-12-01T02:00:00Z')).toMatchObject({
      why: 'holiday 2026-12-01',
      opens: { local: 'Mon 2026-12-07 10:00 Asia/Tokyo' },
    });
    expect(await state('2026-12-21T02:00:00Z')).toMatchObject({
      why: 'freeze: year end until 2027-01-03 24:00',
      opens: { local: 'Mon 2027-01-04 10:00 Asia/Tokyo' },
    });
  });

  it('knows no next time of hours that never come', async () => {
    expect(await state('2026-11-23T02:00:00Z', { hours: [] })).toMatchObject({ open: false, opens: null });
  });

  it('refuses a moment that is none', async () => {
    await expect(state('soon')).rejects.toMatchObject({ type: 'input.invalid' });
  });
});
