// Who gets into a cluster, and how its pods get into AWS.
import { TAGS } from '../src/domain/ids.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import { asFailure } from './translate.ts';
import { fail } from './failures.ts';
import { tagsOf } from './own.ts';
import { pollUntil } from './poll.ts';
import type { Actor, EksActivities } from './ports.ts';

const API_SECONDS = 15 * 60;
const EXISTS = new Set(['EntityAlreadyExistsException', 'EntityAlreadyExists']);

type AccessWork = Pick<EksActivities, 'ensureOidcProvider' | 'deleteOidcProvider' | 'ensureAccessEntry' | 'awaitApi'>;

export function createAccessWork({ aws, kube, clock }: Dependencies): AccessWork {
  return {
    async ensureOidcProvider({ actor, issuer }) {
      const there = await ownProvider(actor, issuer);
      if (there !== null) return { arn: there };
      try {
        return { arn: await aws(actor.region).iam.createOidcProvider(issuer, tagsOf(actor)) };
      } catch (error) {
        const isThere = error instanceof Error && EXISTS.has(error.name);
        const arn = isThere ? await ownProvider(actor, issuer) : null;
        if (arn === null) throw error;
        return { arn };
      }
    },

    async deleteOidcProvider({ actor, issuer }) {
      // A cluster that never became whole has no issuer.
      if (issuer === '') return;
      const { iam } = aws(actor.region);
      const found = await iam.findOidcProvider(issuer);
      if (found) await iam.deleteOidcProvider(found.arn);
    },

    async ensureAccessEntry({ actor, cluster, entry, token }) {
      const { eks } = aws(actor.region);
      const { principalArn, policies, kubernetesGroups } = entry;
      const there = await eks.findAccessEntry(cluster, principalArn);
      // The cluster is ours, so every entry of it is ours to set: EKS itself makes the one of the cluster's creator.
      if (!there) {
        await eks.createAccessEntry({ cluster, principalArn, kubernetesGroups, tags: tagsOf(actor), token });
      } else if (there.kubernetesGroups.toSorted().join() !== kubernetesGroups.toSorted().join()) {
        await eks.setAccessGroups({ cluster, principalArn, kubernetesGroups, token });
      }
      for (const policy of policies) await eks.associatePolicy({ cluster, principalArn, policy });
    },

    awaitApi: ({ actor: { region }, cluster }) =>
      pollUntil(clock, {
        what: `the API server of ${cluster} to let us in`,
        deadlineSeconds: API_SECONDS,
        look: async () => {
          try {
            await kube.letsUsIn({ region, cluster });
            return { done: { servedVersion: await kube.servedVersion({ region, cluster }) } };
          } catch (error) {
            const failure = asFailure(error);
            const isClusters =
              'type' in failure && (failure.type === 'k8s.unreachable' || failure.type === 'k8s.denied');
            if (isClusters) return { waiting: failure.message };
            throw failure;
          }
        },
      }),
  };

  async function ownProvider({ region, environment, run }: Actor, issuer: string): Promise<string | null> {
    const found = await aws(region).iam.findOidcProvider(issuer);
    if (!found) return null;
    if (found.tags[TAGS.run] === run || found.tags[TAGS.environment] === environment) return found.arn;
    throw fail('iam.provider-taken', `IAM OIDC provider ${found.arn} exists and carries no tag of ${environment}`, {
      hint: `tag it ${TAGS.environment}=${environment} if it is this environment's, or delete it; then resume`,
    });
  }
}
