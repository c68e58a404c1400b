import { setTimeout as delay } from 'node:timers/promises';
import { Watch } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';

export interface ObjectStoreOptions<T extends KubernetesObject> {
  readonly config: KubeConfig;
  /** Path of the collection, such as `/api/v1/services`. */
  readonly path: string;
  readonly list: () => Promise<KubernetesListObject<T>>;
  /** After every change, and after the first look. */
  readonly onChange: () => void;
  /** Called once when the cluster stops answering, not again before it has answered. */
  readonly onProblem: (error: unknown) => void;
}

const RETRY_MS = 1_000;

/**
 * All objects of one kind in a cluster, kept up to date. It lists, watches until the watch ends for whatever reason
 * (idle watches end after 30 s), and begins again: so a restart of the API server heals by itself.
 */
export class ObjectStore<T extends KubernetesObject> {
  readonly #options: ObjectStoreOptions<T>;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #objects = new Map<string, T>();

  constructor(options: ObjectStoreOptions<T>) {
    this.#options = options;
    this.#running = this.#run();
  }

  get items(): readonly T[] {
    return [...this.#objects.values()];
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  /** Keeps what it knows, and learns nothing more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const isStopped = (): boolean => signal.aborted;
    let answers = true;
    while (!isStopped()) {
      try {
        const version = await this.#relist();
        answers = true;
        await this.#watch(version, signal);
      } catch (error) {
        if (isStopped()) return;
        if (answers) this.#options.onProblem(error);
        answers = false;
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #relist(): Promise<string> {
    const { items, metadata } = await this.#options.list();
    this.#objects = new Map(items.map((object) => [keyOf(object), object]));
    this.#options.onChange();
    return metadata?.resourceVersion ?? '';
  }

  /** Resolves when the watch ends, in order or by its idle time-out; rejects on other errors. */
  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    const done = (error?: Error | null): void => {
      if (!error || signal.aborted || error.name === 'TimeoutError') resolve();
      else reject(error);
    };
    const { config, path } = this.#options;
    const request = await new Watch(config).watch(path, { resourceVersion }, this.#take, done);
    const abort = (): void => request.abort();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    try {
      await ended;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  readonly #take = (phase: string, object: T): void => {
    if (phase === 'ADDED' || phase === 'MODIFIED') this.#objects.set(keyOf(object), object);
    else if (phase === 'DELETED') this.#objects.delete(keyOf(object));
    else return;
    this.#options.onChange();
  };
}

const keyOf = ({ metadata }: KubernetesObject): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
