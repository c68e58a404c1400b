/** How the load balancers are that records lead to, as Route 53 takes them. Pure. */
import type { TargetHealth } from './dns-answers.ts';
import type { LoadBalancerFacts, Seen, TargetGroupFacts } from './readiness-facts.ts';
import type { RecordSet } from './record-set.ts';
import { plainName } from './traffic.ts';

export type TargetsView =
  | { readonly health: 'healthy' | 'unhealthy'; readonly targetGroups: readonly TargetGroupFacts[] }
  | { readonly health: 'unknown'; readonly why: string };

/** By host name, as `plainName` has it. Seen as null: ELBv2 has none of this name. */
export type TargetsSeen = Readonly<Record<string, Seen<LoadBalancerFacts | null>>>;

/** Undefined: the record leads to no alias. */
export function viewTargets(alias: RecordSet['alias'], targets: TargetsSeen): TargetsView | undefined {
  if (!alias) return undefined;
  const found = targets[plainName(alias.hostname)];
  if (!found) return unknown('nobody looked');
  if ('unknown' in found) return unknown(found.unknown);
  if (!found.seen) return unknown('no load balancer of this account and region has this name');
  const { targetGroups } = found.seen;
  // Such as one that only redirects: there is nothing that Route 53 could evaluate.
  if (targetGroups.length === 0) return unknown('the load balancer has no target group');
  return { health: targetGroups.every(({ healthy }) => healthy > 0) ? 'healthy' : 'unhealthy', targetGroups };
}

/** What Route 53 makes of it. A health check of the record's own comes on top, and that is not looked at. */
export function healthOf({ alias, healthChecked }: RecordSet, targets: TargetsView | undefined): TargetHealth {
  if (!targets || !alias?.evaluateTargetHealth) return 'unknown';
  return targets.health === 'healthy' && healthChecked ? 'unknown' : targets.health;
}

const unknown = (why: string): TargetsView => ({ health: 'unknown', why });
