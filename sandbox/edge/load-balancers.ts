import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { kubeConfigFor } from '../cluster/kube-client.ts';
import type { AccessKey, ControlPlane, NameServer, SandboxSettings, TargetHealthOf } from '../contracts.ts';
import { Addresses } from './addresses.ts';
import { ClusterView } from './cluster-view.ts';
import { Failures, type Failure } from './failures.ts';
import { IngressLoadBalancer } from './ingress-load-balancer.ts';
import type { Edge, WatchedCluster } from './ingress-load-balancer.ts';
import { IngressMarks } from './ingress-marks.ts';
import { reportTo, type Log } from './report.ts';
import { RequestMetrics } from './request-metrics.ts';

export interface LoadBalancersOptions {
  readonly settings: Pick<SandboxSettings, 'region' | 'speed'>;
  /** AWS_ENDPOINT_URL, and who calls there. */
  readonly gatewayUrl: string;
  readonly key: AccessKey;
  readonly nameServer: NameServer;
  /** Free on all loopback addresses. */
  readonly port: number;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly log: Log;
}

/**
 * Stands for the AWS Load Balancer Controller and its ALBs: each Ingress of class `alb` in a watched cluster gets an
 * HTTP listener on an own loopback address, an entry in ELBv2, a DNS name, and the marks the controller leaves.
 */
export class LoadBalancers {
  readonly #edge: Edge;
  readonly #metrics = new RequestMetrics();
  readonly #failures = new Failures();
  readonly #clusters = new Map<string, WatchedCluster>();
  readonly #balancers = new Map<string, { readonly cluster: string; readonly balancer: IngressLoadBalancer }>();

  constructor(options: LoadBalancersOptions) {
    const { settings, gatewayUrl, key, nameServer, port, vpcId, subnetIds, log } = options;
    const elb = new ElasticLoadBalancingV2Client({ endpoint: gatewayUrl, region: settings.region, credentials: key });
    const shared = { addresses: new Addresses(), metrics: this.#metrics, failures: this.#failures };
    this.#edge = { ...shared, elb, nameServer, port, vpcId, subnetIds, log, speed: settings.speed };
  }

  /** What ELBv2 tells of the targets in a target group; undefined when none of these load balancers has it. */
  readonly targetHealth: TargetHealthOf = (targetGroupArn) => {
    for (const { balancer } of this.#balancers.values()) {
      const targets = balancer.targetHealth(targetGroupArn);
      if (targets) return targets;
    }
    return undefined;
  };

  /** What an exporter would tell Prometheus of them all. */
  get metrics(): string {
    return this.#metrics.text;
  }

  watchCluster(controlPlane: ControlPlane): void {
    const { name } = controlPlane;
    if (this.#clusters.has(name)) throw new Error(`cluster ${name} is watched already`);
    const config = kubeConfigFor(controlPlane);
    const view = new ClusterView({
      config,
      onChange: () => this.#look(name),
      onProblem: reportTo(this.#edge.log, `load balancers cannot watch ${name}`),
    });
    this.#clusters.set(name, { name, view, marks: new IngressMarks(config) });
  }

  /**
   * For a cluster that is going away. Load balancers that it still has stay in AWS, without targets: they answer 503.
   */
  async unwatchCluster(name: string): Promise<void> {
    const cluster = this.#clusters.get(name);
    this.#clusters.delete(name);
    await cluster?.view.stop();
    await Promise.all(this.#balancersOf(name).map((balancer) => balancer.abandon()));
  }

  failApp(cluster: string, app: string, failure: Failure): void {
    this.#failures.set(cluster, app, failure);
  }

  healApp(cluster: string, app: string): void {
    this.#failures.set(cluster, app, undefined);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#clusters.keys()].map((name) => this.unwatchCluster(name)));
    await Promise.all([...this.#balancers.values()].map(({ balancer }) => balancer.stop()));
    this.#edge.elb.destroy();
  }

  #look(name: string): void {
    const cluster = this.#clusters.get(name);
    if (!cluster) return;
    for (const ingress of cluster.view.ingresses) {
      const uid = ingress.metadata?.uid ?? '';
      if (!this.#balancers.has(uid))
        this.#balancers.set(uid, { cluster: name, balancer: new IngressLoadBalancer(ingress, cluster, this.#edge) });
    }
    for (const balancer of this.#balancersOf(name)) balancer.trigger();
  }

  #balancersOf(name: string): IngressLoadBalancer[] {
    return [...this.#balancers.values()].filter(({ cluster }) => cluster === name).map(({ balancer }) => balancer);
  }
}
