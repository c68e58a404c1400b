import { once } from 'node:events';
import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { KubeError } from '../../src/adapters/kube-error.ts';
import type { ClusterSettings, NodeGroup } from '../../src/domain/environment.ts';
import { TAGS } from '../../src/domain/ids.ts';
import {
  ACTOR,
  activityEnvironment,
  answers,
  awsError,
  cluster,
  failureOf,
  OURS,
  prepare,
  run,
  THEIRS,
} from './fakes.ts';

const SETTINGS: ClusterSettings = {
  roleArn: 'arn:aws:iam::111122223333:role/eks',
  subnetIds: ['subnet-1', 'subnet-2'],
  securityGroupIds: ['sg-1'],
  deletionProtection: true,
  oidcProvider: true,
  accessEntries: [],
  tags: { team: 'sre' },
};
const REQUEST = { actor: ACTOR, name: 'green', version: '1.36', settings: SETTINGS, token: 'token-1' };
const ISSUER = 'https://oidc.example.test/green';
const conflict = awsError('ResourceInUseException', 'Cluster already exists with name: green', 409);

describe('requestCluster', () => {
  it('creates what is not there, with our token and tags', async () => {
    const eks = { findCluster: answers(null), createCluster: answers(undefined) };
    expect(await run(prepare({ eks }), 'requestCluster', REQUEST)).toEqual({ adopted: false });
    expect(eks.createCluster.calls).toEqual([
      [{ name: 'green', version: '1.36', settings: SETTINGS, tags: OURS, token: 'token-1' }],
    ]);
  });

  it('adopts at a second attempt what the first one made', async () => {
    const eks = { findCluster: answers(cluster({ status: 'CREATING' })) };
    expect(await run(prepare({ eks }), 'requestCluster', REQUEST)).toEqual({ adopted: true });
  });

  it('adopts its own also when it shows up only after the conflict', async () => {
    const eks = { findCluster: answers(null, cluster()), createCluster: answers(conflict) };
    expect(await run(prepare({ eks }), 'requestCluster', REQUEST)).toEqual({ adopted: true });
  });

  it.each([
    ['of another run', THEIRS, 'upgrade/stg/9'],
    ['of an earlier run of this environment', { ...OURS, [TAGS.run]: 'upgrade/test/0' }, 'upgrade/test/0'],
    ['of nobody', {}, 'nobody we know'],
  ])('never takes a cluster %s', async (_whose, tags, named) => {
    const eks = { findCluster: answers(cluster({ tags })) };
    const failure = await failureOf(run(prepare({ eks }), 'requestCluster', REQUEST));
    expect(failure).toMatchObject({ type: 'eks.name-taken', nonRetryable: true });
    expect(failure.message).toBe(`cluster green exists (ACTIVE) and belongs to ${named}`);
  });

  it('removes its own that failed, so that a retry makes it anew', async () => {
    const eks = {
      findCluster: answers<unknown>(cluster({ status: 'FAILED' }), null),
      deleteCluster: answers(undefined),
      createCluster: answers(undefined),
    };
    const deps = prepare({ eks });
    expect((await failureOf(run(deps, 'requestCluster', REQUEST))).type).toBe('cloud.busy');
    expect(eks.deleteCluster.calls).toEqual([['green']]);
    expect(await run(deps, 'requestCluster', REQUEST)).toEqual({ adopted: false });
  });

  it('waits for its own that is being deleted', async () => {
    const eks = { findCluster: answers(cluster({ status: 'DELETING' })) };
    const failure = await failureOf(run(prepare({ eks }), 'requestCluster', REQUEST));
    expect(failure).toMatchObject({ type: 'cloud.busy', nonRetryable: false });
  });

  it('tries again later when EKS has a conflict but no such cluster', async () => {
    const eks = { findCluster: answers(null), createCluster: answers(conflict) };
    expect((await failureOf(run(prepare({ eks }), 'requestCluster', REQUEST))).type).toBe('cloud.busy');
  });
});

