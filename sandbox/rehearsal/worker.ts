import { fileURLToPath } from 'node:url';
import type { Processes, RunningProcess } from '../process/processes.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** The product's worker as a process, which can be killed and comes back as a supervisor would bring it. */
export class RehearsalWorker {
  readonly #processes: Processes;
  readonly #env: Readonly<Record<string, string>>;
  #current: RunningProcess | undefined;
  #number = 0;

  constructor(processes: Processes, env: Readonly<Record<string, string>>) {
    this.#processes = processes;
    this.#env = env;
  }

  async start(): Promise<void> {
    this.#number += 1;
    this.#current = await this.#processes.start({
      name: `worker-${this.#number}`,
      command: process.execPath,
      args: [MAIN, 'worker'],
      env: this.#env,
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
}
