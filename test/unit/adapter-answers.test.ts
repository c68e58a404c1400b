import { ApiException } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { parseApplication, parseApplications } from '../../src/adapters/argo-application.ts';
import { issueTexts, orNull, required } from '../../src/adapters/aws-answers.ts';
import { KubeError, nullWhenMissing, toKubeError } from '../../src/adapters/kube-error.ts';
import { plainName } from '../../src/adapters/route53-names.ts';

const awsError = (name: string, message = ''): Error => Object.assign(new Error(message), { name });

describe('answers of AWS', () => {
  it.each([
    awsError('ResourceNotFoundException'),
    awsError('NoSuchEntityException'),
    awsError('ParameterNotFound'),
    awsError('ClientException', 'No cluster found for name: green.'),
  ])('are null when they say that a thing is not there: $name', async (notFound) => {
    expect(await orNull(Promise.reject(notFound))).toBeNull();
  });

  it('are failures otherwise', async () => {
    await expect(orNull(Promise.reject(awsError('ClientException', 'no permission')))).rejects.toThrow('no permission');
    expect(await orNull(Promise.resolve('there'))).toBe('there');
  });

  it('must hold what makes them answers', () => {
    expect(required(0, 'cluster.size')).toBe(0);
    expect(() => required(undefined, 'cluster.name')).toThrow('AWS answered without cluster.name');
  });

  it('name health issues as people read them', () => {
    expect(
      issueTexts([{ code: 'NodeCreationFailure', message: 'did not join', resourceIds: ['i-1', 'i-2'] }, {}]),
    ).toEqual(['NodeCreationFailure: did not join (i-1, i-2)', 'issue: no message']);
    expect(issueTexts(undefined)).toEqual([]);
  });
});

describe('names in Route 53', () => {
  it.each([
    ['web.example.test.', 'web.example.test'],
    ['Web.Example.Test', 'web.example.test'],
    ['\\052.example.test.', '*.example.test'],
    ['a\\040b.example.test.', 'a b.example.test'],
  ])('%s is %s', (answered, plain) => {
    expect(plainName(answered)).toBe(plain);
  });
});

describe('answers of an API server', () => {
  const status = { kind: 'Status', message: 'nodes is forbidden', code: 403 };

  it.each([
    ['parsed', status],
    ['as text', JSON.stringify(status)],
  ])('become an error with their message, %s', (_how, body) => {
    const error = toKubeError('green', new ApiException(403, 'Forbidden', body, { authorization: 'Bearer secret' }));
    expect(error).toMatchObject({ cluster: 'green', status: 403, message: 'nodes is forbidden' });
  });

  it.each([undefined, 'a page of HTML', { kind: 'Status' }])('become an error also with %s', (body) => {
    const error = toKubeError('green', new ApiException(401, 'Unauthorized', body, { authorization: 'Bearer secret' }));
    expect(error).toMatchObject({ status: 401, message: 'HTTP 401' });
  });

  it('that never came are named by their cause', () => {
    const refused = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });
    expect(toKubeError('green', refused)).toMatchObject({ status: null, message: 'connect ECONNREFUSED 127.0.0.1:1' });
    const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    expect(toKubeError('green', late)).toMatchObject({ status: null, message: 'no answer in time' });
    const known = new KubeError('green', null, 'has no endpoint');
    expect(toKubeError('green', known)).toBe(known);
  });

  it('are null for what is not there', async () => {
    const missing = new ApiException(404, 'Not Found', undefined, {});
    expect(await nullWhenMissing(Promise.reject(missing))).toBeNull();
    await expect(nullWhenMissing(Promise.reject(new ApiException(403, '', undefined, {})))).rejects.toThrow('403');
  });
});

