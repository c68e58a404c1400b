import { randomUUID } from 'node:crypto';
import { inUse, invalidRequest, notFound } from './errors.ts';
import type { Cluster, EksContext, Update } from './model.ts';

/** @throws AwsError ResourceNotFoundException */
export function requireCluster(context: EksContext, name: string | undefined): Cluster {
  const cluster = context.clusters.get(name ?? '');
  if (!cluster) throw notFound(`No cluster found for name: ${name}.`, { clusterName: name ?? '' });
  return cluster;
}

/** @throws AwsError unless the cluster is ACTIVE: a conflict while it is updated, else a request that does not fit its state */
export function requireActive(cluster: Cluster, operation: string): void {
  const update = runningUpdate(cluster);
  const detail = { clusterName: cluster.name };
  if (update) {
    throw inUse(
      `Cannot ${operation} because cluster ${cluster.name} currently has update ${update.id} in progress`,
      detail,
    );
  }
  if (cluster.status !== 'ACTIVE') {
    throw invalidRequest(`Cannot ${operation} because cluster ${cluster.name} is in ${cluster.status} state`, detail);
  }
}

export const runningUpdate = (cluster: Cluster): Update | undefined =>
  [...cluster.updates.values()].find(({ status }) => status === 'InProgress');

/** Kinds of resources as their ARNs name them. */
export type ArnKind = 'cluster' | 'nodegroup' | 'addon' | 'access-entry';

export const arnOf = (context: Pick<EksContext, 'account' | 'region'>, kind: ArnKind, path: string): string =>
  `arn:aws:eks:${context.region}:${context.account}:${kind}/${path}`;

/** Of what lives in a cluster: EKS ends these ARNs with an id of its own. */
export const uniqueArn = (context: EksContext, kind: ArnKind, path: string): string =>
  arnOf(context, kind, `${path}/${randomUUID()}`);

export const epochSeconds = (ms: number): number => ms / 1000;
