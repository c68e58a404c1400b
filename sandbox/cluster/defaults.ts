import { CoreV1Api, RbacAuthorizationV1Api, type KubeConfig } from '@kubernetes/client-node';
import { waitUntil } from '../process/ready.ts';

/** EKS access policies are groups here; ClusterAdmin is Kubernetes' own `system:masters` and needs no binding. */
const ACCESS_POLICIES = ['admin', 'edit', 'view'] as const;
const NAMESPACES = ['default', 'kube-system'] as const;
const WITHIN_MS = 60_000;

/** Binds the group `eks:policy:<role>` of each access policy to the cluster role of the same name. */
export async function bindAccessPolicies(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(RbacAuthorizationV1Api);
  await Promise.all(
    ACCESS_POLICIES.map((role) => {
      const group = `eks:policy:${role}`;
      return api.createClusterRoleBinding({
        body: {
          metadata: { name: group },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
        },
      });
    }),
  );
}

/** Waits for what the controllers make in a new cluster: then pods can be created, and access policies grant something. */
export async function controllersDone(config: KubeConfig, signal: AbortSignal): Promise<void> {
  const core = config.makeApiClient(CoreV1Api);
  const rbac = config.makeApiClient(RbacAuthorizationV1Api);
  await Promise.all([
    ...NAMESPACES.map((namespace) =>
      waitUntil(
        async () => (await core.readNamespacedServiceAccount({ name: 'default', namespace })).metadata !== undefined,
        {
          what: `service account default of namespace ${namespace}`,
          withinMs: WITHIN_MS,
          signal,
        },
      ),
    ),
    ...ACCESS_POLICIES.map((name) =>
      waitUntil(async () => ((await rbac.readClusterRole({ name })).rules ?? []).length > 0, {
        what: `rules of cluster role ${name}`,
        withinMs: WITHIN_MS,
        signal,
      }),
    ),
  ]);
}
