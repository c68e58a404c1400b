import { Client, Connection } from '@temporalio/client';
import type { RehearsalReport } from './report.ts';

/** Counts of all workflows that ran: what Temporal has to keep, and whether any of their code failed. */
export async function countHistories(address: string): Promise<RehearsalReport['temporal']> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const counts = { workflows: 0, events: 0, failedWorkflowTasks: 0 };
    for await (const { workflowId, runId } of client.workflow.list()) {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      counts.workflows += 1;
      counts.events += events?.length ?? 0;
      counts.failedWorkflowTasks +=
        events?.filter(({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes).length ?? 0;
    }
    return counts;
  } finally {
    await connection.close();
  }
}
