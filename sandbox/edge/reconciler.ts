import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 1_000;

/**
 * Runs one piece of work whenever something has changed: never twice at the same time, once more when something changed
 * meanwhile, and again after a while when it failed.
 */
export class Reconciler {
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #onProblem: (error: unknown) => void;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #changed = false;

  constructor(work: (signal: AbortSignal) => Promise<void>, onProblem: (error: unknown) => void) {
    this.#work = work;
    this.#onProblem = onProblem;
  }

  readonly trigger = (): void => {
    this.#changed = true;
    this.#running ??= this.#run();
  };

  /** Aborts the signal of the work under way and resolves when it has ended; nothing is run afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const isStopped = (): boolean => signal.aborted;
    while (this.#changed && !isStopped()) {
      this.#changed = false;
      try {
        await this.#work(signal);
      } catch (error) {
        if (isStopped()) break;
        this.#onProblem(error);
        this.#changed = true;
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#running = undefined;
  }
}
