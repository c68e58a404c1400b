// What the environment file names for what an app names.
import { ApplicationFailure } from '@temporalio/workflow';
import type { App, AppHost, Environment, HostedZone, IngressRef } from '../src/domain/environment.ts';

export function zoneOf(environment: Pick<Environment, 'zones'>, host: AppHost): HostedZone {
  const zone = environment.zones.find(({ id }) => id === host.zoneId);
  if (!zone) throw ApplicationFailure.nonRetryable(`no zone ${host.zoneId} for ${host.name}`, 'input.invalid');
  return zone;
}

/** Every app with hosts has one. */
export function ingressOf({ name, ingress }: Pick<App, 'name' | 'ingress'>): IngressRef {
  if (!ingress) throw ApplicationFailure.nonRetryable(`app ${name} has no ingress`, 'input.invalid');
  return ingress;
}
