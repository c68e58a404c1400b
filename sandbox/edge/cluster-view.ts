import { CoreV1Api, DiscoveryV1Api, NetworkingV1Api } from '@kubernetes/client-node';
import type { KubeConfig, V1EndpointSlice, V1Ingress, V1Service } from '@kubernetes/client-node';
import { ObjectStore } from './object-store.ts';
import type { Backend } from './routes.ts';

const CLASS = 'alb';
const APP_LABEL = 'app.kubernetes.io/name';
const SERVICE_LABEL = 'kubernetes.io/service-name';

export interface Target {
  readonly ip: string;
  readonly port: number;
}

/** What a load balancer has to know of a cluster, kept up to date. */
export class ClusterView {
  readonly #ingresses: ObjectStore<V1Ingress>;
  readonly #services: ObjectStore<V1Service>;
  readonly #slices: ObjectStore<V1EndpointSlice>;
  #stopped = false;

  constructor(options: { config: KubeConfig; onChange: () => void; onProblem: (error: unknown) => void }) {
    const { config } = options;
    const networking = config.makeApiClient(NetworkingV1Api);
    const core = config.makeApiClient(CoreV1Api);
    const discovery = config.makeApiClient(DiscoveryV1Api);
    this.#ingresses = new ObjectStore({
      ...options,
      path: '/apis/networking.k8s.io/v1/ingresses',
      list: () => networking.listIngressForAllNamespaces(),
    });
    this.#services = new ObjectStore({
      ...options,
      path: '/api/v1/services',
      list: () => core.listServiceForAllNamespaces(),
    });
    this.#slices = new ObjectStore({
      ...options,
      path: '/apis/discovery.k8s.io/v1/endpointslices',
      list: () => discovery.listEndpointSliceForAllNamespaces(),
    });
  }

  /** The Ingresses that want a load balancer. */
  get ingresses(): readonly V1Ingress[] {
    return this.#ingresses.items.filter(({ spec }) => spec?.ingressClassName === CLASS);
  }

  ingress(uid: string): V1Ingress | undefined {
    return this.ingresses.find(({ metadata }) => metadata?.uid === uid);
  }

  /** What a backend calls itself: its label `app.kubernetes.io/name`, or else its Service's name. */
  appOf(namespace: string, { service }: Backend): string {
    return this.#services.get(namespace, service)?.metadata?.labels?.[APP_LABEL] ?? service;
  }

  /** The Ready pods behind a backend; none once the cluster is not watched any more, for then they are gone with it. */
  readyTargets(namespace: string, backend: Backend): Target[] {
    if (this.#stopped) return [];
    const ports = this.#services.get(namespace, backend.service)?.spec?.ports ?? [];
    const wanted = ports.find(({ name, port }) => backend.port === port || backend.port === name);
    if (!wanted) return [];
    return this.#slices.items
      .filter((slice) => belongsTo(slice, namespace, backend.service))
      .flatMap((slice) => {
        const port = slice.ports?.find(({ name }) => (name ?? '') === (wanted.name ?? ''))?.port;
        const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
        return port === undefined ? [] : ready.flatMap(({ addresses }) => addresses.map((ip) => ({ ip, port })));
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#ingresses.stop(), this.#services.stop(), this.#slices.stop()]);
  }
}

const belongsTo = ({ metadata }: V1EndpointSlice, namespace: string, service: string): boolean =>
  metadata?.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === service;
