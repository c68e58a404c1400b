// What receives traffic in a cluster: Ingresses, Services of type LoadBalancer, Gateways and the HTTPRoutes through them.
import { ApisApi, CoreV1Api, CustomObjectsApi, NetworkingV1Api } from '@kubernetes/client-node';
import { z } from 'zod';
import { hostsOfRoute } from '../domain/gateway-hosts.ts';
import type { ExposedObject } from '../domain/receiver.ts';
import type { MakeApi } from './kube-connections.ts';

/** Large clusters answer page by page. */
const PAGE = 500;
const GATEWAY_API = 'gateway.networking.k8s.io';
/** external-dns's, before and since its version 0.22. */
const HOSTNAME_ANNOTATIONS = ['external-dns.alpha.kubernetes.io/hostname', 'external-dns.kubernetes.io/hostname'];

type Metadata = Pick<ExposedObject, 'namespace' | 'name' | 'labels' | 'annotations'>;

/** Only those that have a load balancer: nothing reaches the others. */
export async function receiversIn(api: MakeApi): Promise<ExposedObject[]> {
  const found = await Promise.all([ingresses(api), services(api), gatewaysAndRoutes(api)]);
  return found.flat().filter(({ loadBalancers }) => loadBalancers.length > 0);
}

interface Page<T> {
  readonly items: readonly T[];
  readonly metadata?: { readonly _continue?: string; readonly continue?: string | null | undefined } | undefined;
}

async function everyPage<T>(list: (page: { limit: number; _continue?: string }) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  let from: string | undefined;
  do {
    const { items, metadata } = await list({ limit: PAGE, ...(from === undefined ? {} : { _continue: from }) });
    all.push(...items);
    const { _continue: ofTyped, continue: ofCustom } = metadata ?? {};
    from = (ofTyped ?? ofCustom) || undefined;
  } while (from !== undefined);
  return all;
}

async function ingresses(api: MakeApi): Promise<ExposedObject[]> {
  const found = await everyPage((page) => api(NetworkingV1Api).listIngressForAllNamespaces(page));
  return found.map(({ metadata, spec, status }) => {
    const its = metadataOf(metadata);
    const hosts = (spec?.rules ?? []).flatMap(({ host }) => host ?? []);
    return exposed('Ingress', its, { hosts, loadBalancers: balancersOf(status?.loadBalancer?.ingress) });
  });
}

async function services(api: MakeApi): Promise<ExposedObject[]> {
  const found = await everyPage((page) => api(CoreV1Api).listServiceForAllNamespaces(page));
  return found
    .filter(({ spec }) => spec?.type === 'LoadBalancer')
    .map(({ metadata, status }) =>
      exposed('Service', metadataOf(metadata), {
        hosts: [],
        loadBalancers: balancersOf(status?.loadBalancer?.ingress),
      }),
    );
}

const CustomMetadata = z.object({
  name: z.string(),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), metadata: z.object({ continue: z.string().nullish() }).optional() });

const Gateways = listOf(
  z.object({
    metadata: CustomMetadata,
    spec: z.object({
      listeners: z.array(z.object({ name: z.string(), port: z.number(), hostname: z.string().optional() })).default([]),
    }),
    status: z.object({ addresses: z.array(z.object({ value: z.string() })).optional() }).optional(),
  }),
);

const ParentRef = z.object({
  kind: z.string().default('Gateway'),
  namespace: z.string().optional(),
  name: z.string(),
  sectionName: z.string().optional(),
  port: z.number().optional(),
});

const Routes = listOf(
  z.object({
    metadata: CustomMetadata,
    spec: z.object({ hostnames: z.array(z.string()).default([]), parentRefs: z.array(ParentRef).default([]) }),
  }),
);

/** A cluster without the Gateway API has none. */
async function gatewaysAndRoutes(api: MakeApi): Promise<ExposedObject[]> {
  const { groups } = await api(ApisApi).getAPIVersions();
  const served = groups.find(({ name }) => name === GATEWAY_API);
  if (!served) return [];
  const version = served.preferredVersion?.version ?? 'v1';
  const list = (plural: string, page: { limit: number; _continue?: string }): Promise<unknown> =>
    api(CustomObjectsApi).listClusterCustomObject({ group: GATEWAY_API, version, plural, ...page });
  const [gateways, routes] = await Promise.all([
    everyPage(async (page) => Gateways.parse(await list('gateways', page))),
    everyPage(async (page) => Routes.parse(await list('httproutes', page))),
  ]);
  const byName = new Map(gateways.map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one]));
  return [
    ...gateways.map(({ metadata, spec, status }) =>
      exposed('Gateway', metadataOf(metadata), {
        hosts: spec.listeners.flatMap(({ hostname }) => hostname || []),
        loadBalancers: addressesOf(status),
      }),
    ),
    ...routes.map(({ metadata, spec }) => {
      const attached = spec.parentRefs.flatMap((ref) => {
        const gateway =
          ref.kind === 'Gateway' ? byName.get(`${ref.namespace ?? metadata.namespace}/${ref.name}`) : undefined;
        return gateway ? [{ gateway, hosts: hostsOfRoute(spec.hostnames, gateway.spec.listeners, ref) }] : [];
      });
      return exposed('HTTPRoute', metadataOf(metadata), {
        hosts: attached.flatMap(({ hosts }) => hosts),
        loadBalancers: attached.flatMap(({ gateway }) => addressesOf(gateway.status)),
      });
    }),
  ];
}

interface SomeMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const metadataOf = (metadata: SomeMetadata | undefined): Metadata => ({
  name: metadata?.name ?? '',
  namespace: metadata?.namespace ?? '',
  labels: metadata?.labels ?? {},
  annotations: metadata?.annotations ?? {},
});

function exposed(
  kind: ExposedObject['kind'],
  metadata: Metadata,
  { hosts, loadBalancers }: Pick<ExposedObject, 'hosts' | 'loadBalancers'>,
): ExposedObject {
  const annotated = HOSTNAME_ANNOTATIONS.flatMap((name) => (metadata.annotations[name] ?? '').split(','));
  const all = [...hosts, ...annotated].map((host) => host.trim().toLowerCase().replace(/\.$/, ''));
  return {
    kind,
    ...metadata,
    hosts: [...new Set(all.filter((host) => host !== ''))],
    loadBalancers: [...new Set(loadBalancers)],
  };
}

const balancersOf = (found: readonly { readonly hostname?: string; readonly ip?: string }[] | undefined): string[] =>
  (found ?? []).flatMap(({ hostname, ip }) => hostname ?? ip ?? []);

const addressesOf = (status: { readonly addresses?: readonly { readonly value: string }[] | undefined } | undefined) =>
  (status?.addresses ?? []).map(({ value }) => value);
