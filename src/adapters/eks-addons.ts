import {
  CreateAddonCommand,
  DeleteAddonCommand,
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  paginateListAddons,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { collect, issueTexts, orNull, required } from './aws-answers.ts';

export interface EksAddon {
  readonly addonVersion: string;
  /** CREATING, ACTIVE, CREATE_FAILED, UPDATING, UPDATE_FAILED, DELETING, DELETE_FAILED, DEGRADED. */
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly issues: readonly string[];
}

export interface NewAddon {
  readonly cluster: string;
  readonly name: string;
  readonly addonVersion: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly token: string;
}

export interface EksAddons {
  findAddon(cluster: string, addon: string): Promise<EksAddon | null>;
  createAddon(addon: NewAddon): Promise<void>;
  /** Empty when there is no such cluster. */
  listAddons(cluster: string): Promise<readonly string[]>;
  deleteAddon(cluster: string, addon: string): Promise<void>;
  /** What EKS recommends for a Kubernetes version; null when it has none. */
  recommendedAddonVersion(addon: string, kubernetesVersion: string): Promise<string | null>;
}

export function createEksAddons(eks: EKSClient): EksAddons {
  return {
    async findAddon(clusterName, addonName) {
      const answer = await orNull(eks.send(new DescribeAddonCommand({ clusterName, addonName })));
      if (!answer?.addon) return null;
      const { addonVersion, status, tags, health } = answer.addon;
      return {
        addonVersion: required(addonVersion, 'addon.addonVersion'),
        status: required(status, 'addon.status'),
        tags: tags ?? {},
        issues: issueTexts(health?.issues),
      };
    },

    async createAddon({ cluster, name, addonVersion, tags, token }) {
      await eks.send(
        new CreateAddonCommand({
          clusterName: cluster,
          addonName: name,
          addonVersion,
          resolveConflicts: 'OVERWRITE',
          tags: { ...tags },
          clientRequestToken: token,
        }),
      );
    },

    async listAddons(clusterName) {
      const pages = paginateListAddons({ client: eks }, { clusterName });
      return (await orNull(collect(pages, ({ addons }) => addons))) ?? [];
    },

    async deleteAddon(clusterName, addonName) {
      await orNull(eks.send(new DeleteAddonCommand({ clusterName, addonName })));
    },

    async recommendedAddonVersion(addonName, kubernetesVersion) {
      const answer = await orNull(eks.send(new DescribeAddonVersionsCommand({ addonName, kubernetesVersion })));
      const versions = (answer?.addons ?? []).flatMap(({ addonVersions }) => addonVersions ?? []);
      const recommended = versions.find(({ compatibilities }) =>
        compatibilities?.some(
          ({ clusterVersion, defaultVersion }) => defaultVersion === true && clusterVersion === kubernetesVersion,
        ),
      );
      return recommended?.addonVersion ?? null;
    },
  };
}
