import { inspect } from 'node:util';
import { ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { FAILURES, fail, type FailureType } from '../../activities/failures.ts';
import { asFailure } from '../../activities/translate.ts';
import { KubeError } from '../../src/adapters/kube-error.ts';
import {
  ACTOR,
  activityEnvironment,
  answers,
  application,
  ARGOCD,
  awsError,
  cluster,
  colours,
  failureOf,
  operation,
  prepare,
  REGION,
  run,
  THEIRS,
} from './fakes.ts';

const ssm = (error: Error) => () =>
  run(prepare({ ssm: { readParameter: answers(error) } }), 'readLiveCluster', { actor: ACTOR, parameter: '/live' });
const kubernetes =
  (status: number | null, message = 'no') =>
  () =>
    run(prepare({ kube: { ingressHostname: answers(new KubeError('green', status, message)) } }), 'findLoadBalancer', {
      actor: ACTOR,
      cluster: 'green',
      ingress: { namespace: 'web', name: 'web' },
    });
const ZONE = { id: 'Z1', name: 'example.test', nameServers: ['127.0.0.1:5353'] };
const settings = {
  roleArn: 'arn:aws:iam::111122223333:role/eks',
  subnetIds: [],
  securityGroupIds: [],
  deletionProtection: true,
  oidcProvider: true,
  accessEntries: [],
  tags: {},
};

/** One way into every failure of the table: the type of this object leaves none out. */
const WAYS: Record<FailureType, () => Promise<unknown>> = {
  'input.invalid': () =>
    run(prepare({ ssm: { readParameter: answers(null) } }), 'readLiveCluster', { actor: ACTOR, parameter: '/live' }),
  'cloud.denied': ssm(awsError('AccessDeniedException', 'not authorized to perform ssm:GetParameter')),
  'cloud.quota': ssm(awsError('ResourceLimitExceededException', 'limit exceeded')),
  'cloud.refused': ssm(awsError('InvalidParameterException', "The subnet ID 'subnet-1' does not exist")),
  'cloud.throttled': ssm(awsError('ThrottlingException', 'Rate exceeded')),
  'cloud.unavailable': ssm(awsError('ServerException', 'sorry', 500)),
  'cloud.busy': ssm(awsError('InvalidRequestException', 'an update is in progress')),
  'cloud.propagating': ssm(
    awsError('InvalidParameterException', 'roleArn, arn:aws:iam::111122223333:role/eks, does not exist'),
  ),
  'eks.name-taken': () =>
    run(prepare({ eks: { findCluster: answers(cluster({ tags: THEIRS })) } }), 'requestCluster', {
      actor: ACTOR,
      name: 'green',
      version: '1.36',
      settings,
      token: 'token',
    }),
  'eks.create-failed': () =>
    run(prepare({ eks: { findCluster: answers(cluster({ status: 'FAILED' })) } }), 'awaitCluster', {
      actor: ACTOR,
      name: 'green',
    }),
  'eks.update-failed': () =>
    run(
      prepare({
        eks: {
          findCluster: answers(cluster()),
          allowDeletion: answers('update-1'),
          readUpdate: answers({ status: 'Cancelled', errors: [] }),
        },
      }),
      'liftDeletionProtection',
      { actor: ACTOR, cluster: 'green', token: 'token' },
    ),
  'eks.delete-failed': () =>
    run(
      prepare({
        eks: {
          findNodeGroup: answers(
            { status: 'ACTIVE', tags: {}, issues: [] },
            { status: 'DELETE_FAILED', tags: {}, issues: [] },
          ),
          deleteNodeGroup: answers(undefined),
        },
      }),
      'deleteNodeGroup',
      { actor: ACTOR, cluster: 'green', nodeGroup: 'general' },
    ),
  'iam.provider-taken': () =>
    run(prepare({ iam: { findOidcProvider: answers({ arn: 'arn:provider', tags: THEIRS }) } }), 'ensureOidcProvider', {
      actor: ACTOR,
      issuer: 'https://oidc.example.test/green',
    }),
  'k8s.unreachable': kubernetes(null),
  'k8s.denied': kubernetes(403),
  'k8s.conflict': kubernetes(409),
  'k8s.refused': kubernetes(422),
  'argo.sync-failed': () =>
    run(
      prepare({
        argo: {
          findApplication: answers(application({ operation: operation({ phase: 'Failed', message: 'no CRD' }) })),
        },
      }),
      'syncApplication',
      { actor: ACTOR, argocd: ARGOCD, application: 'web-green', requestId: 'request-1' },
    ),
  'dns.batch-refused': () =>
    run(
      prepare({
        route53: {
          recordsOfAll: answers(new Map(['a', 'b'].map((name) => [`${name}.example.test`, colours(100, 0)]))),
          change: answers(awsError('InvalidChangeBatch', 'no')),
        },
      }),
      'applyWishes',
      {
        zone: ZONE,
        wishes: ['a.example.test', 'b.example.test'].map((host) => ({
          id: host,
          host,
          want: [{ setIdentifier: 'blue', weight: 100, target: { hostname: 'blue.elb.test', hostedZoneId: 'ZLB' } }],
          expected: { blue: 100, green: 0 },
          urgent: false,
        })),
      },
    ),
  'dns.no-answer': () =>
    run(prepare({ resolver: { resolve: answers([]) } }), 'readTtl', { zone: ZONE, host: 'web.example.test' }),
  'dns.not-followed': () =>
    run(
      prepare({
        kube: { ingressAnnotations: answers({ weight: '5' }), externalDns: answers([]) },
        route53: { recordsOf: answers(colours(100, 0)) },
      }),
      'awaitFollowed',
      {
        region: REGION,
        zone: ZONE,
        host: 'web.example.test',
        keeper: {
          cluster: 'green',
          deployment: 'dns/external-dns',
          ownerId: 'green',
          annotation: 'weight',
          followsWithinSeconds: 60,
        },
        ingress: { namespace: 'web', name: 'web' },
        before: { blue: 100, green: 0 },
        want: { blue: 100, green: 5 },
        steadySeconds: 0,
      },
    ),
  'wait.deadline': () =>
    run(prepare({ eks: { findCluster: answers(cluster({ status: 'CREATING' })) } }), 'awaitCluster', {
      actor: ACTOR,
      name: 'green',
    }),
  unexpected: ssm(new TypeError('x is not a function')),
};

describe('the failure table', () => {
  it.each(Object.keys(FAILURES) as FailureType[])('%s comes out as the table says', async (type) => {
    const failure = await failureOf(WAYS[type]());
    const rule: { retry: boolean; expected?: boolean; runbook?: string } = FAILURES[type];
    expect(failure.type).toBe(type);
    expect(failure.nonRetryable).toBe(!rule.retry);
    expect(failure.category === ApplicationFailureCategory.BENIGN).toBe(rule.expected ?? false);
    expect(failure.details).toEqual([{ hint: expect.toSatisfy(isTextOrNull), runbook: rule.runbook ?? null }]);
  });

  it('gives every failure that is not retried a runbook', () => {
    const without = Object.entries(FAILURES).filter(([, rule]) => !rule.retry && !('runbook' in rule));
    expect(without).toEqual([]);
  });
});

describe('errors of the SDKs', () => {
  const { environment } = activityEnvironment({ attempt: 3 });
  const typeOf = (error: unknown) =>
    environment.run(() => {
      const failure = asFailure(error);
      return Promise.resolve('type' in failure ? failure.type : failure.name);
    });

  it.each([
    [awsError('Throttling', 'Rate exceeded'), 'cloud.throttled'],
    [awsError('PriorRequestNotComplete', 'another request is being processed'), 'cloud.throttled'],
    [awsError('Whatever', 'slow down', 429), 'cloud.throttled'],
    [awsError('ResourcePropagationDelayException', 'later', 428), 'cloud.propagating'],
    [
      awsError('InvalidParameterException', 'Role could not be assumed because the trusted entity is not correct'),
      'cloud.propagating',
    ],
    [awsError('ResourceInUseException', 'Cluster has nodegroups attached', 409), 'cloud.busy'],
    [awsError('UnrecognizedClientException', 'invalid token', 403), 'cloud.denied'],
    [awsError('Whatever', 'no', 403), 'cloud.denied'],
    [awsError('ServiceUnavailableException', 'no', 503), 'cloud.unavailable'],
    [awsError('Whatever', 'no', 502), 'cloud.unavailable'],
    [awsError('UnsupportedAvailabilityZoneException', 'no'), 'cloud.refused'],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'cloud.unavailable'],
    [
      new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) }),
      'cloud.unavailable',
    ],
    [Object.assign(new SyntaxError('Unexpected token <'), { $response: { statusCode: 200 } }), 'cloud.unavailable'],
    [new SyntaxError('Unexpected token <'), 'unexpected'],
    [Object.assign(new Error('queryA ETIMEOUT'), { code: 'ETIMEOUT', syscall: 'queryA' }), 'dns.no-answer'],
    [new KubeError('green', 500, 'failed calling webhook'), 'k8s.unreachable'],
    [new KubeError('green', 401, 'HTTP 401'), 'k8s.denied'],
    ['not even an error', 'unexpected'],
  ])('%s is %s', async (error, type) => {
    expect(await typeOf(error)).toBe(type);
  });

  it('say what was asked, and then what AWS says', async () => {
    const messageOf = (thrown: Error) => environment.run(() => Promise.resolve(asFailure(thrown).message));
    const denied = awsError('AccessDeniedException', 'not authorized', 403);
    expect(await messageOf(Object.assign(denied, { asked: 'EKS CreateCluster' }))).toBe(
      'EKS CreateCluster: AccessDeniedException: not authorized',
    );
    expect(await messageOf(Object.assign(new TypeError('oops'), { asked: 'EKS CreateCluster' }))).toBe(
      'EKS CreateCluster: TypeError: oops',
    );
    expect(await messageOf(new TypeError('oops'))).toBe('TypeError: oops');
  });

  it('names the zones that EKS can use', async () => {
    const error = Object.assign(awsError('UnsupportedAvailabilityZoneException', 'no capacity'), {
      validZones: ['eu-central-1a', 'eu-central-1b'],
    });
    const failure = await environment.run(() => Promise.resolve(asFailure(error)));
    expect(failure).toMatchObject({ details: [{ hint: 'use subnets in eu-central-1a, eu-central-1b' }] });
  });

  it('pauses longer at each attempt when throttled', async () => {
    const pause = async (attempt: number): Promise<number> => {
      const running = activityEnvironment({ attempt }).environment;
      const failure = await running.run(() => Promise.resolve(asFailure(awsError('Throttling'))));
      return Number((failure as { nextRetryDelay?: unknown }).nextRetryDelay);
    };
    expect(await pause(1)).toBeGreaterThanOrEqual(500);
    expect(await pause(1)).toBeLessThanOrEqual(1000);
    expect(await pause(4)).toBeGreaterThanOrEqual(2000);
    expect(await pause(100)).toBeLessThanOrEqual(10_000);
  });

  it('gives up on a fault of ours at the fifth attempt', async () => {
    const at = async (attempt: number) =>
      activityEnvironment({ attempt }).environment.run(() => Promise.resolve(asFailure(new TypeError('oops'))));
    expect(await at(4)).toMatchObject({ type: 'unexpected', nonRetryable: false });
    expect(await at(5)).toMatchObject({ type: 'unexpected', nonRetryable: true });
  });

  it('is a cancellation once the activity is cancelled, whatever broke on the way', async () => {
    const running = activityEnvironment().environment;
    running.cancel();
    expect(await running.run(() => Promise.resolve(asFailure(awsError('AbortError'))))).toBeInstanceOf(
      CancelledFailure,
    );
  });
});

