// What is in the zones of the bench, and what is wished of it. Pure: workflows use it too.
import type { WeightedRecord } from '../../src/domain/traffic.ts';

export const BLUE = 'blue';
export const GREEN = 'green';

/** Such as `app-017.bench-1.test`. */
export const hostOf = (zone: string, app: number): string => `app-${String(app).padStart(4, '0')}.${zone}`;

/** Both colours of a host, each at a load balancer of its own. */
export const recordsAt = (host: string, greenPercent: number): WeightedRecord[] => [
  { setIdentifier: BLUE, weight: 100 - greenPercent, target: targetOf(host, BLUE) },
  { setIdentifier: GREEN, weight: greenPercent, target: targetOf(host, GREEN) },
];

/** As long as those of real load balancers. */
const targetOf = (host: string, colour: string): WeightedRecord['target'] => ({
  hostname: `k8s-${host.replaceAll('.', '-')}-${colour}-1234567890.eu-central-1.elb.amazonaws.com`,
  hostedZoneId: 'Z215JYRZR1TBD5',
});
