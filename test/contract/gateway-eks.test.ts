import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  ListAddonsCommand,
  ListClustersCommand,
  ListNodegroupsCommand,
  ListTagsForResourceCommand,
  ListUpdatesCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterConfigCommand,
  UpdateClusterVersionCommand,
  type Cluster,
  type ListClustersCommandOutput,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterRequest, makeRole, refusal, seedGround, startTestGateway, until } from '../support/gateway.ts';
import type { Ground, TestGateway } from '../support/gateway.ts';

let aws: TestGateway;
let eks: EKSClient;
let ground: Ground;
let nodeRole: string;

beforeAll(async () => {
  aws = await startTestGateway();
  eks = aws.root.eks;
  ground = await seedGround(aws);
  nodeRole = await makeRole(aws.root.iam, 'nodes', { Service: 'ec2.amazonaws.com' });
});

afterAll(() => aws.stop());

const describeCluster = async (name: string): Promise<Cluster> =>
  (await eks.send(new DescribeClusterCommand({ name }))).cluster!;

const isGone = (call: () => Promise<unknown>) => async (): Promise<boolean> => {
  const error = await call().then(
    () => undefined,
    (failure: Error) => failure,
  );
  if (error && error.name !== 'ResourceNotFoundException') throw error;
  return error !== undefined;
};

async function activeCluster(name: string, more: Parameters<typeof clusterRequest>[2] = {}): Promise<Cluster> {
  await eks.send(new CreateClusterCommand(clusterRequest(ground, name, more)));
  await until(async () => (await describeCluster(name)).status === 'ACTIVE', `${name} ACTIVE`);
  return describeCluster(name);
}

const nodeGroup = (clusterName: string, nodegroupName = 'workers') => ({
  clusterName,
  nodegroupName,
  nodeRole,
  subnets: [...ground.subnetIds],
  instanceTypes: ['m6i.large'],
  scalingConfig: { minSize: 1, desiredSize: 3, maxSize: 5 },
  labels: { tier: 'apps' },
});

async function activeNodeGroup(cluster: string): Promise<void> {
  await eks.send(new CreateNodegroupCommand(nodeGroup(cluster)));
  const describeGroup = new DescribeNodegroupCommand({ clusterName: cluster, nodegroupName: 'workers' });
  await until(
    async () => (await eks.send(describeGroup)).nodegroup!.status === 'ACTIVE',
    `node group of ${cluster} ACTIVE`,
  );
}

