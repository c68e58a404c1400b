import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { TASK_QUEUE } from '../../src/domain/ids.ts';
import type { Processes, RunningProcess } from '../process/processes.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Temporal's numbers for the two kinds of tasks of a queue. */
const [WORKFLOW_TASKS, ACTIVITY_TASKS] = [1, 2] as const;

/** Who asks for the product's workflow tasks, and who for its activities: `<pid>@<host>` of each, dead ones for a while too. */
export type Pollers = () => Promise<readonly (readonly string[])[]>;

export const pollersOf =
  ({ workflowService }: Client): Pollers =>
  () =>
    Promise.all(
      [WORKFLOW_TASKS, ACTIVITY_TASKS].map(async (taskQueueType) => {
        const taskQueue = { name: TASK_QUEUE };
        const { pollers } = await workflowService.describeTaskQueue({ namespace: 'default', taskQueue, taskQueueType });
        return pollers.map(({ identity }) => identity ?? '');
      }),
    );

export interface RehearsalWorkerOptions {
  readonly processes: Pick<Processes, 'start' | 'running'>;
  readonly env: Readonly<Record<string, string>>;
  readonly pollers: Pollers;
}

/** The product's worker as a process, which can be killed and comes back as a supervisor would bring it. */
export class RehearsalWorker {
  readonly #options: RehearsalWorkerOptions;
  #current: RunningProcess | undefined;
  #number = 0;

  constructor(options: RehearsalWorkerOptions) {
    this.#options = options;
  }

  /** Resolves when it takes work: whoever asks the product something then gets an answer. */
  async start(): Promise<void> {
    const { processes, env } = this.#options;
    this.#number += 1;
    const name = `worker-${this.#number}`;
    this.#current = await processes.start({
      name,
      command: process.execPath,
      args: [MAIN, 'worker'],
      env,
      ready: () => this.#polls(name),
    });
  }

  /** SIGKILL, no chance to say goodbye; then a new one. */
  async crash(): Promise<void> {
    await this.#current?.kill();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#current?.stop();
  }

  async #polls(name: string): Promise<boolean> {
    const { processes, pollers } = this.#options;
    const pid = processes.running.find((one) => one.name === name)?.pid;
    return (await pollers()).every((identities) => identities.some((identity) => identity.startsWith(`${pid}@`)));
  }
}
