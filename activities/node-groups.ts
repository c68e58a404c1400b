import type { Dependencies } from '../src/adapters/index.ts';
import { createOrAdopt, tagsOf } from './own.ts';
import { pollUntil } from './poll.ts';
import type { EksActivities } from './ports.ts';
import { removeAndWait } from './remove.ts';

const CREATE_SECONDS = 45 * 60;
const DELETE_SECONDS = 45 * 60;
const ENDED_BADLY = new Set(['CREATE_FAILED', 'DELETE_FAILED', 'DELETING']);

type NodeGroupWork = Pick<EksActivities, 'requestNodeGroup' | 'awaitNodeGroup' | 'listNodeGroups' | 'deleteNodeGroup'>;

export function createNodeGroupWork(deps: Dependencies): NodeGroupWork {
  const { aws, clock } = deps;
  return {
    async requestNodeGroup({ actor, cluster, version, nodeGroup, subnetIds, token }) {
      const { eks } = aws(actor.region);
      const adopted = await createOrAdopt({
        actor,
        what: `node group ${nodeGroup.name} of ${cluster}`,
        taken: 'eks.name-taken',
        find: () => eks.findNodeGroup(cluster, nodeGroup.name),
        create: () => eks.createNodeGroup({ cluster, version, nodeGroup, subnetIds, tags: tagsOf(actor), token }),
        remove: () => eks.deleteNodeGroup(cluster, nodeGroup.name),
      });
      return { adopted: adopted !== null };
    },

    awaitNodeGroup: ({ actor, cluster, nodeGroup }) =>
      pollUntil(clock, {
        what: `node group ${nodeGroup} of ${cluster} to be ACTIVE`,
        deadlineSeconds: CREATE_SECONDS,
        look: async () => {
          const found = await aws(actor.region).eks.findNodeGroup(cluster, nodeGroup);
          const what = `node group ${nodeGroup} of ${cluster}`;
          if (!found) return { failed: `${what} does not exist any more`, type: 'eks.create-failed' };
          const { status, issues } = found;
          if (status === 'ACTIVE') return { done: undefined };
          const seen = [status, ...issues].join('; ');
          return ENDED_BADLY.has(status)
            ? { failed: `${what} is ${seen}`, type: 'eks.create-failed' }
            : { waiting: seen };
        },
      }),

    listNodeGroups: ({ actor, cluster }) => aws(actor.region).eks.listNodeGroups(cluster),

    async deleteNodeGroup({ actor, cluster, nodeGroup }) {
      const { eks } = aws(actor.region);
      await removeAndWait(deps, {
        what: `node group ${nodeGroup} of ${cluster}`,
        deadlineSeconds: DELETE_SECONDS,
        find: () => eks.findNodeGroup(cluster, nodeGroup),
        remove: () => eks.deleteNodeGroup(cluster, nodeGroup),
      });
    },
  };
}
