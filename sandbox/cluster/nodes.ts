import { CoreV1Api, type KubeConfig, type V1Node } from '@kubernetes/client-node';
import type { NodeSpec } from '../contracts.ts';

type Labels = Readonly<Record<string, string>>;

const RESOURCES = { cpu: '16', memory: '64Gi', pods: '110' };
const OS = 'linux';
const ARCHITECTURE = 'amd64';

export async function createNodes(config: KubeConfig, nodes: readonly NodeSpec[]): Promise<void> {
  const api = config.makeApiClient(CoreV1Api);
  await Promise.all(nodes.map((node) => api.createNode({ body: asNode(node) })));
}

/** What the kubelet of an EKS node would register; kwok adds the conditions and keeps the rest. */
function asNode({ name, labels, kubeletVersion, providerId }: NodeSpec): V1Node {
  return {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': OS, 'kubernetes.io/arch': ARCHITECTURE, ...labels },
    },
    spec: { providerID: providerId },
    status: {
      addresses: [{ type: 'Hostname', address: name }],
      capacity: RESOURCES,
      allocatable: RESOURCES,
      nodeInfo: {
        architecture: ARCHITECTURE,
        operatingSystem: OS,
        kubeletVersion,
        kubeProxyVersion: kubeletVersion,
        bootID: '',
        containerRuntimeVersion: '',
        kernelVersion: '',
        machineID: '',
        osImage: '',
        systemUUID: '',
      },
    },
  };
}

export async function allReady(config: KubeConfig, labels: Labels): Promise<boolean> {
  const { items } = await config.makeApiClient(CoreV1Api).listNode({ labelSelector: selector(labels) });
  return items.every(isReady);
}

const isReady = ({ status }: V1Node): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

export async function deleteNodes(config: KubeConfig, labels: Labels): Promise<void> {
  await config.makeApiClient(CoreV1Api).deleteCollectionNode({ labelSelector: selector(labels) });
}

const selector = (labels: Labels): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
