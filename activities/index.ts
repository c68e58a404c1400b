import type { Dependencies } from '../src/adapters/index.ts';
import { createAccessWork } from './access.ts';
import { createAddonWork } from './addons.ts';
import { createAnalysisWork } from './analyses.ts';
import { createAnnotationWork } from './annotated-weights.ts';
import { createArgoWork } from './argocd.ts';
import { createCatalogueWork } from './catalogue.ts';
import { createCheckWork } from './checks.ts';
import { createClusterWork } from './clusters.ts';
import { createZoneWork } from './dns.ts';
import { createGateWork } from './gate.ts';
import { createHandoverWork } from './handover.ts';
import { createLeftoverWork } from './leftovers.ts';
import { createLoadBalancerWork } from './load-balancers.ts';
import { createAnswerWork } from './name-servers.ts';
import { createNoticeWork } from './notices.ts';
import { createOwnershipWork } from './names-seen.ts';
import { createNodeGroupWork } from './node-groups.ts';
import { createParameterWork } from './parameters.ts';
import type { Activities } from './ports.ts';
import { createPreflightWork } from './preflight.ts';
import { createReadinessWork } from './readiness.ts';
import { createReplicaWork } from './replicas.ts';
import { createOwnerWork } from './record-facts.ts';
import { createSyncWork } from './sync.ts';
import { asFailure } from './translate.ts';

/** All that workflows may ask of the world. Whatever goes wrong in one is a failure of the table in failures.ts. */
export function createActivities(deps: Dependencies): Activities {
  const activities: Activities = {
    ...createPreflightWork(deps),
    ...createCatalogueWork(deps),
    ...createClusterWork(deps),
    ...createAccessWork(deps),
    ...createNodeGroupWork(deps),
    ...createAddonWork(deps),
    ...createLeftoverWork(deps),
    ...createParameterWork(deps),
    ...createArgoWork(deps),
    ...createSyncWork(deps),
    ...createLoadBalancerWork(deps),
    ...createCheckWork(deps),
    ...createReadinessWork(deps),
    ...createReplicaWork(deps),
    ...createGateWork(deps),
    ...createHandoverWork(deps),
    ...createAnalysisWork(deps),
    ...createNoticeWork(deps),
    ...createZoneWork(deps),
    ...createAnswerWork(deps),
    ...createOwnershipWork(deps),
    ...createOwnerWork(deps),
    ...createAnnotationWork(deps),
  };
  return failingAsTheTableSays(activities);
}

function failingAsTheTableSays<T extends object>(activities: T): T {
  const wrapped = { ...activities };
  for (const name of Object.keys(activities)) {
    const run: unknown = Reflect.get(activities, name);
    if (typeof run !== 'function') continue;
    const activity = async (...input: unknown[]): Promise<unknown> => {
      try {
        return await Reflect.apply(run, undefined, input);
      } catch (error) {
        throw asFailure(error);
      }
    };
    Object.assign(wrapped, { [name]: activity });
  }
  return wrapped;
}
