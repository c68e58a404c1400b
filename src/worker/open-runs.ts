// Runs wait for weeks, and meanwhile the worker is upgraded: a new version must take the decisions of the old ones again.
// So before it takes any work it replays every open run, and leaves the work to the old version if it cannot go on with one.
import type { Client, WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { TASK_QUEUE } from '../domain/ids.ts';

export interface OpenRuns {
  readonly replayed: number;
  /** This version would decide otherwise than was decided. */
  readonly broken: readonly BrokenRun[];
  /** No version could go on with these before either: they are no reason to keep all others waiting. */
  readonly stuck: readonly BrokenRun[];
}

export interface BrokenRun {
  readonly workflowId: string;
  readonly why: string;
}

const OPEN = `TaskQueue = "${TASK_QUEUE}" AND ExecutionStatus = "Running"`;

/** Throws what Temporal says when it cannot be asked for the open runs. */
export async function replayOpenRuns(
  { workflow }: Client,
  workflowBundle: WorkflowBundleWithSourceMap,
): Promise<OpenRuns> {
  let replayed = 0;
  const [broken, stuck]: [BrokenRun[], BrokenRun[]] = [[], []];
  const histories = workflow.list({ query: OPEN }).intoHistories();
  for await (const { workflowId, runId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    replayed += 1;
    if (!error) continue;
    const isStuck = lastDecisionFailed(await workflow.getHandle(workflowId, runId).fetchHistory());
    (isStuck ? stuck : broken).push({ workflowId, why: error.message });
  }
  return { replayed, broken, stuck };
}

/** Temporal keeps no record of the tries after the first failed one, so the last record is of a failed one. */
function lastDecisionFailed({ events }: Awaited<ReturnType<WorkflowHandle['fetchHistory']>>): boolean {
  const last = events?.findLast(
    ({ workflowTaskCompletedEventAttributes: completed, workflowTaskFailedEventAttributes: failed }) =>
      completed ?? failed,
  );
  return Boolean(last?.workflowTaskFailedEventAttributes);
}

export class CannotGoOn extends Error {
  override readonly name = 'CannotGoOn';

  constructor({ replayed, broken }: OpenRuns) {
    super(
      [
        `This version cannot go on with ${broken.length} of ${replayed} open runs, so it takes no work:`,
        ...broken.map(({ workflowId, why }) => `  ${workflowId}: ${why}`),
        'Keep workers of the version before until these runs have ended, or use a version that can go on with them.',
      ].join('\n'),
    );
  }
}
