import type { Manifest } from '../../sandbox/argocd/manifests.ts';

/** An app of the GitOps repository that Argo CD keeps as Git has it, but for what changes hands. */
export const application = (
  name: string,
  { cluster, repositoryUrl }: { readonly cluster: string; readonly repositoryUrl: string },
): Manifest => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: `${name}-${cluster}`, namespace: 'argocd' },
  spec: {
    project: 'default',
    source: {
      repoURL: repositoryUrl,
      targetRevision: 'main',
      path: `apps/${name}`,
      directory: { jsonnet: { libs: ['lib'] } },
    },
    destination: { name: cluster, namespace: name },
    syncPolicy: {
      automated: { selfHeal: true, prune: true },
      syncOptions: ['CreateNamespace=true', 'RespectIgnoreDifferences=true'],
    },
    ignoreDifferences: [
      { group: 'batch', kind: 'CronJob', jsonPointers: ['/spec/suspend'] },
      { group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] },
    ],
  },
});
