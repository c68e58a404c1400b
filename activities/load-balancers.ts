import type { Dependencies } from '../src/adapters/index.ts';
import { pollUntil } from './poll.ts';
import type { ClusterActivities } from './ports.ts';

const APPEAR_SECONDS = 15 * 60;
const GONE_SECONDS = 30 * 60;

type LoadBalancerWork = Pick<ClusterActivities, 'findLoadBalancer' | 'awaitLoadBalancersGone'>;

export function createLoadBalancerWork({ aws, kube, clock }: Dependencies): LoadBalancerWork {
  return {
    findLoadBalancer: ({ actor: { region }, cluster, ingress }) =>
      pollUntil(clock, {
        what: `a load balancer for ingress ${ingress.namespace}/${ingress.name} of ${cluster}`,
        deadlineSeconds: APPEAR_SECONDS,
        look: async () => {
          const hostname = await kube.ingressHostname({ region, cluster }, ingress);
          if (hostname === null) return { waiting: 'the ingress has no host name' };
          const target = await aws(region).elb.findByHostname(hostname);
          return target ? { done: target } : { waiting: `ELBv2 does not know ${hostname}` };
        },
      }),

    awaitLoadBalancersGone: ({ actor: { region }, cluster }) =>
      pollUntil(clock, {
        what: `ingresses and load balancers of ${cluster} to be gone`,
        deadlineSeconds: GONE_SECONDS,
        look: async () => {
          const [ingresses, loadBalancers] = await Promise.all([
            ingressesLeft(region, cluster),
            aws(region).elb.loadBalancersOf(cluster),
          ]);
          const left = [...ingresses.map((name) => `ingress ${name}`), ...loadBalancers];
          return left.length === 0 ? { done: undefined } : { waiting: `still there: ${left.join(', ')}` };
        },
      }),
  };

  /** A cluster that is gone, or never had an API server, has none. */
  async function ingressesLeft(region: string, cluster: string): Promise<readonly string[]> {
    const found = await aws(region).eks.findCluster(cluster);
    return found?.endpoint ? kube.ingresses({ region, cluster }) : [];
  }
}