describe('awaitCluster', () => {
  it('gives the facts once it is ACTIVE', async () => {
    const eks = { findCluster: answers(cluster({ status: 'CREATING', endpoint: null }), cluster()) };
    expect(await run(prepare({ eks }), 'awaitCluster', { actor: ACTOR, name: 'green' })).toEqual({
      name: 'green',
      arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/green',
      version: '1.36',
      endpoint: 'https://green.example.test',
      caData: 'Y2E=',
      oidcIssuer: ISSUER,
      run: ACTOR.run,
    });
  });

  it('says why it failed', async () => {
    const issues = ['Ec2SubnetNotFound: no such subnet (subnet-1)'];
    const eks = { findCluster: answers(cluster({ status: 'FAILED', issues })) };
    const failure = await failureOf(run(prepare({ eks }), 'awaitCluster', { actor: ACTOR, name: 'green' }));
    expect(failure).toMatchObject({ type: 'eks.create-failed', nonRetryable: true });
    expect(failure.message).toBe('cluster green is FAILED: Ec2SubnetNotFound: no such subnet (subnet-1)');
  });

  it('does not wait for one that is gone', async () => {
    const eks = { findCluster: answers(null) };
    const failure = await failureOf(run(prepare({ eks }), 'awaitCluster', { actor: ACTOR, name: 'green' }));
    expect(failure.type).toBe('eks.create-failed');
  });

  it('ends as cancelled when it is cancelled', async () => {
    const running = activityEnvironment();
    const deps = prepare({ eks: { findCluster: answers(cluster({ status: 'CREATING' })) } }, systemClock);
    const waiting = run(deps, 'awaitCluster', { actor: ACTOR, name: 'green' }, running);
    await once(running.environment, 'heartbeat');
    running.environment.cancel();
    await expect(waiting).rejects.toBeInstanceOf(CancelledFailure);
  });
});

