import { randomBytes } from 'node:crypto';
import type { NodeSpec } from '../../contracts.ts';
import { AWS_SECONDS } from './durations.ts';
import { inUse, invalidParameter, notFound } from './errors.ts';
import { clientRequest, replayed } from './idempotency.ts';
import { epochSeconds, requireActive, requireCluster, uniqueArn } from './lookup.ts';
import type { Cluster, EksContext, EksRequest, Handlers, NodeGroup } from './model.ts';
import { pageOfNames } from './paging.ts';
import type { Subnet } from './placement.ts';
import { createNodegroup, parse } from './requests.ts';
import { amiRelease, kubeletVersion } from './versions.ts';

/** On every node of a managed node group. */
const GROUP_LABEL = 'eks.amazonaws.com/nodegroup';
/** The first addresses of a subnet are AWS's own. */
const FIRST_HOST = 10;

export function nodeGroupHandlers(context: EksContext): Handlers {
  // Private addresses, and so node names, are unique in the VPC, whichever cluster the node is in.
  let hosts = FIRST_HOST;
  const nextHost = (): number => hosts++;
  return {
    CreateNodegroup: async (request) => ({ nodegroup: await create(context, request, nextHost) }),
    DescribeNodegroup: ({ labels }) => {
      const cluster = requireCluster(context, labels['clusterName']);
      return { nodegroup: view(cluster, requireNodeGroup(cluster, labels['nodegroupName'])) };
    },
    ListNodegroups: ({ labels, query }) => {
      const { items, more } = pageOfNames(requireCluster(context, labels['clusterName']).nodeGroups.keys(), query);
      return { nodegroups: items, ...more };
    },
    DeleteNodegroup: ({ labels }) => ({ nodegroup: remove(context, labels) }),
  };
}

async function create(context: EksContext, { labels, body }: EksRequest, nextHost: () => number): Promise<object> {
  const spec = parse(createNodegroup, body);
  const cluster = requireCluster(context, labels['clusterName']);
  if (spec.version !== undefined && spec.version !== cluster.version) {
    throw invalidParameter(
      `Nodegroup Kubernetes version should be equal to cluster kubernetes version ${cluster.version} or NodegroupName version should be blank`,
      { clusterName: cluster.name, nodegroupName: spec.nodegroupName },
    );
  }
  await context.placement.requireRole(spec.nodeRole);
  const subnets = await context.placement.subnets(spec.subnets);
  if (subnets.some(({ vpcId }) => vpcId !== cluster.vpcId)) {
    throw invalidParameter(`The subnets of a node group must be in the VPC of its cluster, ${cluster.vpcId}`);
  }

  const request = clientRequest(spec);
  const earlier = replayed(cluster.nodeGroups.values(), request);
  if (earlier) return view(cluster, earlier);
  const detail = { clusterName: cluster.name, nodegroupName: spec.nodegroupName };
  requireActive(cluster, 'CreateNodegroup');
  if (cluster.nodeGroups.has(spec.nodegroupName)) {
    throw inUse(`NodeGroup already exists with name ${spec.nodegroupName} and cluster name ${cluster.name}`, detail);
  }
  const group: NodeGroup = {
    name: spec.nodegroupName,
    arn: uniqueArn(context, 'nodegroup', `${cluster.name}/${spec.nodegroupName}`),
    version: cluster.version,
    spec,
    request,
    createdAt: Date.now(),
    tags: spec.tags,
    status: 'CREATING',
  };
  cluster.nodeGroups.set(group.name, group);
  const nodes = Array.from({ length: spec.scalingConfig.desiredSize }, (_, i) =>
    nodeOf(context, group, { subnet: subnets[i % subnets.length], host: nextHost() }),
  );
  startNodes(context, cluster, group, nodes);
  return view(cluster, group);
}

