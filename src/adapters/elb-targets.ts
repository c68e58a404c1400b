import type { TargetGroup, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetGroupFacts } from '../domain/readiness-facts.ts';

/** How the states of ELBv2 are counted. `unavailable`: its health is not checked, and requests go to it. */
const COUNTED_AS: Readonly<Record<string, 'healthy' | 'initial' | 'unhealthy' | 'draining'>> = {
  healthy: 'healthy',
  unavailable: 'healthy',
  initial: 'initial',
  unhealthy: 'unhealthy',
  unused: 'unhealthy',
  draining: 'draining',
  'unhealthy.draining': 'draining',
};

export function toTargetGroup(
  { TargetGroupName, TargetType }: TargetGroup,
  targets: readonly TargetHealthDescription[],
): TargetGroupFacts {
  const states = targets.map(({ TargetHealth: { State = '', Reason, Description } = {} }) => ({
    counted: COUNTED_AS[State] ?? 'unhealthy',
    why: Description ?? Reason ?? State,
  }));
  const count = (wanted: string): number => states.filter(({ counted }) => counted === wanted).length;
  return {
    name: TargetGroupName ?? '',
    targetType: TargetType ?? 'instance',
    healthy: count('healthy'),
    initial: count('initial'),
    unhealthy: count('unhealthy'),
    draining: count('draining'),
    because: [...new Set(states.filter(({ counted }) => counted !== 'healthy').map(({ why }) => why))],
  };
}
