// An upgrade whose run has ended without a last word of its own: what it last said of itself is not true any more. Pure.
import type { WorkflowExecutionStatusName } from '@temporalio/client';
import type { UpgradeStatus } from '../domain/status.ts';

/** How a run ends that had no say in it, or lost it. */
const ENDINGS: Partial<Readonly<Record<WorkflowExecutionStatusName, string>>> = {
  TERMINATED: 'ended from outside: terminated',
  CANCELLED: 'ended from outside: cancelled',
  TIMED_OUT: 'ended from outside: timed out',
  FAILED: 'ended by a failure of its own',
};

/** As it is, where its run goes on or ended as it says. */
export function asItEnded(
  status: UpgradeStatus,
  run: { readonly status: { readonly name: WorkflowExecutionStatusName }; readonly closeTime?: Date } | undefined,
): UpgradeStatus {
  const ending = run && ENDINGS[run.status.name];
  if (status.endedAt !== undefined || ending === undefined || run?.closeTime === undefined) return status;
  const endedAt = run.closeTime.toISOString();
  return {
    ...status,
    state: 'ended-from-outside',
    endedAt,
    outcome: `${ending} at ${endedAt}. Nobody moves or watches anything any more: weights and clusters are as they were left`,
    wayBack: 'closed',
    // Nothing releases them.
    holds: [],
  };
}