describe('a cluster', () => {
  it('has no endpoint until its control plane is up, and then the real one', async () => {
    const gate = Promise.withResolvers<void>();
    aws.controlPlanes.gates.set('slow', gate.promise);
    const { cluster } = await eks.send(
      new CreateClusterCommand(clusterRequest(ground, 'slow', { tags: { run: '1' } })),
    );
    expect(cluster).toMatchObject({
      name: 'slow',
      status: 'CREATING',
      version: '1.33',
      tags: { run: '1' },
      arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/slow',
      accessConfig: { authenticationMode: 'API' },
      deletionProtection: false,
    });
    expect(cluster!.endpoint).toBeUndefined();
    expect(cluster!.certificateAuthority!.data).toBeUndefined();
    expect(Math.abs(cluster!.createdAt!.getTime() - Date.now())).toBeLessThan(60_000);
    expect(cluster!.resourcesVpcConfig!.vpcId).toMatch(/^vpc-/);

    // What was asked for later is done: AWS's own time has passed for both.
    await activeCluster('quick');
    expect((await describeCluster('slow')).status).toBe('CREATING');
    expect((await refusal(eks.send(new DeleteClusterCommand({ name: 'slow' })))).name).toBe('ResourceInUseException');
    expect((await refusal(eks.send(new CreateAddonCommand({ clusterName: 'slow', addonName: 'vpc-cni' })))).name).toBe(
      'InvalidRequestException',
    );
    gate.resolve();
    await until(async () => (await describeCluster('slow')).status === 'ACTIVE', 'slow ACTIVE');
    expect(await describeCluster('slow')).toMatchObject({
      endpoint: 'https://127.0.0.1:6443',
      certificateAuthority: { data: 'Y2E=' },
      identity: { oidc: { issuer: 'https://oidc.example.test/slow' } },
    });
    expect(aws.controlPlanes.get('slow')).toMatchObject({ version: '1.33' });
  });

  it('FAILED says why, and can be deleted', async () => {
    const gate = Promise.reject(new Error('no memory left'));
    gate.catch(() => undefined);
    aws.controlPlanes.gates.set('broken', gate);
    await eks.send(new CreateClusterCommand(clusterRequest(ground, 'broken')));
    await until(async () => (await describeCluster('broken')).status === 'FAILED', 'broken FAILED');
    expect((await describeCluster('broken')).health!.issues).toMatchObject([
      { code: 'InternalFailure', message: 'no memory left' },
    ]);
    await eks.send(new DeleteClusterCommand({ name: 'broken' }));
    await until(
      isGone(() => describeCluster('broken')),
      'broken gone',
    );
  });

  it('is made once for one token, and refused to anybody else', async () => {
    const request = clusterRequest(ground, 'once', { clientRequestToken: 'run-1' });
    const boots = aws.controlPlanes.boots.length;
    const [first, second] = await Promise.all([1, 2].map(() => eks.send(new CreateClusterCommand(request))));
    expect(second!.cluster).toEqual(first!.cluster);
    expect(first!.cluster!.clientRequestToken).toBe('run-1');
    expect(aws.controlPlanes.boots.slice(boots)).toEqual(['once']);
    const again = (more: object) => refusal(eks.send(new CreateClusterCommand({ ...request, ...more })));
    expect(await again({ version: '1.34' })).toMatchObject({ name: 'InvalidRequestException', status: 400 });
    expect(await again({ clientRequestToken: 'run-2' })).toEqual({
      name: 'ResourceInUseException',
      status: 409,
      message: 'Cluster already exists with name: once',
    });
  });

  it('is refused when what it asks for cannot be', async () => {
    const create = (more: Parameters<typeof clusterRequest>[2]) =>
      refusal(eks.send(new CreateClusterCommand(clusterRequest(ground, 'wrong', more))));
    const [subnetId = ''] = ground.subnetIds;
    const refusals = [
      await create({ version: '1.25' }),
      await create({ name: 'no spaces' }),
      await create({ roleArn: 'arn:aws:iam::111122223333:role/nobody' }),
      await create({ resourcesVpcConfig: { subnetIds: [subnetId, 'subnet-0123456789abcdef0'] } }),
      await create({ resourcesVpcConfig: { subnetIds: [subnetId] } }),
      await create({ tags: { 'aws:mine': '1' } }),
      await create({ outpostConfig: { outpostArns: [], controlPlaneInstanceType: 'm5.large' } }),
    ];
    expect(refusals.map(({ name, status }) => `${name} ${status}`)).toEqual(
      Array(7).fill('InvalidParameterException 400'),
    );
    expect(refusals.map(({ message }) => message)).toEqual([
      expect.stringContaining('unsupported Kubernetes version 1.25'),
      expect.stringContaining('name: '),
      expect.stringContaining('role/nobody'),
      expect.stringContaining('subnet-0123456789abcdef0'),
      expect.stringContaining('at least two different AZs'),
      expect.stringContaining('aws:'),
      expect.stringContaining('outpostConfig'),
    ]);
    expect(await refusal(describeCluster('wrong'))).toEqual({
      name: 'ResourceNotFoundException',
      status: 404,
      message: 'No cluster found for name: wrong.',
    });
  });

  it('is protected from deletion until an update has lifted it, one update at a time', async () => {
    await activeCluster('kept', { deletionProtection: true });
    expect(await refusal(eks.send(new DeleteClusterCommand({ name: 'kept' })))).toMatchObject({
      name: 'InvalidRequestException',
      status: 400,
    });
    const lift = () => eks.send(new UpdateClusterConfigCommand({ name: 'kept', deletionProtection: false }));
    const outcomes = await Promise.allSettled([lift(), lift()]);
    const done = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(done).toHaveLength(1);
    const { id, type, status } = done[0]!.value.update!;
    expect({ type, status }).toEqual({ type: 'DeletionProtectionUpdate', status: 'InProgress' });
    expect(refused!.reason).toMatchObject({
      name: 'ResourceInUseException',
      message: `Cannot DeletionProtectionUpdate because cluster kept currently has update ${id} in progress`,
    });
    const describeUpdate = new DescribeUpdateCommand({ name: 'kept', updateId: id });
    await until(async () => (await eks.send(describeUpdate)).update!.status === 'Successful', 'update Successful');
    expect(await describeCluster('kept')).toMatchObject({ status: 'ACTIVE', deletionProtection: false });
    expect((await eks.send(new ListUpdatesCommand({ name: 'kept' }))).updateIds).toEqual([id]);

    await eks.send(new DeleteClusterCommand({ name: 'kept' }));
    expect((await describeCluster('kept')).status).toBe('DELETING');
    await until(
      isGone(() => describeCluster('kept')),
      'kept gone',
    );
    expect(aws.controlPlanes.get('kept')).toBeUndefined();
  });

  it('is updated in one respect per request', async () => {
    await activeCluster('updated');
    const update = (more: object) => eks.send(new UpdateClusterConfigCommand({ name: 'updated', ...more }));
    expect(
      await refusal(update({ deletionProtection: true, upgradePolicy: { supportType: 'STANDARD' } })),
    ).toMatchObject({
      name: 'InvalidParameterException',
      message: 'Only one type of update can be allowed.',
    });
    const request = { deletionProtection: true, clientRequestToken: 'protect' };
    const { update: first } = await update(request);
    await until(async () => (await describeCluster('updated')).deletionProtection === true, 'protected');
    expect((await update(request)).update).toMatchObject({ id: first!.id, status: 'Successful' });
    expect(
      await refusal(eks.send(new UpdateClusterVersionCommand({ name: 'updated', version: '1.34' }))),
    ).toMatchObject({
      name: 'InvalidRequestException',
      message: "The sandbox's EKS does not offer UpdateClusterVersion.",
    });
  });

  it('is listed in pages', async () => {
    await Promise.all(
      ['page-a', 'page-b', 'page-c'].map((name) => eks.send(new CreateClusterCommand(clusterRequest(ground, name)))),
    );
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page: ListClustersCommandOutput = await eks.send(new ListClustersCommand({ maxResults: 2, nextToken }));
      expect(page.clusters!.length).toBeLessThanOrEqual(2);
      names.push(...page.clusters!);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(expect.arrayContaining(['page-a', 'page-b', 'page-c']));
    expect((await refusal(eks.send(new ListClustersCommand({ nextToken: 'nonsense' })))).name).toBe(
      'InvalidParameterException',
    );
  });

  it('has tags that can be changed', async () => {
    const { cluster } = await eks.send(
      new CreateClusterCommand(clusterRequest(ground, 'tagged', { tags: { a: '1', b: '2' } })),
    );
    const resourceArn = cluster!.arn!;
    await eks.send(new TagResourceCommand({ resourceArn, tags: { b: '3', c: '4' } }));
    await eks.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
    expect((await eks.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ b: '3', c: '4' });
    expect((await describeCluster('tagged')).tags).toEqual({ b: '3', c: '4' });
    expect((await refusal(eks.send(new ListTagsForResourceCommand({ resourceArn: `${resourceArn}x` })))).status).toBe(
      404,
    );
  });
});

