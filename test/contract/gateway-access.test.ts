import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateClusterCommand,
  DeleteAccessEntryCommand,
  DescribeAccessEntryCommand,
  DescribeClusterCommand,
  DisassociateAccessPolicyCommand,
  ListAccessEntriesCommand,
  ListAssociatedAccessPoliciesCommand,
  ListClustersCommand,
} from '@aws-sdk/client-eks';
import { CreateAccessKeyCommand, PutRolePolicyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Credentials } from '../../sandbox/aws/ministack.ts';
import {
  ACCOUNT,
  allow,
  clusterRequest,
  eksToken,
  makeRole,
  refusal,
  seedGround,
  startTestGateway,
} from '../support/gateway.ts';
import type { Ground, TestGateway } from '../support/gateway.ts';

const POLICIES = 'arn:aws:eks::aws:cluster-access-policy';
const CLUSTER = 'blue';

let aws: TestGateway;
let ground: Ground;

beforeAll(async () => {
  aws = await startTestGateway();
  ground = await seedGround(aws);
  await aws.root.eks.send(new CreateClusterCommand(clusterRequest(ground, CLUSTER)));
  await aws.root.eks.send(new CreateClusterCommand(clusterRequest(ground, 'green')));
});

afterAll(() => aws.stop());

const principal = (name: string, ...actions: string[]) => aws.gateway.createPrincipal(name, allow(...actions));

async function session(role: string, roleSessionName: string): Promise<Credentials> {
  const { Credentials: made } = await aws.root.sts.send(
    new AssumeRoleCommand({ RoleArn: role, RoleSessionName: roleSessionName }),
  );
  return {
    accessKeyId: made!.AccessKeyId!,
    secretAccessKey: made!.SecretAccessKey!,
    sessionToken: made!.SessionToken!,
  };
}

const anyoneHere = { AWS: `arn:aws:iam::${ACCOUNT}:root` };

describe('who may call EKS', () => {
  const list = (credentials: Credentials) => aws.clients(credentials).eks.send(new ListClustersCommand({}));

  it('refuses an unknown key, a wrong secret, and a key that was switched off', async () => {
    const { key, arn } = await principal('caller', 'eks:ListClusters');
    expect((await list(key)).clusters).toContain(CLUSTER);
    expect(await refusal(list({ ...key, accessKeyId: 'AKIAUNKNOWN000000000' }))).toEqual({
      name: 'UnrecognizedClientException',
      status: 403,
      message: 'The security token included in the request is invalid.',
    });
    expect(await refusal(list({ ...key, secretAccessKey: 'guessed' }))).toMatchObject({
      name: 'InvalidSignatureException',
      status: 403,
    });
    expect(await refusal(list({ accessKeyId: 'test', secretAccessKey: 'guessed' }))).toMatchObject({
      name: 'InvalidSignatureException',
    });
    await aws.root.iam.send(
      new UpdateAccessKeyCommand({ UserName: arn.split('/')[1], AccessKeyId: key.accessKeyId, Status: 'Inactive' }),
    );
    expect(await refusal(list(key))).toMatchObject({ name: 'UnrecognizedClientException' });
  });

  it('refuses a request that nobody signed', async () => {
    const response = await fetch(`${aws.gateway.url}/clusters`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('MissingAuthenticationToken');
  });

  it('knows keys and sessions that IAM and STS hand out', async () => {
    const { arn } = await principal('two-keys', 'eks:ListClusters');
    const { AccessKey: made } = await aws.root.iam.send(new CreateAccessKeyCommand({ UserName: arn.split('/')[1] }));
    expect(
      (await list({ accessKeyId: made!.AccessKeyId!, secretAccessKey: made!.SecretAccessKey! })).clusters,
    ).toContain(CLUSTER);

    const roleArn = await makeRole(aws.root.iam, 'reader', anyoneHere);
    const policy = { RoleName: 'reader', PolicyName: 'reader', PolicyDocument: JSON.stringify(allow('eks:List*')) };
    await aws.root.iam.send(new PutRolePolicyCommand(policy));
    const assumed = await session(roleArn, 'me');
    expect((await list(assumed)).clusters).toContain(CLUSTER);
    const { sessionToken, ...withoutToken } = assumed;
    expect(sessionToken).toBeDefined();
    expect(await refusal(list(withoutToken))).toMatchObject({ name: 'UnrecognizedClientException' });
  });

  it('goes by the policies of the caller', async () => {
    const { key, arn } = await aws.gateway.createPrincipal('limited', {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['eks:Describe*', 'eks:CreateCluster'], Resource: '*' },
        { Effect: 'Deny', Action: 'eks:DescribeCluster', Resource: `arn:aws:eks:*:${ACCOUNT}:cluster/green` },
      ],
    });
    const { eks } = aws.clients(key);
    expect((await eks.send(new DescribeClusterCommand({ name: CLUSTER }))).cluster!.name).toBe(CLUSTER);
    const denied = `User: ${arn} is not authorized to perform:`;
    expect(await refusal(eks.send(new ListClustersCommand({})))).toEqual({
      name: 'AccessDeniedException',
      status: 403,
      message: `${denied} eks:ListClusters on resource: * because no identity-based policy allows the eks:ListClusters action`,
    });
    expect((await refusal(eks.send(new DescribeClusterCommand({ name: 'green' })))).message).toBe(
      `${denied} eks:DescribeCluster on resource: arn:aws:eks:eu-central-1:${ACCOUNT}:cluster/green with an explicit deny in an identity-based policy`,
    );
    expect((await refusal(eks.send(new CreateClusterCommand(clusterRequest(ground, 'unpassed'))))).message).toContain(
      `${denied} iam:PassRole on resource: ${ground.roleArn}`,
    );
  });
});

