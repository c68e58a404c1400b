// What Argo CD finds in its namespace when it starts.
import { randomBytes } from 'node:crypto';
import type { Manifest } from './manifests.ts';

export const ARGOCD_NAMESPACE = 'argocd';

/** An HPA's controller first looks at it after its sync period of 15 s, and until then Argo CD would wait. */
const HPA_HEALTH = `\
hs = { status = "Healthy", message = "" }
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "AbleToScale" and condition.status == "False" then
      hs.status = "Degraded"
      hs.message = condition.message
    end
  end
end
return hs
`;

/** Busy kinds that Argo CD's own installation leaves unwatched too. */
const UNWATCHED = `\
- apiGroups: ["", discovery.k8s.io]
  kinds: [Endpoints, EndpointSlice]
- apiGroups: [coordination.k8s.io]
  kinds: [Lease]
- apiGroups: [authentication.k8s.io, authorization.k8s.io]
  kinds: ["*"]
`;

const SETTINGS = {
  // The manager is not managed by its own Argo CD.
  'cluster.inClusterEnabled': 'false',
  'resource.customizations.health.autoscaling_HorizontalPodAutoscaler': HPA_HEALTH,
  'resource.exclusions': UNWATCHED,
};

const inArgoCd = (name: string): Manifest['metadata'] => ({
  name,
  namespace: ARGOCD_NAMESPACE,
  // Argo CD reads its settings only from what carries this.
  labels: { 'app.kubernetes.io/part-of': 'argocd' },
});

const configMap = (name: string, data: Record<string, string> = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: inArgoCd(name),
  data,
});

export const argoCdNamespace: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ARGOCD_NAMESPACE } };

/** Settings, the secret that it signs with, and the project that everything belongs to. */
export function argoCdSettings(): Manifest[] {
  return [
    configMap('argocd-cm', SETTINGS),
    configMap('argocd-rbac-cm'),
    configMap('argocd-cmd-params-cm'),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: inArgoCd('argocd-secret'),
      stringData: { 'server.secretkey': randomBytes(32).toString('base64') },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'default', namespace: ARGOCD_NAMESPACE },
      spec: {
        sourceRepos: ['*'],
        destinations: [{ server: '*', namespace: '*' }],
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    },
  ];
}
