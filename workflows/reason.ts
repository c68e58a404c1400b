import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Hold } from '../src/domain/status.ts';

/** The sentence a person needs: the failure's own message, not the wrappers around it. */
export function reasonOf(error: unknown): string {
  if ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause)
    return reasonOf(error.cause);
  if (error instanceof TimeoutFailure && error.cause) return `${error.message}; last seen: ${reasonOf(error.cause)}`;
  return error instanceof Error ? error.message : String(error);
}

/** The failure type of the closed table, `unknown` for what is none of ours. */
export function failureTypeOf(error: unknown): string {
  if ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause)
    return failureTypeOf(error.cause);
  return error instanceof ApplicationFailure ? (error.type ?? 'unknown') : 'unknown';
}

/** What a person can do, and the page of docs/runbooks about it. */
export type Advice = Pick<Hold, 'todo' | 'runbook'>;

/** What the failure itself advises. */
export function adviceOf(error: unknown): Advice {
  if ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause)
    return adviceOf(error.cause);
  if (error instanceof TimeoutFailure && error.cause) return adviceOf(error.cause);
  const [details] = error instanceof ApplicationFailure ? (error.details ?? []) : [];
  if (typeof details !== 'object' || details === null) return {};
  return {
    ...('hint' in details && typeof details.hint === 'string' ? { todo: details.hint } : {}),
    ...('runbook' in details && typeof details.runbook === 'string' ? { runbook: details.runbook } : {}),
  };
}
