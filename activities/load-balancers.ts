import type { Dependencies } from '../src/adapters/index.ts';
import type { Exposure } from '../src/adapters/kube.ts';
import { ARGO } from '../src/domain/ids.ts';
import { argoAddress } from './argocd.ts';
import { pollUntil } from './poll.ts';
import type { ClusterActivities } from './ports.ts';

const APPEAR_SECONDS = 15 * 60;
const GONE_SECONDS = 30 * 60;

type LoadBalancerWork = Pick<
  ClusterActivities,
  'findLoadBalancer' | 'deleteExposedApplications' | 'awaitLoadBalancersGone'
>;

export function createLoadBalancerWork({ aws, kube, argo, clock }: Dependencies): LoadBalancerWork {
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

    async deleteExposedApplications({ actor: { region }, argocd, cluster }) {
      const exposures = await exposuresLeft(region, cluster);
      const isExposed = new Set(exposures.map(textOf));
      const at = argoAddress(region, argocd);
      const applications = await argo.applications(at, { [ARGO.cluster]: cluster });
      const exposed = applications.filter(({ objects }) => objects.some((one) => isExposed.has(textOf(one))));
      // Their ApplicationSet makes them again, and they stay empty: nothing syncs by itself.
      for (const { name } of exposed) await argo.deleteApplication(at, name);
      return { deleted: exposed.map(({ name }) => name) };
    },

    awaitLoadBalancersGone: ({ actor: { region }, cluster }) =>
      pollUntil(clock, {
        what: `ingresses and load balancers of ${cluster} to be gone`,
        deadlineSeconds: GONE_SECONDS,
        look: async () => {
          const [exposures, loadBalancers] = await Promise.all([
            exposuresLeft(region, cluster),
            aws(region).elb.loadBalancersOf(cluster),
          ]);
          const left = [...exposures.map(textOf), ...loadBalancers];
          return left.length === 0 ? { done: undefined } : { waiting: `still there: ${left.join(', ')}` };
        },
      }),
  };

  /** A cluster that is gone, or never had an API server, has none. */
  async function exposuresLeft(region: string, cluster: string): Promise<readonly Exposure[]> {
    const found = await aws(region).eks.findCluster(cluster);
    return found?.endpoint ? kube.exposures({ region, cluster }) : [];
  }
}

const textOf = ({ kind, namespace, name }: { kind: string; namespace: string; name: string }): string =>
  `${kind} ${namespace}/${name}`;
