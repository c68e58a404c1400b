// Argo CD through the Kubernetes API of the cluster in which it runs: Applications, and the Secrets that name clusters.
import { CoreV1Api, CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { parseApplication, parseApplications, REFRESH, REQUEST_ID, type ApplicationState } from './argo-application.ts';
import type { ClusterAddress, KubeConnections } from './kube-connections.ts';
import { nullWhenMissing } from './kube-error.ts';

export interface ArgoAddress extends ClusterAddress {
  readonly namespace: string;
}

/** What Argo CD has to know of a cluster to manage it. */
export interface ClusterRegistration {
  readonly name: string;
  readonly endpoint: string;
  readonly caData: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
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
  applyCluster(at: ArgoAddress, registration: ClusterRegistration): Promise<void>;
  /** Null removes a label. False when the cluster is not registered. */
  labelCluster(at: ArgoAddress, cluster: string, labels: Readonly<Record<string, string | null>>): Promise<boolean>;
  isRegistered(at: ArgoAddress, cluster: string): Promise<boolean>;
  removeCluster(at: ArgoAddress, cluster: string): Promise<void>;
}

/** Who we are to the API server, and to Argo CD. */
const MANAGER = 'eksodus';
const APPLICATIONS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'applications' } as const;
/** Argo CD tries again itself, with growing pauses: webhooks and CRDs of a young cluster may not be up at first. */
const RETRY = { limit: 5, backoff: { duration: '2s', factor: 2, maxDuration: '30s' } } as const;

const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const serverSideApply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);

/** The Secret by which Argo CD knows a cluster. */
export const clusterSecretName = (cluster: string): string => `cluster-${cluster}`;

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
            initiatedBy: { username: MANAGER },
            info: [{ name: REQUEST_ID, value: requestId }],
            retry: RETRY,
            // Argo CD takes the options of an operation from the operation alone.
            sync: { syncStrategy: { hook: {} }, syncOptions },
          },
        };
        const request = { ...APPLICATIONS, namespace: at.namespace, name: application, body, fieldManager: MANAGER };
        await api(CustomObjectsApi).patchNamespacedCustomObject(request, mergePatch);
      }),

    requestRefresh: (at, name) =>
      connections.use(at, async (api) => {
        const body = { metadata: { annotations: { [REFRESH]: 'normal' } } };
        const request = { ...APPLICATIONS, namespace: at.namespace, name, body, fieldManager: MANAGER };
        await api(CustomObjectsApi).patchNamespacedCustomObject(request, mergePatch);
      }),

    applyCluster: (at, { name, endpoint, caData, labels, annotations }) =>
      connections.use(at, async (api) => {
        // Argo CD signs in with its own AWS identity: no token is stored that could expire or be stolen.
        const config = { awsAuthConfig: { clusterName: name }, tlsClientConfig: { insecure: false, caData } };
        const secret = clusterSecretName(name);
        const body = {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: {
            name: secret,
            namespace: at.namespace,
            labels: { ...labels, 'argocd.argoproj.io/secret-type': 'cluster' },
            annotations,
          },
          type: 'Opaque',
          data: { name: base64(name), server: base64(endpoint), config: base64(JSON.stringify(config)) },
        };
        const request = { namespace: at.namespace, name: secret, body, fieldManager: MANAGER, force: true };
        await api(CoreV1Api).patchNamespacedSecret(request, serverSideApply);
      }),

    labelCluster: (at, cluster, labels) =>
      connections.use(at, async (api) => {
        const request = {
          namespace: at.namespace,
          name: clusterSecretName(cluster),
          body: { metadata: { labels } },
          fieldManager: MANAGER,
        };
        return (await nullWhenMissing(api(CoreV1Api).patchNamespacedSecret(request, mergePatch))) !== null;
      }),

    isRegistered: (at, cluster) =>
      connections.use(at, async (api) => {
        const request = { namespace: at.namespace, name: clusterSecretName(cluster) };
        return (await nullWhenMissing(api(CoreV1Api).readNamespacedSecret(request))) !== null;
      }),

    removeCluster: (at, cluster) =>
      connections.use(at, async (api) => {
        const request = { namespace: at.namespace, name: clusterSecretName(cluster) };
        await nullWhenMissing(api(CoreV1Api).deleteNamespacedSecret(request));
      }),
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
