import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  DescribeUpdateCommand,
  paginateDescribeClusterVersions,
  UpdateClusterConfigCommand,
  type Cluster,
  type EKSClient,
} from '@aws-sdk/client-eks';
import type { ClusterSettings } from '../domain/environment.ts';
import { collect, issueTexts, orNull, required } from './aws-answers.ts';

export interface EksCluster {
  readonly name: string;
  readonly arn: string;
  readonly version: string;
  /** CREATING, ACTIVE, UPDATING, DELETING, FAILED, PENDING. */
  readonly status: string;
  /** Null until EKS has made them. */
  readonly endpoint: string | null;
  readonly caData: string | null;
  readonly oidcIssuer: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly deletionProtection: boolean;
  readonly issues: readonly string[];
}

export interface NewCluster {
  readonly name: string;
  readonly version: string;
  readonly settings: ClusterSettings;
  readonly tags: Readonly<Record<string, string>>;
  readonly token: string;
}

export interface EksUpdate {
  /** InProgress, Successful, Failed, Cancelled. */
  readonly status: string;
  readonly errors: readonly string[];
}

export interface OfferedVersion {
  readonly version: string;
  /** ISO 8601; null when EKS does not say. */
  readonly standardSupportEnds: string | null;
}

export interface EksClusters {
  findCluster(name: string): Promise<EksCluster | null>;
  createCluster(cluster: NewCluster): Promise<void>;
  deleteCluster(name: string): Promise<void>;
  /** Returns the id of the update that EKS started. */
  allowDeletion(cluster: string, token: string): Promise<string>;
  readUpdate(cluster: string, updateId: string): Promise<EksUpdate>;
  offeredVersions(): Promise<readonly OfferedVersion[]>;
}

export function createEksClusters(eks: EKSClient): EksClusters {
  return {
    async findCluster(name) {
      const answer = await orNull(eks.send(new DescribeClusterCommand({ name })));
      return answer?.cluster ? toCluster(answer.cluster) : null;
    },

    async createCluster({ name, version, settings, tags, token }) {
      await eks.send(
        new CreateClusterCommand({
          name,
          version,
          roleArn: settings.roleArn,
          resourcesVpcConfig: { subnetIds: [...settings.subnetIds], securityGroupIds: [...settings.securityGroupIds] },
          // The creator's entry is how the worker gets in; everybody else comes by access entries.
          accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
          // Networking comes as managed add-ons, in the versions of the environment file.
          bootstrapSelfManagedAddons: false,
          deletionProtection: settings.deletionProtection,
          tags: { ...settings.tags, ...tags },
          clientRequestToken: token,
        }),
      );
    },

    async deleteCluster(name) {
      await orNull(eks.send(new DeleteClusterCommand({ name })));
    },

    async allowDeletion(name, token) {
      const answer = await eks.send(
        new UpdateClusterConfigCommand({ name, deletionProtection: false, clientRequestToken: token }),
      );
      return required(answer.update?.id, 'update.id');
    },

    async readUpdate(name, updateId) {
      const { update } = await eks.send(new DescribeUpdateCommand({ name, updateId }));
      return {
        status: required(update?.status, 'update.status'),
        errors: (update?.errors ?? []).map(({ errorCode, errorMessage }) => `${errorCode}: ${errorMessage}`),
      };
    },

    async offeredVersions() {
      const pages = paginateDescribeClusterVersions({ client: eks }, {});
      const versions = await collect(pages, ({ clusterVersions }) => clusterVersions);
      return versions.map(({ clusterVersion, endOfStandardSupportDate }) => ({
        version: required(clusterVersion, 'clusterVersion'),
        standardSupportEnds: endOfStandardSupportDate?.toISOString() ?? null,
      }));
    },
  };
}

const toCluster = (cluster: Cluster): EksCluster => ({
  name: required(cluster.name, 'cluster.name'),
  arn: required(cluster.arn, 'cluster.arn'),
  version: required(cluster.version, 'cluster.version'),
  status: required(cluster.status, 'cluster.status'),
  endpoint: cluster.endpoint ?? null,
  caData: cluster.certificateAuthority?.data ?? null,
  oidcIssuer: cluster.identity?.oidc?.issuer ?? null,
  tags: cluster.tags ?? {},
  deletionProtection: cluster.deletionProtection ?? false,
  issues: issueTexts(cluster.health?.issues),
});
