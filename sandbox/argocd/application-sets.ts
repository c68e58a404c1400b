import { ARGO } from '../../src/domain/ids.ts';
import {
  DEVELOPERS_APPS,
  LIBRARY_FOLDER,
  PLATFORM_APPS,
  environmentFolder,
  folderOf,
  type AnnotatedApps,
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
  /** It syncs by itself, and puts back what is not as in Git. */
  readonly selfHeals?: boolean;
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

interface SetsOptions {
  readonly environment: string;
  readonly repositoryUrl: string;
  /** Developers' apps beside those that are always there. */
  readonly alsoApps?: readonly GitOpsApp[];
  readonly annotated?: AnnotatedApps | undefined;
}

const WEIGHT_OF_EXTERNAL_DNS = {
  group: 'networking.k8s.io',
  kind: 'Ingress',
  jsonPointers: ['/metadata/annotations/external-dns.alpha.kubernetes.io~1aws-weight'],
};

function developers({ alsoApps = [], annotated }: SetsOptions): Tier[] {
  const apps = [...DEVELOPERS.apps, ...alsoApps];
  if (!annotated) return [{ ...DEVELOPERS, apps }];
  const { selfHeals, ignoresWeight } = annotated;
  const isAnnotated = ({ name }: GitOpsApp): boolean => annotated.apps.includes(name);
  return [
    { ...DEVELOPERS, apps: apps.filter((app) => !isAnnotated(app)) },
    {
      ...DEVELOPERS,
      name: 'annotated-apps',
      apps: apps.filter(isAnnotated),
      ignoreDifferences: [...(DEVELOPERS.ignoreDifferences ?? []), ...(ignoresWeight ? [WEIGHT_OF_EXTERNAL_DNS] : [])],
      selfHeals,
    },
  ];
}

/** The ApplicationSets of an environment: every app in every cluster whose Secret has the labels. */
export function applicationSets(options: SetsOptions): Manifest[] {
  return [PLATFORM, ...developers(options)].map((tier) => ({
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

/** Mostly without automated sync: the apps of a new cluster are synced in the order of their needs. */
function template(options: SetsOptions, tier: Tier): object {
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
      syncPolicy: {
        syncOptions: tier.syncOptions,
        ...(tier.selfHeals && { automated: { selfHeal: true } }),
      },
      ...(tier.ignoreDifferences && { ignoreDifferences: tier.ignoreDifferences }),
    },
  };
}
