// How a phase's own workflow shows people what it is doing: each piece of work is told to its upgrade as it begins and ends.
import { getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import type { Evidence, PhaseName, WorkItem } from '../src/domain/status.ts';
import { workSignal } from './messages.ts';
import { reasonOf } from './reason.ts';

export type Work = <T>(name: string, does: () => Promise<T>, detail?: (result: T) => string) => Promise<T>;

export function workReporter(phase: PhaseName): Work {
  return async (name, does, detail) => {
    const startedAt = new Date().toISOString();
    await tell(phase, { name, state: 'running', startedAt });
    try {
      const result = await does();
      await tell(phase, {
        name,
        state: 'done',
        startedAt,
        endedAt: new Date().toISOString(),
        ...(detail ? { detail: detail(result) } : {}),
      });
      return result;
    } catch (error) {
      await tell(phase, {
        name,
        state: 'failed',
        startedAt,
        endedAt: new Date().toISOString(),
        detail: reasonOf(error),
      });
      throw error;
    }
  };
}

/** Observations for the record, such as the checks of verify. */
export async function tell(phase: PhaseName, item: WorkItem, evidence: readonly Evidence[] = []): Promise<void> {
  const upgrade = workflowInfo().parent?.workflowId;
  if (upgrade === undefined) return;
  try {
    await getExternalWorkflowHandle(upgrade).signal(workSignal, { phase, item, evidence });
  } catch (error) {
    log.warn('the upgrade of this phase is gone', { upgrade, error: reasonOf(error) });
  }
}
