// Builds the green cluster. Every step is idempotent, so a run that was interrupted goes on where it was.
import type { Actor, ClusterFacts } from '../activities/ports.ts';
import type { Addon, Environment, NodeGroup } from '../src/domain/environment.ts';
import { calls, waits } from './proxies.ts';
import { workReporter } from './report-work.ts';
import { everyOne } from './settle.ts';

export interface ProvisionInput {
  readonly environment: Environment;
  readonly actor: Actor;
  readonly cluster: string;
}

export async function provision({ environment, actor, cluster }: ProvisionInput): Promise<ClusterFacts> {
  const { cluster: settings, target, addons, nodeGroups } = environment;
  const { version } = target;
  const work = workReporter('provision');
  const token = (step: string): string => `${actor.run}/${step}`;

  const facts = await work(`cluster ${cluster}`, async () => {
    await calls.requestCluster({
      actor,
      name: cluster,
      version,
      settings,
      token: token('cluster'),
    });
    return waits.awaitCluster({ actor, name: cluster });
  });
  await everyOne<unknown>([
    settings.oidcProvider
      ? work('OIDC provider', () => calls.ensureOidcProvider({ actor, issuer: facts.oidcIssuer }))
      : undefined,
    work('access entries', letIn),
    ...addons.filter(({ order }) => order === 'before-nodes').map(install),
    ...nodeGroups.map(addNodes),
  ]);
  await everyOne(addons.filter(({ order }) => order === 'after-nodes').map(install));
  await work(
    'Kubernetes API',
    () => waits.awaitApi({ actor, cluster }),
    ({ servedVersion }) => servedVersion,
  );
  return facts;

  async function letIn(): Promise<void> {
    for (const entry of settings.accessEntries) {
      await calls.ensureAccessEntry({
        actor,
        cluster,
        entry,
        token: token(`access/${entry.principalArn}`),
      });
    }
  }

  function install(addon: Addon): Promise<string> {
    return work(
      `add-on ${addon.name}`,
      async () => {
        const { addonVersion } = await calls.requestAddon({
          actor,
          cluster,
          version,
          addon,
          token: token(`addon/${addon.name}`),
        });
        await waits.awaitAddon({ actor, cluster, addon: addon.name });
        return addonVersion;
      },
      (addonVersion) => addonVersion,
    );
  }

  function addNodes(nodeGroup: NodeGroup): Promise<void> {
    return work(
      `node group ${nodeGroup.name}`,
      async () => {
        await calls.requestNodeGroup({
          actor,
          cluster,
          version,
          nodeGroup,
          subnetIds: settings.subnetIds,
          token: token(`nodes/${nodeGroup.name}`),
        });
        await waits.awaitNodeGroup({ actor, cluster, nodeGroup: nodeGroup.name });
      },
      () => `${nodeGroup.desiredSize} nodes`,
    );
  }
}