describe('node groups', () => {
  const nodeGroup: NodeGroup = {
    name: 'general',
    nodeRoleArn: 'arn:aws:iam::111122223333:role/node',
    instanceTypes: ['m7g.large'],
    capacityType: 'ON_DEMAND',
    minSize: 1,
    desiredSize: 3,
    maxSize: 5,
    labels: {},
  };
  const request = {
    actor: ACTOR,
    cluster: 'green',
    version: '1.36',
    nodeGroup,
    subnetIds: ['subnet-1'],
    token: 'token-2',
  };
  const named = { actor: ACTOR, cluster: 'green', nodeGroup: 'general' };

  it('are created with our token and tags, and adopted when they are ours', async () => {
    const eks = {
      findNodeGroup: answers<unknown>(null, { status: 'CREATING', tags: OURS, issues: [] }),
      createNodeGroup: answers(undefined),
    };
    const deps = prepare({ eks });
    expect(await run(deps, 'requestNodeGroup', request)).toEqual({ adopted: false });
    expect(eks.createNodeGroup.calls).toEqual([
      [{ cluster: 'green', version: '1.36', nodeGroup, subnetIds: ['subnet-1'], tags: OURS, token: 'token-2' }],
    ]);
    expect(await run(deps, 'requestNodeGroup', request)).toEqual({ adopted: true });
  });

  it('are never taken from another run', async () => {
    const eks = { findNodeGroup: answers({ status: 'ACTIVE', tags: THEIRS, issues: [] }) };
    expect((await failureOf(run(prepare({ eks }), 'requestNodeGroup', request))).type).toBe('eks.name-taken');
  });

  it('fail with the issues that EKS names, and wait while DEGRADED', async () => {
    const eks = {
      findNodeGroup: answers(
        { status: 'DEGRADED', tags: OURS, issues: ['AsgInstanceLaunchFailures: no capacity'] },
        { status: 'CREATE_FAILED', tags: OURS, issues: ['NodeCreationFailure: did not join (i-1)'] },
      ),
    };
    const running = activityEnvironment();
    const failure = await failureOf(run(prepare({ eks }), 'awaitNodeGroup', named, running));
    expect(failure.message).toBe(
      'node group general of green is CREATE_FAILED; NodeCreationFailure: did not join (i-1)',
    );
    expect(running.beats).toEqual([
      expect.objectContaining({ waiting: 'DEGRADED; AsgInstanceLaunchFailures: no capacity' }),
    ]);
  });

  it('are asked once to go, and waited for', async () => {
    const there = (status: string) => ({ status, tags: OURS, issues: [] });
    const eks = {
      findNodeGroup: answers<unknown>(there('ACTIVE'), there('ACTIVE'), there('DELETING'), null),
      deleteNodeGroup: answers(undefined),
    };
    await run(prepare({ eks }), 'deleteNodeGroup', named);
    expect(eks.deleteNodeGroup.calls).toEqual([['green', 'general']]);
  });

  it('that are gone need nothing', async () => {
    await expect(
      run(prepare({ eks: { findNodeGroup: answers(null) } }), 'deleteNodeGroup', named),
    ).resolves.toBeUndefined();
  });

  it('whose deletion failed are asked once more, then given up with the reason', async () => {
    const stuck = { status: 'DELETE_FAILED', tags: OURS, issues: ['Ec2SecurityGroupDeletionFailure: in use (sg-1)'] };
    const eks = { findNodeGroup: answers(stuck), deleteNodeGroup: answers(undefined) };
    const failure = await failureOf(run(prepare({ eks }), 'deleteNodeGroup', named));
    expect(eks.deleteNodeGroup.calls).toHaveLength(1);
    expect(failure.type).toBe('eks.delete-failed');
    expect(failure.message).toContain('Ec2SecurityGroupDeletionFailure: in use (sg-1)');
  });

  it('that are busy with something else are asked again later', async () => {
    const eks = {
      findNodeGroup: answers({ status: 'UPDATING', tags: OURS, issues: [] }),
      deleteNodeGroup: answers(awsError('ResourceInUseException', 'update in progress', 409)),
    };
    const failure = await failureOf(run(prepare({ eks }), 'deleteNodeGroup', named));
    expect(failure).toMatchObject({ type: 'cloud.busy', nonRetryable: false });
  });
});

describe('add-ons', () => {
  const request = (version: string) => ({
    actor: ACTOR,
    cluster: 'green',
    version: '1.36',
    addon: { name: 'coredns', version, order: 'after-nodes' as const },
    token: 'token-3',
  });

  it('come in the version that EKS recommends for the cluster', async () => {
    const eks = {
      recommendedAddonVersion: answers('v1.13.0-eksbuild.1'),
      findAddon: answers(null),
      createAddon: answers(undefined),
    };
    expect(await run(prepare({ eks }), 'requestAddon', request('default'))).toEqual({
      addonVersion: 'v1.13.0-eksbuild.1',
    });
    expect(eks.recommendedAddonVersion.calls).toEqual([['coredns', '1.36']]);
    expect(eks.createAddon.calls).toEqual([
      [{ cluster: 'green', name: 'coredns', addonVersion: 'v1.13.0-eksbuild.1', tags: OURS, token: 'token-3' }],
    ]);
  });

  it('come in the version that the environment names', async () => {
    const eks = { findAddon: answers(null), createAddon: answers(undefined) };
    expect(await run(prepare({ eks }), 'requestAddon', request('v1'))).toEqual({ addonVersion: 'v1' });
  });

  it('that are ours already keep their version', async () => {
    const eks = { findAddon: answers({ addonVersion: 'v0', status: 'ACTIVE', tags: OURS, issues: [] }) };
    expect(await run(prepare({ eks }), 'requestAddon', request('v1'))).toEqual({ addonVersion: 'v0' });
  });

  it('without a version for the cluster are a mistake of the environment file', async () => {
    const eks = { recommendedAddonVersion: answers(null) };
    expect((await failureOf(run(prepare({ eks }), 'requestAddon', request('default')))).type).toBe('input.invalid');
  });

  it('may be DEGRADED until their pods have nodes', async () => {
    const addon = (status: string) => ({
      addonVersion: 'v1',
      status,
      tags: OURS,
      issues: ['InsufficientNumberOfReplicas: none'],
    });
    const eks = { findAddon: answers(addon('DEGRADED'), addon('ACTIVE')) };
    await expect(
      run(prepare({ eks }), 'awaitAddon', { actor: ACTOR, cluster: 'green', addon: 'coredns' }),
    ).resolves.toBeUndefined();
    const failing = { findAddon: answers(addon('CREATE_FAILED')) };
    const failure = await failureOf(
      run(prepare({ eks: failing }), 'awaitAddon', { actor: ACTOR, cluster: 'green', addon: 'coredns' }),
    );
    expect(failure.message).toContain('InsufficientNumberOfReplicas');
  });
});

