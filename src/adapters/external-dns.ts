// An external-dns in a cluster, as its Deployment says that it runs.
import type { V1Deployment } from '@kubernetes/client-node';
import { readExternalDns, type ExternalDns } from '../domain/external-dns.ts';

const IMAGE = /(^|\/)external-dns([:@]|$)/;

/** Null when it is another program's. */
export function toExternalDns({ metadata, spec, status }: V1Deployment): ExternalDns | null {
  const container = spec?.template.spec?.containers.find(({ image = '' }) => IMAGE.test(image));
  if (!container) return null;
  const env = (container.env ?? []).map(({ name, value, valueFrom }): [string, string | null] => [
    name,
    valueFrom ? null : (value ?? ''),
  ]);
  return readExternalDns({
    deployment: `${metadata?.namespace}/${metadata?.name}`,
    image: container.image ?? '',
    args: [...(container.command ?? []), ...(container.args ?? [])],
    env: Object.fromEntries(env),
    readyReplicas: status?.readyReplicas ?? 0,
  });
}