describe('access entries', () => {
  const clusterName = CLUSTER;

  it('are made, read, listed and deleted with their policies', async () => {
    const { eks } = aws.root;
    const { arn: principalArn } = await principal('entered', 'eks:ListClusters');
    const request = {
      clusterName,
      principalArn,
      kubernetesGroups: ['developers'],
      tags: { team: 'a' },
      clientRequestToken: 'entry',
    };
    const { accessEntry } = await eks.send(new CreateAccessEntryCommand(request));
    expect(accessEntry).toMatchObject({
      principalArn,
      username: principalArn,
      kubernetesGroups: ['developers'],
      type: 'STANDARD',
      tags: { team: 'a' },
    });
    expect((await eks.send(new CreateAccessEntryCommand(request))).accessEntry).toEqual(accessEntry);
    expect(
      (await refusal(eks.send(new CreateAccessEntryCommand({ ...request, clientRequestToken: 'other' })))).name,
    ).toBe('ResourceInUseException');

    const policyArn = `${POLICIES}/AmazonEKSViewPolicy`;
    const associate = (more: object) =>
      eks.send(
        new AssociateAccessPolicyCommand({
          clusterName,
          principalArn,
          policyArn,
          accessScope: { type: 'cluster' },
          ...more,
        }),
      );
    await associate({});
    expect((await refusal(associate({ policyArn: `${POLICIES}/Nonsense` }))).name).toBe('InvalidParameterException');
    expect((await refusal(associate({ accessScope: { type: 'namespace' } }))).name).toBe('InvalidParameterException');
    const listPolicies = new ListAssociatedAccessPoliciesCommand({ clusterName, principalArn });
    expect((await eks.send(listPolicies)).associatedAccessPolicies).toMatchObject([
      { policyArn, accessScope: { type: 'cluster' } },
    ]);
    await eks.send(new DisassociateAccessPolicyCommand({ clusterName, principalArn, policyArn }));
    expect((await eks.send(listPolicies)).associatedAccessPolicies).toEqual([]);

    expect((await eks.send(new ListAccessEntriesCommand({ clusterName }))).accessEntries).toContain(principalArn);
    await eks.send(new DeleteAccessEntryCommand({ clusterName, principalArn }));
    expect(await refusal(eks.send(new DescribeAccessEntryCommand({ clusterName, principalArn })))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
    });
  });

  it('are for principals that exist, and give no groups of the system', async () => {
    const create = (principalArn: string, more: object = {}) =>
      refusal(aws.root.eks.send(new CreateAccessEntryCommand({ clusterName, principalArn, ...more })));
    const { arn } = await principal('plain', 'eks:ListClusters');
    const names = [
      await create(`arn:aws:iam::${ACCOUNT}:user/nobody`),
      await create(`arn:aws:iam::${ACCOUNT}:root`),
      await create(`arn:aws:sts::${ACCOUNT}:assumed-role/eks/me`),
      await create(arn, { kubernetesGroups: ['system:masters'] }),
    ].map(({ name }) => name);
    expect(names).toEqual(Array(4).fill('InvalidParameterException'));
  });

  it('go with the authentication mode API, and the creator gets one unless it does not want to', async () => {
    const { key, arn } = await principal('creator', 'eks:*', 'iam:PassRole');
    const { eks } = aws.clients(key);
    const entriesOf = async (name: string, accessConfig: object): Promise<readonly string[]> => {
      await eks.send(new CreateClusterCommand(clusterRequest(ground, name, { accessConfig })));
      return (await eks.send(new ListAccessEntriesCommand({ clusterName: name }))).accessEntries!;
    };
    expect(await entriesOf('mine', { authenticationMode: 'API' })).toEqual([arn]);
    expect(
      await entriesOf('ours', { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false }),
    ).toEqual([]);
    expect(await refusal(entriesOf('old', {}))).toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('[API, API_AND_CONFIG_MAP]'),
    });
    // Root's signatures are never verified by the emulator, so root must not be let in anywhere.
    expect((await eks.send(new ListAccessEntriesCommand({ clusterName: CLUSTER }))).accessEntries).not.toContain(
      `arn:aws:iam::${ACCOUNT}:root`,
    );
  });
});

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly status: {
    readonly authenticated: boolean;
    readonly error?: string;
    readonly user?: Record<string, unknown>;
  };
}

