// The environment's names as the world has them: records, their owners, and the external-dns of both clusters.
import type { Dependencies } from '../src/adapters/index.ts';
import { greenName, type Environment, type HostedZone } from '../src/domain/environment.ts';
import { viewNames } from '../src/domain/dns-view.ts';
import type { ClusterSeen, NameSeen } from '../src/domain/names-seen.ts';
import { namesToRead, OUR_OWNER } from '../src/domain/record-owner.ts';
import { lookAtTargets } from './alias-targets.ts';
import { factOrFailure } from './found.ts';
import { createAnswerWork } from './name-servers.ts';
import type { OwnershipActivities } from './ports.ts';
import { formatsOf, ownerIn } from './record-facts.ts';
import { together } from './together.ts';
import { registeredOwner } from './zone-records.ts';

/** Names that are asked for at a time: each is a question to every name server of its zone. */
const ASKED_TOGETHER = 20;

export function createOwnershipWork(deps: Dependencies): OwnershipActivities {
  const { aws, kube, route53, clock } = deps;
  const { readTtl } = createAnswerWork(deps);
  const work: OwnershipActivities = {
    async lookAtNames({ environment, hosts, askTtl }) {
      const { region, live } = environment;
      const { ssm, eks } = aws(region);
      const parameter = await ssm.readParameter(live.parameter);
      const blue = parameter === '' ? null : parameter;
      const green = greenName(environment);
      const named = [...new Set([blue, green])].filter((cluster) => cluster !== null);
      const there = await Promise.all(
        named.map(async (cluster) => ((await eks.findCluster(cluster)) === null ? [] : [cluster])),
      );
      const clusters = await Promise.all(there.flat().map((cluster) => lookAtCluster(region, cluster)));
      const looked = await Promise.all(environment.zones.map((zone) => lookAtZone(environment, zone, clusters, hosts)));
      const names = looked.flat();
      return { at: new Date(clock.now()).toISOString(), blue, green, clusters, names: await withTtl(names, askTtl) };
    },

    showNames: async ({ environment, hosts }) => {
      const seen = await work.lookAtNames({ environment, hosts, askTtl: true });
      return viewNames(seen, await lookAtTargets(deps, environment.region, seen));
    },

    async findOwnEntries({ zone, setIdentifier }) {
      const records = await route53.allRecords(zone);
      return records.filter(
        (record) => record.setIdentifier === setIdentifier && registeredOwner(record) === OUR_OWNER,
      );
    },

    async lookAtSource({ region, cluster, ingress }) {
      const at = { region, cluster };
      const [annotations, ruleHosts, loadBalancer] = await Promise.all([
        kube.ingressAnnotations(at, ingress),
        kube.ingressRuleHosts(at, ingress),
        kube.ingressHostname(at, ingress),
      ]);
      if (annotations === null || ruleHosts === null) return null;
      return { resource: `ingress/${ingress.namespace}/${ingress.name}`, annotations, ruleHosts, loadBalancer };
    },
  };
  return work;

  async function lookAtCluster(region: string, cluster: string): Promise<ClusterSeen> {
    const seen = await factOrFailure(() => kube.externalDns({ region, cluster }));
    if ('problem' in seen) return { cluster, externalDns: [], problem: seen.problem };
    return { cluster, externalDns: seen.value, problem: null };
  }

  async function lookAtZone(
    { apps }: Environment,
    zone: HostedZone,
    clusters: readonly ClusterSeen[],
    hosts: readonly string[] | null,
  ): Promise<NameSeen[]> {
    const inZone = apps.flatMap((app) =>
      app.hosts
        .filter(({ name, zoneId }) => zoneId === zone.id && (hosts === null || hosts.includes(name)))
        .map(({ name }) => ({ app, host: name })),
    );
    if (inZone.length === 0) return [];
    const externalDns = clusters.flatMap((one) => one.externalDns);
    const formats = formatsOf(externalDns);
    const isPrivate = zone.private ?? false;
    const names = inZone.flatMap(({ host }) => namesToRead(host, formats));
    const read = await factOrFailure(() => route53.recordsOfAll(zone, [...new Set(names)]));
    return inZone.map(({ app: { name: app }, host }): NameSeen => {
      const ttlSeconds = null;
      if ('problem' in read) {
        const { problem } = read;
        return { app, host, zone, records: [], ttlSeconds, owner: { kind: 'cannot-know', why: problem }, problem };
      }
      const records = namesToRead(host, formats).flatMap((name) => read.value.get(name) ?? []);
      return {
        app,
        host,
        zone,
        records,
        ttlSeconds,
        owner: ownerIn(records, { host, zoneId: zone.id, isPrivate }, externalDns),
        problem: null,
      };
    });
  }

  async function withTtl(names: readonly NameSeen[], askTtl: boolean): Promise<readonly NameSeen[]> {
    if (!askTtl) return names;
    return together(names, ASKED_TOGETHER, async (name): Promise<NameSeen> => {
      const answer = await readTtl({ zone: name.zone, host: name.host }).catch(() => null);
      return Object.assign({}, name, { ttlSeconds: answer?.ttlSeconds ?? null });
    });
  }
}
