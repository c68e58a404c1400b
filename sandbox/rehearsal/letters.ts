// What workflows and the writers of hosted zones wrote to each other, as Temporal's histories have it.
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, fromPayloadsAtIndex } from '@temporalio/common';
import type { WishAnswer, WishLetter } from '../../workflows/messages.ts';

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

export interface Letters {
  /** Ids of wishes that were asked and not taken back. */
  readonly wishes: readonly string[];
  readonly answers: readonly WishAnswer[];
}

/** Of all runs of all zones. */
export async function lettersOfZones(client: Client): Promise<Letters> {
  const [asked, withdrawn] = [new Set<string>(), new Set<string>()];
  const answers: WishAnswer[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query: 'WorkflowType = "zone"' })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      for (const { wishes } of heard<WishLetter>(event, 'wish')) for (const { id } of wishes) asked.add(id);
      for (const id of heard<string>(event, 'withdraw')) withdrawn.add(id);
      answers.push(...answersIn(event.signalExternalWorkflowExecutionInitiatedEventAttributes));
    }
  }
  return { wishes: [...asked].filter((id) => !withdrawn.has(id)), answers };
}

/** What one workflow was answered. */
export async function answersTo(client: Client, workflowId: string): Promise<WishAnswer[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap((event) => answersIn(event.workflowExecutionSignaledEventAttributes));
}

type Signal = Event[
  | 'workflowExecutionSignaledEventAttributes'
  | 'signalExternalWorkflowExecutionInitiatedEventAttributes'];

function answersIn(signal: Signal): readonly WishAnswer[] {
  if (signal?.signalName !== 'wishAnswer') return [];
  return fromPayloadsAtIndex<readonly WishAnswer[]>(defaultPayloadConverter, 0, signal.input?.payloads);
}

function heard<T>({ workflowExecutionSignaledEventAttributes: signal }: Event, name: string): T[] {
  if (signal?.signalName !== name) return [];
  return [fromPayloadsAtIndex<T>(defaultPayloadConverter, 0, signal.input?.payloads)];
}
