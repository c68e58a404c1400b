import {
  isGrpcServiceError,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { REFUSED } from '../../workflows/messages.ts';

/** Why a question or command got no good answer. Each kind has its own exit code in the CLI. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly kind: 'refused' | 'unreachable' | 'not-found' | 'already-running' | 'failed';

  constructor(kind: ClientError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
  }
}

/** gRPC's own numbers: of a call that took too long, we give up, or the server does, which is told our limit. */
const [CANCELLED, DEADLINE_EXCEEDED, NOT_FOUND, FAILED_PRECONDITION] = [1, 4, 5, 9];

/** Nobody answered within the time that we gave. */
export function ranOutOfTime(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const code = codeOf(error);
  return code === DEADLINE_EXCEEDED || code === CANCELLED;
}

function codeOf(error: unknown): number | undefined {
  const said = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(said) ? said.code : undefined;
}

/** Temporal knows no such workflow. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || codeOf(error) === NOT_FOUND;

export const noAnswer = (address: string, cause: unknown): ClientError =>
  new ClientError('unreachable', `Temporal does not answer at ${address}. Set TEMPORAL_ADDRESS, or start it.`, cause);

/** Temporal has seen no worker for a while, so it does not even wait for one. */
export const saysNoWorker = (error: unknown): boolean =>
  codeOf(error) === FAILED_PRECONDITION && error instanceof Error && /no poller seen/.test(textOf(error));

const textOf = (error: Error): string => `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;

export const noWorker = (environment: string, cause?: unknown): ClientError =>
  new ClientError('unreachable', `no worker is running for ${environment}. Start one: eksodus worker`, cause);

export const hasEnded = (environment: string, state: string): ClientError =>
  new ClientError('refused', `the upgrade of ${environment} has ended: ${state}. Nothing was changed.`);

/** What a validator said of a command. */
export function refusedBy(error: unknown): ClientError | undefined {
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) return undefined;
  return error.cause.type === REFUSED ? new ClientError('refused', error.cause.message, error) : undefined;
}

/** For what Temporal itself did not do, or could not be asked. */
export function temporalSaid(error: unknown, address: string): ClientError | undefined {
  if (error instanceof NamespaceNotFoundError) {
    const message = `Temporal at ${address} has no namespace "${error.namespace}". Set TEMPORAL_NAMESPACE.`;
    return new ClientError('unreachable', message, error);
  }
  if (!isGrpcServiceError(error) && !(error instanceof ServiceError)) return undefined;
  const said = error.cause instanceof Error ? error.cause.message : error.message;
  if (ranOutOfTime(error)) return noAnswer(address, error);
  return new ClientError('unreachable', `Temporal at ${address} did not do it: ${said}`, error);
}
