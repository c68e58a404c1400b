// What a load balancer must have behind it.
import type { LoadBalancerFacts, TargetGroupFacts } from './readiness-facts.ts';
import { about, some, type Bare, type Found } from './readiness-found.ts';

export function judgeLoadBalancer(loadBalancer: LoadBalancerFacts | null): Found[] {
  const none = { wrong: 'no', unserved: true, passes: true, expected: 'a load balancer with targets' } as const;
  if (!loadBalancer)
    return [
      {
        ...none,
        subject: 'Ingress',
        observed: 'it has no load balancer',
        todo: 'look at the Ingress and at the AWS Load Balancer Controller',
      },
    ];
  const { hostname, targetGroups } = loadBalancer;
  if (targetGroups.length === 0)
    return [{ ...none, subject: hostname, observed: 'no target group', todo: 'look at the Ingress’s rules' }];
  return targetGroups.map((group) => about(`${group.name} of ${hostname}`, judgeTargetGroup(group)));
}

/** Of pods, at least half of those that are not leaving; of nodes one: most of them may have no pod of the app. */
function judgeTargetGroup(group: TargetGroupFacts): Bare {
  const { targetType, healthy, initial, unhealthy } = group;
  const staying = healthy + initial + unhealthy;
  const needed = targetType === 'ip' ? Math.max(1, Math.ceil(staying / 2)) : 1;
  const seen = {
    observed: targetsText(group),
    expected: `at least ${needed} healthy`,
  };
  if (healthy >= needed) return seen;
  return {
    ...seen,
    wrong: 'no',
    // Pods that are ready are registered a little later.
    passes: initial > 0 || staying === 0,
    unserved: healthy === 0,
    todo:
      staying === 0 ? 'look at the pods behind the Ingress' : 'look at what the health check of the targets is told',
  };
}

export function targetsText({ healthy, initial, unhealthy, draining, because }: TargetGroupFacts): string {
  const parts = [`${healthy} healthy`, `${initial} initial`, `${unhealthy} unhealthy`, `${draining} draining`];
  return parts.join(', ') + (because.length > 0 ? ` (${some(because)})` : '');
}
