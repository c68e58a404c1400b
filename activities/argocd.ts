import type { ApplicationState } from '../src/adapters/argo-application.ts';
import type { ArgoAddress } from '../src/adapters/argo.ts';
import type { RegisteredCluster } from '../src/adapters/argo-cluster-secret.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import type { ArgoCd } from '../src/domain/environment.ts';
import { ARGO } from '../src/domain/ids.ts';
import type { ArgoApplication } from '../src/domain/waves.ts';
import { fail } from './failures.ts';
import { pollUntil } from './poll.ts';
import type { Actor, ArgoActivities } from './ports.ts';

const APPEAR_SECONDS = 15 * 60;
const GONE_SECONDS = 30 * 60;

/** Who put the cluster there, for people who look at the Secret. */
const ENVIRONMENT_LABEL = 'eksodus.dev/environment';
const RUN_ANNOTATION = 'eksodus.dev/run';

export const argoAddress = (region: string, { cluster, namespace }: ArgoCd): ArgoAddress => ({
  region,
  cluster,
  namespace,
});

/** The Secrets by which Argo CD knows a cluster. One that is gone is known by its name alone. */
export async function registrationsOf(
  { aws, argo }: Pick<Dependencies, 'aws' | 'argo'>,
  { actor, argocd, cluster }: { readonly actor: Actor; readonly argocd: ArgoCd; readonly cluster: string },
): Promise<readonly RegisteredCluster[]> {
  const found = await aws(actor.region).eks.findCluster(cluster);
  const known = { name: cluster, endpoint: found?.endpoint ?? null };
  return argo.registrationsOf(argoAddress(actor.region, argocd), known);
}

export const toArgoApplication = ({
  name,
  labels,
  annotations,
  sync,
  health,
  revision,
}: ApplicationState): ArgoApplication => ({
  name,
  app: labels[ARGO.app] ?? name,
  needs: (annotations[ARGO.needs] ?? '')
    .split(',')
    .map((need) => need.trim())
    .filter((need) => need !== ''),
  sync,
  health,
  revision,
});

type RegistryWork = Omit<ArgoActivities, 'syncApplication'>;

export function createArgoWork(deps: Dependencies): RegistryWork {
  const { argo, clock } = deps;
  interface Asked {
    readonly actor: Actor;
    readonly argocd: ArgoCd;
    readonly cluster: string;
    readonly tier: 'platform' | 'app';
  }
  const list = async ({ actor, argocd, cluster, tier }: Asked): Promise<ArgoApplication[]> => {
    const labels = { [ARGO.cluster]: cluster, [ARGO.tier]: tier };
    return (await argo.applications(argoAddress(actor.region, argocd), labels)).map(toArgoApplication);
  };

  return {
    async registerCluster({ actor, argocd, cluster: { name, endpoint, caData } }) {
      await argo.applyCluster(argoAddress(actor.region, argocd), {
        name,
        endpoint,
        caData,
        labels: { [ENVIRONMENT_LABEL]: actor.environment, ...argocd.labels, [ARGO.cluster]: name },
        annotations: { [RUN_ANNOTATION]: actor.run },
      });
    },

    async labelCluster({ actor, argocd, cluster, labels }) {
      const registrations = await registrationsOf(deps, { actor, argocd, cluster });
      for (const { secret } of registrations) {
        await argo.labelSecret(argoAddress(actor.region, argocd), secret, labels);
      }
      const onlyRemoves = Object.values(labels).every((value) => value === null);
      if (registrations.length > 0 || onlyRemoves) return;
      throw fail('input.invalid', `cluster ${cluster} is not registered with Argo CD on ${argocd.cluster}`, {
        hint: 'register it before it is labelled',
      });
    },

    listApplications: list,

    awaitApplications: (asked) =>
      pollUntil(clock, {
        what: `Argo CD to have the ${asked.tier} applications of ${asked.cluster}`,
        deadlineSeconds: APPEAR_SECONDS,
        look: async () => {
          const present = await list(asked);
          const missing = asked.apps.filter((wanted) => !present.some(({ app }) => app === wanted));
          return missing.length === 0 ? { done: present } : { waiting: `missing: ${missing.join(', ')}` };
        },
      }),

    awaitApplicationsGone: (asked) =>
      pollUntil(clock, {
        what: `the ${asked.tier} applications of ${asked.cluster} to be gone from Argo CD`,
        deadlineSeconds: GONE_SECONDS,
        look: async () => {
          const left = await list(asked);
          const names = left.map(({ name, health }) => `${name} (${health})`);
          return names.length === 0 ? { done: undefined } : { waiting: `still there: ${names.join(', ')}` };
        },
      }),

    async deregisterCluster({ actor, argocd, cluster }) {
      for (const { secret } of await registrationsOf(deps, { actor, argocd, cluster })) {
        await argo.removeSecret(argoAddress(actor.region, argocd), secret);
      }
    },
  };
}
