// Kills the worker once in each phase, at the moment in which the upgrade's history shows that the phase has begun.
import type { Client, WorkflowHandle } from '@temporalio/client';
import { upgradeId } from '../../src/domain/ids.ts';
import type { PhaseName, UpgradeStatus } from '../../src/domain/status.ts';
import { ENVIRONMENT } from '../sandbox.ts';
import type { RehearsalWorker } from './worker.ts';

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

const CHILD_OF_PHASE: Readonly<Record<string, PhaseName>> = {
  provision: 'provision',
  bootstrap: 'bootstrap',
  verify: 'verify',
  migration: 'migrate',
  decommission: 'decommission',
};

/** The phase that an event of the upgrade's history begins. */
export function phaseBegunBy(event: HistoryEvent): PhaseName | undefined {
  const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
  if (activity === 'gatherPreflight') return 'preflight';
  const child = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType?.name;
  if (child) return CHILD_OF_PHASE[child];
  // The only timer of an upgrade that goes forward is its soak.
  return event.timerStartedEventAttributes ? 'soak' : undefined;
}

/** Notes each kill in `killedAt`: milliseconds since the epoch, by phase. Goes on until aborted. */
export async function killInEachPhase(
  client: Client,
  worker: RehearsalWorker,
  { killedAt, signal }: { readonly killedAt: Map<PhaseName, number>; readonly signal: AbortSignal },
): Promise<void> {
  for await (const event of follow(client, signal)) {
    const phase = phaseBegunBy(event);
    if (phase === undefined || killedAt.has(phase)) continue;
    killedAt.set(phase, Date.now());
    await worker.crash();
  }
}

/** The phases that were under way when the worker was killed for them. */
export function hitPhases(killedAt: ReadonlyMap<PhaseName, number>, { phases }: UpgradeStatus): PhaseName[] {
  return phases.flatMap(({ name, startedAt, endedAt }) => {
    const at = killedAt.get(name);
    const hit =
      at !== undefined &&
      startedAt !== undefined &&
      endedAt !== undefined &&
      Date.parse(startedAt) <= at &&
      at <= Date.parse(endedAt);
    return hit ? [name] : [];
  });
}

/** The upgrade's events as they are written: the server itself tells, so it works while no worker is alive. */
async function* follow(client: Client, signal: AbortSignal): AsyncGenerator<HistoryEvent> {
  let nextPageToken = new Uint8Array();
  while (!signal.aborted) {
    const execution = { workflowId: upgradeId(ENVIRONMENT) };
    const request = { namespace: 'default', execution, waitNewEvent: true, nextPageToken };
    const page = await client
      .withAbortSignal(signal, () => client.workflowService.getWorkflowExecutionHistory(request))
      .catch(() => undefined);
    if (!page) continue;
    yield* page.history?.events ?? [];
    nextPageToken = new Uint8Array(page.nextPageToken);
    if (nextPageToken.length === 0 && (page.history?.events?.length ?? 0) > 0) return;
  }
}
