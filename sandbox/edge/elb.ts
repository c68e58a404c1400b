import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ElasticLoadBalancingV2Client, TargetDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Target } from './cluster-view.ts';

export interface ElbSpec {
  /** At most 32 characters, unique in the account. */
  readonly name: string;
  readonly port: number;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** How long a target that was deregistered still ends what it had begun. */
  readonly deregistrationDelayMs: number;
}

/**
 * One load balancer as ELBv2 knows it, with one listener and one target group (for all backends: which of them a
 * request goes to is decided by the stand-in itself). What has been made is remembered, so every method can be called
 * again after it failed half-way.
 */
export class Elb {
  readonly #client: ElasticLoadBalancingV2Client;
  readonly #spec: ElbSpec;
  readonly #registered = new Map<string, TargetDescription>();
  readonly #drainingUntil = new Map<string, { readonly target: Target; readonly until: number }>();
  #targetGroupArn: string | undefined;
  #loadBalancer: { arn: string; hostname: string } | undefined;
  #listenerArn: string | undefined;

  constructor(client: ElasticLoadBalancingV2Client, spec: ElbSpec) {
    this.#client = client;
    this.#spec = spec;
  }

  /** Makes what is not there yet and gives the load balancer's DNS name. */
  async ensure(): Promise<string> {
    this.#targetGroupArn ??= await this.#createTargetGroup();
    this.#loadBalancer ??= await this.#createLoadBalancer();
    this.#listenerArn ??= await this.#createListener(this.#loadBalancer.arn, this.#targetGroupArn);
    return this.#loadBalancer.hostname;
  }

  /** Registers and deregisters until exactly these are the targets. Nothing while there is no target group. */
  async setTargets(targets: readonly Target[]): Promise<void> {
    const TargetGroupArn = this.#targetGroupArn;
    if (TargetGroupArn === undefined) return;
    const wanted = new Map(targets.map(({ ip, port }) => [`${ip}:${port}`, { Id: ip, Port: port }]));
    const gone = [...this.#registered].filter(([key]) => !wanted.has(key));
    const fresh = [...wanted].filter(([key]) => !this.#registered.has(key));
    if (gone.length > 0)
      await this.#client.send(
        new DeregisterTargetsCommand({ TargetGroupArn, Targets: gone.map(([, target]) => target) }),
      );
    const until = Date.now() + this.#spec.deregistrationDelayMs;
    for (const [key, { Id = '', Port = 0 }] of gone) {
      this.#registered.delete(key);
      this.#drainingUntil.set(key, { target: { ip: Id, port: Port }, until });
    }
    if (fresh.length > 0)
      await this.#client.send(
        new RegisterTargetsCommand({ TargetGroupArn, Targets: fresh.map(([, target]) => target) }),
      );
    for (const [key, target] of fresh) {
      this.#registered.set(key, target);
      this.#drainingUntil.delete(key);
    }
  }

  /** Undefined: it is another target group. */
  targetsOf(targetGroupArn: string): { registered: Target[]; draining: Target[] } | undefined {
    if (targetGroupArn !== this.#targetGroupArn) return undefined;
    const now = Date.now();
    return {
      registered: [...this.#registered.values()].map(({ Id = '', Port = 0 }) => ({ ip: Id, port: Port })),
      draining: [...this.#drainingUntil.values()].filter(({ until }) => until > now).map(({ target }) => target),
    };
  }

  async remove(): Promise<void> {
    if (this.#listenerArn !== undefined)
      await this.#client.send(new DeleteListenerCommand({ ListenerArn: this.#listenerArn }));
    this.#listenerArn = undefined;
    if (this.#loadBalancer)
      await this.#client.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: this.#loadBalancer.arn }));
    this.#loadBalancer = undefined;
    if (this.#targetGroupArn !== undefined)
      await this.#client.send(new DeleteTargetGroupCommand({ TargetGroupArn: this.#targetGroupArn }));
    this.#targetGroupArn = undefined;
    this.#registered.clear();
    this.#drainingUntil.clear();
  }

  async #createTargetGroup(): Promise<string> {
    const { name: Name, port: Port, vpcId: VpcId } = this.#spec;
    const { TargetGroups } = await this.#client.send(
      new CreateTargetGroupCommand({ Name, Port, VpcId, Protocol: 'HTTP', TargetType: 'ip', Tags: this.#tags }),
    );
    return given(TargetGroups?.[0]?.TargetGroupArn, 'CreateTargetGroup', 'TargetGroupArn');
  }

  async #createLoadBalancer(): Promise<{ arn: string; hostname: string }> {
    const { name: Name, subnetIds } = this.#spec;
    const { LoadBalancers } = await this.#client.send(
      new CreateLoadBalancerCommand({
        Name,
        Subnets: [...subnetIds],
        Type: 'application',
        Scheme: 'internet-facing',
        Tags: this.#tags,
      }),
    );
    return {
      arn: given(LoadBalancers?.[0]?.LoadBalancerArn, 'CreateLoadBalancer', 'LoadBalancerArn'),
      hostname: given(LoadBalancers?.[0]?.DNSName, 'CreateLoadBalancer', 'DNSName'),
    };
  }

  async #createListener(LoadBalancerArn: string, TargetGroupArn: string): Promise<string> {
    const { Listeners } = await this.#client.send(
      new CreateListenerCommand({
        LoadBalancerArn,
        Protocol: 'HTTP',
        Port: this.#spec.port,
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    );
    return given(Listeners?.[0]?.ListenerArn, 'CreateListener', 'ListenerArn');
  }

  get #tags(): { Key: string; Value: string }[] {
    return Object.entries(this.#spec.tags).map(([Key, Value]) => ({ Key, Value }));
  }
}

function given(value: string | undefined, operation: string, field: string): string {
  if (value === undefined) throw new Error(`${operation} answered without ${field}`);
  return value;
}