describe('a node group', () => {
  it('is nodes with the labels of EKS, of the version of the cluster, and holds the cluster', async () => {
    await activeCluster('noded');
    const { nodegroup } = await eks.send(new CreateNodegroupCommand(nodeGroup('noded')));
    expect(nodegroup).toMatchObject({
      status: 'CREATING',
      version: '1.33',
      capacityType: 'ON_DEMAND',
      clusterName: 'noded',
    });
    const describeGroup = new DescribeNodegroupCommand({ clusterName: 'noded', nodegroupName: 'workers' });
    await until(async () => (await eks.send(describeGroup)).nodegroup!.status === 'ACTIVE', 'workers ACTIVE');

    const nodes = aws.controlPlanes.nodes.get('noded')!;
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(3);
    const zones = ['eu-central-1a', 'eu-central-1b', 'eu-central-1a'];
    for (const [i, node] of nodes.entries()) {
      expect(node).toEqual({
        name: expect.stringMatching(/^ip-10-0-[12]-\d+\.eu-central-1\.compute\.internal$/),
        labels: {
          tier: 'apps',
          'eks.amazonaws.com/nodegroup': 'workers',
          'eks.amazonaws.com/capacityType': 'ON_DEMAND',
          'node.kubernetes.io/instance-type': 'm6i.large',
          'topology.kubernetes.io/zone': zones[i],
          'topology.kubernetes.io/region': 'eu-central-1',
        },
        kubeletVersion: expect.stringMatching(/^v1\.33\.\d+-eks-/),
        providerId: expect.stringMatching(new RegExp(`^aws:///${zones[i]}/i-[0-9a-f]{17}$`)),
      });
    }

    expect(await refusal(eks.send(new DeleteClusterCommand({ name: 'noded' })))).toEqual({
      name: 'ResourceInUseException',
      status: 409,
      message: 'Cluster has nodegroups attached',
    });
    expect((await eks.send(new ListNodegroupsCommand({ clusterName: 'noded' }))).nodegroups).toEqual(['workers']);
    const deleted = await eks.send(new DeleteNodegroupCommand({ clusterName: 'noded', nodegroupName: 'workers' }));
    expect(deleted.nodegroup!.status).toBe('DELETING');
    await until(
      isGone(() => eks.send(describeGroup)),
      'workers gone',
    );
    expect(aws.controlPlanes.nodes.get('noded')).toEqual([]);
  });

  it('is made once for one token, and refused when it does not fit', async () => {
    await activeCluster('fitting');
    const request = { ...nodeGroup('fitting'), clientRequestToken: 'ng-1' };
    const create = (more: object) => eks.send(new CreateNodegroupCommand({ ...request, ...more }));
    const { nodegroup } = await create({});
    expect((await create({})).nodegroup!.nodegroupArn).toBe(nodegroup!.nodegroupArn);
    const refused = async (more: object): Promise<string> =>
      (await refusal(create({ clientRequestToken: 'ng-2', ...more }))).name;
    expect(await refused({})).toBe('ResourceInUseException');
    expect(await refused({ version: '1.36' })).toBe('InvalidParameterException');
    expect(await refused({ nodegroupName: 'two', nodeRole: 'arn:aws:iam::111122223333:role/nobody' })).toBe(
      'InvalidParameterException',
    );
    expect(await refused({ nodegroupName: 'two', scalingConfig: { minSize: 3, desiredSize: 1, maxSize: 5 } })).toBe(
      'InvalidParameterException',
    );
    expect(await refused({ nodegroupName: 'two', labels: { 'kubernetes.io/role': 'x' } })).toBe(
      'InvalidParameterException',
    );
    expect(await refused({ clusterName: 'nowhere' })).toBe('ResourceNotFoundException');
  });

  it('is CREATE_FAILED when its nodes do not become Ready', async () => {
    await activeCluster('unready');
    aws.controlPlanes.nodesBecomeReady = false;
    await eks.send(new CreateNodegroupCommand(nodeGroup('unready')));
    const describeGroup = new DescribeNodegroupCommand({ clusterName: 'unready', nodegroupName: 'workers' });
    await until(async () => (await eks.send(describeGroup)).nodegroup!.status === 'CREATE_FAILED', 'CREATE_FAILED');
    aws.controlPlanes.nodesBecomeReady = true;
    expect((await eks.send(describeGroup)).nodegroup!.health!.issues).toMatchObject([{ code: 'NodeCreationFailure' }]);
  });
});

