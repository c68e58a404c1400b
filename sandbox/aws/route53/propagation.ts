import type { OnInSync, Speed } from '../../contracts.ts';

type ZoneState = Parameters<OnInSync>[0];

export interface Change {
  readonly id: string;
  readonly status: 'PENDING' | 'INSYNC';
  readonly submittedAt: string;
}

/** What Route 53 takes until all its name servers answer with a change. */
const IN_SYNC_AWS_SECONDS = 45;

/** Changes on their way to the name servers: PENDING, and INSYNC after their time. They do not wait for one another. */
export class Propagation {
  readonly #speed: Speed;
  readonly #onInSync: OnInSync;
  readonly #changes = new Map<string, Change>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: { speed: Speed; onInSync: OnInSync }) {
    this.#speed = options.speed;
    this.#onInSync = options.onInSync;
  }

  /** `zone` is the whole zone right after the change. Changes of a zone must be given in the order they were made. */
  start(id: string, zone: ZoneState): Change {
    const change: Change = { id, status: 'PENDING', submittedAt: new Date().toISOString() };
    this.#changes.set(id, change);
    // Timers of one duration fire in the order in which they were set, so an older view never replaces a newer one.
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#changes.set(id, { ...change, status: 'INSYNC' });
      this.#onInSync(zone);
    }, this.#speed.ms(IN_SYNC_AWS_SECONDS));
    this.#timers.add(timer);
    return change;
  }

  /** Undefined for a change that it was not told of. */
  changeOf(id: string): Change | undefined {
    return this.#changes.get(id);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
