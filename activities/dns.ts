// Writes to hosted zones, and what Route 53 says of them.
import type { Dependencies } from '../src/adapters/index.ts';
import { nameIn, type HostedZone } from '../src/domain/environment.ts';
import { changesOf, namesOf, planRewrite, type RewritePlan, type RewriteWish } from '../src/domain/record-rewrite.ts';
import { toRecordSet, type RecordSet, type RecordSetChange } from '../src/domain/record-set.ts';
import { planHost, type HostPlan, type ObservedRecord, type Wish } from '../src/domain/traffic.ts';
import { MAX_ELEMENTS, type ZoneWish } from '../src/domain/zone-batch.ts';
import { fail } from './failures.ts';
import { GENTLE, pollUntil } from './poll.ts';
import type { DnsActivities, WishOutcome } from './ports.ts';
import { observedOf, registeredOwner } from './zone-records.ts';

/** AWS: changes reach all name servers "generally within 60 seconds". */
const IN_SYNC_SECONDS = 15 * 60;
const OWNED_GONE_SECONDS = 15 * 60;

interface Planned {
  readonly wish: ZoneWish;
  readonly name: string;
  readonly plan: HostPlan | RewritePlan;
  /** What to write; empty for drift, and where there is and shall be nothing. */
  readonly changes: readonly RecordSetChange[];
}

type ZoneWork = Pick<DnsActivities, 'readRecords' | 'applyWishes' | 'awaitInSync' | 'awaitOwnedRecordsGone'>;

export function createZoneWork({ route53, clock }: Dependencies): ZoneWork {
  return {
    async readRecords({ zone, host }) {
      return observedOf(await route53.recordsOf(zone, host));
    },

    async applyWishes({ zone, wishes }) {
      const planned = await planAll(zone, wishes);
      const writing = planned.filter(({ changes }) => changes.length > 0);
      if (writing.length === 0) return planned.map(unwritten);
      const changes = writing.flatMap((one) => one.changes);
      if (changes.length > MAX_ELEMENTS)
        throw fail('dns.batch-refused', `${changes.length} record elements; Route 53 takes ${MAX_ELEMENTS} a batch`);
      try {
        const changeId = await route53.change(zone, changes);
        return planned.map((one) =>
          one.changes.length > 0 ? { wish: one.wish.id, outcome: 'changed', changeId } : unwritten(one),
        );
      } catch (error) {
        if (!isRefusedBatch(error)) throw error;
        const only = writing.length === 1 ? writing[0] : undefined;
        if (!only) throw fail('dns.batch-refused', `Route 53 refused ${writing.length} wishes: ${error.message}`);
        const refused = await lookAgain(zone, only, error.message);
        return planned.map((one) => (one === only ? refused : unwritten(one)));
      }
    },

    async awaitInSync({ zone, changeId }) {
      await pollUntil(clock, {
        what: `change ${changeId} to reach all name servers`,
        deadlineSeconds: IN_SYNC_SECONDS,
        pace: GENTLE,
        look: async () => ((await route53.isInSync(zone, changeId)) ? { done: undefined } : { waiting: 'PENDING' }),
      });
      return { inSyncAt: new Date(clock.now()).toISOString() };
    },

    awaitOwnedRecordsGone: ({ zone, owner }) =>
      pollUntil(clock, {
        what: `external-dns to remove the records of owner ${owner} from ${zone.name}`,
        deadlineSeconds: OWNED_GONE_SECONDS,
        pace: GENTLE,
        look: async () => {
          const records = await route53.allRecords(zone);
          const left = records.filter((record) => registeredOwner(record) === owner).map(({ name }) => name);
          return left.length === 0 ? { done: undefined } : { waiting: `still there: ${left.join(', ')}` };
        },
      }),
  };

  async function planAll(zone: HostedZone, wishes: readonly ZoneWish[]): Promise<Planned[]> {
    const names = await route53.recordsOfAll(zone, [...new Set(wishes.flatMap(namesOfWish))]);
    return wishes.map((wish) => {
      const records = namesOfWish(wish).flatMap((name) => names.get(name) ?? []);
      const planned = 'rewrite' in wish ? planSets(records, wish) : planWeights(observedOf(records), wish);
      return { wish, name: nameIn(zone, wish.host), ...planned };
    });
  }

  /** Why the one wish was refused: because somebody was quicker, or for itself. */
  async function lookAgain(zone: HostedZone, { wish, plan }: Planned, reason: string): Promise<WishOutcome> {
    const [now] = await planAll(zone, [wish]);
    if (now?.plan.kind === 'drift') return unwritten(now);
    // An attempt of ours whose answer was lost came through after our first look: the next attempt confirms it.
    if (now && now.plan.kind !== plan.kind)
      throw fail('cloud.busy', `the records of ${wish.host} changed while they were written`);
    return {
      wish: wish.id,
      outcome: 'refused',
      type: 'dns.refused',
      why: `Route 53 refused ${nameIn(zone, wish.host)}: ${reason}`,
    };
  }
}

/** Whose record sets the plan is made of. */
const namesOfWish = (wish: ZoneWish): string[] => ('rewrite' in wish ? namesOf(wish.rewrite) : [wish.host]);

type Plan = Pick<Planned, 'plan' | 'changes'>;

/**
 * Records that are as wished already are written once more as they are. Nothing changes, but the change's INSYNC then
 * speaks for whatever put them there: an attempt of ours whose answer was lost may still be spreading.
 */
function planWeights(observed: readonly ObservedRecord[], wish: Wish): Plan {
  const plan = planHost(observed, wish);
  const toSet = (record: ObservedRecord): RecordSet => toRecordSet(wish.host, record);
  switch (plan.kind) {
    case 'drift':
      return { plan, changes: [] };
    case 'nothing':
      return { plan, changes: changesOf({ remove: observed.map(toSet), add: observed.map(toSet) }) };
    case 'change':
      return { plan, changes: plan.changes.map(({ action, record }) => ({ action, record: toSet(record) })) };
  }
}

function planSets(observed: readonly RecordSet[], { rewrite }: RewriteWish): Plan {
  const plan = planRewrite(observed, rewrite);
  if (plan.kind === 'done') return { plan, changes: changesOf({ remove: rewrite.add, add: rewrite.add }) };
  return { plan, changes: plan.kind === 'change' ? plan.changes : [] };
}

/** The outcome of a wish that took no part in the batch. */
function unwritten({ wish, name, plan }: Planned): WishOutcome {
  if (plan.kind !== 'drift') return { wish: wish.id, outcome: 'nothing' };
  const why = `${name} has ${plan.observed}, expected ${plan.expected}: somebody else changed it`;
  return { wish: wish.id, outcome: 'refused', type: 'drift.detected', why };
}

const isRefusedBatch = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'InvalidChangeBatch';
