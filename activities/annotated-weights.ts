// Weights that external-dns is told by an annotation: set, seen in Route 53, and seen at the zone's name servers.
import { activityInfo } from '@temporalio/activity';
import type { Dependencies } from '../src/adapters/index.ts';
import { countAnswer, isSpread, isTellable, type Shares } from '../src/domain/spread.ts';
import { describeRecords, RECORD_TYPES, type ObservedRecord } from '../src/domain/traffic.ts';
import { fail } from './failures.ts';
import { nameServersOf } from './name-servers.ts';
import { GENTLE, pollFor, pollUntil, type Look } from './poll.ts';
import type { FollowOutcome, RecordActivities, Weights } from './record-ports.ts';
import { observedOf } from './zone-records.ts';

/** External-dns is given three rounds, and a minute for requests that Route 53 throttles. */
const ROUNDS = 3;
const GRACE_SECONDS = 60;
const SPREAD_SECONDS = 15 * 60;
const QUERIES_A_LOOK = 500;
const AT_A_TIME = 20;

const drift = (why: string): Look<FollowOutcome> => ({ done: { outcome: 'drift', why } });

type AnnotationWork = Pick<RecordActivities, 'annotateWeight' | 'awaitFollowed' | 'awaitAnswers'>;

export function createAnnotationWork({ kube, route53, resolver, clock }: Dependencies): AnnotationWork {
  return {
    async annotateWeight({ region, keeper: { cluster, annotation }, ingress, weight }) {
      const at = { region, cluster };
      const there = await kube.ingressAnnotations(at, ingress);
      if (there === null) throw fail('k8s.refused', `${cluster} has no Ingress ${ingress.namespace}/${ingress.name}`);
      // An attempt before this one, whose answer was lost, may have set it a moment ago.
      if (there[annotation] === String(weight)) return { changed: activityInfo().attempt > 1 };
      await kube.annotateIngress(at, ingress, { [annotation]: String(weight) });
      return { changed: true };
    },

    async awaitFollowed({ region, zone, host, keeper, ingress, before, want, steadySeconds }) {
      const { cluster, annotation, deployment, followsWithinSeconds } = keeper;
      const at = { region, cluster };
      const weight = String(want[cluster]);
      let steadySince: number | undefined;
      const deadlineSeconds = ROUNDS * followsWithinSeconds + steadySeconds + GRACE_SECONDS;
      const seen = await pollFor<FollowOutcome>(clock, {
        what: `external-dns to weigh ${host}`,
        deadlineSeconds,
        pace: { ...GENTLE, longestMs: 5_000 },
        look: async () => {
          const annotated = (await kube.ingressAnnotations(at, ingress))?.[annotation] ?? 'nothing';
          if (annotated !== weight)
            return drift(
              `the annotation ${annotation} of Ingress ${ingress.namespace}/${ingress.name} on ${cluster} says ${annotated}, and was set to ${weight}: Argo CD or somebody else put it back`,
            );
          const records = observedOf(await route53.recordsOf(zone, host));
          if (isAt(records, want)) {
            steadySince ??= clock.now();
            if (clock.now() - steadySince >= steadySeconds * 1000) return { done: { outcome: 'followed' } };
            return { waiting: 'as wanted, and external-dns may still do what it was told before' };
          }
          steadySince = undefined;
          const isKnown = before === null ? hasOnly(records, want) : isBetween(records, before, want);
          return isKnown
            ? { waiting: describeTypes(records) }
            : drift(`${host} has ${describeTypes(records)}, expected ${describeWeights(before ?? want)}`);
        },
      });
      if ('done' in seen) return seen.done;
      const found = (await kube.externalDns(at)).find((one) => one.deployment === deployment);
      const state = found ? (found.isRunning ? 'its pod is ready' : 'none of its pods is ready') : 'it is gone';
      throw fail(
        'dns.not-followed',
        `external-dns ${deployment} on ${cluster} did not make ${host} ${describeWeights(want)} in ${deadlineSeconds} s (${state}, it looks every ${followsWithinSeconds} s); last seen: ${seen.lastSeen}`,
        { hint: `see the log of ${deployment} on ${cluster}, mend what it says, then resume` },
      );
    },

    async awaitAnswers({ zone, host, target, shares, resolvers }) {
      if (isTellable(shares)) {
        const sums = new Map<string, number>();
        await pollUntil(clock, {
          what: `all name servers of ${zone.name} to answer ${host} by its new weights`,
          deadlineSeconds: SPREAD_SECONDS,
          pace: { firstMs: 100, longestMs: 5_000 },
          look: async () => {
            const servers = await nameServersOf({ route53, resolver }, zone);
            const own = new Set((await resolver.resolve(target.hostname, resolvers)).map(({ address }) => address));
            if (own.size === 0) return { waiting: `the address of ${target.hostname} is not known` };
            await Promise.all(
              servers.map(async (server) =>
                sums.set(server, await ask(server, host, { own, shares, sum: sums.get(server) ?? 0 })),
              ),
            );
            const behind = servers.filter((server) => !isSpread(sums.get(server) ?? 0));
            return behind.length === 0 ? { done: undefined } : { waiting: `not yet: ${behind.join(', ')}` };
          },
        });
      }
      return { inSyncAt: new Date(clock.now()).toISOString() };
    },
  };

  /** What the server's answers speak for the new weights, after some more of them. */
  async function ask(
    server: string,
    host: string,
    known: { readonly own: ReadonlySet<string>; readonly shares: Shares; readonly sum: number },
  ): Promise<number> {
    let { sum } = known;
    for (let asked = 0; asked < QUERIES_A_LOOK && !isSpread(sum); asked += AT_A_TIME) {
      const answers = await Promise.all(Array.from({ length: AT_A_TIME }, () => resolver.resolve(host, [server])));
      for (const answer of answers) {
        if (isSpread(sum) || answer.length === 0) continue;
        sum = countAnswer(
          sum,
          answer.some(({ address }) => known.own.has(address)),
          known.shares,
        );
      }
    }
    return sum;
  }
}

const weightsOf = (records: readonly ObservedRecord[], type: ObservedRecord['type']): Weights =>
  Object.fromEntries(
    records.filter((record) => record.type === type).map(({ setIdentifier, weight }) => [setIdentifier, weight]),
  );
const same = (a: Weights, b: Weights): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([id, weight]) => b[id] === weight);

/** A and AAAA alike. */
const isAt = (records: readonly ObservedRecord[], want: Weights): boolean =>
  RECORD_TYPES.every((type) => same(weightsOf(records, type), want));

/** External-dns may write A and AAAA one after the other, when Route 53 refuses them together. */
const isBetween = (records: readonly ObservedRecord[], before: Weights, want: Weights): boolean =>
  RECORD_TYPES.every((type) => [before, want].some((weights) => same(weightsOf(records, type), weights)));

const hasOnly = (records: readonly ObservedRecord[], want: Weights): boolean =>
  records.every(({ setIdentifier }) => setIdentifier in want);

const describeTypes = (records: readonly ObservedRecord[]): string =>
  RECORD_TYPES.map((type) => `${type} ${describeRecords(records.filter((record) => record.type === type))}`).join(', ');
const describeWeights = (weights: Weights): string =>
  Object.entries(weights)
    .map(([id, weight]) => `${id}=${weight}`)
    .join(' ');
