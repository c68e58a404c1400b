// Argo CD through the Kubernetes API of the cluster in which it runs: Applications, and the Secrets that name clusters.
import { CoreV1Api, CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { FIELD_MANAGER } from '../domain/argo-differences.ts';
import { parseApplication, parseApplications, REFRESH, REQUEST_ID, type ApplicationState } from './argo-application.ts';
import {
  CLUSTER_SECRETS,
  registers,
  toSecret,
  type ClusterRegistration,
  type KnownCluster,
  type RegisteredCluster,
} from './argo-cluster-secret.ts';
import type { ClusterAddress, KubeConnections } from './kube-connections.ts';
import { nullWhenMissing } from './kube-error.ts';

export interface ArgoAddress extends ClusterAddress {
  readonly namespace: string;
}

export interface SyncRequest {
  readonly application: string;
  /** Of the application that was looked at: a change in between refuses the request. */
  readonly resourceVersion: string;
  readonly requestId: string;
  readonly syncOptions: readonly string[];
}

export interface Argo {
  findApplication(at: ArgoAddress, name: string): Promise<ApplicationState | null>;
  applications(at: ArgoAddress, labels: Readonly<Record<string, string>>): Promise<readonly ApplicationState[]>;
  requestSync(at: ArgoAddress, request: SyncRequest): Promise<void>;
  /** Has Argo CD compare an application with its source and its cluster now. */
  requestRefresh(at: ArgoAddress, application: string): Promise<void>;
  /** Its finalizer has Argo CD delete what it has in its cluster first. */
  deleteApplication(at: ArgoAddress, application: string): Promise<void>;
  applyCluster(at: ArgoAddress, registration: ClusterRegistration): Promise<void>;
  /** The Secrets of a cluster. One is as it should be; Argo CD makes no sense of more. */
  registrationsOf(at: ArgoAddress, cluster: KnownCluster): Promise<readonly RegisteredCluster[]>;
  /** Null removes a label. */
  labelSecret(at: ArgoAddress, secret: string, labels: Readonly<Record<string, string | null>>): Promise<void>;
  removeSecret(at: ArgoAddress, secret: string): Promise<void>;
}

const APPLICATIONS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'applications' } as const;
/** Argo CD tries again itself, with growing pauses: webhooks and CRDs of a young cluster may not be up at first. */
const RETRY = { limit: 5, backoff: { duration: '2s', factor: 2, maxDuration: '30s' } } as const;

const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const serverSideApply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);

export function createArgo(connections: KubeConnections): Argo {
  return {
    findApplication: (at, name) =>
      connections.use(at, async (api) => {
        const request = { ...APPLICATIONS, namespace: at.namespace, name };
        const found: unknown = await nullWhenMissing(api(CustomObjectsApi).getNamespacedCustomObject(request));
        return found === null ? null : parseApplication(found);
      }),

    applications: (at, labels) =>
      connections.use(at, async (api) => {
        const labelSelector = Object.entries(labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(',');
        const request = { ...APPLICATIONS, namespace: at.namespace, labelSelector };
        return parseApplications(await api(CustomObjectsApi).listNamespacedCustomObject(request));
      }),

    requestSync: (at, { application, resourceVersion, requestId, syncOptions }) =>
      connections.use(at, async (api) => {
        const body = {
          metadata: { resourceVersion },
          operation: {
            initiatedBy: { username: FIELD_MANAGER },
            info: [{ name: REQUEST_ID, value: requestId }],
            retry: RETRY,
            // Argo CD takes the options of an operation from the operation alone.
            sync: { syncStrategy: { hook: {} }, syncOptions },
          },
        };
        const request = {
          ...APPLICATIONS,
          namespace: at.namespace,
          name: application,
          body,
          fieldManager: FIELD_MANAGER,
        };
        await api(CustomObjectsApi).patchNamespacedCustomObject(request, mergePatch);
      }),

    requestRefresh: (at, name) =>
      connections.use(at, async (api) => {
        const body = { metadata: { annotations: { [REFRESH]: 'normal' } } };
        const request = { ...APPLICATIONS, namespace: at.namespace, name, body, fieldManager: FIELD_MANAGER };
        await api(CustomObjectsApi).patchNamespacedCustomObject(request, mergePatch);
      }),

    deleteApplication: (at, name) =>
      connections.use(at, async (api) => {
        const request = { ...APPLICATIONS, namespace: at.namespace, name };
        await nullWhenMissing(api(CustomObjectsApi).deleteNamespacedCustomObject(request));
      }),

    applyCluster: (at, registration) =>
      connections.use(at, async (api) => {
        const body = toSecret(registration, at.namespace);
        const { name } = body.metadata;
        const request = { namespace: at.namespace, name, body, fieldManager: FIELD_MANAGER, force: true };
        await api(CoreV1Api).patchNamespacedSecret(request, serverSideApply);
      }),

    registrationsOf: (at, cluster) =>
      connections.use(at, async (api) => {
        const request = { namespace: at.namespace, labelSelector: CLUSTER_SECRETS };
        const { items } = await api(CoreV1Api).listNamespacedSecret(request);
        return items
          .filter((secret) => registers(secret, cluster))
          .map(({ metadata }) => ({ secret: metadata?.name ?? '', labels: metadata?.labels ?? {} }));
      }),

    labelSecret: (at, name, labels) =>
      connections.use(at, async (api) => {
        const request = { namespace: at.namespace, name, body: { metadata: { labels } }, fieldManager: FIELD_MANAGER };
        await api(CoreV1Api).patchNamespacedSecret(request, mergePatch);
      }),

    removeSecret: (at, name) =>
      connections.use(at, async (api) => {
        await nullWhenMissing(api(CoreV1Api).deleteNamespacedSecret({ namespace: at.namespace, name }));
      }),
  };
}
