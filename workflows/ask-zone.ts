// How any workflow gets a record changed: it asks the zone's one writer and waits for the one answer.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
  type ExternalWorkflowHandle,
} from '@temporalio/workflow';
import type { HostedZone } from '../src/domain/environment.ts';
import { zoneId } from '../src/domain/ids.ts';
import type { Wish } from '../src/domain/traffic.ts';
import { wishAnswerSignal, wishSignal, withdrawSignal, type WishAnswer } from './messages.ts';
import { reasonOf } from './reason.ts';
import { zone as zoneWorkflow } from './zone.ts';

/** Twice what AWS takes to spread a change. */
const ASK_AGAIN_AFTER = '2 minutes';

export type AskZone = (zone: HostedZone, wish: Omit<Wish, 'id'>) => Promise<{ inSyncAt: string; changed: boolean }>;

/** Must be called before the workflow's first await: it registers the handler for answers. */
export function zoneAsker(): AskZone {
  const answers = new Map<string, WishAnswer>();
  setHandler(wishAnswerSignal, (answer) => void answers.set(answer.wish, answer));
  return async (zone, wishWithoutId) => {
    const wish: Wish = { ...wishWithoutId, id: uuid4() };
    const request = { wish, askerWorkflowId: workflowInfo().workflowId };
    const writer = getExternalWorkflowHandle(zoneId(zone.id));
    try {
      // Asked again under the same id when no answer comes: a zone whose writer was lost has lost its wishes with it.
      do {
        await ensureZone(zone);
        await writer.signal(wishSignal, request);
      } while (!(await condition(() => answers.has(wish.id), ASK_AGAIN_AFTER)));
    } catch (error) {
      if (isCancellation(error)) await CancellationScope.nonCancellable(() => withdraw(writer, wish.id));
      throw error;
    }
    const answer = answers.get(wish.id);
    answers.delete(wish.id);
    if (answer?.outcome !== 'in-sync') {
      throw ApplicationFailure.nonRetryable(answer?.why ?? 'the zone did not answer', answer?.type ?? 'dns.refused');
    }
    return { inSyncAt: answer.inSyncAt, changed: answer.changed };
  };
}

/** Nothing is to be written for who has stopped waiting. A writer that is gone has no wishes. */
async function withdraw(writer: ExternalWorkflowHandle, wish: string): Promise<void> {
  try {
    await writer.signal(withdrawSignal, wish);
  } catch (error) {
    log.warn('a wish was not withdrawn', { zone: writer.workflowId, error: reasonOf(error) });
  }
}

/** The zone's writer outlives whoever needs it first; one that is there already is the right one. */
async function ensureZone(zone: HostedZone): Promise<void> {
  try {
    await startChild(zoneWorkflow, {
      workflowId: zoneId(zone.id),
      args: [{ zone, pending: [] }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // Others have asked it too: whoever started it does not take it along when it is cancelled.
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
