import type { V1HTTPIngressPath, V1Ingress, V1IngressBackend, V1IngressRule } from '@kubernetes/client-node';

/** Where a request goes: a Service and one of its ports, by number or name. */
export interface Backend {
  readonly service: string;
  readonly port: number | string;
}

/** The backend that an Ingress names for a host and path; undefined when it names none. */
export function route(ingress: V1Ingress, host: string, path: string): Backend | undefined {
  const rules = (ingress.spec?.rules ?? [])
    .filter((rule) => hostRank(rule, host) > 0)
    .toSorted((a, b) => hostRank(b, host) - hostRank(a, host));
  for (const rule of rules) {
    const paths = (rule.http?.paths ?? [])
      .filter((candidate) => pathRank(candidate, path) > 0)
      .toSorted((a, b) => pathRank(b, path) - pathRank(a, path));
    if (paths[0]) return backendOf(paths[0].backend);
  }
  return backendOf(ingress.spec?.defaultBackend);
}

/** Every backend that an Ingress names. */
export function backendsOf(ingress: V1Ingress): Backend[] {
  const named = (ingress.spec?.rules ?? []).flatMap((rule) => (rule.http?.paths ?? []).map(({ backend }) => backend));
  return [...named, ingress.spec?.defaultBackend].flatMap((backend) => backendOf(backend) ?? []);
}

function backendOf(backend: V1IngressBackend | undefined): Backend | undefined {
  const port = backend?.service?.port?.number ?? backend?.service?.port?.name;
  return backend?.service && port !== undefined ? { service: backend.service.name, port } : undefined;
}

/** 0: does not match. A full name goes before a wildcard, a wildcard before a rule for all hosts. */
function hostRank({ host: wanted }: V1IngressRule, host: string): number {
  if (wanted === undefined || wanted === '') return 1;
  if (wanted === host) return 3;
  // A wildcard stands for exactly one label.
  return wanted.startsWith('*.') && host.slice(host.indexOf('.')) === wanted.slice(1) ? 2 : 0;
}

/** 0: does not match. An exact path goes before a prefix, a longer prefix before a shorter one. */
function pathRank({ path: wanted = '/', pathType }: V1HTTPIngressPath, path: string): number {
  if (pathType === 'Exact') return wanted === path ? Number.POSITIVE_INFINITY : 0;
  const prefix = wanted.replace(/\*?$/, '').replace(/\/$/, '');
  return path === prefix || path.startsWith(`${prefix}/`) ? prefix.length + 1 : 0;
}
