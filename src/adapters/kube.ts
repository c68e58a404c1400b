import {
  AppsV1Api,
  CoreV1Api,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
  VersionApi,
} from '@kubernetes/client-node';
import { FIELD_MANAGER } from '../domain/argo-differences.ts';
import type { ExposedObject } from '../domain/receiver.ts';
import type { ExternalDns } from '../domain/external-dns.ts';
import { toExternalDns } from './external-dns.ts';
import type { ClusterAddress, KubeConnections } from './kube-connections.ts';
import { nullWhenMissing } from './kube-error.ts';
import { receiversIn } from './kube-receivers.ts';

export interface KubeNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
}

export interface Workload {
  readonly kind: 'Deployment' | 'DaemonSet' | 'StatefulSet';
  readonly namespace: string;
  readonly name: string;
  readonly desired: number;
  readonly available: number;
  /** As many as desired are available, and all of them are of the newest revision. */
  readonly settled: boolean;
}

export interface IngressName {
  readonly namespace: string;
  readonly name: string;
}

/** What a controller makes a load balancer for. */
export interface Exposure {
  readonly kind: 'Ingress' | 'Service';
  readonly namespace: string;
  readonly name: string;
}

/** Looks at a workload cluster, and tells its external-dns weights. */
export interface Kube {
  /** The minor version whose API is served, such as "1.36". */
  servedVersion(at: ClusterAddress): Promise<string>;
  /** A request that only a living API server answers, and only to whom it lets in. */
  letsUsIn(at: ClusterAddress): Promise<void>;
  nodes(at: ClusterAddress): Promise<readonly KubeNode[]>;
  workloads(at: ClusterAddress): Promise<readonly Workload[]>;
  /** The load balancer's name; null while there is no Ingress or it has none. */
  ingressHostname(at: ClusterAddress, ingress: IngressName): Promise<string | null>;
  /** Null while there is no such Ingress. */
  ingressAnnotations(at: ClusterAddress, ingress: IngressName): Promise<Readonly<Record<string, string>> | null>;
  /** The host names of its rules; null while there is no such Ingress. */
  ingressRuleHosts(at: ClusterAddress, ingress: IngressName): Promise<readonly string[] | null>;
  /** Leaves all other annotations as they are, whoever sets them. */
  annotateIngress(
    at: ClusterAddress,
    ingress: IngressName,
    annotations: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** All Ingresses, and the Services of type LoadBalancer. */
  exposures(at: ClusterAddress): Promise<readonly Exposure[]>;
  /** What has a load balancer, or is reached through one, with the host names that it answers to. */
  receivers(at: ClusterAddress): Promise<readonly ExposedObject[]>;
  externalDns(at: ClusterAddress): Promise<readonly ExternalDns[]>;
}

const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

export function createKube(connections: KubeConnections): Kube {
  return {
    servedVersion: (at) =>
      connections.use(at, async (api) => {
        const { major, minor, emulationMajor, emulationMinor } = await api(VersionApi).getCode();
        // EKS writes "36+".
        return `${emulationMajor ?? major}.${(emulationMinor ?? minor).replaceAll(/\D/g, '')}`;
      }),

    letsUsIn: (at) =>
      connections.use(at, async (api) => {
        await api(CoreV1Api).listNamespace({ limit: 1 });
      }),

    nodes: (at) =>
      connections.use(at, async (api) => {
        const { items } = await api(CoreV1Api).listNode();
        return items.map(({ metadata, status }) => ({
          name: metadata?.name ?? '',
          labels: metadata?.labels ?? {},
          ready: status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false,
        }));
      }),

    workloads: (at) =>
      connections.use(at, async (api) => {
        const apps = api(AppsV1Api);
        const [deployments, daemonSets, statefulSets] = await Promise.all([
          apps.listDeploymentForAllNamespaces(),
          apps.listDaemonSetForAllNamespaces(),
          apps.listStatefulSetForAllNamespaces(),
        ]);
        return [
          ...deployments.items.map(({ metadata, spec, status }) =>
            workload('Deployment', metadata, {
              observedGeneration: status?.observedGeneration,
              desired: spec?.replicas ?? 1,
              updated: status?.updatedReplicas ?? 0,
              available: status?.availableReplicas ?? 0,
            }),
          ),
          ...daemonSets.items.map(({ metadata, status }) =>
            workload('DaemonSet', metadata, {
              observedGeneration: status?.observedGeneration,
              desired: status?.desiredNumberScheduled ?? 0,
              updated: status?.updatedNumberScheduled ?? 0,
              available: status?.numberAvailable ?? 0,
            }),
          ),
          ...statefulSets.items.map(({ metadata, spec, status }) =>
            workload('StatefulSet', metadata, {
              observedGeneration: status?.observedGeneration,
              desired: spec?.replicas ?? 1,
              updated: status?.updatedReplicas ?? 0,
              available: status?.availableReplicas ?? 0,
            }),
          ),
        ];
      }),

    ingressHostname: (at, { namespace, name }) =>
      connections.use(at, async (api) => {
        const ingress = await nullWhenMissing(api(NetworkingV1Api).readNamespacedIngress({ namespace, name }));
        return ingress?.status?.loadBalancer?.ingress?.[0]?.hostname ?? null;
      }),

    ingressAnnotations: (at, { namespace, name }) =>
      connections.use(at, async (api) => {
        const ingress = await nullWhenMissing(api(NetworkingV1Api).readNamespacedIngress({ namespace, name }));
        return ingress && (ingress.metadata?.annotations ?? {});
      }),

    ingressRuleHosts: (at, { namespace, name }) =>
      connections.use(at, async (api) => {
        const ingress = await nullWhenMissing(api(NetworkingV1Api).readNamespacedIngress({ namespace, name }));
        return ingress && (ingress.spec?.rules ?? []).flatMap(({ host }) => (host === undefined ? [] : [host]));
      }),

    annotateIngress: (at, { namespace, name }, annotations) =>
      connections.use(at, async (api) => {
        const body = { metadata: { annotations } };
        const request = { namespace, name, body, fieldManager: FIELD_MANAGER };
        await api(NetworkingV1Api).patchNamespacedIngress(request, mergePatch);
      }),

    exposures: (at) =>
      connections.use(at, async (api) => {
        const [ingresses, services] = await Promise.all([
          api(NetworkingV1Api).listIngressForAllNamespaces(),
          api(CoreV1Api).listServiceForAllNamespaces(),
        ]);
        const exposing = services.items.filter(({ spec }) => spec?.type === 'LoadBalancer');
        return [
          ...ingresses.items.map(({ metadata }) => exposure('Ingress', metadata)),
          ...exposing.map(({ metadata }) => exposure('Service', metadata)),
        ];
      }),

    receivers: (at) => connections.use(at, receiversIn),

    externalDns: (at) =>
      connections.use(at, async (api) => {
        const { items } = await api(AppsV1Api).listDeploymentForAllNamespaces();
        return items.map(toExternalDns).filter((found) => found !== null);
      }),
  };
}

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly generation?: number;
}

const exposure = (kind: Exposure['kind'], metadata: Metadata | undefined): Exposure => ({
  kind,
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
});

interface Progress {
  readonly observedGeneration: number | undefined;
  readonly desired: number;
  readonly updated: number;
  readonly available: number;
}

function workload(
  kind: Workload['kind'],
  metadata: Metadata | undefined,
  { observedGeneration, desired, updated, available }: Progress,
): Workload {
  const isObserved = (observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  return {
    kind,
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    desired,
    available,
    settled: isObserved && updated >= desired && available >= desired,
  };
}
