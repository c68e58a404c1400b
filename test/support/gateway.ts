// The AWS gateway with the real ministack behind it. Control planes are the sandbox's other part, so they are stood in for.
import { Sha256 } from '@aws-crypto/sha256-js';
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import type { CreateClusterRequest } from '@aws-sdk/client-eks';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { STSClient } from '@aws-sdk/client-sts';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAwsGateway } from '../../sandbox/aws/gateway.ts';
import type { Credentials } from '../../sandbox/aws/ministack.ts';
import { Speed } from '../../sandbox/contracts.ts';
import type { AwsGateway, ControlPlane, ControlPlanes, NodeSpec, OnInSync } from '../../sandbox/contracts.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';

export type PublishedZone = Parameters<OnInSync>[0];

/** Answers like control planes, keeps what it was asked for, and lets a test hold or fail a boot. */
export class StandInControlPlanes implements ControlPlanes {
  readonly boots: string[] = [];
  readonly planes = new Map<string, ControlPlane>();
  readonly nodes = new Map<string, readonly NodeSpec[]>();
  /** By cluster name: the boot waits for it. */
  readonly gates = new Map<string, Promise<void>>();
  nodesBecomeReady = true;

  async boot({ name, version }: { name: string; version: string }): Promise<ControlPlane> {
    this.boots.push(name);
    await this.gates.get(name);
    const plane = {
      name,
      version,
      endpoint: 'https://127.0.0.1:6443',
      caData: 'Y2E=',
      issuer: `https://oidc.example.test/${name}`,
      adminToken: 'admin',
      kubeconfig: '/nowhere',
    };
    this.planes.set(name, plane);
    return plane;
  }
  get(name: string): ControlPlane | undefined {
    return this.planes.get(name);
  }
  async addNodes(cluster: string, nodes: readonly NodeSpec[]): Promise<void> {
    this.nodes.set(cluster, [...(this.nodes.get(cluster) ?? []), ...nodes]);
  }
  async nodesReady(): Promise<boolean> {
    return this.nodesBecomeReady;
  }
  async removeNodes(cluster: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const matches = (node: NodeSpec): boolean =>
      Object.entries(labels).every(([key, value]) => node.labels[key] === value);
    this.nodes.set(
      cluster,
      (this.nodes.get(cluster) ?? []).filter((node) => !matches(node)),
    );
  }
  async stop(name: string): Promise<void> {
    this.planes.delete(name);
  }
  async stopAll(): Promise<void> {
    this.planes.clear();
  }
}

interface TestGatewayOptions {
  readonly speed?: number;
  /** Real control planes instead of the stand-in. */
  readonly controlPlanes?: (parts: { processes: Processes; gateway: AwsGateway }) => Promise<ControlPlanes>;
}

export async function startTestGateway({ speed = 600, controlPlanes: makeReal }: TestGatewayOptions = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'eksodus-gateway-'));
  const processes = new Processes({ logDir: join(dir, 'logs') });
  const controlPlanes = new StandInControlPlanes();
  let used: ControlPlanes = controlPlanes;
  const published: PublishedZone[] = [];
  const settings = { dir, speed: new Speed(speed), account: ACCOUNT, region: REGION };
  const gateway = await startAwsGateway({
    settings,
    processes,
    controlPlanes: () => used,
    onInSync: (zone) => published.push(zone),
  });
  if (makeReal) used = await makeReal({ processes, gateway });
  /** SDK clients as somebody; they do not retry, so that a test sees the first answer. */
  const clients = (credentials: Credentials = gateway.rootKey) => {
    const config = { endpoint: gateway.url, region: REGION, credentials, maxAttempts: 1 };
    return {
      eks: new EKSClient(config),
      route53: new Route53Client(config),
      iam: new IAMClient(config),
      sts: new STSClient(config),
      ec2: new EC2Client(config),
    };
  };
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await used.stopAll();
    await processes.stopAll();
    await rm(dir, { recursive: true });
  };
  return { gateway, processes, controlPlanes, published, clients, root: clients(), stop };
}

export type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

export interface Ground {
  readonly roleArn: string;
  readonly subnetIds: readonly string[];
}

/** What EKS needs to be there: a role, and subnets in two zones of one VPC. */
export async function seedGround({ root }: TestGateway): Promise<Ground> {
  const { Vpc } = await root.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const subnet = async (zone: string, cidr: string): Promise<string> => {
    const { Subnet } = await root.ec2.send(
      new CreateSubnetCommand({ VpcId: Vpc!.VpcId, CidrBlock: cidr, AvailabilityZone: `${REGION}${zone}` }),
    );
    return Subnet!.SubnetId!;
  };
  const subnetIds = [await subnet('a', '10.0.1.0/24'), await subnet('b', '10.0.2.0/24')];
  const roleArn = await makeRole(root.iam, 'eks', { Service: 'eks.amazonaws.com' });
  return { roleArn, subnetIds };
}

export async function makeRole(iam: IAMClient, name: string, principal: object): Promise<string> {
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  return Role!.Arn!;
}

export const clusterRequest = (
  ground: Ground,
  name: string,
  more: Partial<CreateClusterRequest> = {},
): CreateClusterRequest => ({
  name,
  version: '1.33',
  roleArn: ground.roleArn,
  resourcesVpcConfig: { subnetIds: [...ground.subnetIds] },
  accessConfig: { authenticationMode: 'API' },
  ...more,
});

export const allow = (...actions: string[]): object => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
});

export const until = (condition: () => Promise<boolean>, what: string): Promise<void> =>
  waitUntil(condition, { what, withinMs: 20_000 });

/** The error of an AWS call that must fail: its name, HTTP status and message. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name: error.name, status: $metadata?.httpStatusCode ?? 0, message: error.message };
  }
  throw new Error('the call was not refused');
}

/** A token as EKS takes it: a presigned STS GetCallerIdentity that names the cluster. */
export async function eksToken(options: {
  cluster: string;
  credentials: Credentials;
  signingDate?: Date;
  expiresIn?: number;
}): Promise<string> {
  const { cluster, credentials, signingDate, expiresIn = 60 } = options;
  const host = `sts.${REGION}.amazonaws.com`;
  const request = new HttpRequest({
    method: 'GET',
    protocol: 'https:',
    hostname: host,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host, 'x-k8s-aws-id': cluster },
  });
  const signer = new SignatureV4({ service: 'sts', region: REGION, credentials, sha256: Sha256 });
  const { query } = await signer.presign(request, { expiresIn, ...(signingDate ? { signingDate } : {}) });
  const parameters = Object.entries(query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${parameters.join('&')}`).toString('base64url')}`;
}
