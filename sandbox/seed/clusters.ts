// The clusters that are there before the upgrade: the manager, which Argo CD lives in, and the live one.
import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
} from '@aws-sdk/client-eks';
import { CreateOpenIDConnectProviderCommand, IAMClient } from '@aws-sdk/client-iam';
import type { AwsGateway, SandboxSettings } from '../contracts.ts';
import { given } from '../given.ts';
import { waitUntil } from '../process/ready.ts';
import type { Account } from './account.ts';

export interface ClusterSeed {
  readonly name: string;
  readonly version: string;
  /** Who may do everything in it. */
  readonly principals: readonly string[];
  readonly nodes: number;
  readonly addons: readonly string[];
}

const WITHIN_MS = 15 * 60_000;
const ADMIN_POLICY = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';

const active = (what: string, status: () => Promise<string | undefined>): Promise<void> =>
  waitUntil(async () => (await status()) === 'ACTIVE', { what, withinMs: WITHIN_MS });

/** Makes a cluster through EKS itself and waits until it is whole. */
export async function seedCluster(
  gateway: AwsGateway,
  settings: SandboxSettings,
  account: Account,
  seed: ClusterSeed,
): Promise<void> {
  const client = { endpoint: gateway.url, region: settings.region, credentials: gateway.rootKey };
  const [eks, iam] = [new EKSClient(client), new IAMClient(client)];
  const { name, version } = seed;
  const tags = { team: 'sre' };

  await eks.send(
    new CreateClusterCommand({
      name,
      version,
      tags,
      roleArn: account.clusterRoleArn,
      resourcesVpcConfig: { subnetIds: [...account.subnetIds] },
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
      deletionProtection: true,
      clientRequestToken: `seed-${name}`,
    }),
  );
  await active(`cluster ${name}`, async () => (await eks.send(new DescribeClusterCommand({ name }))).cluster?.status);
  for (const principalArn of seed.principals) {
    await eks.send(new CreateAccessEntryCommand({ clusterName: name, principalArn }));
    await eks.send(
      new AssociateAccessPolicyCommand({
        clusterName: name,
        principalArn,
        policyArn: ADMIN_POLICY,
        accessScope: { type: 'cluster' },
      }),
    );
  }
  if (seed.nodes === 0) return;
  const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
  const issuer = given(cluster?.identity?.oidc?.issuer, `OIDC issuer of ${name}`);
  await iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: issuer,
      ClientIDList: ['sts.amazonaws.com'],
      ThumbprintList: ['0'.repeat(40)],
    }),
  );
  await eks.send(
    new CreateNodegroupCommand({
      clusterName: name,
      nodegroupName: 'general',
      tags,
      subnets: [...account.subnetIds],
      nodeRole: account.nodeRoleArn,
      instanceTypes: ['m7i.large'],
      scalingConfig: { minSize: 1, desiredSize: seed.nodes, maxSize: 6 },
      clientRequestToken: `seed-${name}-general`,
    }),
  );
  await Promise.all(
    seed.addons.map((addonName) =>
      eks.send(
        new CreateAddonCommand({ clusterName: name, addonName, tags, clientRequestToken: `seed-${name}-${addonName}` }),
      ),
    ),
  );
  await Promise.all([
    active(
      `nodes of ${name}`,
      async () =>
        (await eks.send(new DescribeNodegroupCommand({ clusterName: name, nodegroupName: 'general' }))).nodegroup
          ?.status,
    ),
    ...seed.addons.map((addonName) =>
      active(
        `add-on ${addonName} of ${name}`,
        async () => (await eks.send(new DescribeAddonCommand({ clusterName: name, addonName }))).addon?.status,
      ),
    ),
  ]);
  for (const one of [eks, iam]) one.destroy();
}
