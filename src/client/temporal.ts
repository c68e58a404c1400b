// The connection to Temporal: a question or command is answered in time, or ends with a ClientError that says why not.
import {
  Client,
  Connection,
  type UpdateDefinition,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import {
  defaultPayloadConverter,
  fromPayloadsAtIndex,
  WorkflowNotFoundError,
  type QueryDefinition,
} from '@temporalio/common';
import type { Accepted } from '../../workflows/messages.ts';
import { TASK_QUEUE } from '../domain/ids.ts';
import {
  ClientError,
  isUnknown,
  noAnswer,
  noWorker,
  ranOutOfTime,
  refusedBy,
  saysNoWorker,
  temporalSaid,
} from './errors.ts';

export interface ConnectOptions {
  /** `host:port` of Temporal's frontend. */
  readonly address: string;
  readonly namespace: string;
}

/** A workflow, in the words that people know it by. */
export interface Addressee {
  readonly workflowId: string;
  readonly environment: string;
  /** The command that shows what is true of it. */
  readonly look: string;
  /** What it means when Temporal does not know it. */
  readonly unknown: Pick<ClientError, 'kind' | 'message'>;
}

const CONNECT_WITHIN_MS = 5_000;
/** Queries and updates need a worker; without one they would wait for ever. */
export const ANSWER_WITHIN_MS = 10_000;

/** Temporal's own number for a task queue of workflows. */
const WORKFLOW_TASKS = 1;

export class Temporal {
  readonly client: Client;
  readonly #address: string;

  private constructor(client: Client, address: string) {
    this.client = client;
    this.#address = address;
  }

  /** @throws ClientError `unreachable` when Temporal does not answer */
  static async connect({ address, namespace }: ConnectOptions): Promise<Temporal> {
    try {
      const connection = await Connection.connect({ address, connectTimeout: CONNECT_WITHIN_MS });
      return new Temporal(new Client({ connection, namespace }), address);
    } catch (error) {
      throw noAnswer(address, error);
    }
  }

  async close(): Promise<void> {
    await this.client.connection.close();
  }

  async query<T>(to: Addressee, query: QueryDefinition<T>): Promise<T> {
    try {
      return await this.inTime(() => this.#handle(to).query(query));
    } catch (error) {
      if (ranOutOfTime(error) && (await this.#serverAnswers())) {
        const message = `no worker answers for ${to.environment}. Start one: eksodus worker`;
        throw new ClientError('unreachable', message, error);
      }
      throw this.explain(error, to);
    }
  }

  /** Ask something first: a command without a worker would be carried out by the next one, when nobody expects it. */
  async update<A>(to: Addressee, update: UpdateDefinition<Accepted, [A]>, ask: A): Promise<Accepted> {
    try {
      return await this.inTime(() => this.#handle(to).executeUpdate(update, { args: [ask] }));
    } catch (error) {
      if (ranOutOfTime(error)) {
        const message = `the worker took too long to answer: the command may be carried out all the same. Look before you repeat it: ${to.look}`;
        throw new ClientError('unreachable', message, error);
      }
      throw this.explain(error, to);
    }
  }

  /** Undefined when Temporal does not know it. Needs no worker. */
  async describe(to: Addressee): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await this.inTime(() => this.#handle(to).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw this.explain(error, to);
    }
  }

  /** What its latest run was started with. Needs no worker. */
  async input<T>(to: Addressee): Promise<T> {
    const { workflowService, options } = this.client;
    const first = {
      namespace: options.namespace,
      execution: { workflowId: to.workflowId },
      maximumPageSize: 1,
    };
    try {
      const { history } = await this.inTime(() => workflowService.getWorkflowExecutionHistory(first));
      const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
      return fromPayloadsAtIndex<T>(defaultPayloadConverter, 0, started?.input?.payloads);
    } catch (error) {
      throw this.explain(error, to);
    }
  }

  /** @throws ClientError `unreachable` when no worker polls for the product's work */
  async needsWorker(environment: string): Promise<void> {
    if (!(await this.#workerPolls())) throw noWorker(environment);
  }

  inTime<T>(ask: () => Promise<T>): Promise<T> {
    return this.client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask);
  }

  explain(error: unknown, { environment, unknown: { kind, message } }: Addressee): unknown {
    if (saysNoWorker(error)) return noWorker(environment, error);
    if (isUnknown(error)) return new ClientError(kind, message, error);
    return refusedBy(error) ?? temporalSaid(error, this.#address) ?? error;
  }

  #handle({ workflowId }: Addressee): WorkflowHandle {
    return this.client.workflow.getHandle(workflowId);
  }

  async #workerPolls(): Promise<boolean> {
    const { workflowService, options } = this.client;
    const { pollers } = await this.inTime(() =>
      workflowService.describeTaskQueue({
        namespace: options.namespace,
        taskQueue: { name: TASK_QUEUE },
        taskQueueType: WORKFLOW_TASKS,
      }),
    ).catch((error: unknown) => {
      throw temporalSaid(error, this.#address) ?? error;
    });
    return pollers.length > 0;
  }

  async #serverAnswers(): Promise<boolean> {
    try {
      await this.inTime(() => this.client.workflowService.getSystemInfo({}));
      return true;
    } catch {
      return false;
    }
  }
}
