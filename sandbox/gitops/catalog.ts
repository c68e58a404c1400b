/** An app of the GitOps repository: what an ApplicationSet must know to make an Application of it in each cluster. */
export interface GitOpsApp {
  readonly name: string;
  readonly tier: 'platform' | 'app';
  readonly team: string;
  /** Where its objects go. */
  readonly namespace: string;
  /** Apps of the same tier that must be healthy first. */
  readonly needs: readonly string[];
}

const platform = (name: string, namespace: string, needs: readonly string[]): GitOpsApp => ({
  name,
  tier: 'platform',
  team: 'platform',
  namespace,
  needs,
});

const developers = (name: string, team: string): GitOpsApp => ({ name, tier: 'app', team, namespace: name, needs: [] });

export const PLATFORM_APPS: readonly GitOpsApp[] = [
  platform('crds', 'kube-system', []),
  platform('policy', 'policy', ['crds']),
  platform('external-dns', 'external-dns', ['policy']),
  platform('logging', 'logging', ['crds']),
  platform('node-termination-handler', 'kube-system', ['logging']),
];

export const DEVELOPERS_APPS: readonly GitOpsApp[] = [
  developers('messages', 'chat'),
  developers('files', 'storage'),
  developers('search', 'discovery'),
];

/** An app without hosts, for those who rehearse with it: a CronJob and a singleton, which may run in one cluster only. */
export const NIGHTLY: GitOpsApp = developers('nightly', 'back-office');

/** Developers' apps whose public names external-dns has, by annotations on their Ingresses. */
export interface AnnotatedApps {
  readonly apps: readonly string[];
  /** Argo CD puts back at once what is not as in Git. */
  readonly selfHeals: boolean;
  /** Argo CD leaves the annotation with the weight to others. */
  readonly ignoresWeight: boolean;
}

/** The app's folder in the repository. */
export const folderOf = ({ tier, name }: GitOpsApp): string => `${tier === 'platform' ? 'platform' : 'apps'}/${name}`;

/** Shared between apps. */
export const LIBRARY_FOLDER = 'lib';

/** What differs between environments. */
export const environmentFolder = (environment: string): string => `environments/${environment}`;
