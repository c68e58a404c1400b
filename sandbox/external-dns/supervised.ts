import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../edge/report.ts';
import type { Processes, ProcessSpec } from '../process/processes.ts';

export interface SupervisedOptions {
  readonly processes: Processes;
  /** Asked before every start. */
  readonly spec: () => Promise<ProcessSpec>;
  readonly log: Log;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** A process that is started again when it ends by itself, or cannot be started, after pauses that double each time. */
export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const startedAtMs = performance.now();
      const ending = await this.#runOnce();
      if (ending === 'stopped') return;
      if (performance.now() - startedAtMs > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
      this.#options.log(`${ending}; next start in ${pauseMs / 1000} s`);
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** How it ended. */
  async #runOnce(): Promise<string> {
    const { processes, spec } = this.#options;
    const { signal } = this.#stopping;
    try {
      const running = await processes.start(await spec());
      const { promise: stopped, resolve } = Promise.withResolvers<'stopped'>();
      const stop = (): void => resolve('stopped');
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      const exit = await Promise.race([running.exited, stopped]);
      if (exit === 'stopped') {
        await running.stop();
        return exit;
      }
      signal.removeEventListener('abort', stop);
      return `${running.name} ended with ${exit.signal ?? `exit code ${exit.code}`}, see ${processes.logFile(running.name)}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
