import type { Dependencies } from '../src/adapters/index.ts';
import type { EksCluster } from '../src/adapters/eks-clusters.ts';
import { TAGS } from '../src/domain/ids.ts';
import { fail } from './failures.ts';
import { createOrAdopt, tagsOf } from './own.ts';
import { pollUntil } from './poll.ts';
import type { ClusterFacts, EksActivities } from './ports.ts';
import { removeAndWait } from './remove.ts';

const CREATE_SECONDS = 45 * 60;
const UPDATE_SECONDS = 30 * 60;
const DELETE_SECONDS = 45 * 60;

type ClusterWork = Pick<
  EksActivities,
  'requestCluster' | 'awaitCluster' | 'describeCluster' | 'liftDeletionProtection' | 'deleteCluster'
>;

export function createClusterWork(deps: Dependencies): ClusterWork {
  const { aws, clock } = deps;
  return {
    async requestCluster({ actor, name, version, settings, token }) {
      const { eks } = aws(actor.region);
      const adopted = await createOrAdopt({
        actor,
        what: `cluster ${name}`,
        taken: 'eks.name-taken',
        find: () => eks.findCluster(name),
        create: () => eks.createCluster({ name, version, settings, tags: tagsOf(actor), token }),
        remove: () => eks.deleteCluster(name),
      });
      return { adopted: adopted !== null };
    },

    awaitCluster: ({ actor, name }) =>
      pollUntil(clock, {
        what: `cluster ${name} to be ACTIVE`,
        deadlineSeconds: CREATE_SECONDS,
        look: async () => {
          const cluster = await aws(actor.region).eks.findCluster(name);
          if (!cluster) return { failed: `cluster ${name} does not exist any more`, type: 'eks.create-failed' };
          const { status, issues } = cluster;
          if (status === 'ACTIVE') return { done: toFacts(cluster) };
          if (status !== 'FAILED' && status !== 'DELETING') return { waiting: status };
          return {
            failed: `cluster ${name} is ${status}: ${issues.join('; ') || 'EKS names no reason'}`,
            type: 'eks.create-failed',
          };
        },
      }),

    async describeCluster({ actor, cluster }) {
      const found = await aws(actor.region).eks.findCluster(cluster);
      return found ? toFacts(found) : null;
    },

    async liftDeletionProtection({ actor, cluster, token }) {
      const { eks } = aws(actor.region);
      const found = await eks.findCluster(cluster);
      if (!found?.deletionProtection) return;
      const updateId = await eks.allowDeletion(cluster, token);
      await pollUntil(clock, {
        what: `deletion protection of cluster ${cluster} to be off`,
        deadlineSeconds: UPDATE_SECONDS,
        look: async () => {
          const { status, errors } = await eks.readUpdate(cluster, updateId);
          if (status === 'Successful') return { done: undefined };
          if (status === 'InProgress') return { waiting: status };
          return {
            failed: `deletion protection of cluster ${cluster} is still on: update ${status}: ${errors.join('; ')}`,
            type: 'eks.update-failed',
          };
        },
      });
    },

    async deleteCluster({ actor, cluster }) {
      const { eks } = aws(actor.region);
      await removeAndWait(deps, {
        what: `cluster ${cluster}`,
        deadlineSeconds: DELETE_SECONDS,
        find: () => eks.findCluster(cluster),
        remove: () => eks.deleteCluster(cluster),
      });
    },
  };
}

/** What a cluster that is not whole yet lacks is an empty text: only ACTIVE ones have it all. */
function toFacts({ name, arn, version, endpoint, caData, oidcIssuer, status, tags }: EksCluster): ClusterFacts {
  const isWhole = endpoint !== null && caData !== null && oidcIssuer !== null;
  if (status === 'ACTIVE' && !isWhole) {
    throw fail('cloud.unavailable', `EKS says that cluster ${name} is ACTIVE, but not where its API server is`);
  }
  return {
    name,
    arn,
    version,
    endpoint: endpoint ?? '',
    caData: caData ?? '',
    oidcIssuer: oidcIssuer ?? '',
    run: tags[TAGS.run] ?? null,
  };
}
