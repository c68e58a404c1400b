// Deletes one cluster with all that belongs to it, in the order in which nothing is left behind:
// names, apps, load balancers and DNS while their controllers live; then the platform; then nodes, cluster, identity.
import { ApplicationFailure } from '@temporalio/workflow';
import type { Actor } from '../activities/ports.ts';
import type { App, AppHost, Environment, HostedZone } from '../src/domain/environment.ts';
import { describeRecords, RECORD_TYPES, type ObservedRecord } from '../src/domain/traffic.ts';
import { zoneAsker } from './ask-zone.ts';
import { ownerIn } from './hosts.ts';
import { calls, waits } from './proxies.ts';
import { workReporter } from './report-work.ts';
import { zoneOf } from './look-up.ts';

export interface DecommissionInput {
  readonly environment: Environment;
  readonly actor: Actor;
  readonly cluster: string;
  /** Known before anything goes: afterwards nobody could tell the identity provider of a cluster that is gone. */
  readonly oidcIssuer: string;
  /** Makes the requests of this attempt its own. */
  readonly attempt: number;
}

export async function decommission({
  environment,
  actor,
  cluster,
  oidcIssuer,
  attempt,
}: DecommissionInput): Promise<void> {
  const ask = zoneAsker();
  const work = workReporter('decommission');
  const { argocd, zones } = environment;
  const owner = environment.externalDnsOwner.replaceAll('{cluster}', cluster);
  const hosts = environment.apps.flatMap((app) => app.hosts.map((host) => ({ app, host })));
  const adopted: AppHost[] = [];
  await work('weighted records', () => Promise.all(hosts.map(removeUnlessAsked)));
  await work('developers’ apps', async () => {
    await calls.labelCluster({ actor, argocd, cluster, labels: { [argocd.appsLabel]: null } });
    await waits.awaitApplicationsGone({ actor, argocd, cluster, tier: 'app' });
  });
  await work('load balancers', async () => {
    // The platform's own ones too, before their controller goes with the platform.
    await calls.deleteExposedApplications({ actor, argocd, cluster });
    await waits.awaitLoadBalancersGone({ actor, cluster });
  });
  await work('records of external-dns', async () => {
    await Promise.all(adopted.map(removeRecord));
    await Promise.all(zones.map(removeEntries));
    await Promise.all(zones.map((zone) => waits.awaitOwnedRecordsGone({ zone, owner })));
  });
  await work('platform', async () => {
    await calls.labelCluster({ actor, argocd, cluster, labels: { [argocd.platformLabel]: null } });
    await waits.awaitApplicationsGone({ actor, argocd, cluster, tier: 'platform' });
  });
  // Only now: an Application whose cluster Secret is gone is dropped without deleting anything.
  await work('Argo CD registration', () => calls.deregisterCluster({ actor, argocd, cluster }));

  if ((await calls.describeCluster({ actor, cluster })) !== null) {
    const [nodeGroups, addons] = await Promise.all([
      calls.listNodeGroups({ actor, cluster }),
      calls.listAddons({ actor, cluster }),
    ]);
    await Promise.all([
      ...nodeGroups.map((nodeGroup) =>
        work(`node group ${nodeGroup}`, () => waits.deleteNodeGroup({ actor, cluster, nodeGroup })),
      ),
      ...addons.map((addon) => work(`add-on ${addon}`, () => waits.deleteAddon({ actor, cluster, addon }))),
    ]);
    await work(`cluster ${cluster}`, async () => {
      await waits.liftDeletionProtection({
        actor,
        cluster,
        token: `${actor.run}/unprotect/${cluster}/${attempt}`,
      });
      await waits.deleteCluster({ actor, cluster });
    });
  }
  if (oidcIssuer !== '') await work('OIDC provider', () => calls.deleteOidcProvider({ actor, issuer: oidcIssuer }));
  await work('search for leftovers', async () => {
    const leftovers = await waits.findLeftovers({
      actor,
      cluster,
      oidcIssuer,
      zones,
      argocd,
      externalDnsOwner: owner,
    });
    if (leftovers.length > 0) {
      throw ApplicationFailure.nonRetryable(
        `left behind: ${leftovers.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`,
        'decommission.leftovers',
        { leftovers },
      );
    }
  });

  /** Of names that were adopted from external-dns: nobody else takes them away. */
  async function removeEntries(zone: HostedZone): Promise<void> {
    const entries = await calls.findOwnEntries({ zone, setIdentifier: cluster });
    await Promise.all(
      entries.map((entry) => ask(zone, { host: entry.name, rewrite: { remove: [entry], add: [] }, urgent: false })),
    );
  }

  /**
   * External-dns takes its own record away with the Ingress; all that is asked of it here is that nobody will miss it. And
   * as long as an Ingress asks for a name that was adopted, external-dns would make its record anew: it stays until then.
   */
  async function removeUnlessAsked({ app, host }: { app: App; host: AppHost }): Promise<void> {
    const records = await calls.readRecords({ zone: zoneOf(environment, host), host: host.name });
    if (!records.some(({ setIdentifier }) => setIdentifier === cluster)) return;
    const kind = await ownerIn({ environment, app, cluster }, host);
    if (kind !== 'external-dns' && kind !== 'ours') return removeRecord(host);
    insistThatOthersServe(records, cluster, host.name);
    if (kind === 'ours') adopted.push(host);
  }

  async function removeRecord(host: AppHost): Promise<void> {
    const zone = zoneOf(environment, host);
    const records = await calls.readRecords({ zone, host: host.name });
    if (!records.some(({ setIdentifier }) => setIdentifier === cluster)) return;
    const stay = records.filter(({ type, setIdentifier }) => type === 'A' && setIdentifier !== cluster);
    await ask(zone, {
      host: host.name,
      want: stay.map(withoutType),
      expected: weights(records),
      urgent: false,
    });
  }
}

/** Its external-dns removes it whatever its weight is: resolvers must not be left with a record that has none. */
function insistThatOthersServe(records: readonly ObservedRecord[], cluster: string, host: string): void {
  for (const type of RECORD_TYPES) {
    const there = records.filter((record) => record.type === type);
    const own = there.find(({ setIdentifier }) => setIdentifier === cluster);
    if (!own || (own.weight === 0 && there.some(({ weight }) => weight > 0))) continue;
    throw ApplicationFailure.nonRetryable(
      `${host} has ${type} ${describeRecords(there)}, expected ${cluster}=0 and another record with a weight above 0, before external-dns takes its own away`,
      'drift.detected',
    );
  }
}

const withoutType = ({
  setIdentifier,
  weight,
  target,
}: ObservedRecord): Pick<ObservedRecord, 'setIdentifier' | 'weight' | 'target'> => ({
  setIdentifier,
  weight,
  target,
});
const weights = (records: readonly ObservedRecord[]): Record<string, number> =>
  Object.fromEntries(records.map(({ setIdentifier, weight }) => [setIdentifier, weight]));
