import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { REFUSED } from '../../workflows/messages.ts';

/** The sentence with which a command was refused. @throws when it was not */
export async function refusal(ask: Promise<unknown>): Promise<string> {
  const error = await ask.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure))
    throw new Error('the command was not refused', { cause: error });
  if (error.cause.type !== REFUSED) throw new Error(`it failed otherwise: ${error.cause.type}`, { cause: error });
  return error.cause.message;
}
