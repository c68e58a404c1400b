import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
} from '@aws-sdk/client-eks';
import { ApiException, CoreV1Api, KubeConfig, VersionApi } from '@kubernetes/client-node';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd } from '../../sandbox/cluster/etcd.ts';
import {
  allow,
  clusterRequest,
  eksToken,
  makeRole,
  refusal,
  REGION,
  seedGround,
  startTestGateway,
  until,
} from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';

let aws: TestGateway;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'eksodus-gateway-cluster-'));
  aws = await startTestGateway({
    controlPlanes: async ({ processes, gateway }) => {
      const { url: etcdUrl } = await startEtcd({ dir, processes });
      return new KubernetesControlPlanes({
        dir,
        processes,
        etcdUrl,
        region: REGION,
        tokenWebhookUrl: (cluster) => gateway.tokenWebhookUrl(cluster),
      });
    },
  });
});

afterAll(async () => {
  await aws.stop();
  await rm(dir, { recursive: true });
});

it('a cluster that EKS says it made is a real one, which lets in whom its access entries name', async () => {
  const { eks } = aws.root;
  const ground = await seedGround(aws);
  const nodeRole = await makeRole(aws.root.iam, 'nodes', { Service: 'ec2.amazonaws.com' });
  const { arn: principalArn, key } = await aws.gateway.createPrincipal('viewer', allow('eks:ListClusters'));
  await eks.send(new CreateClusterCommand(clusterRequest(ground, 'real')));
  const describeCluster = async () => (await eks.send(new DescribeClusterCommand({ name: 'real' }))).cluster!;
  await until(async () => (await describeCluster()).status === 'ACTIVE', 'real ACTIVE');
  const { endpoint, certificateAuthority } = await describeCluster();

  const asViewer = async (): Promise<KubeConfig> => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'real', server: endpoint!, caData: certificateAuthority!.data!, skipTLSVerify: false },
      { name: 'viewer', token: await eksToken({ cluster: 'real', credentials: key }) },
    );
    return config;
  };
  const nodes = async () => (await asViewer()).makeApiClient(CoreV1Api).listNode();
  await expect(nodes()).rejects.toMatchObject({ code: 401 });

  await eks.send(new CreateAccessEntryCommand({ clusterName: 'real', principalArn }));
  const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
  await eks.send(
    new AssociateAccessPolicyCommand({
      clusterName: 'real',
      principalArn,
      policyArn,
      accessScope: { type: 'cluster' },
    }),
  );
  expect((await (await asViewer()).makeApiClient(VersionApi).getCode()).emulationMinor).toBe('33');

  const workers = { clusterName: 'real', nodegroupName: 'workers' };
  const scalingConfig = { minSize: 2, desiredSize: 2, maxSize: 2 };
  await eks.send(new CreateNodegroupCommand({ ...workers, nodeRole, subnets: [...ground.subnetIds], scalingConfig }));
  const describeGroup = new DescribeNodegroupCommand(workers);
  await until(async () => (await eks.send(describeGroup)).nodegroup!.status === 'ACTIVE', 'workers ACTIVE');
  const { items } = await nodes();
  expect(items.map(({ metadata }) => metadata!.labels!['eks.amazonaws.com/nodegroup'])).toEqual(['workers', 'workers']);
  for (const { status } of items) {
    expect(status!.nodeInfo!.kubeletVersion).toMatch(/^v1\.33\.\d+-eks-/);
    expect(status!.conditions!.find(({ type }) => type === 'Ready')!.status).toBe('True');
  }

  await eks.send(new DeleteNodegroupCommand(workers));
  await until(
    async () => (await refusal(eks.send(describeGroup)).catch(() => undefined))?.status === 404,
    'workers gone',
  );
  expect((await nodes()).items).toEqual([]);
  await eks.send(new DeleteClusterCommand({ name: 'real' }));
  await until(async () => (await refusal(describeCluster()).catch(() => undefined))?.status === 404, 'real gone');
  await expect(nodes()).rejects.not.toBeInstanceOf(ApiException);
  expect(aws.processes.running.map(({ name }) => name).toSorted()).toEqual(['aws-emulator', 'etcd']);
});
