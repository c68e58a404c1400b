import type { Dependencies } from '../src/adapters/index.ts';
import { fail } from './failures.ts';
import { createOrAdopt, tagsOf } from './own.ts';
import { pollUntil } from './poll.ts';
import type { EksActivities } from './ports.ts';
import { removeAndWait } from './remove.ts';

const INSTALL_SECONDS = 20 * 60;
const DELETE_SECONDS = 20 * 60;
const ENDED_BADLY = new Set(['CREATE_FAILED', 'UPDATE_FAILED', 'DELETE_FAILED', 'DELETING']);

type AddonWork = Pick<EksActivities, 'requestAddon' | 'awaitAddon' | 'listAddons' | 'deleteAddon'>;

export function createAddonWork(deps: Dependencies): AddonWork {
  const { aws, clock } = deps;
  return {
    async requestAddon({ actor, cluster, version, addon, token }) {
      const { eks } = aws(actor.region);
      const addonVersion = addon.version === 'default' ? await recommended() : addon.version;
      const adopted = await createOrAdopt({
        actor,
        what: `add-on ${addon.name} of ${cluster}`,
        taken: 'eks.name-taken',
        find: () => eks.findAddon(cluster, addon.name),
        create: () => eks.createAddon({ cluster, name: addon.name, addonVersion, tags: tagsOf(actor), token }),
        remove: () => eks.deleteAddon(cluster, addon.name),
      });
      return { addonVersion: adopted?.addonVersion ?? addonVersion };

      async function recommended(): Promise<string> {
        const found = await eks.recommendedAddonVersion(addon.name, version);
        if (found !== null) return found;
        throw fail('input.invalid', `EKS recommends no version of add-on ${addon.name} for Kubernetes ${version}`, {
          hint: 'name a version in the environment file, or leave the add-on out',
        });
      }
    },

    awaitAddon: ({ actor, cluster, addon }) =>
      pollUntil(clock, {
        what: `add-on ${addon} of ${cluster} to be ACTIVE`,
        deadlineSeconds: INSTALL_SECONDS,
        look: async () => {
          const found = await aws(actor.region).eks.findAddon(cluster, addon);
          const what = `add-on ${addon} of ${cluster}`;
          if (!found) return { failed: `${what} does not exist any more`, type: 'eks.create-failed' };
          const { status, issues } = found;
          if (status === 'ACTIVE') return { done: undefined };
          const seen = [status, ...issues].join('; ');
          // DEGRADED is what an add-on is while its pods have no node yet.
          return ENDED_BADLY.has(status)
            ? { failed: `${what} is ${seen}`, type: 'eks.create-failed' }
            : { waiting: seen };
        },
      }),

    listAddons: ({ actor, cluster }) => aws(actor.region).eks.listAddons(cluster),

    async deleteAddon({ actor, cluster, addon }) {
      const { eks } = aws(actor.region);
      await removeAndWait(deps, {
        what: `add-on ${addon} of ${cluster}`,
        deadlineSeconds: DELETE_SECONDS,
        find: () => eks.findAddon(cluster, addon),
        remove: () => eks.deleteAddon(cluster, addon),
      });
    },
  };
}
