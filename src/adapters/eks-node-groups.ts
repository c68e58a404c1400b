import {
  CreateNodegroupCommand,
  DeleteNodegroupCommand,
  DescribeNodegroupCommand,
  paginateListNodegroups,
  type EKSClient,
} from '@aws-sdk/client-eks';
import type { NodeGroup } from '../domain/environment.ts';
import { collect, issueTexts, orNull, required } from './aws-answers.ts';

export interface EksNodeGroup {
  /** CREATING, ACTIVE, UPDATING, DELETING, CREATE_FAILED, DELETE_FAILED, DEGRADED. */
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly issues: readonly string[];
}

export interface NewNodeGroup {
  readonly cluster: string;
  readonly version: string;
  readonly nodeGroup: NodeGroup;
  readonly subnetIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly token: string;
}

export interface EksNodeGroups {
  findNodeGroup(cluster: string, nodeGroup: string): Promise<EksNodeGroup | null>;
  createNodeGroup(nodeGroup: NewNodeGroup): Promise<void>;
  /** Empty when there is no such cluster. */
  listNodeGroups(cluster: string): Promise<readonly string[]>;
  deleteNodeGroup(cluster: string, nodeGroup: string): Promise<void>;
}

export function createEksNodeGroups(eks: EKSClient): EksNodeGroups {
  return {
    async findNodeGroup(clusterName, nodegroupName) {
      const answer = await orNull(eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName })));
      if (!answer?.nodegroup) return null;
      const { status, tags, health } = answer.nodegroup;
      return { status: required(status, 'nodegroup.status'), tags: tags ?? {}, issues: issueTexts(health?.issues) };
    },

    async createNodeGroup({ cluster, version, nodeGroup, subnetIds, tags, token }) {
      await eks.send(
        new CreateNodegroupCommand({
          clusterName: cluster,
          nodegroupName: nodeGroup.name,
          version,
          nodeRole: nodeGroup.nodeRoleArn,
          subnets: [...subnetIds],
          instanceTypes: [...nodeGroup.instanceTypes],
          capacityType: nodeGroup.capacityType,
          scalingConfig: {
            minSize: nodeGroup.minSize,
            desiredSize: nodeGroup.desiredSize,
            maxSize: nodeGroup.maxSize,
          },
          labels: { ...nodeGroup.labels },
          tags: { ...tags },
          clientRequestToken: token,
        }),
      );
    },

    async listNodeGroups(clusterName) {
      const pages = paginateListNodegroups({ client: eks }, { clusterName });
      return (await orNull(collect(pages, ({ nodegroups }) => nodegroups))) ?? [];
    },

    async deleteNodeGroup(clusterName, nodegroupName) {
      await orNull(eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName })));
    },
  };
}
