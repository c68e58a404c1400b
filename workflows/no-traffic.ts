// The proof that a cluster gets no traffic any more: without it nothing of the cluster is touched.
import { ApplicationFailure } from '@temporalio/workflow';
import { nameIn, type Environment } from '../src/domain/environment.ts';
import type { Evidence } from '../src/domain/status.ts';
import { calls, waits } from './proxies.ts';
import { zoneOf } from './look-up.ts';

/**
 * Asks for every host. Throws `checks.failed` when one still leads to the cluster, or nobody could tell; and
 * `drift.detected` when a record that must be there is not: without it nobody knows what resolvers still answer.
 */
export async function proveNoTraffic(
  environment: Environment,
  cluster: string,
  { mustBeThere }: { readonly mustBeThere: boolean },
): Promise<Evidence[]> {
  const hosts = environment.apps.flatMap(({ hosts: names }) => names);
  const evidence = (
    await Promise.all(
      hosts.map(async (host) => {
        const zone = zoneOf(environment, host);
        const records = await calls.readRecords({ zone, host: host.name });
        const mine = records.find(({ setIdentifier }) => setIdentifier === cluster);
        if (!mine && mustBeThere)
          throw ApplicationFailure.nonRetryable(
            `${nameIn(zone, host.name)} has no weighted record ${cluster} any more, so its traffic cannot be proved to have ended. Resume when caches of its old answers have gone`,
            'drift.detected',
          );
        if (!mine) return [];
        const { target } = mine;
        const resolvers = environment.resolvers ?? null;
        return [await waits.proveIdle({ zone, host: host.name, setIdentifier: cluster, target, resolvers })];
      }),
    )
  ).flat();
  const busy = evidence.filter(({ passed }) => !passed);
  if (busy.length === 0) return evidence;
  const seen = busy.map(({ subject, observed, expected }) => `${subject}: ${observed}, expected ${expected}`);
  throw ApplicationFailure.nonRetryable(seen.join('; '), 'checks.failed', { evidence: busy });
}
