import {
  paginateDescribeNetworkInterfaces,
  paginateDescribeSecurityGroups,
  type EC2Client,
  type Filter,
} from '@aws-sdk/client-ec2';
import { collect } from './aws-answers.ts';

export interface Ec2 {
  /** Ids of the network interfaces that carry a tag of the cluster. */
  networkInterfacesOf(cluster: string): Promise<readonly string[]>;
  securityGroupsOf(cluster: string): Promise<readonly string[]>;
}

/** Filters of one request must all hold, so each way of naming a cluster is a request of its own. */
const clusterFilters = (cluster: string): Filter[][] => [
  // "shared" would be somebody's who lends it to the cluster.
  [{ Name: `tag:kubernetes.io/cluster/${cluster}`, Values: ['owned'] }],
  [{ Name: 'tag:aws:eks:cluster-name', Values: [cluster] }],
];

export function createEc2(ec2: EC2Client): Ec2 {
  return {
    networkInterfacesOf: (cluster) =>
      idsOf(cluster, (Filters) =>
        collect(paginateDescribeNetworkInterfaces({ client: ec2 }, { Filters }), ({ NetworkInterfaces }) =>
          NetworkInterfaces?.map(({ NetworkInterfaceId }) => NetworkInterfaceId),
        ),
      ),
    securityGroupsOf: (cluster) =>
      idsOf(cluster, (Filters) =>
        collect(paginateDescribeSecurityGroups({ client: ec2 }, { Filters }), ({ SecurityGroups }) =>
          SecurityGroups?.map(({ GroupId }) => GroupId),
        ),
      ),
  };
}

async function idsOf(cluster: string, list: (filters: Filter[]) => Promise<(string | undefined)[]>): Promise<string[]> {
  const found = await Promise.all(clusterFilters(cluster).map(list));
  return [...new Set(found.flat().filter((id) => id !== undefined))];
}
