import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetHealthCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
  type ElasticLoadBalancingV2Client,
  type LoadBalancer,
  type TagDescription,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { LoadBalancerFacts } from '../domain/readiness-facts.ts';
import { sameHostname, type AliasTarget } from '../domain/traffic.ts';
import type { IngressName } from './kube.ts';
import { collect, orNull, required } from './aws-answers.ts';
import { toTargetGroup } from './elb-targets.ts';

export interface Elb {
  /** The load balancer behind a host name, as Route 53 wants it named. */
  findByHostname(hostname: string): Promise<AliasTarget | null>;
  /** ARNs of load balancers that the AWS Load Balancer Controller of a cluster made. */
  loadBalancersOf(cluster: string): Promise<readonly string[]>;
  /** Their host names. */
  hostnamesOf(cluster: string): Promise<readonly string[]>;
  targetGroupsOf(cluster: string): Promise<readonly string[]>;
  /** What stands behind a load balancer for one Ingress (null: for all); null when ELBv2 does not know the host name. */
  targetsBehind(hostname: string, ingress: IngressName | null): Promise<LoadBalancerFacts | null>;
}

/** The AWS Load Balancer Controller puts it on all that it makes. */
const CLUSTER_TAG = 'elbv2.k8s.aws/cluster';
/** On a target group: `namespace/ingress-service:port`. */
const RESOURCE_TAG = 'ingress.k8s.aws/resource';
/** `internal-` or `dualstack.` may stand before the name, and a number or a hash comes after it. */
const NAME_IN_HOSTNAME = /^(?:dualstack\.)?(?:internal-)?(?<name>[a-z0-9-]{1,32})-[0-9a-f]+\./i;
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

  /** By the name that its host name carries, which is one small request; else among all that there are. */
  async function find(hostname: string): Promise<LoadBalancer | null> {
    const isMeant = ({ DNSName = '' }: LoadBalancer): boolean => sameHostname(DNSName, hostname);
    const name = NAME_IN_HOSTNAME.exec(hostname)?.groups?.['name'];
    const named = name && (await orNull(elb.send(new DescribeLoadBalancersCommand({ Names: [name] }))));
    const known = named ? named.LoadBalancers?.find(isMeant) : undefined;
    return known ?? (await allLoadBalancers()).find(isMeant) ?? null;
  }

  /** Ingresses may share a load balancer: then each of its target groups says whose it is. */
  async function ofIngress(groups: TargetGroup[], { namespace, name }: IngressName): Promise<TargetGroup[]> {
    if (groups.length < 2) return groups;
    const others = new Set<string>();
    for (let first = 0; first < groups.length; first += TAGS_PER_REQUEST) {
      const arns = groups.slice(first, first + TAGS_PER_REQUEST).flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []);
      for (const { ResourceArn = '', Tags } of await tagsOf(arns)) {
        const resource = Tags?.find(({ Key }) => Key === RESOURCE_TAG)?.Value;
        if (resource !== undefined && !resource.startsWith(`${namespace}/${name}-`)) others.add(ResourceArn);
      }
    }
    return groups.filter(({ TargetGroupArn = '' }) => !others.has(TargetGroupArn));
  }

  return {
    async findByHostname(hostname) {
      const found = await find(hostname);
      if (found?.DNSName === undefined || found.CanonicalHostedZoneId === undefined) return null;
      return { hostname: found.DNSName, hostedZoneId: found.CanonicalHostedZoneId };
    },
    async targetsBehind(hostname, ingress) {
      const found = await find(hostname);
      if (!found) return null;
      const LoadBalancerArn = required(found.LoadBalancerArn, 'LoadBalancerArn');
      const pages = paginateDescribeTargetGroups({ client: elb }, { LoadBalancerArn });
      const all = await collect(pages, ({ TargetGroups }) => TargetGroups);
      const groups = ingress === null ? all : await ofIngress(all, ingress);
      const targetGroups = [];
      for (const group of groups) {
        const { TargetGroupArn } = group;
        const health = await orNull(elb.send(new DescribeTargetHealthCommand({ TargetGroupArn })));
        // Deleted since it was listed.
        if (health) targetGroups.push(toTargetGroup(group, health.TargetHealthDescriptions ?? []));
      }
      return { hostname, targetGroups };
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
