// The only writer of a hosted zone. It lives as long as the zone is ours: wishes come in, batches go out one at a time,
// reversals before advances, and every asker gets one true answer.
import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { WishOutcome } from '../activities/ports.ts';
import type { LastChange } from '../src/domain/dns-view.ts';
import type { HostedZone } from '../src/domain/environment.ts';
import { describeSets } from '../src/domain/record-rewrite.ts';
import { describeRecords } from '../src/domain/traffic.ts';
import {
  afterRefusal,
  allOf,
  isWorthWriting,
  nextBatch,
  superseded,
  without,
  type Waiting,
  type ZoneWish,
} from '../src/domain/zone-batch.ts';
import { lastChangesQuery, wishAnswerSignal, wishSignal, withdrawSignal, type WishAnswer } from './messages.ts';
import { waits, zoneWrites } from './proxies.ts';
import { reasonOf } from './reason.ts';

export interface ZoneInput {
  readonly zone: HostedZone;
  /** What the run before this one had not finished. */
  readonly carried?: Carried;
}

interface Carried {
  readonly waiting: Waiting<Request>;
  readonly spreading: readonly Spreading[];
  /** Wishes whose askers may not have heard the answer yet, and may ask again. */
  readonly answered: readonly string[];
  /** By name, the latest last. */
  readonly lastChanges: Readonly<Record<string, LastChange>>;
}

interface Asker {
  readonly wish: Pick<ZoneWish, 'id'>;
  readonly askerWorkflowId: string;
}

interface Request extends Asker {
  readonly wish: ZoneWish;
}

/** A change on its way to the name servers, and who waits for it. */
interface Spreading {
  readonly changeId: string;
  readonly askers: readonly Asker[];
}

/** Far more than are answered while an asker that has just been answered asks once more. */
const ANSWERED_REMEMBERED = 2_000;
const CHANGES_REMEMBERED = 2_000;
/** A run is not given more requests of the one before: Temporal takes an input of 2 MB, and a wish has about 500 bytes. */
const MOST_CARRIED = 2_000;
/** An advance waits so long for company, at most. The server's timers take a second at least. */
const GATHERING_SECONDS = 5;

const NOTHING: Carried = { waiting: { wishes: [], halves: [] }, spreading: [], answered: [], lastChanges: {} };

