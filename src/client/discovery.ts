// A look at what receives traffic on an environment's live cluster: a short workflow, for which its asker waits.
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowExecutionDescription, type WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, fromPayloadsAtIndex, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { discover, DiscoverInput } from '../../workflows/discover.ts';
import type { CatalogueFacts } from '../domain/catalogue.ts';
import type { Environment } from '../domain/environment.ts';
import { discoverId, TASK_QUEUE } from '../domain/ids.ts';
import { ClientError, noWorker } from './errors.ts';
import { ANSWER_WITHIN_MS, type Addressee, type Temporal } from './temporal.ts';

export interface DiscoverOptions {
  readonly signal: AbortSignal;
  /** What it does now, or why it does it again; each text once. */
  readonly onProgress: (doing: string) => void;
}

const LOOK_EVERY_MS = 200;
/** Nobody waits longer for a look. */
const LIMIT = '10m';

export class Discovery {
  readonly #temporal: Temporal;

  constructor(temporal: Temporal) {
    this.#temporal = temporal;
  }

  /** @throws ClientError `unreachable` without a worker, `already-running` while another look is under way */
  async discover(environment: Environment, { signal, onProgress }: DiscoverOptions): Promise<CatalogueFacts> {
    const to = lookAt(environment.name);
    // Without a worker it would wait for one, and begin when nobody asks any more.
    await this.#temporal.needsWorker(environment.name);
    const handle = await this.#start(to, environment);
    const beganAt = Date.now();
    let said = '';
    for (;;) {
      const seen = await this.#temporal
        .inTime(() => handle.describe())
        .catch((error: unknown) => {
          throw this.#temporal.explain(error, to);
        });
      if (seen.status.name !== 'RUNNING') return this.#answer(handle, to);
      const doing = progressOf(seen);
      if (doing === undefined && said === '' && Date.now() - beganAt > ANSWER_WITHIN_MS) {
        // Temporal remembers workers for a while that are gone.
        await this.#end(handle);
        throw noWorker(environment.name);
      }
      if (doing !== undefined && doing !== said) onProgress((said = doing));
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(async () => {
        await this.#end(handle);
        throw new ClientError('failed', `the look at ${environment.name} was given up. Nothing was changed.`);
      });
    }
  }

  async #start(to: Addressee, environment: Environment): Promise<WorkflowHandle<typeof discover>> {
    try {
      return await this.#temporal.inTime(() =>
        this.#temporal.client.workflow.start<typeof discover>('discover', {
          workflowId: to.workflowId,
          taskQueue: TASK_QUEUE,
          workflowIdConflictPolicy: 'FAIL',
          workflowExecutionTimeout: LIMIT,
          args: [{ environment } satisfies DiscoverInput],
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw this.#temporal.explain(error, to);
      const message = `somebody looks at ${environment.name} already. Wait until that is over, and ask again.`;
      throw new ClientError('already-running', message, error);
    }
  }

  /** It only looks, so there is nothing to finish. */
  async #end(handle: WorkflowHandle): Promise<void> {
    await this.#temporal.inTime(() => handle.terminate('nobody waits for it any more'));
  }

  async #answer(handle: WorkflowHandle<typeof discover>, to: Addressee): Promise<CatalogueFacts> {
    try {
      return await this.#temporal.inTime(() => handle.result());
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw this.#temporal.explain(error, to);
      throw new ClientError('failed', `the look at ${to.environment} failed: ${rootOf(error)}`, error);
    }
  }
}

/** What the activity last said of itself; once it was refused, why. */
function progressOf({ raw }: WorkflowExecutionDescription): string | undefined {
  const [activity] = raw.pendingActivities ?? [];
  if (!activity) return undefined;
  if (activity.lastFailure?.message)
    return `trying again after ${(activity.attempt ?? 1) - 1} of: ${activity.lastFailure.message}`;
  const details = fromPayloadsAtIndex<unknown>(defaultPayloadConverter, 0, activity.heartbeatDetails?.payloads);
  const isOurs = typeof details === 'object' && details !== null && 'doing' in details;
  return isOurs && typeof details.doing === 'string' ? details.doing : undefined;
}

const rootOf = (error: Error): string => (error.cause instanceof Error ? rootOf(error.cause) : error.message);

const lookAt = (environment: string): Addressee => ({
  workflowId: discoverId(environment),
  environment,
  look: `eksodus apps discover ${environment}`,
  unknown: { kind: 'failed', message: `the look at ${environment} was removed from Temporal.` },
});
