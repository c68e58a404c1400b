import { describe, expect, it } from 'vitest';
import { healthOf, viewTargets } from '../../src/domain/dns-targets.ts';
import type { LoadBalancerFacts, Seen } from '../../src/domain/readiness-facts.ts';
import type { RecordSet } from '../../src/domain/record-set.ts';
import { targetGroup } from '../support/readiness.ts';

const HOSTNAME = 'k8s-web.elb.test';
const record = (change: Partial<RecordSet> = {}): RecordSet => ({
  name: 'web.example.test',
  type: 'A',
  setIdentifier: 'blue',
  weight: 100,
  ttlSeconds: null,
  alias: { hostname: `dualstack.${HOSTNAME}.`, hostedZoneId: 'ZLB', evaluateTargetHealth: true },
  values: [],
  healthChecked: false,
  ...change,
});
const groups = (...healthy: number[]): Seen<LoadBalancerFacts> => ({
  seen: { hostname: HOSTNAME, targetGroups: healthy.map((count) => targetGroup({ healthy: count })) },
});
const view = (found: Seen<LoadBalancerFacts | null>) => viewTargets(record().alias, { [HOSTNAME]: found });
const health = (found: Seen<LoadBalancerFacts | null>, change: Partial<RecordSet> = {}) =>
  healthOf(record(change), viewTargets(record(change).alias, { [HOSTNAME]: found }));

describe('viewTargets', () => {
  it('is healthy when every target group has one that is, an empty one not', () => {
    expect(view(groups(1, 2))).toMatchObject({ health: 'healthy' });
    expect(view(groups(2, 0))).toMatchObject({ health: 'unhealthy' });
  });

  it.each<[string, ReturnType<typeof view>, string]>([
    ['what could not be read', view({ unknown: 'denied' }), 'denied'],
    ['what ELBv2 has not', view({ seen: null }), 'no load balancer of this account and region has this name'],
    ['a load balancer that only redirects', view(groups()), 'the load balancer has no target group'],
    ['what nobody asked about', viewTargets(record().alias, {}), 'nobody looked'],
  ])('does not know %s', (_what, seen, why) => {
    expect(seen).toEqual({ health: 'unknown', why });
  });

  it('has nothing to say of a record that is no alias', () => {
    expect(viewTargets(null, {})).toBeUndefined();
  });
});

describe('healthOf', () => {
  it('is that of the targets, where the record evaluates it', () => {
    expect([health(groups(1)), health(groups(0))]).toEqual(['healthy', 'unhealthy']);
    const alias = { hostname: HOSTNAME, hostedZoneId: 'ZLB', evaluateTargetHealth: false };
    expect(health(groups(0), { alias })).toBe('unknown');
    expect(healthOf(record({ alias: null, healthChecked: true }), undefined)).toBe('unknown');
  });

  it('needs a health check of the record’s own as well, which nobody looks at', () => {
    expect(health(groups(1), { healthChecked: true })).toBe('unknown');
    expect(health(groups(0), { healthChecked: true })).toBe('unhealthy');
  });
});