describe('add-ons', () => {
  it('get the default version of the cluster, and coredns waits for nodes', async () => {
    await activeCluster('added');
    const clusterName = 'added';
    const { addons } = await eks.send(
      new DescribeAddonVersionsCommand({ addonName: 'coredns', kubernetesVersion: '1.33' }),
    );
    const recommended = addons![0]!.addonVersions!.find(({ compatibilities }) =>
      compatibilities!.some((fit) => fit.defaultVersion),
    );
    const { addon } = await eks.send(new CreateAddonCommand({ clusterName, addonName: 'coredns' }));
    expect(addon).toMatchObject({ status: 'CREATING', addonVersion: recommended!.addonVersion });
    await eks.send(new CreateAddonCommand({ clusterName, addonName: 'vpc-cni', clientRequestToken: 'cni' }));
    const status = async (addonName: string) =>
      (await eks.send(new DescribeAddonCommand({ clusterName, addonName }))).addon!;

    await until(async () => (await status('vpc-cni')).status === 'ACTIVE', 'vpc-cni ACTIVE');
    await until(async () => (await status('coredns')).status === 'DEGRADED', 'coredns DEGRADED');
    expect((await status('coredns')).health!.issues).toMatchObject([{ code: 'InsufficientNumberOfReplicas' }]);
    await activeNodeGroup('added');
    expect(await status('coredns')).toMatchObject({ status: 'ACTIVE', health: { issues: [] } });

    expect((await eks.send(new ListAddonsCommand({ clusterName }))).addons).toEqual(['coredns', 'vpc-cni']);
    const refused = async (more: object): Promise<string> =>
      (await refusal(eks.send(new CreateAddonCommand({ clusterName, addonName: 'vpc-cni', ...more })))).name;
    expect(await refused({})).toBe('ResourceInUseException');
    expect(await refused({ clientRequestToken: 'cni', tags: { other: '1' } })).toBe('InvalidRequestException');
    expect(await refused({ addonName: 'kube-proxy', addonVersion: 'v1.36.3-eksbuild.2' })).toBe(
      'InvalidParameterException',
    );
    expect(await refused({ addonName: 'no-such-addon' })).toBe('InvalidParameterException');

    await eks.send(new DeleteAddonCommand({ clusterName, addonName: 'vpc-cni' }));
    await until(
      isGone(() => status('vpc-cni')),
      'vpc-cni gone',
    );
  });

  it.each(['1.32', '1.33', '1.34', '1.35', '1.36'])(
    'have one default version each for Kubernetes %s',
    async (kubernetesVersion) => {
      const { addons } = await eks.send(new DescribeAddonVersionsCommand({ kubernetesVersion }));
      expect(addons!.map(({ addonName }) => addonName)).toEqual([
        'aws-ebs-csi-driver',
        'coredns',
        'eks-pod-identity-agent',
        'kube-proxy',
        'vpc-cni',
      ]);
      for (const { addonVersions } of addons!) {
        const fits = addonVersions!.flatMap(({ compatibilities }) => compatibilities!);
        expect(fits.every(({ clusterVersion }) => clusterVersion === kubernetesVersion)).toBe(true);
        expect(fits.filter(({ defaultVersion }) => defaultVersion)).toHaveLength(1);
      }
    },
  );
});