describe('secrets', () => {
  const SECRETS = [
    'k8s-aws-v1.aHR0cHM6Ly9zdHMuZXhhbXBsZQ',
    'Bearer abc.def-ghi',
    'eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl',
    'X-Amz-Signature=deadbeefdeadbeef',
    'X-Amz-Security-Token%3DIQoJb3JpZ2lu',
    'AKIAIOSFODNN7EXAMPLE',
    '"secretAccessKey":"wJalrXUtnFEMI"',
    'password=hunter2',
  ];
  const VALUES = /aHR0cHM6|abc\.def|c2lnbmF0|deadbeef|IQoJb3|IOSFODNN|wJalr|hunter2/;

  it.each(SECRETS)('%s does not reach the message', (secret) => {
    const failure = fail('unexpected', `before ${secret} after`, { cause: new Error(`because ${secret} here`) });
    expect(failure.message).not.toMatch(VALUES);
    expect(failure.message).toMatch(/^before .* after$/);
    expect(failure.cause?.message).not.toMatch(VALUES);
    expect(failure.cause?.stack).not.toMatch(VALUES);
    expect(failure.cause?.message).toMatch(/^because .* here$/);
  });

  it('do not reach the failure of an activity, nor anything else that the SDK error carries', async () => {
    const error = Object.assign(awsError('AccessDeniedException', `token ${SECRETS[0]}`, 403), {
      $response: { headers: { authorization: SECRETS[1] } },
    });
    const failure = await failureOf(ssm(error)());
    expect(inspect(failure, { depth: null, showHidden: true })).not.toMatch(VALUES);
  });
});

const isTextOrNull = (hint: unknown): boolean => hint === null || (typeof hint === 'string' && hint.length > 0);
