// What is to be known of one app in one cluster before traffic goes there. Facts only: src/domain/readiness.ts judges.
import type { ApplicationState } from '../src/adapters/argo-application.ts';
import type { ArgoAddress } from '../src/adapters/argo.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import { textOf, type ApplicationFacts, type ReadinessFacts } from '../src/domain/readiness-facts.ts';
import { argoAddress } from './argocd.ts';
import { seen } from './found.ts';
import { pollFor } from './poll.ts';
import type { ReadinessActivities } from './ports.ts';

/** What refuses to answer so often cannot be known for now: the workflow decides what that means. */
const ATTEMPTS = 3;
const COMPARED_SECONDS = 60;
const RESPECTS_IGNORED = 'RespectIgnoreDifferences=true';

type Look = Pick<ReadinessActivities, 'lookAtReadiness'>;

export function createReadinessWork({ aws, kube, replicas, argo, clock }: Dependencies): Look {
  return {
    async lookAtReadiness({ actor: { region }, argocd, app, cluster, argoCd }) {
      const at = { region, cluster };
      const { ingress } = app;
      const patience = argoCd === 'anew' ? ATTEMPTS : 1;
      const [loadBalancer, inCluster] = await Promise.all([
        ingress ? seen(patience, () => behind(region, cluster, ingress)) : null,
        ofApplication(patience),
      ]);
      return { cluster, at: new Date(clock.now()).toISOString(), loadBalancer, ...inCluster };

      async function ofApplication(attempts: number): Promise<Pick<ReadinessFacts, 'application' | 'workloads'>> {
        const address = argoAddress(region, argocd);
        const application = await seen(attempts, () => findApplication(address, app.application, argoCd));
        if ('unknown' in application)
          return { application, workloads: { unknown: 'Argo CD, which knows what belongs to the app, was not heard' } };
        // What changes hands runs in one cluster only, and is none of what serves.
        const handed = new Set((app.handover?.workloads ?? []).map(textOf));
        const objects = (application.seen?.state.objects ?? []).filter((one) => !handed.has(textOf(one)));
        return {
          application: { seen: application.seen && toFacts(application.seen) },
          workloads: await seen(attempts, () => replicas.read(at, objects)),
        };
      }
    },
  };

  async function behind(region: string, cluster: string, ingress: { namespace: string; name: string }) {
    const hostname = await kube.ingressHostname({ region, cluster }, ingress);
    if (hostname === null) return null;
    return aws(region).elb.targetsBehind(hostname, ingress);
  }

  /** Argo CD goes on saying Synced and Healthy for minutes after it has lost sight of a cluster: so it is asked to look. */
  async function findApplication(at: ArgoAddress, name: string, argoCd: 'anew' | 'as-known'): Promise<Compared | null> {
    const before = await argo.findApplication(at, name);
    if (!before) return null;
    if (argoCd === 'as-known') return { state: before, comparedAnew: null };
    await argo.requestRefresh(at, name);
    let state = before;
    const outcome = await pollFor(clock, {
      what: `Argo CD to compare ${name}`,
      deadlineSeconds: COMPARED_SECONDS,
      look: async () => {
        state = (await argo.findApplication(at, name)) ?? state;
        const isNew = !state.refreshing && state.reconciledAt !== before.reconciledAt;
        return isNew ? { done: true } : { waiting: `compared at ${state.reconciledAt ?? 'no time'}` };
      },
    });
    return { state, comparedAnew: 'done' in outcome };
  }
}

interface Compared {
  readonly state: ApplicationState;
  readonly comparedAnew: boolean | null;
}

function toFacts({ state, comparedAnew }: Compared): ApplicationFacts {
  const { name, sync, health, revision, operation, requested, outOfSync, problems, selfHeals } = state;
  return {
    name,
    sync,
    health,
    revision,
    comparedAnew,
    syncing: requested !== null || operation?.phase === 'Running' || operation?.phase === 'Terminating',
    outOfSync,
    problems,
    selfHeals,
    respectsIgnored: state.syncOptions.includes(RESPECTS_IGNORED),
    ignored: state.ignoreDifferences,
  };
}