describe('an Argo CD Application', () => {
  const metadata = { name: 'web-green', resourceVersion: '7' };

  it.each([
    [undefined, false],
    [{}, false],
    [{ selfHeal: true }, true],
    [{ selfHeal: true, enabled: true }, true],
    [{ selfHeal: true, enabled: false }, false],
  ])('that is automated by %j heals itself: %s', (automated, selfHeals) => {
    expect(parseApplication({ metadata, spec: { syncPolicy: { automated } } }).selfHeals).toBe(selfHeals);
  });

  it('is read as Argo CD writes it', () => {
    const state = parseApplication({
      metadata: { ...metadata, labels: { a: 'b' } },
      spec: {
        syncPolicy: { syncOptions: ['ServerSideApply=true'], automated: { prune: true, selfHeal: true } },
        ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }],
        project: 'default',
      },
      operation: { info: [{ name: 'requestId', value: 'r-2' }], sync: {} },
      status: {
        sync: { status: 'OutOfSync', revision: 'abc' },
        health: { status: 'Missing' },
        reconciledAt: '2026-11-21T10:00:00Z',
        operationState: {
          phase: 'Failed',
          message: 'one or more objects failed to apply',
          finishedAt: '2026-11-21T09:59:59Z',
          operation: {
            info: [
              { name: 'Reason', value: 'x' },
              { name: 'requestId', value: 'r-1' },
            ],
            sync: {},
          },
          syncResult: {
            revision: 'abc',
            resources: [
              { kind: 'Deployment', name: 'web', status: 'SyncFailed', message: 'denied' },
              { kind: 'Job', name: 'migrate', status: 'Synced', hookPhase: 'Failed', message: 'exit 1' },
              { kind: 'Service', name: 'web', status: 'Synced', message: 'created' },
            ],
          },
        },
        resources: [
          { version: 'v1', kind: 'Service', namespace: 'web', name: 'web', status: 'Synced' },
          { version: 'v1', kind: 'Namespace', name: 'web', status: 'OutOfSync' },
        ],
      },
    });
    expect(state).toEqual({
      name: 'web-green',
      project: 'default',
      labels: { a: 'b' },
      annotations: {},
      resourceVersion: '7',
      syncOptions: ['ServerSideApply=true'],
      selfHeals: true,
      sync: 'OutOfSync',
      health: 'Missing',
      revision: 'abc',
      ignoreDifferences: [
        {
          group: 'apps',
          kind: 'Deployment',
          namespace: null,
          name: null,
          jsonPointers: ['/spec/replicas'],
          jqPathExpressions: [],
          managedFieldsManagers: [],
        },
      ],
      reconciledAt: '2026-11-21T10:00:00Z',
      refreshing: false,
      requested: { requestId: 'r-2' },
      operation: {
        phase: 'Failed',
        message: 'one or more objects failed to apply',
        requestId: 'r-1',
        revision: 'abc',
        finishedAt: '2026-11-21T09:59:59Z',
        failedResources: ['Deployment web: denied', 'Job migrate: exit 1'],
      },
      objects: [
        { kind: 'Service', namespace: 'web', name: 'web' },
        { kind: 'Namespace', namespace: '', name: 'web' },
      ],
      outOfSync: [{ kind: 'Namespace', namespace: '', name: 'web' }],
      problems: [],
    });
  });

  it('tells what it undoes, what it leaves alone, and why it could not compare', () => {
    const any = { name: null, namespace: null, jsonPointers: [], jqPathExpressions: [] };
    const ofDeployments = { group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] };
    const ofAutoscaler = {
      group: 'autoscaling',
      kind: 'HorizontalPodAutoscaler',
      name: 'web',
      jqPathExpressions: ['.spec.minReplicas'],
    };
    const ignoreDifferences = [ofDeployments, ofAutoscaler];
    const conditions = [
      { type: 'ComparisonError', message: 'no repository' },
      { type: 'SharedResourceWarning', message: 'x' },
    ];
    const spec = (automated: object | null) => ({ syncPolicy: { automated }, ignoreDifferences });
    const read = (automated: object | null) =>
      parseApplication({ metadata, spec: spec(automated), status: { conditions } });
    expect(read({ selfHeal: true })).toMatchObject({
      selfHeals: true,
      problems: ['ComparisonError: no repository'],
      ignoreDifferences: [
        { ...any, ...ofDeployments },
        { ...any, ...ofAutoscaler },
      ],
    });
    for (const automated of [null, {}, { selfHeal: true, enabled: false }])
      expect(read(automated).selfHeals).toBe(false);
  });

  it('shows that it was asked to compare anew', () => {
    const annotations = { 'argocd.argoproj.io/refresh': 'normal' };
    expect(parseApplication({ metadata: { ...metadata, annotations } }).refreshing).toBe(true);
  });

  it('that Argo CD has not looked at yet is unknown', () => {
    expect(parseApplication({ metadata })).toMatchObject({
      sync: 'Unknown',
      health: 'Unknown',
      revision: null,
      reconciledAt: null,
      requested: null,
      operation: null,
      objects: [],
    });
  });

  it('of several sources has all their revisions', () => {
    const status = { sync: { status: 'Synced', revision: '', revisions: ['a', 'b'] } };
    expect(parseApplication({ metadata, status }).revision).toBe('a,b');
  });

  it('is nothing else', () => {
    expect(() => parseApplication({ metadata: { name: 'web' } })).toThrow('resourceVersion');
    expect(() => parseApplications({ kind: 'Status' })).toThrow('items');
  });
});
