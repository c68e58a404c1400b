// The one wrapper of the Temporal client: what people ask of upgrades, in the product's words.
import { Client, Connection, WorkflowUpdateFailedError, type UpdateDefinition } from '@temporalio/client';
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import * as messages from '../../workflows/messages.ts';
import type { ApprovalPoint, Environment } from '../domain/environment.ts';
import { TASK_QUEUE, upgradeId } from '../domain/ids.ts';
import type { UpgradeStatus } from '../domain/status.ts';
import { ClientError, noAnswer, notFound, ranOutOfTime, temporalSaid } from './errors.ts';

export interface ConnectOptions {
  /** `host:port` of Temporal's frontend. */
  readonly address: string;
  readonly namespace: string;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Called after every look but a first without an answer; with why, when there was none. */
  readonly onLook?: (problem?: ClientError) => void;
}

const CONNECT_WITHIN_MS = 5_000;
/** Queries and updates need a worker; without one they would wait for ever. */
const ANSWER_WITHIN_MS = 10_000;
const WATCH_EVERY_MS = 500;

export class Upgrades {
  readonly #client: Client;
  readonly #address: string;

  private constructor(client: Client, address: string) {
    this.#client = client;
    this.#address = address;
  }

  /** @throws ClientError `unreachable` when Temporal does not answer */
  static async connect({ address, namespace }: ConnectOptions): Promise<Upgrades> {
    try {
      const connection = await Connection.connect({ address, connectTimeout: CONNECT_WITHIN_MS });
      return new Upgrades(new Client({ connection, namespace }), address);
    } catch (error) {
      throw noAnswer(address, error);
    }
  }

  async close(): Promise<void> {
    await this.#client.connection.close();
  }

  /** @throws ClientError `already-running` when the environment has an upgrade under way */
  async start(environment: Environment, by: string): Promise<{ readonly run: string }> {
    const { name } = environment;
    try {
      const handle = await this.#inTime(() =>
        this.#client.workflow.start('upgrade', {
          workflowId: upgradeId(name),
          taskQueue: TASK_QUEUE,
          workflowIdConflictPolicy: 'FAIL',
          args: [{ environment, startedBy: by } satisfies messages.UpgradeInput],
        }),
      );
      return { run: `${handle.workflowId}/${handle.firstExecutionRunId}` };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        throw new ClientError(
          'already-running',
          `${name} has an upgrade under way. See it: eksodus upgrade status ${name}`,
          error,
        );
      }
      throw this.#explain(error, name);
    }
  }

  /** The latest upgrade of the environment, running or ended. */
  async status(environment: string): Promise<UpgradeStatus> {
    try {
      return await this.#inTime(() =>
        this.#client.workflow.getHandle(upgradeId(environment)).query(messages.statusQuery),
      );
    } catch (error) {
      if (ranOutOfTime(error) && (await this.#serverAnswers())) {
        throw new ClientError('unreachable', `no worker answers for ${environment}. Start one: eksodus worker`, error);
      }
      throw this.#explain(error, environment);
    }
  }

  /**
   * Yields the state at once and then at every change, and ends when the upgrade has ended or the signal says so.
   * Once it has seen the upgrade, a Temporal or worker that is away for a while is waited for.
   */
  async *watch(environment: string, { signal, onLook }: WatchOptions): AsyncGenerator<UpgradeStatus> {
    let last: string | undefined;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        const status = await this.#client.withAbortSignal(signal, () => this.status(environment));
        onLook?.();
        const text = JSON.stringify(status);
        if (text !== last) yield status;
        last = text;
        if (status.endedAt !== undefined) return;
      } catch (error) {
        if (isOver()) return;
        if (last === undefined || !(error instanceof ClientError) || error.kind !== 'unreachable') throw error;
        onLook?.(error);
      }
      await pause(WATCH_EVERY_MS, signal);
    }
  }

  pause(environment: string, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(environment, messages.pauseUpdate, asker);
  }

  resume(environment: string, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(environment, messages.resumeUpdate, asker);
  }

  approve(environment: string, asker: messages.Asker & { readonly point: ApprovalPoint }): Promise<messages.Accepted> {
    return this.#update(environment, messages.approveUpdate, asker);
  }

  rollback(environment: string, asker: messages.Asker & { readonly removeGreen: boolean }): Promise<messages.Accepted> {
    return this.#update(environment, messages.rollbackUpdate, asker);
  }

  abort(environment: string, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(environment, messages.abortUpdate, asker);
  }

  /** Looks first: a command without a worker would be carried out by the next one, when nobody expects it any more. */
  async #update<A>(
    environment: string,
    update: UpdateDefinition<messages.Accepted, [A]>,
    ask: A,
  ): Promise<messages.Accepted> {
    const { state, endedAt } = await this.status(environment);
    if (endedAt !== undefined)
      throw new ClientError('refused', `the upgrade of ${environment} has ended: ${state}. Nothing was changed.`);
    try {
      return await this.#inTime(() =>
        this.#client.workflow.getHandle(upgradeId(environment)).executeUpdate(update, { args: [ask] }),
      );
    } catch (error) {
      if (ranOutOfTime(error)) {
        throw new ClientError(
          'unreachable',
          `the worker took too long to answer: the command may be carried out all the same. Look before you repeat it: eksodus upgrade status ${environment}`,
          error,
        );
      }
      throw this.#explain(error, environment);
    }
  }

  #inTime<T>(ask: () => Promise<T>): Promise<T> {
    return this.#client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask);
  }

  async #serverAnswers(): Promise<boolean> {
    try {
      await this.#inTime(() => this.#client.workflowService.getSystemInfo({}));
      return true;
    } catch {
      return false;
    }
  }

  #explain(error: unknown, environment: string): unknown {
    if (
      error instanceof WorkflowUpdateFailedError &&
      error.cause instanceof ApplicationFailure &&
      error.cause.type === messages.REFUSED
    ) {
      return new ClientError('refused', error.cause.message, error);
    }
    return notFound(error, environment) ?? temporalSaid(error, this.#address) ?? error;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
