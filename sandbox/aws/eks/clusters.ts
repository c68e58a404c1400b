import { isRoot } from '../arns.ts';
import { creatorEntry } from './access-entries.ts';
import { AWS_SECONDS } from './durations.ts';
import { inUse, invalidParameter, invalidRequest } from './errors.ts';
import { clientRequest, replayed } from './idempotency.ts';
import { arnOf, epochSeconds, requireCluster, runningUpdate } from './lookup.ts';
import type { Cluster, EksContext, EksRequest, Handlers } from './model.ts';
import { pageOfNames } from './paging.ts';
import { createCluster, parse } from './requests.ts';
import { DEFAULT_VERSION, requireVersion } from './versions.ts';

export const clusterHandlers = (context: EksContext): Handlers => ({
  CreateCluster: async (request) => ({ cluster: view(await create(context, request)) }),
  DescribeCluster: ({ labels }) => ({ cluster: view(requireCluster(context, labels['name'])) }),
  ListClusters: ({ query }) => {
    const { items, more } = pageOfNames(context.clusters.keys(), query);
    return { clusters: items, ...more };
  },
  DeleteCluster: ({ labels }) => ({ cluster: view(remove(context, labels['name'])) }),
});

async function create(context: EksContext, { body, caller }: EksRequest): Promise<Cluster> {
  const spec = parse(createCluster, body);
  const { minor: version } = requireVersion(spec.version ?? DEFAULT_VERSION);
  await context.placement.requireRole(spec.roleArn);
  const vpcId = await requireVpc(context, spec.resourcesVpcConfig.subnetIds);

  // From here to the end nothing waits, so that of two requests at the same time one is second.
  const request = clientRequest(spec);
  const earlier = replayed(context.clusters.values(), request);
  if (earlier) return earlier;
  if (context.clusters.has(spec.name)) {
    throw inUse(`Cluster already exists with name: ${spec.name}`, { clusterName: spec.name });
  }
  const cluster: Cluster = {
    name: spec.name,
    arn: arnOf(context, 'cluster', spec.name),
    version,
    vpcId,
    spec,
    request,
    createdAt: Date.now(),
    tags: spec.tags,
    config: {
      deletionProtection: spec.deletionProtection,
      authenticationMode: spec.accessConfig.authenticationMode,
      supportType: spec.upgradePolicy.supportType,
    },
    status: 'CREATING',
    nodeGroups: new Map(),
    addons: new Map(),
    accessEntries: new Map(),
    updates: new Map(),
  };
  // Root's signatures are not verified in the sandbox, so root gets into no cluster.
  if (spec.accessConfig.bootstrapClusterCreatorAdminPermissions && !isRoot(caller)) {
    const entry = creatorEntry(context, cluster, caller);
    cluster.accessEntries.set(entry.principalArn, entry);
  }
  context.clusters.set(cluster.name, cluster);
  boot(context, cluster);
  return cluster;
}

async function requireVpc(context: EksContext, subnetIds: readonly string[]): Promise<string> {
  const subnets = await context.placement.subnets(subnetIds);
  if (new Set(subnets.map(({ zone }) => zone)).size < 2) {
    throw invalidParameter('Subnets specified must be in at least two different AZs');
  }
  const [vpcId, ...others] = new Set(subnets.map((subnet) => subnet.vpcId));
  if (vpcId === undefined || others.length > 0) throw invalidParameter('Subnets specified must all be in the same VPC');
  return vpcId;
}

function boot(context: EksContext, cluster: Cluster): void {
  const { name, version } = cluster;
  context.lifecycle.start({
    awsSeconds: AWS_SECONDS.createCluster,
    work: () => context.controlPlanes().boot({ name, version }),
    done: (plane) => {
      cluster.plane = plane;
      cluster.status = 'ACTIVE';
    },
    failed: (problem) => fail(cluster, problem),
  });
}

function remove(context: EksContext, name: string | undefined): Cluster {
  const cluster = requireCluster(context, name);
  if (cluster.status === 'DELETING') return cluster;
  requireDeletable(cluster);
  cluster.status = 'DELETING';
  context.lifecycle.start({
    awsSeconds: AWS_SECONDS.deleteCluster,
    work: () => context.controlPlanes().stop(cluster.name),
    done: () => {
      context.clusters.delete(cluster.name);
    },
    failed: (problem) => fail(cluster, problem),
  });
  return cluster;
}

function requireDeletable(cluster: Cluster): void {
  const detail = { clusterName: cluster.name };
  if (cluster.config.deletionProtection && cluster.status !== 'FAILED') {
    throw invalidRequest(
      `Cluster ${cluster.name} cannot be deleted because it has deletion protection enabled`,
      detail,
    );
  }
  if (cluster.status === 'CREATING')
    throw inUse(`Cannot delete because cluster ${cluster.name} is being created`, detail);
  if (runningUpdate(cluster)) {
    throw inUse(`Cannot delete because cluster ${cluster.name} currently has an update in progress`, detail);
  }
  const [nodegroupName] = cluster.nodeGroups.keys();
  if (nodegroupName !== undefined) throw inUse('Cluster has nodegroups attached', { ...detail, nodegroupName });
}

function fail(cluster: Cluster, problem: string): void {
  cluster.status = 'FAILED';
  cluster.problem = problem;
}

function view(cluster: Cluster): object {
  const { name, arn, version, spec, config, plane, problem } = cluster;
  return {
    name,
    arn,
    version,
    createdAt: epochSeconds(cluster.createdAt),
    endpoint: plane?.endpoint,
    roleArn: spec.roleArn,
    resourcesVpcConfig: { ...spec.resourcesVpcConfig, vpcId: cluster.vpcId },
    identity: plane && { oidc: { issuer: plane.issuer } },
    status: cluster.status,
    certificateAuthority: plane ? { data: plane.caData } : {},
    clientRequestToken: cluster.request.token,
    platformVersion: requireVersion(version).platform,
    tags: cluster.tags,
    health: {
      issues: problem === undefined ? [] : [{ code: 'InternalFailure', message: problem, resourceIds: [name] }],
    },
    accessConfig: { authenticationMode: config.authenticationMode },
    upgradePolicy: { supportType: config.supportType },
    deletionProtection: config.deletionProtection,
  };
}
