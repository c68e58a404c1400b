// Control planes with an edge: as soon as a cluster is up, its load balancers and its external-dns are served.
import type { ControlPlane, ControlPlanes, NodeSpec } from './contracts.ts';

/** What watches a cluster from outside, as AWS and its own pods would. */
export interface ClusterWatcher {
  watchCluster(controlPlane: ControlPlane): void | Promise<void>;
  unwatchCluster(name: string): Promise<void>;
}

export class ControlPlanesWithEdge implements ControlPlanes {
  readonly #inner: ControlPlanes;
  readonly #watchers: (cluster: string) => readonly ClusterWatcher[];

  /** `watchers`: those of a cluster by its name. */
  constructor(inner: ControlPlanes, watchers: (cluster: string) => readonly ClusterWatcher[]) {
    this.#inner = inner;
    this.#watchers = watchers;
  }

  async boot(spec: { name: string; version: string }): Promise<ControlPlane> {
    const controlPlane = await this.#inner.boot(spec);
    for (const watcher of this.#watchers(spec.name)) await watcher.watchCluster(controlPlane);
    return controlPlane;
  }

  async stop(name: string): Promise<void> {
    await Promise.all(this.#watchers(name).map((watcher) => watcher.unwatchCluster(name)));
    await this.#inner.stop(name);
  }

  get(name: string): ControlPlane | undefined {
    return this.#inner.get(name);
  }

  addNodes(cluster: string, nodes: readonly NodeSpec[]): Promise<void> {
    return this.#inner.addNodes(cluster, nodes);
  }

  nodesReady(cluster: string, labels: Readonly<Record<string, string>>): Promise<boolean> {
    return this.#inner.nodesReady(cluster, labels);
  }

  removeNodes(cluster: string, labels: Readonly<Record<string, string>>): Promise<void> {
    return this.#inner.removeNodes(cluster, labels);
  }

  stopAll(): Promise<void> {
    return this.#inner.stopAll();
  }
}
