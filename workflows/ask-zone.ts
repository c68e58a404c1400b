// How any workflow gets a record changed: it asks the zone's one writer and waits for the one answer.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { HostedZone } from '../src/domain/environment.ts';
import { zoneId } from '../src/domain/ids.ts';
import type { RewriteWish } from '../src/domain/record-rewrite.ts';
import type { Wish } from '../src/domain/traffic.ts';
import { MAX_WISHES_PER_BATCH, type ZoneWish } from '../src/domain/zone-batch.ts';
import { wishAnswerSignal, wishSignal, withdrawSignal, type WishAnswer } from './messages.ts';
import { reasonOf } from './reason.ts';
import { zone as zoneWorkflow } from './zone.ts';

/** Twice what AWS takes to spread a change. */
const ASK_AGAIN_AFTER = '2 minutes';

export type AskZone = (
  zone: HostedZone,
  wish: Omit<Wish, 'id'> | Omit<RewriteWish, 'id'>,
) => Promise<{ inSyncAt: string; changed: boolean }>;

/** Wishes that go to a zone's writer together: all that are wished until it is sent. */
interface Letter {
  readonly wishes: ZoneWish[];
  /** Overdue: no answer to some of it for long. */
  state: 'open' | 'sent' | 'failed' | 'overdue';
  readonly sent: Promise<void>;
}

/** Must be called before the workflow's first await: it registers the handler for answers. */
export function zoneAsker(): AskZone {
  /** By wish, as long as somebody waits for it. */
  const asked = new Map<string, WishAnswer | undefined>();
  setHandler(wishAnswerSignal, (answers) => {
    for (const answer of answers) if (asked.has(answer.wish)) asked.set(answer.wish, answer);
  });
  /** The latest to each zone. */
  const letters = new Map<string, Letter>();

  return async (zone, wishWithoutId) => {
    const wish: ZoneWish = { ...wishWithoutId, id: uuid4() };
    asked.set(wish.id, undefined);
    try {
      const answer = await answerTo(zone, wish);
      if (answer.outcome === 'refused') throw ApplicationFailure.nonRetryable(answer.why, answer.type);
      return { inSyncAt: answer.inSyncAt, changed: answer.changed };
    } finally {
      asked.delete(wish.id);
    }
  };

  /** Asked again under the same id when no answer comes: a zone whose writer was lost has lost its wishes with it. */
  async function answerTo(zone: HostedZone, wish: ZoneWish): Promise<WishAnswer> {
    for (;;) {
      const letter = letterTo(zone);
      letter.wishes.push(wish);
      try {
        await condition(() => asked.get(wish.id) !== undefined || ['failed', 'overdue'].includes(letter.state));
      } catch (error) {
        asked.delete(wish.id);
        if (letter.state !== 'open') await CancellationScope.nonCancellable(() => withdraw(zone, wish.id, letter));
        throw error;
      }
      const answer = asked.get(wish.id);
      if (answer) return answer;
      if (letter.state === 'failed') await letter.sent;
    }
  }

  /** One letter after the other: what is wished while one is on its way goes with the next. */
  function letterTo(zone: HostedZone): Letter {
    const before = letters.get(zone.id);
    if (before?.state === 'open' && before.wishes.length < MAX_WISHES_PER_BATCH) return before;
    const wishes: ZoneWish[] = [];
    // Others' wishes are in it too: whoever is cancelled takes none of them along.
    const sent = CancellationScope.nonCancellable(async () => {
      await before?.sent.catch(() => undefined);
      letter.state = 'sent';
      const wanted = wishes.filter(({ id }) => asked.has(id));
      if (wanted.length === 0) return;
      try {
        await send(zone, wanted);
        void noticeDelay(letter);
      } catch (error) {
        letter.state = 'failed';
        throw error;
      }
    });
    sent.catch(() => undefined);
    const letter: Letter = { wishes, state: 'open', sent };
    letters.set(zone.id, letter);
    return letter;
  }

  async function noticeDelay(letter: Letter): Promise<void> {
    const isHeard = (): boolean => letter.wishes.every(({ id }) => asked.get(id) !== undefined || !asked.has(id));
    if (!(await condition(isHeard, ASK_AGAIN_AFTER))) letter.state = 'overdue';
  }
}

/** The zone's writer outlives whoever needs it first. It is there but for the first time. */
async function send(zone: HostedZone, wishes: readonly ZoneWish[]): Promise<void> {
  const writer = getExternalWorkflowHandle(zoneId(zone.id));
  const letter = { zone, wishes, askerWorkflowId: workflowInfo().workflowId };
  try {
    await writer.signal(wishSignal, letter);
  } catch {
    await startZone(zone);
    await writer.signal(wishSignal, letter);
  }
}

/** Nothing is to be written for who has stopped waiting. A writer that is gone has no wishes. */
async function withdraw(zone: HostedZone, wish: string, letter: Letter): Promise<void> {
  const writer = getExternalWorkflowHandle(zoneId(zone.id));
  try {
    // Signals that are sent together may come in any order.
    await letter.sent;
    await writer.signal(withdrawSignal, wish);
  } catch (error) {
    log.warn('a wish was not withdrawn', { zone: writer.workflowId, error: reasonOf(error) });
  }
}

async function startZone(zone: HostedZone): Promise<void> {
  try {
    await startChild(zoneWorkflow, {
      workflowId: zoneId(zone.id),
      args: [{ zone }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // Others have asked it too: whoever started it does not take it along when it is cancelled.
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
