import { describe, expect, it } from 'vitest';
import { KubeError } from '../../src/adapters/kube-error.ts';
import { ARGO } from '../../src/domain/ids.ts';
import {
  ACTOR,
  activityEnvironment,
  answers,
  application,
  ARGOCD,
  cluster,
  failureOf,
  operation,
  prepare,
  run,
} from './fakes.ts';

const AT = { region: ACTOR.region, cluster: 'manager', namespace: 'argocd' };
const SYNC = { actor: ACTOR, argocd: ARGOCD, application: 'web-green', requestId: 'request-1' };
const STALE = operation({ requestId: 'request-0' });
const done = application({ operation: operation() });

describe('syncApplication', () => {
  it('asks once, with the options of the application, and waits for that very sync', async () => {
    const argo = {
      findApplication: answers<unknown>(
        application({ operation: STALE }),
        application({ operation: STALE, requested: { requestId: 'request-1' } }),
        application({
          operation: operation({ phase: 'Running', message: 'waiting for CRD' }),
          requested: { requestId: 'request-1' },
        }),
        done,
      ),
      requestSync: answers(undefined),
    };
    expect(await run(prepare({ argo }), 'syncApplication', SYNC)).toEqual({ revision: 'abc' });
    expect(argo.requestSync.calls).toEqual([
      [
        AT,
        {
          application: 'web-green',
          resourceVersion: '7',
          requestId: 'request-1',
          syncOptions: ['CreateNamespace=true'],
        },
      ],
    ]);
  });

  it('does not take the success of an earlier sync for its own', async () => {
    const argo = {
      // Synced, Healthy, Succeeded: all of it from before.
      findApplication: answers<unknown>(application({ operation: STALE }), done),
      requestSync: answers(undefined),
    };
    await run(prepare({ argo }), 'syncApplication', SYNC);
    expect(argo.requestSync.calls).toHaveLength(1);
  });

  it('does not sync again when an attempt before had it done', async () => {
    const argo = { findApplication: answers(done) };
    expect(await run(prepare({ argo }), 'syncApplication', SYNC)).toEqual({ revision: 'abc' });
  });

  it.each([
    ['compared before the sync ended', { reconciledAt: '2026-11-21T10:00:09Z' }],
    ['still progressing', { health: 'Progressing' }],
    ['Synced at another revision', { revision: 'old' }],
    ['not compared', { reconciledAt: null }],
  ])('is not done while the application is %s', async (_what, given) => {
    const seen = application({ ...given, operation: operation() });
    const argo = { findApplication: answers(seen, done), requestRefresh: answers(undefined) };
    await run(prepare({ argo }), 'syncApplication', SYNC);
    expect(argo.findApplication.calls).toHaveLength(2);
    expect(argo.requestRefresh.calls).toEqual([[AT, 'web-green']]);
  });

  it('has Argo CD compare anew until it sees the outcome, one comparison at a time and one a second', async () => {
    const progressing = application({ operation: operation(), health: 'Progressing' });
    const looks = Array<typeof progressing>(9).fill(progressing);
    const argo = {
      findApplication: answers(...looks, { ...progressing, refreshing: true }, done),
      requestRefresh: answers(undefined),
    };
    const deps = prepare({ argo });
    const began = deps.clock.now();
    await run(deps, 'syncApplication', SYNC);
    expect(argo.requestRefresh.calls.length).toBe(1 + Math.floor((8 * 250) / 1000));
    expect(deps.clock.now() - began).toBe(10 * 250);
  });

  it('never overwrites a sync of somebody else, but waits for its end', async () => {
    const theirs = operation({ requestId: null, phase: 'Running', message: 'theirs', finishedAt: null });
    const argo = {
      findApplication: answers<unknown>(
        application({ operation: theirs, requested: { requestId: null } }),
        application({ operation: { ...theirs, phase: 'Succeeded' } }),
        done,
      ),
      requestSync: answers(undefined),
    };
    const running = activityEnvironment();
    await run(prepare({ argo }), 'syncApplication', SYNC, running);
    expect(running.beats.map((details) => (details as { waiting: string }).waiting)).toEqual([
      'a sync of somebody else: theirs',
      'asked for',
    ]);
    expect(argo.requestSync.calls).toHaveLength(1);
  });

  it('looks again when somebody changed the application between look and request', async () => {
    const argo = {
      findApplication: answers<unknown>(application(), application({ resourceVersion: '8' }), done),
      requestSync: answers(new KubeError('manager', 409, 'the object has been modified'), undefined),
    };
    await run(prepare({ argo }), 'syncApplication', SYNC);
    expect(argo.requestSync.calls.map(([, given]) => (given as { resourceVersion: string }).resourceVersion)).toEqual([
      '7',
      '8',
    ]);
  });

  it('syncs again when the source moved on meanwhile', async () => {
    const argo = {
      findApplication: answers<unknown>(
        application({ operation: operation(), sync: 'OutOfSync', revision: 'def' }),
        application({ operation: operation({ revision: 'def' }), revision: 'def' }),
      ),
      requestSync: answers(undefined),
    };
    expect(await run(prepare({ argo }), 'syncApplication', SYNC)).toEqual({ revision: 'def' });
    expect(argo.requestSync.calls).toHaveLength(1);
  });

  it('fails with what the failed resources say', async () => {
    const failed = operation({
      phase: 'Failed',
      message: 'one or more objects failed to apply',
      failedResources: ['Deployment web: no matches for kind "Deployment" in version "apps/v0"'],
    });
    const argo = { findApplication: answers(application({ operation: failed })) };
    const failure = await failureOf(run(prepare({ argo }), 'syncApplication', SYNC));
    expect(failure).toMatchObject({ type: 'argo.sync-failed', nonRetryable: true });
    expect(failure.message).toBe(
      'sync of web-green ended in Failed: Deployment web: no matches for kind "Deployment" in version "apps/v0"',
    );
  });

  it('says at the deadline how the application was', async () => {
    const degraded = application({ operation: operation(), health: 'Degraded' });
    const argo = { findApplication: answers(degraded), requestRefresh: answers(undefined) };
    const failure = await failureOf(run(prepare({ argo }), 'syncApplication', SYNC));
    expect(failure.message).toBe('waited 1200 s for Argo CD to sync web-green; last seen: Synced and Degraded at abc');
  });
});