describe('the token webhook', () => {
  const review = async (token: string, cluster = CLUSTER): Promise<Review['status']> => {
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } });
    const url = `${aws.gateway.tokenWebhookUrl(cluster)}?timeout=30s`;
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    const reviewed = (await response.json()) as Review;
    expect(reviewed).toMatchObject({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview' });
    return reviewed.status;
  };

  const entry = async (principalArn: string, policy: string, more: object = {}): Promise<void> => {
    await aws.root.eks.send(new CreateAccessEntryCommand({ clusterName: CLUSTER, principalArn, ...more }));
    const accessScope = { type: 'cluster' } as const;
    await aws.root.eks.send(
      new AssociateAccessPolicyCommand({
        clusterName: CLUSTER,
        principalArn,
        policyArn: `${POLICIES}/${policy}`,
        accessScope,
      }),
    );
  };

  it('lets a principal with an access entry in, as its policies say', async () => {
    const { arn, key } = await principal('admin', 'eks:ListClusters');
    await entry(arn, 'AmazonEKSClusterAdminPolicy', { kubernetesGroups: ['sre'] });
    expect(await review(await eksToken({ cluster: CLUSTER, credentials: key }))).toEqual({
      authenticated: true,
      user: {
        username: arn,
        uid: expect.stringMatching(new RegExp(`^aws-iam-authenticator:${ACCOUNT}:AIDA`)),
        groups: ['sre', 'system:masters'],
        extra: { arn: [arn], canonicalArn: [arn] },
      },
    });
    // Argo CD signs with X-Amz-Expires=0.
    expect((await review(await eksToken({ cluster: CLUSTER, credentials: key, expiresIn: 0 }))).authenticated).toBe(
      true,
    );
  });

  it.each([
    ['AmazonEKSAdminPolicy', 'eks:policy:admin'],
    ['AmazonEKSEditPolicy', 'eks:policy:edit'],
    ['AmazonEKSViewPolicy', 'eks:policy:view'],
  ])('maps %s to %s', async (policy, group) => {
    const { arn, key } = await principal(policy, 'eks:ListClusters');
    await entry(arn, policy);
    expect((await review(await eksToken({ cluster: CLUSTER, credentials: key }))).user).toMatchObject({
      groups: [group],
    });
  });

  it('takes the session of a role for the role', async () => {
    const roleArn = await makeRole(aws.root.iam, 'operators', anyoneHere);
    await entry(roleArn, 'AmazonEKSViewPolicy', { username: 'operator:{{SessionName}}' });
    const token = await eksToken({ cluster: CLUSTER, credentials: await session(roleArn, 'ann') });
    expect((await review(token)).user).toMatchObject({
      username: 'operator:ann',
      extra: { arn: [`arn:aws:sts::${ACCOUNT}:assumed-role/operators/ann`], canonicalArn: [roleArn] },
    });
  });

  it('refuses everybody and everything else', async () => {
    const { arn, key } = await principal('refused', 'eks:ListClusters');
    await entry(arn, 'AmazonEKSViewPolicy');
    const { key: stranger } = await principal('stranger', 'eks:*');
    const token = (more: Partial<Parameters<typeof eksToken>[0]> = {}) =>
      eksToken({ cluster: CLUSTER, credentials: key, ...more });
    const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
    const errors = {
      otherCluster: await review(await token({ cluster: 'green' })),
      otherClustersToken: await review(await token(), 'green'),
      wrongSecret: await review(await token({ credentials: { ...key, secretAccessKey: 'guessed' } })),
      unknownKey: await review(await token({ credentials: { ...key, accessKeyId: 'AKIAUNKNOWN000000000' } })),
      old: await review(await token({ signingDate: minutesAgo(16) })),
      noEntry: await review(await token({ credentials: stranger })),
      root: await review(await token({ credentials: aws.gateway.rootKey })),
      noSuchCluster: await review(await token({ cluster: 'nowhere' }), 'nowhere'),
      tooLongLived: await review(await token({ expiresIn: 3600 })),
      noToken: await review('letmein'),
    };
    const texts = Object.fromEntries(
      Object.entries(errors).map(([name, status]) => [name, status.authenticated || status.error]),
    );
    expect(texts).toEqual({
      otherCluster: expect.stringContaining('SignatureDoesNotMatch'),
      otherClustersToken: expect.stringContaining('SignatureDoesNotMatch'),
      wrongSecret: expect.stringContaining('SignatureDoesNotMatch'),
      unknownKey: expect.stringContaining('InvalidClientTokenId'),
      old: expect.stringContaining('expired'),
      noEntry: expect.stringContaining('no access entry'),
      root: expect.stringContaining('the root user'),
      noSuchCluster: expect.stringContaining('no access entry'),
      tooLongLived: expect.stringContaining('X-Amz-Expires'),
      noToken: expect.stringContaining('prefix'),
    });
    expect((await review(await token())).authenticated).toBe(true);
    await aws.root.eks.send(new DeleteAccessEntryCommand({ clusterName: CLUSTER, principalArn: arn }));
    expect((await review(await token())).authenticated).toBe(false);
  });
});