describe('access', () => {
  const entry = {
    principalArn: 'arn:aws:iam::111122223333:role/dev',
    policies: ['View', 'Edit'],
    kubernetesGroups: ['dev'],
  };
  const request = { actor: ACTOR, cluster: 'green', entry, token: 'token-4' };
  const associate = { associatePolicy: answers(undefined) };

  it('is given by an entry and its policies', async () => {
    const eks = { findAccessEntry: answers(null), createAccessEntry: answers(undefined), ...associate };
    await run(prepare({ eks }), 'ensureAccessEntry', request);
    expect(eks.createAccessEntry.calls).toEqual([
      [{ cluster: 'green', principalArn: entry.principalArn, kubernetesGroups: ['dev'], tags: OURS, token: 'token-4' }],
    ]);
    expect(eks.associatePolicy.calls.map(([given]) => (given as { policy: string }).policy)).toEqual(['View', 'Edit']);
  });

  it('takes over an entry that is there, and sets its groups only when they differ', async () => {
    const same = { findAccessEntry: answers({ kubernetesGroups: ['dev'] }), associatePolicy: answers(undefined) };
    await run(prepare({ eks: same }), 'ensureAccessEntry', request);
    const other = { ...same, findAccessEntry: answers({ kubernetesGroups: [] }), setAccessGroups: answers(undefined) };
    await run(prepare({ eks: other }), 'ensureAccessEntry', request);
    expect(other.setAccessGroups.calls).toEqual([
      [{ cluster: 'green', principalArn: entry.principalArn, kubernetesGroups: ['dev'], token: 'token-4' }],
    ]);
  });

  it('of ours is waited for: entries are eventually consistent', async () => {
    const kube = {
      letsUsIn: answers(new KubeError('green', null, 'ECONNREFUSED'), new KubeError('green', 401, 'no'), undefined),
      servedVersion: answers('1.36'),
    };
    const running = activityEnvironment();
    const api = { actor: ACTOR, cluster: 'green' };
    expect(await run(prepare({ kube }), 'awaitApi', api, running)).toEqual({ servedVersion: '1.36' });
    expect(running.beats).toHaveLength(2);
  });

  it('that AWS itself denies is not waited for', async () => {
    const kube = { letsUsIn: answers(awsError('AccessDeniedException', 'eks:DescribeCluster', 403)) };
    const failure = await failureOf(run(prepare({ kube }), 'awaitApi', { actor: ACTOR, cluster: 'green' }));
    expect(failure.type).toBe('cloud.denied');
  });
});

