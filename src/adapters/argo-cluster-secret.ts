// The Secret by which Argo CD knows a cluster.
import type { V1Secret } from '@kubernetes/client-node';

/** What Argo CD has to know of a cluster to manage it. */
export interface ClusterRegistration {
  readonly name: string;
  readonly endpoint: string;
  readonly caData: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** How a cluster is found among those that Argo CD knows: by its name, or by its API server while that is known. */
export interface KnownCluster {
  readonly name: string;
  readonly endpoint: string | null;
}

/** A Secret that is there for a cluster. */
export interface RegisteredCluster {
  readonly secret: string;
  readonly labels: Readonly<Record<string, string>>;
}

const TYPE_LABEL = 'argocd.argoproj.io/secret-type';
export const CLUSTER_SECRETS = `${TYPE_LABEL}=cluster`;

export function toSecret({ name, endpoint, caData, labels, annotations }: ClusterRegistration, namespace: string) {
  // Argo CD signs in with its own AWS identity: no token is stored that could expire or be stolen.
  const config = { awsAuthConfig: { clusterName: name }, tlsClientConfig: { insecure: false, caData } };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `cluster-${name}`, namespace, labels: { ...labels, [TYPE_LABEL]: 'cluster' }, annotations },
    type: 'Opaque',
    data: { name: base64(name), server: base64(endpoint), config: base64(JSON.stringify(config)) },
  };
}

/** Whoever registered a cluster named the Secret as they liked, so what counts is what is in it. */
export function registers({ data }: V1Secret, { name, endpoint }: KnownCluster): boolean {
  const server = endpoint === null ? null : serverOf(endpoint);
  return plain(data?.['name']) === name || (server !== null && serverOf(plain(data?.['server'])) === server);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const plain = (encoded = ''): string => Buffer.from(encoded, 'base64').toString();
/** Scheme, host and port, however they are written; null for what is no URL. */
const serverOf = (text: string): string | null => URL.parse(text)?.origin ?? null;
