import type { ControlPlane, ControlPlanes } from '../../contracts.ts';
import type { ClientRequest } from './idempotency.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Placement } from './placement.ts';
import type { CreateAddon, CreateCluster, CreateNodegroup, CreateAccessEntry } from './requests.ts';

/** Everything that can be tagged. */
export interface Resource {
  readonly arn: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly request: ClientRequest;
  tags: Readonly<Record<string, string>>;
}

export interface Cluster extends Resource {
  readonly name: string;
  readonly version: string;
  readonly vpcId: string;
  readonly spec: CreateCluster;
  /** What UpdateClusterConfig may change. */
  config: ClusterConfig;
  status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING' | 'FAILED';
  /** Why it FAILED. */
  problem?: string;
  /** From ACTIVE on. */
  plane?: ControlPlane;
  readonly nodeGroups: Map<string, NodeGroup>;
  readonly addons: Map<string, Addon>;
  /** By the ARN of the IAM user or role. */
  readonly accessEntries: Map<string, AccessEntry>;
  readonly updates: Map<string, Update>;
}

export interface ClusterConfig {
  readonly deletionProtection: boolean;
  readonly authenticationMode: 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP';
  readonly supportType: 'STANDARD' | 'EXTENDED';
}

export interface NodeGroup extends Resource {
  readonly name: string;
  readonly version: string;
  readonly spec: CreateNodegroup;
  status: 'CREATING' | 'ACTIVE' | 'DELETING' | 'CREATE_FAILED' | 'DELETE_FAILED';
  problem?: string;
}

export interface Addon extends Resource {
  readonly name: string;
  readonly version: string;
  readonly spec: CreateAddon;
  /** What EKS has done; whether it runs is told from the nodes. */
  phase: 'CREATING' | 'INSTALLED' | 'DELETING';
}

export interface AccessEntry extends Resource {
  readonly principalArn: string;
  /** Inside the cluster; `{{SessionName}}` in it is replaced. */
  readonly username: string;
  readonly spec: CreateAccessEntry;
  /** By policy ARN. */
  readonly policies: Map<string, AssociatedPolicy>;
}

export interface AssociatedPolicy {
  readonly policyArn: string;
  readonly scope: { readonly type: 'cluster' | 'namespace'; readonly namespaces: readonly string[] };
  readonly associatedAt: number;
}

export interface Update {
  readonly id: string;
  readonly type: string;
  readonly params: readonly { readonly type: string; readonly value: string }[];
  readonly createdAt: number;
  readonly request: ClientRequest;
  status: 'InProgress' | 'Successful';
}

/** What the operations work with. */
export interface EksContext {
  readonly account: string;
  readonly region: string;
  readonly clusters: Map<string, Cluster>;
  readonly controlPlanes: () => ControlPlanes;
  readonly lifecycle: Lifecycle;
  readonly placement: Placement;
}

export interface EksRequest {
  /** Of the URI, such as `clusterName`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** ARN of the caller. */
  readonly caller: string;
}

/** By operation name. */
export type Handlers = Readonly<Record<string, (request: EksRequest) => object | Promise<object>>>;
