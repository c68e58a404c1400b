import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  DescribeAccessEntryCommand,
  UpdateAccessEntryCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { orNull } from './aws-answers.ts';

export interface NewAccessEntry {
  readonly cluster: string;
  readonly principalArn: string;
  readonly kubernetesGroups: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly token: string;
}

export interface EksAccess {
  findAccessEntry(cluster: string, principalArn: string): Promise<{ kubernetesGroups: readonly string[] } | null>;
  createAccessEntry(entry: NewAccessEntry): Promise<void>;
  setAccessGroups(entry: Omit<NewAccessEntry, 'tags'>): Promise<void>;
  /** For the whole cluster. Associating twice is as once. */
  associatePolicy(input: { cluster: string; principalArn: string; policy: string }): Promise<void>;
}

export function createEksAccess(eks: EKSClient): EksAccess {
  return {
    async findAccessEntry(clusterName, principalArn) {
      const answer = await orNull(eks.send(new DescribeAccessEntryCommand({ clusterName, principalArn })));
      return answer?.accessEntry ? { kubernetesGroups: answer.accessEntry.kubernetesGroups ?? [] } : null;
    },

    async createAccessEntry({ cluster, principalArn, kubernetesGroups, tags, token }) {
      await eks.send(
        new CreateAccessEntryCommand({
          clusterName: cluster,
          principalArn,
          kubernetesGroups: [...kubernetesGroups],
          tags: { ...tags },
          clientRequestToken: token,
        }),
      );
    },

    async setAccessGroups({ cluster, principalArn, kubernetesGroups, token }) {
      await eks.send(
        new UpdateAccessEntryCommand({
          clusterName: cluster,
          principalArn,
          kubernetesGroups: [...kubernetesGroups],
          clientRequestToken: token,
        }),
      );
    },

    async associatePolicy({ cluster, principalArn, policy }) {
      await eks.send(
        new AssociateAccessPolicyCommand({
          clusterName: cluster,
          principalArn,
          policyArn: `arn:aws:eks::aws:cluster-access-policy/${policy}`,
          accessScope: { type: 'cluster' },
        }),
      );
    },
  };
}
