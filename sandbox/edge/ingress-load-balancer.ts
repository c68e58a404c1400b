import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { V1Ingress } from '@kubernetes/client-node';
import type { NameServer, Speed, TargetHealth } from '../contracts.ts';
import type { Addresses } from './addresses.ts';
import type { ClusterView, Target } from './cluster-view.ts';
import { Elb } from './elb.ts';
import type { IngressMarks } from './ingress-marks.ts';
import type { Failures } from './failures.ts';
import { Listener } from './listener.ts';
import type { Reply } from './listener.ts';
import { Reconciler } from './reconciler.ts';
import { reportTo, type Log } from './report.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { backendsOf, route } from './routes.ts';

/** What all load balancers of a sandbox share. */
export interface Edge {
  readonly elb: ElasticLoadBalancingV2Client;
  readonly nameServer: NameServer;
  readonly speed: Speed;
  /** Every load balancer listens on this one, each on its own address. */
  readonly port: number;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly addresses: Addresses;
  readonly metrics: RequestMetrics;
  readonly failures: Failures;
  readonly log: Log;
}

export interface WatchedCluster {
  readonly name: string;
  readonly view: ClusterView;
  readonly marks: IngressMarks;
}

/** Usual times of AWS, in seconds. */
const PROVISIONING_SECONDS = 60;
const DELETION_SECONDS = 30;
const DEREGISTRATION_DELAY_SECONDS = 300;
const OK = 200;
const NOT_FOUND = 404;
const SERVICE_UNAVAILABLE = 503;

/** The load balancer of one Ingress, from its first sight until the Ingress is deleted. */
export class IngressLoadBalancer {
  readonly #uid: string;
  readonly #name: string;
  readonly #cluster: WatchedCluster;
  readonly #edge: Edge;
  readonly #elb: Elb;
  readonly #reconciler: Reconciler;
  #front: { readonly listener: Listener; readonly hostname: string } | undefined;

