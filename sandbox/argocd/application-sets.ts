import { ARGO } from '../../src/domain/ids.ts';
import {
  DEVELOPERS_APPS,
  LIBRARY_FOLDER,
  PLATFORM_APPS,
  environmentFolder,
  folderOf,
  type GitOpsApp,
} from '../gitops/catalog.ts';
import { GITOPS_BRANCH } from '../gitops/repository.ts';
import type { Manifest } from './manifests.ts';
import { ARGOCD_NAMESPACE } from './settings.ts';

/** Labels of cluster Secrets that the ApplicationSets select on. */
export const CLUSTER_LABELS = {
  environment: 'eksodus.dev/environment',
  platform: 'eksodus.dev/platform',
  apps: 'eksodus.dev/apps',
} as const;

export const applicationName = (app: string, cluster: string): string => `${app}-${cluster}`;

interface Tier {
  readonly name: string;
  /** A cluster gets these apps while its Secret has this label. */
  readonly label: string;
  readonly apps: readonly GitOpsApp[];
  /** What a sync of each of them must be asked with. */
  readonly syncOptions: readonly string[];
  readonly ignoreDifferences?: readonly object[];
}

const PLATFORM: Tier = {
  name: 'platform',
  label: CLUSTER_LABELS.platform,
  apps: PLATFORM_APPS,
  // CRDs outgrow the annotation of a client-side apply.
  syncOptions: ['CreateNamespace=true', 'ServerSideApply=true'],
};

const DEVELOPERS: Tier = {
  name: 'apps',
  label: CLUSTER_LABELS.apps,
  apps: DEVELOPERS_APPS,
  syncOptions: ['CreateNamespace=true', 'RespectIgnoreDifferences=true'],
  // The HPA's; and whoever hands workloads from one cluster to the other.
  ignoreDifferences: [
    { group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] },
    { group: 'batch', kind: 'CronJob', jsonPointers: ['/spec/suspend'] },
  ],
};

/**
 * The ApplicationSets of an environment: every app in every cluster whose Secret has the labels.
 * `alsoApps`: developers' apps beside those that are always there.
 */
export function applicationSets(options: {
  readonly environment: string;
  readonly repositoryUrl: string;
  readonly alsoApps?: readonly GitOpsApp[];
}): Manifest[] {
  const developers = { ...DEVELOPERS, apps: [...DEVELOPERS.apps, ...(options.alsoApps ?? [])] };
  return [PLATFORM, developers].map((tier) => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name: `${options.environment}-${tier.name}`, namespace: ARGOCD_NAMESPACE },
    spec: {
      goTemplate: true,
      goTemplateOptions: ['missingkey=error'],
      generators: [{ matrix: { generators: [clusters(options.environment, tier), appsOf(tier)] } }],
      template: template(options, tier),
    },
  }));
}

/** Gives `.name` and `.server` of each cluster. */
const clusters = (environment: string, { label }: Tier): object => ({
  clusters: { selector: { matchLabels: { [CLUSTER_LABELS.environment]: environment, [label]: 'enabled' } } },
});

const appsOf = ({ apps }: Tier): object => ({
  list: {
    elements: apps.map((app) => ({
      app: app.name,
      tier: app.tier,
      team: app.team,
      namespace: app.namespace,
      needs: app.needs.join(','),
      folder: folderOf(app),
    })),
  },
});

/** Without automated sync: the apps of a new cluster are synced in the order of their needs. */
function template(options: { readonly environment: string; readonly repositoryUrl: string }, tier: Tier): object {
  return {
    metadata: {
      name: applicationName('{{.app}}', '{{.name}}'),
      labels: {
        [ARGO.cluster]: '{{.name}}',
        [ARGO.app]: '{{.app}}',
        [ARGO.tier]: '{{.tier}}',
        'eksodus.dev/team': '{{.team}}',
      },
      annotations: { [ARGO.needs]: '{{.needs}}' },
      // When a cluster loses the label, what the app has there goes first, then the Application.
      finalizers: ['resources-finalizer.argocd.argoproj.io'],
    },
    spec: {
      project: 'default',
      source: {
        repoURL: options.repositoryUrl,
        targetRevision: GITOPS_BRANCH,
        path: '{{.folder}}',
        directory: {
          jsonnet: {
            libs: [LIBRARY_FOLDER, environmentFolder(options.environment)],
            extVars: [{ name: 'cluster', value: '{{.name}}' }],
          },
        },
      },
      destination: { name: '{{.name}}', namespace: '{{.namespace}}' },
      syncPolicy: { syncOptions: tier.syncOptions },
      ...(tier.ignoreDifferences && { ignoreDifferences: tier.ignoreDifferences }),
    },
  };
}
