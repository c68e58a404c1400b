import { join } from 'node:path';
import { freePort } from '../process/ports.ts';
import type { ProcessSpec } from '../process/processes.ts';
import { httpOk } from '../process/ready.ts';
import { partFile } from '../setup/cache.mjs';
import { readCa, type Credentials } from './credentials.ts';
import { clusterPrefix } from './etcd.ts';

/** The processes of one control plane. Their names begin with the cluster's, and a dot, which no cluster's name has. */
export const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
type Component = (typeof COMPONENTS)[number];

export const processName = (cluster: string, component: Component): string => `${cluster}.${component}`;

/** What the sandbox's workloads need. The rest of the controllers would only cost time and memory. */
const CONTROLLERS = [
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'daemonset-controller',
  'deployment-controller',
  'disruption-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'horizontal-pod-autoscaler-controller',
  'job-controller',
  'namespace-controller',
  'node-lifecycle-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'statefulset-controller',
  'taint-eviction-controller',
  'ttl-after-finished-controller',
];

/** How kwok plays the nodes and their kubelets: at once, without failures. */
const STAGES = [
  'stage/node/fast/node-initialize.yaml',
  'stage/node/heartbeat/node-heartbeat.yaml',
  'stage/pod/fast/pod-ready.yaml',
  'stage/pod/fast/pod-complete.yaml',
  'stage/pod/fast/pod-delete.yaml',
];

/**
 * Beta APIs are served on demand only. These are gone from 1.34 on, whatever is asked for: a real case of what an
 * upgrade takes away. By resource, because the same group version has younger resources that are not gone.
 */
const REMOVED_IN_1_34 = [
  'admissionregistration.k8s.io/v1beta1/validatingadmissionpolicies',
  'admissionregistration.k8s.io/v1beta1/validatingadmissionpolicybindings',
];

export interface ApiServerSettings {
  readonly cluster: string;
  readonly version: string;
  readonly certDir: string;
  readonly port: number;
  readonly etcdUrl: string;
  readonly issuer: string;
  readonly credentials: Credentials;
}

/** Ready when /readyz is answered under its own CA. */
export function apiServer(settings: ApiServerSettings): ProcessSpec {
  const { cluster, version, certDir, port, etcdUrl, issuer, credentials } = settings;
  return {
    name: processName(cluster, 'kube-apiserver'),
    command: partFile('kubernetes', 'kube-apiserver'),
    args: [
      `--emulated-version=${version}`,
      `--runtime-config=${REMOVED_IN_1_34.map((resource) => `${resource}=true`).join(',')}`,
      `--etcd-servers=${etcdUrl}`,
      `--etcd-prefix=${clusterPrefix(cluster)}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${certDir}`,
      // Endpoints of the kubernetes Service may not be loopback addresses, and there is nothing else to write there.
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=172.20.0.0/16',
      '--authorization-mode=RBAC',
      '--anonymous-auth=true',
      `--token-auth-file=${credentials.tokenAuthFile}`,
      `--authentication-token-webhook-config-file=${credentials.tokenWebhookConfig}`,
      '--authentication-token-webhook-version=v1',
      '--authentication-token-webhook-cache-ttl=2s',
      `--service-account-issuer=${issuer}`,
      `--service-account-key-file=${credentials.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${credentials.serviceAccountKey}`,
      // As in EKS: platform DaemonSets are privileged.
      '--allow-privileged=true',
      '--profiling=false',
    ],
    ready: async () => {
      const ca = readCa(certDir);
      return ca !== undefined && httpOk(`https://127.0.0.1:${port}/readyz`, { ca });
    },
  };
}

export interface ComponentSettings {
  readonly cluster: string;
  readonly version: string;
  readonly certDir: string;
  readonly kubeconfig: string;
  readonly ca: string;
  readonly caFile: string;
  readonly credentials: Credentials;
}

export async function controllerManager(settings: ComponentSettings): Promise<ProcessSpec> {
  const serving = await serveHealth(settings);
  return {
    name: processName(settings.cluster, 'kube-controller-manager'),
    command: partFile('kubernetes', 'kube-controller-manager'),
    args: [
      ...serving.args,
      `--controllers=${CONTROLLERS.join(',')}`,
      `--service-account-private-key-file=${settings.credentials.serviceAccountKey}`,
      `--root-ca-file=${settings.caFile}`,
      // Argo CD creates all of an app at once; with the default, 20 requests a second, its pods would trickle in.
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    ready: serving.ready,
  };
}

export async function scheduler(settings: ComponentSettings): Promise<ProcessSpec> {
  const serving = await serveHealth(settings);
  return {
    name: processName(settings.cluster, 'kube-scheduler'),
    command: partFile('kubernetes', 'kube-scheduler'),
    args: serving.args,
    ready: serving.ready,
  };
}

/** What controller-manager and scheduler have in common. They serve with the API server's own certificate. */
async function serveHealth(settings: ComponentSettings): Promise<Required<Pick<ProcessSpec, 'args' | 'ready'>>> {
  const { version, certDir, kubeconfig, ca } = settings;
  const port = await freePort();
  return {
    args: [
      `--kubeconfig=${kubeconfig}`,
      // They must emulate it too, else pods stay Pending.
      `--emulated-version=${version}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${join(certDir, 'apiserver.crt')}`,
      `--tls-private-key-file=${join(certDir, 'apiserver.key')}`,
      '--profiling=false',
    ],
    ready: () => httpOk(`https://127.0.0.1:${port}/healthz`, { ca }),
  };
}

/** The nodes of the cluster, and the kubelets on them. */
export async function kwok({ cluster, kubeconfig }: ComponentSettings): Promise<ProcessSpec> {
  const port = await freePort();
  return {
    name: processName(cluster, 'kwok'),
    command: partFile('kwok', 'kwok'),
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--manage-all-nodes=true',
      // Without leases the heartbeat stage renews the nodes' conditions, well within the 50 s that they have.
      '--node-lease-duration-seconds=0',
      '--cidr=10.0.0.0/16',
      `--server-address=127.0.0.1:${port}`,
      ...STAGES.map((stage) => `--config=${partFile('kwok', stage)}`),
    ],
    ready: () => httpOk(`http://127.0.0.1:${port}/readyz`),
  };
}
