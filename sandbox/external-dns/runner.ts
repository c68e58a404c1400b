import { AppsV1Api, CoreV1Api } from '@kubernetes/client-node';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { kubeConfigFor } from '../cluster/kube-client.ts';
import type { AccessKey, ControlPlane, SandboxSettings } from '../contracts.ts';
import { ObjectStore } from '../edge/object-store.ts';
import { Reconciler } from '../edge/reconciler.ts';
import { reportTo, type Log } from '../edge/report.ts';
import { freePort } from '../process/ports.ts';
import type { Processes, ProcessSpec } from '../process/processes.ts';
import { partFile } from '../setup/cache.mjs';
import { installations, type Installation } from './installations.ts';
import { Supervised } from './supervised.ts';

export interface ExternalDnsOptions {
  readonly settings: Pick<SandboxSettings, 'region'>;
  readonly processes: Processes;
  /** AWS_ENDPOINT_URL, and who calls there: what the pod's role would give. */
  readonly gatewayUrl: string;
  readonly key: AccessKey;
  readonly log: Log;
}

interface Running {
  readonly installation: string;
  readonly process: Supervised;
}

interface WatchedCluster {
  readonly deployments: ObjectStore<V1Deployment>;
  readonly pods: ObjectStore<V1Pod>;
  readonly reconciler: Reconciler;
  readonly running: Map<string, Running>;
}

/**
 * Runs the real external-dns for every cluster in which GitOps has installed it: kwok's pods do nothing, so a process
 * with the arguments of the Deployment's container works for them as long as one of them is Ready.
 */
export class ExternalDnsRunner {
  readonly #options: ExternalDnsOptions;
  readonly #clusters = new Map<string, WatchedCluster>();

  constructor(options: ExternalDnsOptions) {
    this.#options = options;
  }

  watchCluster(controlPlane: ControlPlane): void {
    const { name } = controlPlane;
    if (this.#clusters.has(name)) throw new Error(`cluster ${name} is watched already`);
    const config = kubeConfigFor(controlPlane);
    const apps = config.makeApiClient(AppsV1Api);
    const core = config.makeApiClient(CoreV1Api);
    const running = new Map<string, Running>();
    const onProblem = reportTo(this.#options.log, `external-dns of ${name}`);
    const reconciler = new Reconciler(() => this.#reconcile(controlPlane), onProblem);
    const shared = { config, onProblem, onChange: reconciler.trigger };
    const deployments = new ObjectStore({
      ...shared,
      path: '/apis/apps/v1/deployments',
      list: () => apps.listDeploymentForAllNamespaces(),
    });
    const pods = new ObjectStore({ ...shared, path: '/api/v1/pods', list: () => core.listPodForAllNamespaces() });
    this.#clusters.set(name, { deployments, pods, reconciler, running });
  }

  /** Resolves when the cluster's processes are gone. Their records stay. */
  async unwatchCluster(name: string): Promise<void> {
    const cluster = this.#clusters.get(name);
    if (!cluster) return;
    this.#clusters.delete(name);
    await Promise.all([cluster.deployments.stop(), cluster.pods.stop(), cluster.reconciler.stop()]);
    await Promise.all([...cluster.running.values()].map(({ process }) => process.stop()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#clusters.keys()].map((name) => this.unwatchCluster(name)));
  }

  async #reconcile(controlPlane: ControlPlane): Promise<void> {
    const cluster = this.#clusters.get(controlPlane.name);
    if (!cluster) return;
    const wanted = new Map(
      installations(cluster.deployments.items, cluster.pods.items).map((found) => [found.id, found]),
    );
    for (const [id, running] of cluster.running) {
      const installation = wanted.get(id);
      if (installation && JSON.stringify(installation) === running.installation) continue;
      await running.process.stop();
      cluster.running.delete(id);
    }
    for (const [id, installation] of wanted) {
      if (cluster.running.has(id)) continue;
      const { processes, log } = this.#options;
      const process = new Supervised({ processes, log, spec: () => this.#spec(controlPlane, installation) });
      cluster.running.set(id, { installation: JSON.stringify(installation), process });
    }
  }

  async #spec(controlPlane: ControlPlane, { id, args, env }: Installation): Promise<ProcessSpec> {
    const { settings, gatewayUrl, key } = this.#options;
    return {
      name: `${controlPlane.name}.external-dns.${id.replace('/', '.')}`,
      command: partFile('external-dns', 'external-dns'),
      args: [
        ...args,
        // A pod has these from its ServiceAccount and an address of its own.
        `--kubeconfig=${controlPlane.kubeconfig}`,
        `--server=${controlPlane.endpoint}`,
        `--metrics-address=127.0.0.1:${await freePort()}`,
      ],
      env: {
        ...env,
        AWS_ENDPOINT_URL: gatewayUrl,
        AWS_REGION: settings.region,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    };
  }
}
