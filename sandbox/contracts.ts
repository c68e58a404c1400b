// What the parts of the sandbox promise each other. Each part lives in its own folder and knows the others by these only.

/** One AWS minute takes `60 / factor` real seconds. */
export class Speed {
  readonly factor: number;
  constructor(factor: number) {
    if (!(factor >= 1 && factor <= 600)) throw new RangeError(`speed is ${factor}; expected 1 (as slow as AWS) to 600`);
    this.factor = factor;
  }
  /** Real milliseconds for what takes AWS so many seconds. */
  ms(awsSeconds: number): number {
    return (awsSeconds * 1000) / this.factor;
  }
}

/** One place for what a running sandbox was given: its folder, its free ports, its AWS identity. */
export interface SandboxSettings {
  /** Everything that the sandbox writes is below this folder; it is removed at the end. */
  readonly dir: string;
  readonly speed: Speed;
  readonly account: string;
  readonly region: string;
}

/** A Kubernetes control plane, as the AWS side (which runs it) sees it. */
export interface ControlPlane {
  readonly name: string;
  /** Minor version that its API emulates, such as "1.33". */
  readonly version: string;
  /** `https://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Base64 of the PEM CA. */
  readonly caData: string;
  readonly issuer: string;
  /** Full rights; for the parts that AWS or the node would run (load balancer controller, kwok), never for the product. */
  readonly adminToken: string;
  /** Kubeconfig file with the admin token. */
  readonly kubeconfig: string;
}

export interface NodeSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kubeletVersion: string;
  readonly providerId: string;
}

export interface ControlPlanes {
  /** API server, controller-manager, scheduler, kwok; resolves when the API answers /readyz. */
  boot(spec: { name: string; version: string }): Promise<ControlPlane>;
  get(name: string): ControlPlane | undefined;
  addNodes(cluster: string, nodes: readonly NodeSpec[]): Promise<void>;
  /** Resolves when all nodes of the cluster that match the labels are Ready. */
  nodesReady(cluster: string, labels: Readonly<Record<string, string>>): Promise<boolean>;
  removeNodes(cluster: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /** Stops the processes of one cluster and wipes its data. */
  stop(name: string): Promise<void>;
  stopAll(): Promise<void>;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One call that reached the gateway. */
export interface AwsCall {
  readonly at: string;
  /** Signing name: `eks`, `route53`, `sts`, ... */
  readonly service: string;
  /** `CreateCluster`, `ChangeResourceRecordSets`, ... */
  readonly operation: string;
  readonly status: number;
  /** AWS error code; absent when it went well. */
  readonly error?: string;
  /** Access key id of the caller. */
  readonly principal: string;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly values: readonly string[];
  readonly setIdentifier?: string;
  readonly weight?: number;
  readonly alias?: {
    readonly hostname: string;
    readonly hostedZoneId: string;
    readonly evaluateTargetHealth: boolean;
  };
}

/** Called at INSYNC, with the whole zone as it then is: what the name servers answer from. */
export type OnInSync = (zone: { id: string; name: string; records: readonly DnsRecord[] }) => void;

/** One target of a load balancer, as ELBv2 tells it. */
export interface TargetHealth {
  readonly ip: string;
  readonly port: number;
  readonly state: 'healthy' | 'unhealthy' | 'draining';
  readonly reason?: string;
  readonly description?: string;
}

/** By the target group's ARN; undefined when none of ours has it. */
export type TargetHealthOf = (targetGroupArn: string) => readonly TargetHealth[] | undefined;

export interface AwsGateway {
  /** `http://127.0.0.1:<port>`: AWS_ENDPOINT_URL of everything in the sandbox. */
  readonly url: string;
  readonly calls: readonly AwsCall[];
  /** URL for an API server's token webhook kubeconfig. */
  tokenWebhookUrl(cluster: string): string;
  /** Makes an IAM user with a policy and an access key. */
  createPrincipal(name: string, policy: object): Promise<{ arn: string; key: AccessKey }>;
  /** Root access key of the emulated account, for seeding only. */
  readonly rootKey: AccessKey;
  stop(): Promise<void>;
}

export interface NameServer {
  /** `127.0.0.1:<port>`, UDP and TCP. */
  readonly address: string;
  setZone(zone: { name: string; records: readonly DnsRecord[] }): void;
  /** Load balancer names are answered too: `k8s-….elb.amazonaws.com` to a loopback address. */
  setLoadBalancer(hostname: string, address: string | null): void;
  stop(): Promise<void>;
}

/**
 * What a client does with an address: keeps it as long as its TTL says; or for ever, as a JVM may, and asks again only
 * when nobody answers there any more.
 */
export type DnsHabit = 'honours-ttl' | 'caches-for-ever';

/** One request or fresh resolution of the traffic generator, appended as a JSON line. Times are milliseconds since the epoch. */
export type TrafficEvent =
  | {
      readonly kind: 'resolution';
      readonly at: number;
      readonly app: string;
      readonly habit: DnsHabit;
      readonly cluster: string;
      readonly ttl: number;
    }
  | {
      readonly kind: 'request';
      readonly at: number;
      readonly app: string;
      readonly habit: DnsHabit;
      readonly cluster: string | null;
      readonly status: number;
      readonly ms: number;
      readonly error?: string;
      /** Why nobody answered at an address cached for ever; what is recorded is the second try, at a fresh one. */
      readonly triedAgainAfter?: string;
    };
