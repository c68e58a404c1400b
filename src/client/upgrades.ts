// What people ask of upgrades, in the product's words.
import type { UpdateDefinition } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import * as messages from '../../workflows/messages.ts';
import type { ApprovalPoint, Environment } from '../domain/environment.ts';
import { TASK_QUEUE, upgradeId } from '../domain/ids.ts';
import { refusePerson } from '../domain/permissions.ts';
import type { UpgradeStatus } from '../domain/status.ts';
import { asItEnded } from './ended-outside.ts';
import { ClientError, hasEnded } from './errors.ts';
import type { Addressee, Temporal } from './temporal.ts';

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Called after every look but a first without an answer; with why, when there was none. */
  readonly onLook?: (problem?: ClientError) => void;
}

const WATCH_EVERY_MS = 500;

export class Upgrades {
  readonly #temporal: Temporal;

  constructor(temporal: Temporal) {
    this.#temporal = temporal;
  }

  /** @throws ClientError `refused` by its role, `already-running` when the environment has an upgrade under way */
  async start(environment: Environment, asker: messages.Asker): Promise<{ readonly run: string }> {
    const { name } = environment;
    const why = refusePerson('upgrade start', asker);
    if (why !== undefined) throw new ClientError('refused', why);
    try {
      const handle = await this.#temporal.inTime(() =>
        this.#temporal.client.workflow.start('upgrade', {
          workflowId: upgradeId(name),
          taskQueue: TASK_QUEUE,
          workflowIdConflictPolicy: 'FAIL',
          args: [{ environment, startedBy: asker.by } satisfies messages.UpgradeInput],
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
      throw this.#temporal.explain(error, upgradeOf(name));
    }
  }

  /** The latest upgrade of the environment, running or ended. */
  async status(environment: string): Promise<UpgradeStatus> {
    const upgrade = upgradeOf(environment);
    const status = await this.#temporal.query(upgrade, messages.statusQuery);
    if (status.endedAt !== undefined) return status;
    // A run that was ended from outside answers as it would have just before.
    return asItEnded(status, await this.#temporal.describe(upgrade));
  }

  /** The environment as the latest upgrade of it was given it. */
  async environment(name: string): Promise<Environment> {
    const { environment } = await this.#temporal.input<messages.UpgradeInput>(upgradeOf(name));
    return environment;
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
        const status = await this.#temporal.client.withAbortSignal(signal, () => this.status(environment));
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

  async #update<A>(
    environment: string,
    update: UpdateDefinition<messages.Accepted, [A]>,
    ask: A,
  ): Promise<messages.Accepted> {
    const { state, endedAt } = await this.status(environment);
    if (endedAt !== undefined) throw hasEnded(environment, state);
    return this.#temporal.update(upgradeOf(environment), update, ask);
  }
}

const upgradeOf = (environment: string): Addressee => ({
  workflowId: upgradeId(environment),
  environment,
  look: `eksodus upgrade status ${environment}`,
  unknown: {
    kind: 'not-found',
    message: `no upgrade of ${environment} is known. Is the name right? To start one: eksodus upgrade start --file FILE`,
  },
});

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