  constructor(ingress: V1Ingress, cluster: WatchedCluster, edge: Edge) {
    const { namespace = '', name = '', uid = '' } = ingress.metadata ?? {};
    const stack = `${namespace}/${name}`;
    this.#uid = uid;
    this.#name = loadBalancerName({ namespace, name, identity: `${cluster.name}/${uid}` });
    this.#cluster = cluster;
    this.#edge = edge;
    this.#elb = new Elb(edge.elb, {
      name: this.#name,
      port: edge.port,
      vpcId: edge.vpcId,
      subnetIds: edge.subnetIds,
      deregistrationDelayMs: edge.speed.ms(DEREGISTRATION_DELAY_SECONDS),
      tags: { 'elbv2.k8s.aws/cluster': cluster.name, 'ingress.k8s.aws/stack': stack },
    });
    this.#reconciler = new Reconciler(
      (signal) => this.#reconcile(signal),
      reportTo(edge.log, `load balancer of Ingress ${stack} in ${cluster.name}`),
    );
  }

  /** How its health checks find its targets now; undefined when the target group is not its own. */
  targetHealth(targetGroupArn: string): TargetHealth[] | undefined {
    const targets = this.#elb.targetsOf(targetGroupArn);
    if (!targets) return undefined;
    return [
      ...targets.registered.map((target) => this.#checked(target)),
      ...targets.draining.map((target) => draining(target)),
    ];
  }

  /** Has everything looked at again. */
  get trigger(): () => void {
    return this.#reconciler.trigger;
  }

  /** Leaves everything as it is, for good: as when the controller in the cluster is gone. The listener goes on. */
  async abandon(): Promise<void> {
    await this.#reconciler.stop();
  }

  /** The end of the sandbox: only what is on this machine is closed. */
  async stop(): Promise<void> {
    await this.#reconciler.stop();
    await this.#closeFront();
  }

  async #reconcile(signal: AbortSignal): Promise<void> {
    const { view, marks } = this.#cluster;
    const ingress = view.ingress(this.#uid);
    // Deleted past its finalizer: what was made in AWS is left over, as it would be there.
    if (!ingress) return;
    if (ingress.metadata?.deletionTimestamp) {
      await this.#remove(signal);
      await marks.release(view.ingress(this.#uid) ?? ingress);
      return;
    }
    await marks.hold(ingress);
    const { hostname } = this.#front ?? (await this.#provision(signal));
    await marks.publish(view.ingress(this.#uid) ?? ingress, hostname);
    const namespace = ingress.metadata?.namespace ?? '';
    await this.#elb.setTargets(backendsOf(ingress).flatMap((backend) => view.readyTargets(namespace, backend)));
  }

  #checked(target: Target): TargetHealth {
    const failed = { ...target, state: 'unhealthy' } as const;
    const { name: cluster, view } = this.#cluster;
    const ingress = view.ingress(this.#uid);
    const namespace = ingress?.metadata?.namespace ?? '';
    const behind = (ingress ? backendsOf(ingress) : []).find((backend) =>
      view.readyTargets(namespace, backend).some(({ ip, port }) => ip === target.ip && port === target.port),
    );
    if (!behind) return { ...failed, reason: 'Target.FailedHealthChecks', description: 'Health checks failed' };
    const status = this.#edge.failures.ofHealthCheck(cluster, view.appOf(namespace, behind), healthCheckPath(ingress));
    if (status === undefined || status === OK) return { ...target, state: 'healthy' };
    const description = `Health checks failed with these codes: [${status}]`;
    return { ...failed, reason: 'Target.ResponseCodeMismatch', description };
  }

  async #provision(signal: AbortSignal): Promise<{ hostname: string }> {
    const { speed, addresses, port, nameServer } = this.#edge;
    await delay(speed.ms(PROVISIONING_SECONDS), undefined, { signal });
    const hostname = await this.#elb.ensure();
    const address = addresses.next();
    const listener = await Listener.open({ address, port, answer: (request) => this.#answer(request) });
    nameServer.setLoadBalancer(hostname, address);
    this.#front = { listener, hostname };
    return this.#front;
  }

  /** It serves nobody from the first moment; ELBv2 and the Ingress know it until the end. */
  async #remove(signal: AbortSignal): Promise<void> {
    if (this.#front) {
      await this.#closeFront();
      await delay(this.#edge.speed.ms(DELETION_SECONDS), undefined, { signal });
    }
    await this.#elb.remove();
  }

  async #closeFront(): Promise<void> {
    const front = this.#front;
    this.#front = undefined;
    if (!front) return;
    this.#edge.nameServer.setLoadBalancer(front.hostname, null);
    await front.listener.close();
    this.#edge.metrics.forget(this.#name);
  }

  #answer({ host, path }: { host: string; path: string }): Reply {
    const { name: cluster, view } = this.#cluster;
    const ingress = view.ingress(this.#uid);
    const backend = ingress && route(ingress, host, path);
    if (!backend) return this.#reply({ status: NOT_FOUND, app: null, host });
    const namespace = ingress.metadata?.namespace ?? '';
    const app = view.appOf(namespace, backend);
    const served = view.readyTargets(namespace, backend).length > 0 ? OK : SERVICE_UNAVAILABLE;
    return this.#reply({ status: this.#edge.failures.next(cluster, app, path) ?? served, app, host });
  }

  #reply({ status, app, host }: { status: number; app: string | null; host: string }): Reply {
    const cluster = this.#cluster.name;
    const headers = { 'x-served-by-cluster': cluster, ...(app === null ? {} : { 'x-served-by-app': app }) };
    const served = { loadBalancer: this.#name, cluster, app, host };
    const sent = (seconds: number): void => this.#edge.metrics.add(served, { status, seconds });
    return { status, headers, body: { app, cluster, host }, sent };
  }
}

const healthCheckPath = (ingress: V1Ingress | undefined): string =>
  ingress?.metadata?.annotations?.['alb.ingress.kubernetes.io/healthcheck-path'] ?? '/';

const draining = (target: Target): TargetHealth => ({
  ...target,
  state: 'draining',
  reason: 'Target.DeregistrationInProgress',
  description: 'Target deregistration is in progress',
});

/** As the AWS Load Balancer Controller makes it: readable, and unique within the 32 characters that there are. */
function loadBalancerName({
  namespace,
  name,
  identity,
}: {
  namespace: string;
  name: string;
  identity: string;
}): string {
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 10);
  return `k8s-${short(namespace)}-${short(name)}-${hash}`;
}

const short = (text: string): string => text.replaceAll(/[^a-z0-9]/gi, '').slice(0, 8);
