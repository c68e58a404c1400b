import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';

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
