import { setTimeout as delay } from 'node:timers/promises';
import type { Speed } from '../../contracts.ts';

export interface Transition<T> {
  /** It takes at least so long, at the sandbox's speed. */
  readonly awsSeconds: number;
  /** What really has to be done; it may take longer. */
  readonly work: () => Promise<T>;
  readonly done: (outcome: T) => void;
  readonly failed: (problem: string) => void;
}

/** Takes resources from one status to the next in the background, as AWS does. */
export class Lifecycle {
  readonly #speed: Speed;
  readonly #stopped = new AbortController();

  constructor(speed: Speed) {
    this.#speed = speed;
  }

  /** Returns at once. The transition ends when both its time has passed and its work is done, or the work has failed. */
  start<T>(transition: Transition<T>): void {
    void this.#run(transition);
  }

  /** Nothing changes its status any more. */
  stop(): void {
    this.#stopped.abort();
  }

  async #run<T>({ awsSeconds, work, done, failed }: Transition<T>): Promise<void> {
    const { signal } = this.#stopped;
    try {
      const [outcome] = await Promise.all([work(), delay(this.#speed.ms(awsSeconds), undefined, { signal })]);
      if (!signal.aborted) done(outcome);
    } catch (error) {
      if (!signal.aborted) failed(error instanceof Error ? error.message : String(error));
    }
  }
}