export async function zone({ zone: described, carried = NOTHING }: ZoneInput): Promise<void> {
  // It outlives environment files: how the zone is reached is as its latest asker says.
  let hostedZone = described;
  let { waiting } = carried;
  const spreading = new Set(carried.spreading);
  const answered = new Set(carried.answered);
  const lastChanges = new Map(Object.entries(carried.lastChanges));
  const underWay = new Set(
    [...allOf(waiting), ...carried.spreading.flatMap(({ askers }) => askers)].map(({ wish }) => wish.id),
  );
  let heard = 0;
  let answersOnTheirWay = 0;
  // An asker that heard nothing for long asks again; what is known already is not done twice.
  setHandler(wishSignal, ({ zone: asAsked, wishes, askerWorkflowId }) => {
    hostedZone = asAsked;
    const fresh = wishes.filter(({ id }) => !underWay.has(id) && !answered.has(id));
    for (const { id } of fresh) underWay.add(id);
    heard += fresh.length;
    waiting = { ...waiting, wishes: [...waiting.wishes, ...fresh.map((wish) => ({ wish, askerWorkflowId }))] };
  });
  setHandler(lastChangesQuery, () => Object.fromEntries(lastChanges));
  setHandler(withdrawSignal, (id) => {
    waiting = without(waiting, ({ wish }) => wish.id === id);
  });

  for (const change of spreading) void answerInSync(change);
  let othersCome = false;
  for (;;) {
    await condition(() => allOf(waiting).length > 0 || mayBeginAnew());
    if (mayBeginAnew()) await beginAnew();
    if (othersCome) await gather();
    answerSuperseded();
    const { batch, rest } = nextBatch(waiting);
    waiting = rest;
    const before = heard;
    await write(batch);
    othersCome = heard > before;
  }

  function mayBeginAnew(): boolean {
    const spreads = [...spreading].reduce((sum, { askers }) => sum + askers.length, 0);
    return workflowInfo().continueAsNewSuggested && allOf(waiting).length + spreads <= MOST_CARRIED;
  }

  /** An answer on its way would be lost with this run; a change that spreads is asked about by the next one. */
  async function beginAnew(): Promise<void> {
    await condition(() => answersOnTheirWay === 0);
    await continueAsNew<typeof zone>({
      zone: hostedZone,
      carried: {
        waiting,
        spreading: [...spreading],
        answered: [...answered],
        lastChanges: Object.fromEntries(lastChanges),
      },
    });
  }

  /** Many wishes cost Route 53 as much as one: while others keep coming, an advance waits for them. */
  async function gather(): Promise<void> {
    for (let seconds = 0; seconds < GATHERING_SECONDS; seconds += 1) {
      const before = heard;
      if (isWorthWriting(waiting) || (await condition(() => isWorthWriting(waiting), '1s')) || heard === before) return;
    }
  }

  /** A refused batch is halved until the bad wish stands alone, so it never blocks the good ones. */
  async function write(batch: readonly Request[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const outcomes = await zoneWrites.applyWishes({ zone: hostedZone, wishes: batch.map(({ wish }) => wish) });
      settle(batch, outcomes);
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (batch.length > 1) waiting = afterRefusal(waiting, batch);
      else answer(batch, ({ wish }) => refusal(wish, 'dns.refused', reasonOf(error)));
    }
  }

  function settle(batch: readonly Request[], outcomes: readonly WishOutcome[]): void {
    const changes = new Map<string, Asker[]>();
    for (const request of batch) {
      const { wish, askerWorkflowId } = request;
      const outcome = outcomes.find((one) => one.wish === wish.id);
      switch (outcome?.outcome) {
        case 'changed':
          remember(request, outcome.changeId);
          changes.set(outcome.changeId, [
            ...(changes.get(outcome.changeId) ?? []),
            { wish: { id: wish.id }, askerWorkflowId },
          ]);
          break;
        case 'refused':
          answer([request], () => outcome);
          break;
        case 'nothing':
          answer([request], () => inSync(wish, { inSyncAt: new Date().toISOString(), changed: false }));
          break;
        case undefined:
          answer([request], () => refusal(wish, 'dns.refused', `no outcome for ${wish.host}`));
          break;
      }
    }
    // Route 53 takes the next request while this one spreads to its servers, so nobody waits here.
    for (const [changeId, askers] of changes) {
      const change = { changeId, askers };
      spreading.add(change);
      void answerInSync(change);
    }
  }

  function remember({ wish, askerWorkflowId: by }: Request, changeId: string): void {
    lastChanges.delete(wish.host);
    const what = 'rewrite' in wish ? describeSets(wish.rewrite.add) : describeRecords(wish.want);
    lastChanges.set(wish.host, { at: new Date().toISOString(), changeId, by, what });
    const [oldest] = lastChanges.keys();
    if (lastChanges.size > CHANGES_REMEMBERED && oldest !== undefined) lastChanges.delete(oldest);
  }

  async function answerInSync(change: Spreading): Promise<void> {
    const { changeId, askers } = change;
    const seen = await waits
      .awaitInSync({ zone: hostedZone, changeId })
      .catch((error: unknown) => ({ why: reasonOf(error) }));
    spreading.delete(change);
    answer(askers, ({ wish }) =>
      'why' in seen ? refusal(wish, 'dns.not-in-sync', seen.why) : inSync(wish, { ...seen, changed: true }),
    );
  }

  function answerSuperseded(): void {
    const pointless = superseded(waiting);
    waiting = without(waiting, (request) => pointless.includes(request));
    answer(pointless, ({ wish }) => refusal(wish, 'dns.superseded', `${wish.host} is being taken back`));
  }

  function answer<A extends Asker>(askers: readonly A[], answerTo: (asker: A) => WishAnswer): void {
    for (const [asker, ofAsker] of Map.groupBy(askers, ({ askerWorkflowId }) => askerWorkflowId)) {
      answersOnTheirWay += 1;
      void send(asker, ofAsker.map(answerTo)).finally(() => {
        answersOnTheirWay -= 1;
        for (const { wish } of ofAsker) {
          underWay.delete(wish.id);
          answered.add(wish.id);
        }
        for (const oldest of answered) {
          if (answered.size <= ANSWERED_REMEMBERED) break;
          answered.delete(oldest);
        }
      });
    }
  }
}

const inSync = ({ id }: Pick<ZoneWish, 'id'>, seen: { inSyncAt: string; changed: boolean }): WishAnswer => ({
  wish: id,
  outcome: 'in-sync',
  ...seen,
});
const refusal = ({ id }: Pick<ZoneWish, 'id'>, type: string, why: string): WishAnswer => ({
  wish: id,
  outcome: 'refused',
  type,
  why,
});

async function send(asker: string, answers: readonly WishAnswer[]): Promise<void> {
  try {
    await getExternalWorkflowHandle(asker).signal(wishAnswerSignal, answers);
  } catch (error) {
    log.warn('the asker of a record change is gone', { asker, error: reasonOf(error) });
  }
}