function startNodes(context: EksContext, cluster: Cluster, group: NodeGroup, nodes: readonly NodeSpec[]): void {
  const work = async (): Promise<void> => {
    const controlPlanes = context.controlPlanes();
    await controlPlanes.addNodes(cluster.name, nodes);
    if (!(await controlPlanes.nodesReady(cluster.name, { [GROUP_LABEL]: group.name }))) {
      throw new Error('Instances failed to join the kubernetes cluster');
    }
  };
  context.lifecycle.start({
    awsSeconds: AWS_SECONDS.createNodeGroup,
    work,
    done: () => {
      group.status = 'ACTIVE';
    },
    failed: (problem) => {
      group.status = 'CREATE_FAILED';
      group.problem = problem;
    },
  });
}

function nodeOf(
  { region }: EksContext,
  { name, spec, version }: NodeGroup,
  { subnet, host }: { subnet: Subnet | undefined; host: number },
): NodeSpec {
  const { zone, cidr } = subnet ?? { zone: '', cidr: '' };
  return {
    name: `ip-${hostAddress(cidr, host).replaceAll('.', '-')}.${region}.compute.internal`,
    labels: {
      ...spec.labels,
      [GROUP_LABEL]: name,
      'eks.amazonaws.com/capacityType': spec.capacityType,
      'node.kubernetes.io/instance-type': spec.instanceTypes[0] ?? '',
      'topology.kubernetes.io/zone': zone,
      'topology.kubernetes.io/region': region,
    },
    kubeletVersion: kubeletVersion(version),
    providerId: `aws:///${zone}/i-${randomBytes(9).toString('hex').slice(0, 17)}`,
  };
}

/** The address of a host in an IPv4 block: `10.0.1.0/24` and 12 give `10.0.1.12`. */
function hostAddress(cidr: string, host: number): string {
  const [network = ''] = cidr.split('/');
  const bytes = network.split('.').map(Number);
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0) + host;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

function remove(context: EksContext, labels: EksRequest['labels']): object {
  const cluster = requireCluster(context, labels['clusterName']);
  const group = requireNodeGroup(cluster, labels['nodegroupName']);
  if (group.status === 'DELETING') return view(cluster, group);
  if (group.status === 'CREATING') {
    const detail = { clusterName: cluster.name, nodegroupName: group.name };
    throw inUse(`Nodegroup ${group.name} cannot be deleted because it is being created`, detail);
  }
  group.status = 'DELETING';
  context.lifecycle.start({
    awsSeconds: AWS_SECONDS.deleteNodeGroup,
    work: () => context.controlPlanes().removeNodes(cluster.name, { [GROUP_LABEL]: group.name }),
    done: () => {
      cluster.nodeGroups.delete(group.name);
    },
    failed: (problem) => {
      group.status = 'DELETE_FAILED';
      group.problem = problem;
    },
  });
  return view(cluster, group);
}

function requireNodeGroup(cluster: Cluster, name: string | undefined): NodeGroup {
  const group = cluster.nodeGroups.get(name ?? '');
  if (!group)
    throw notFound(`No node group found for name: ${name}.`, { clusterName: cluster.name, nodegroupName: name ?? '' });
  return group;
}

function view(cluster: Cluster, group: NodeGroup): object {
  const { spec, problem } = group;
  return {
    nodegroupName: group.name,
    nodegroupArn: group.arn,
    clusterName: cluster.name,
    version: group.version,
    releaseVersion: amiRelease(group.version),
    createdAt: epochSeconds(group.createdAt),
    modifiedAt: epochSeconds(group.createdAt),
    status: group.status,
    capacityType: spec.capacityType,
    scalingConfig: spec.scalingConfig,
    instanceTypes: spec.instanceTypes,
    subnets: spec.subnets,
    amiType: spec.amiType,
    nodeRole: spec.nodeRole,
    labels: spec.labels,
    diskSize: spec.diskSize,
    updateConfig: spec.updateConfig,
    health: {
      issues:
        problem === undefined ? [] : [{ code: 'NodeCreationFailure', message: problem, resourceIds: [group.name] }],
    },
    tags: group.tags,
  };
}