describe('clusters in Argo CD', () => {
  const facts = {
    name: 'green',
    arn: 'arn',
    version: '1.36',
    endpoint: 'https://green.example.test',
    caData: 'Y2E=',
    oidcIssuer: 'https://oidc.example.test/green',
    run: null,
  };

  it('are registered with the labels by which ApplicationSets find them', async () => {
    const argo = { applyCluster: answers(undefined) };
    await run(prepare({ argo }), 'registerCluster', { actor: ACTOR, argocd: ARGOCD, cluster: facts });
    expect(argo.applyCluster.calls).toEqual([
      [
        AT,
        {
          name: 'green',
          endpoint: 'https://green.example.test',
          caData: 'Y2E=',
          labels: { environment: 'test', [ARGO.cluster]: 'green', 'eksodus.dev/environment': 'test' },
          annotations: { 'eksodus.dev/run': ACTOR.run },
        },
      ],
    ]);
  });

  const request = { actor: ACTOR, argocd: ARGOCD, cluster: 'green' };
  const secret = (name: string) => ({ secret: name, labels: {} });

  it('are labelled by the Secret that is there for them, whatever its name', async () => {
    const eks = { findCluster: answers(cluster()) };
    const argo = { registrationsOf: answers([secret('made-by-hand')]), labelSecret: answers(undefined) };
    await run(prepare({ eks, argo }), 'labelCluster', { ...request, labels: { a: 'b', c: null } });
    expect(argo.registrationsOf.calls).toEqual([[AT, { name: 'green', endpoint: 'https://green.example.test' }]]);
    expect(argo.labelSecret.calls).toEqual([[AT, 'made-by-hand', { a: 'b', c: null }]]);
  });

  it('that are not registered need no label removed, but cannot be given one', async () => {
    const deps = prepare({ eks: { findCluster: answers(cluster()) }, argo: { registrationsOf: answers([]) } });
    await expect(run(deps, 'labelCluster', { ...request, labels: { a: null } })).resolves.toBeUndefined();
    expect((await failureOf(run(deps, 'labelCluster', { ...request, labels: { a: 'b' } }))).type).toBe('input.invalid');
  });

  it('are deregistered, also when the cluster is gone and only its name is known', async () => {
    const eks = { findCluster: answers(null) };
    const argo = { registrationsOf: answers([secret('one'), secret('two')]), removeSecret: answers(undefined) };
    await run(prepare({ eks, argo }), 'deregisterCluster', request);
    expect(argo.registrationsOf.calls).toEqual([[AT, { name: 'green', endpoint: null }]]);
    expect(argo.removeSecret.calls).toEqual([
      [AT, 'one'],
      [AT, 'two'],
    ]);
  });
});

describe('applications of a cluster', () => {
  const asked = { actor: ACTOR, argocd: ARGOCD, cluster: 'green', tier: 'app' as const };

  it('are found by cluster and tier, in the words of the plan', async () => {
    const annotations = { [ARGO.needs]: 'crds, policy ,' };
    const argo = { applications: answers([application({ annotations })]) };
    expect(await run(prepare({ argo }), 'listApplications', asked)).toEqual([
      { name: 'web-green', app: 'web', needs: ['crds', 'policy'], sync: 'Synced', health: 'Healthy', revision: 'abc' },
    ]);
    expect(argo.applications.calls).toEqual([[AT, { [ARGO.cluster]: 'green', [ARGO.tier]: 'app' }]]);
  });

  it('are waited for until all are there', async () => {
    const web = application();
    const mail = application({ name: 'mail-green', labels: { [ARGO.app]: 'mail' } });
    const argo = { applications: answers([web], [web, mail]) };
    const running = activityEnvironment();
    const present = await run(prepare({ argo }), 'awaitApplications', { ...asked, apps: ['web', 'mail'] }, running);
    expect(present.map(({ app }) => app)).toEqual(['web', 'mail']);
    expect(running.beats).toEqual([expect.objectContaining({ waiting: 'missing: mail' })]);
  });

  it('are waited for until none is left', async () => {
    const argo = { applications: answers<unknown>([application({ health: 'Progressing' })], []) };
    const running = activityEnvironment();
    await run(prepare({ argo }), 'awaitApplicationsGone', asked, running);
    expect(running.beats).toEqual([expect.objectContaining({ waiting: 'still there: web-green (Progressing)' })]);
  });
});
