import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ControlPlane, ControlPlanes, NodeSpec } from '../contracts.ts';
import { freePort } from '../process/ports.ts';
import type { Processes, ProcessSpec } from '../process/processes.ts';
import { waitUntil } from '../process/ready.ts';
import { apiServer, COMPONENTS, controllerManager, kwok, processName, scheduler } from './components.ts';
import { makeCredentials, readCa } from './credentials.ts';
import { bindAccessPolicies, controllersDone } from './defaults.ts';
import { wipeCluster } from './etcd.ts';
import { kubeConfigFor } from './kube-client.ts';
import { allReady, createNodes, deleteNodes } from './nodes.ts';

export interface ControlPlanesOptions {
  /** Each cluster's files are in a folder of its own below this one. */
  readonly dir: string;
  readonly processes: Processes;
  readonly etcdUrl: string;
  /** Named in the issuers of service account tokens. */
  readonly region: string;
  /** Where the API server of a cluster has EKS tokens checked. */
  readonly tokenWebhookUrl: (cluster: string) => string;
}

interface Cluster {
  readonly stopping: AbortController;
  readonly booted: Promise<ControlPlane>;
  controlPlane?: ControlPlane;
  /** Set once the cluster is being stopped: it is torn down only once, whoever asks. */
  gone?: Promise<void>;
}

const NODES_READY_WITHIN_MS = 60_000;

/** Real control planes, one set of processes per cluster, all on one etcd. */
export class KubernetesControlPlanes implements ControlPlanes {
  readonly #options: ControlPlanesOptions;
  readonly #clusters = new Map<string, Cluster>();

  constructor(options: ControlPlanesOptions) {
    this.#options = options;
  }

  /**
   * Resolves when pods can be created and the EKS access policies grant what they should.
   * @throws Error when the name is in use, when a component does not come up (with its last log lines), or on stop
   */
  async boot(spec: { name: string; version: string }): Promise<ControlPlane> {
    const { name } = spec;
    if (this.#clusters.has(name)) throw new Error(`cluster ${name} exists already: stop it first`);
    const stopping = new AbortController();
    const cluster: Cluster = { stopping, booted: this.#boot(spec, stopping.signal) };
    this.#clusters.set(name, cluster);
    try {
      const controlPlane = await cluster.booted;
      stopping.signal.throwIfAborted();
      cluster.controlPlane = controlPlane;
      return controlPlane;
    } catch (error) {
      // Why it did not boot says more than what went wrong in cleaning up.
      await Promise.allSettled([this.stop(name)]);
      throw error;
    }
  }

  get(name: string): ControlPlane | undefined {
    return this.#clusters.get(name)?.controlPlane;
  }

  async addNodes(name: string, nodes: readonly NodeSpec[]): Promise<void> {
    await createNodes(this.#runningCluster(name).admin, nodes);
  }

  /** Waits until all matching nodes are Ready, then true; false when one is not within a minute, or the cluster is stopped. */
  async nodesReady(name: string, labels: Readonly<Record<string, string>>): Promise<boolean> {
    const { admin, signal } = this.#runningCluster(name);
    const wait = { what: `nodes of ${name} Ready`, withinMs: NODES_READY_WITHIN_MS, signal };
    return waitUntil(() => allReady(admin, labels), wait).then(
      () => true,
      () => false,
    );
  }

  async removeNodes(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await deleteNodes(this.#runningCluster(name).admin, labels);
  }

  /** A cluster that is not there counts as stopped. */
  async stop(name: string): Promise<void> {
    const cluster = this.#clusters.get(name);
    if (!cluster) return;
    cluster.gone ??= this.#tearDown(name, cluster);
    await cluster.gone;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#clusters.keys()].map((name) => this.stop(name)));
  }

  async #boot({ name, version }: { name: string; version: string }, signal: AbortSignal): Promise<ControlPlane> {
    const { etcdUrl, region, tokenWebhookUrl } = this.#options;
    const dir = this.#dirOf(name);
    const certDir = join(dir, 'certs');
    mkdirSync(certDir, { recursive: true, mode: 0o700 });
    const credentials = makeCredentials(dir, tokenWebhookUrl(name));
    const issuer = `https://oidc.eks.${region}.amazonaws.com/id/${randomBytes(16).toString('hex').toUpperCase()}`;
    const port = await freePort();
    const start = async (component: ProcessSpec): Promise<void> => {
      // What is started after a stop would be there for ever.
      signal.throwIfAborted();
      // A cluster that is stopped is wiped: there is nothing to write down first.
      await this.#options.processes.start({ ...component, stopSignal: 'SIGKILL' });
    };

    await start(apiServer({ cluster: name, version, certDir, port, etcdUrl, issuer, credentials }));
    const ca = readCa(certDir);
    if (ca === undefined) throw new Error(`the API server of ${name} wrote no certificate authority into ${certDir}`);
    const { adminToken } = credentials;
    const caData = Buffer.from(ca).toString('base64');
    const endpoint = `https://127.0.0.1:${port}`;
    const admin = kubeConfigFor({ name, endpoint, caData, adminToken });
    const kubeconfig = join(dir, 'kubeconfig');
    writeFileSync(kubeconfig, admin.exportConfig(), { mode: 0o600 });
    const caFile = join(certDir, 'ca.crt');
    writeFileSync(caFile, ca);
    const settings = { cluster: name, version, certDir, kubeconfig, ca, caFile, credentials };
    const components = await Promise.all([controllerManager(settings), scheduler(settings), kwok(settings)]);
    await Promise.all([...components.map(start), bindAccessPolicies(admin), controllersDone(admin, signal)]);
    return { name, version, endpoint, caData, issuer, adminToken, kubeconfig };
  }

  async #tearDown(name: string, cluster: Cluster): Promise<void> {
    delete cluster.controlPlane;
    cluster.stopping.abort(new Error(`cluster ${name} was stopped`));
    const names = new Set<string>(COMPONENTS.map((component) => processName(name, component)));
    const own = this.#options.processes.running.filter((process) => names.has(process.name));
    await Promise.all(own.map((process) => process.stop()));
    await Promise.allSettled([cluster.booted]);
    try {
      await wipeCluster(this.#options.etcdUrl, name);
    } finally {
      rmSync(this.#dirOf(name), { recursive: true, force: true });
      this.#clusters.delete(name);
    }
  }

  #runningCluster(name: string): { admin: KubeConfig; signal: AbortSignal } {
    const cluster = this.#clusters.get(name);
    if (!cluster?.controlPlane) throw new Error(`cluster ${name} does not run`);
    return { admin: kubeConfigFor(cluster.controlPlane), signal: cluster.stopping.signal };
  }

  #dirOf(name: string): string {
    return join(this.#options.dir, 'clusters', name);
  }
}
