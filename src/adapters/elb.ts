import {
  DescribeTagsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
  type ElasticLoadBalancingV2Client,
  type TagDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { sameHostname, type AliasTarget } from '../domain/traffic.ts';
import { collect, orNull } from './aws-answers.ts';

export interface Elb {
  /** The load balancer behind a host name, as Route 53 wants it named. */
  findByHostname(hostname: string): Promise<AliasTarget | null>;
  /** ARNs of load balancers that the AWS Load Balancer Controller of a cluster made. */
  loadBalancersOf(cluster: string): Promise<readonly string[]>;
  /** Their host names. */
  hostnamesOf(cluster: string): Promise<readonly string[]>;
  targetGroupsOf(cluster: string): Promise<readonly string[]>;
}

/** The AWS Load Balancer Controller puts it on all that it makes. */
const CLUSTER_TAG = 'elbv2.k8s.aws/cluster';
/** DescribeTags takes no more. */
const TAGS_PER_REQUEST = 20;

export function createElb(elb: ElasticLoadBalancingV2Client): Elb {
  const allLoadBalancers = () =>
    collect(paginateDescribeLoadBalancers({ client: elb }, {}), ({ LoadBalancers }) => LoadBalancers);
  const allTargetGroups = () =>
    collect(paginateDescribeTargetGroups({ client: elb }, {}), ({ TargetGroups }) => TargetGroups);

  /** One that was deleted after it was listed fails the whole request, so then each is asked for by itself. */
  async function tagsOf(ResourceArns: string[]): Promise<TagDescription[]> {
    const answer = await orNull(elb.send(new DescribeTagsCommand({ ResourceArns })));
    if (answer) return answer.TagDescriptions ?? [];
    const left: TagDescription[] = [];
    if (ResourceArns.length > 1) for (const arn of ResourceArns) left.push(...(await tagsOf([arn])));
    return left;
  }

  async function taggedFor(cluster: string, arns: readonly string[]): Promise<string[]> {
    const tagged: string[] = [];
    for (let first = 0; first < arns.length; first += TAGS_PER_REQUEST) {
      for (const { ResourceArn, Tags } of await tagsOf(arns.slice(first, first + TAGS_PER_REQUEST))) {
        const isOurs = Tags?.some(({ Key, Value }) => Key === CLUSTER_TAG && Value === cluster);
        if (isOurs && ResourceArn !== undefined) tagged.push(ResourceArn);
      }
    }
    return tagged;
  }

  return {
    async findByHostname(hostname) {
      for (const { DNSName, CanonicalHostedZoneId } of await allLoadBalancers()) {
        if (DNSName === undefined || CanonicalHostedZoneId === undefined) continue;
        if (sameHostname(DNSName, hostname)) return { hostname: DNSName, hostedZoneId: CanonicalHostedZoneId };
      }
      return null;
    },
    async loadBalancersOf(cluster) {
      const arns = (await allLoadBalancers()).flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []);
      return taggedFor(cluster, arns);
    },
    async hostnamesOf(cluster) {
      const all = await allLoadBalancers();
      const tagged = new Set(
        await taggedFor(
          cluster,
          all.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []),
        ),
      );
      return all.flatMap(({ LoadBalancerArn, DNSName }) => (tagged.has(LoadBalancerArn ?? '') ? (DNSName ?? []) : []));
    },
    async targetGroupsOf(cluster) {
      const arns = (await allTargetGroups()).flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []);
      return taggedFor(cluster, arns);
    },
  };
}