describe('versions', () => {
  it('come with their support dates', async () => {
    const { clusterVersions } = await eks.send(new DescribeClusterVersionsCommand({}));
    const rows = clusterVersions!.map((version) => [
      version.clusterVersion,
      version.endOfStandardSupportDate!.toISOString().slice(0, 10),
      version.endOfExtendedSupportDate!.toISOString().slice(0, 10),
      version.versionStatus,
    ]);
    expect(rows).toEqual([
      ['1.36', '2027-08-02', '2028-08-02', 'STANDARD_SUPPORT'],
      ['1.35', '2027-03-27', '2028-03-27', 'STANDARD_SUPPORT'],
      ['1.34', '2026-12-02', '2027-12-02', 'STANDARD_SUPPORT'],
      ['1.33', '2026-07-29', '2027-07-29', 'EXTENDED_SUPPORT'],
      ['1.32', '2026-03-23', '2027-03-23', 'EXTENDED_SUPPORT'],
    ]);
    const some = await eks.send(
      new DescribeClusterVersionsCommand({ clusterVersions: ['1.34', '1.33'], versionStatus: 'EXTENDED_SUPPORT' }),
    );
    expect(some.clusterVersions!.map(({ clusterVersion }) => clusterVersion)).toEqual(['1.33']);
  });
});