describe('the OIDC provider', () => {
  const request = { actor: ACTOR, issuer: ISSUER };

  it('is made with our tags', async () => {
    const iam = { findOidcProvider: answers(null), createOidcProvider: answers('arn:new') };
    expect(await run(prepare({ iam }), 'ensureOidcProvider', request)).toEqual({ arn: 'arn:new' });
    expect(iam.createOidcProvider.calls).toEqual([[ISSUER, OURS]]);
  });

  it.each([
    ['this run', OURS],
    ['this environment', { ...OURS, [TAGS.run]: 'upgrade/test/0' }],
  ])('is adopted when it is of %s', async (_whose, tags) => {
    const iam = { findOidcProvider: answers({ arn: 'arn:there', tags }) };
    expect(await run(prepare({ iam }), 'ensureOidcProvider', request)).toEqual({ arn: 'arn:there' });
  });

  it('is adopted also when it shows up only after the conflict', async () => {
    const iam = {
      findOidcProvider: answers<unknown>(null, { arn: 'arn:there', tags: OURS }),
      createOidcProvider: answers(awsError('EntityAlreadyExistsException', 'exists', 409)),
    };
    expect(await run(prepare({ iam }), 'ensureOidcProvider', request)).toEqual({ arn: 'arn:there' });
  });

  it('is deleted once, and needs nothing when it or the issuer never was', async () => {
    const iam = {
      findOidcProvider: answers<unknown>({ arn: 'arn:there', tags: OURS }, null),
      deleteOidcProvider: answers(undefined),
    };
    const deps = prepare({ iam });
    await run(deps, 'deleteOidcProvider', request);
    await run(deps, 'deleteOidcProvider', request);
    await run(deps, 'deleteOidcProvider', { actor: ACTOR, issuer: '' });
    expect(iam.deleteOidcProvider.calls).toEqual([['arn:there']]);
    expect(iam.findOidcProvider.calls).toHaveLength(2);
  });
});

describe('the end of a cluster', () => {
  const named = { actor: ACTOR, cluster: 'green', token: 'token-5' };

  it('lifts deletion protection and waits for the update itself', async () => {
    const eks = {
      findCluster: answers(cluster({ deletionProtection: true })),
      allowDeletion: answers('update-1'),
      readUpdate: answers({ status: 'InProgress', errors: [] }, { status: 'Successful', errors: [] }),
    };
    await run(prepare({ eks }), 'liftDeletionProtection', named);
    expect(eks.allowDeletion.calls).toEqual([['green', 'token-5']]);
    expect(eks.readUpdate.calls).toEqual([
      ['green', 'update-1'],
      ['green', 'update-1'],
    ]);
  });

  it.each([
    ['is not protected', cluster({ deletionProtection: false })],
    ['is gone', null],
  ])('lifts nothing from one that %s', async (_what, found) => {
    const eks = { findCluster: answers(found) };
    await expect(run(prepare({ eks }), 'liftDeletionProtection', named)).resolves.toBeUndefined();
  });

  it('deletes it and waits until it is gone', async () => {
    const eks = {
      findCluster: answers<unknown>(cluster(), cluster({ status: 'DELETING' }), null),
      deleteCluster: answers(undefined),
    };
    await run(prepare({ eks }), 'deleteCluster', named);
    expect(eks.deleteCluster.calls).toEqual([['green']]);
  });

  it('describes a half-built one with empty texts for what it lacks, and a gone one as null', async () => {
    const half = cluster({ status: 'CREATING', endpoint: null, caData: null, oidcIssuer: null });
    const eks = { findCluster: answers<unknown>(half, null) };
    const deps = prepare({ eks });
    expect(await run(deps, 'describeCluster', named)).toMatchObject({ name: 'green', endpoint: '', oidcIssuer: '' });
    expect(await run(deps, 'describeCluster', named)).toBeNull();
  });
});

describe('the live cluster', () => {
  it('is written only when it changes', async () => {
    const ssm = { readParameter: answers<unknown>('blue', 'green'), writeParameter: answers(undefined) };
    const deps = prepare({ ssm });
    await run(deps, 'writeLiveCluster', { actor: ACTOR, parameter: '/live', cluster: 'green' });
    await run(deps, 'writeLiveCluster', { actor: ACTOR, parameter: '/live', cluster: 'green' });
    expect(ssm.writeParameter.calls).toEqual([['/live', 'green']]);
  });

  it('is read from the parameter', async () => {
    const ssm = { readParameter: answers('blue') };
    expect(await run(prepare({ ssm }), 'readLiveCluster', { actor: ACTOR, parameter: '/live' })).toBe('blue');
  });
});
