/** Lets so many calls through at once, and so many a second in the long run. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #filledAt: number;

  constructor(options: { capacity: number; perSecond: number; nowMs?: () => number }) {
    this.#capacity = options.capacity;
    this.#perSecond = options.perSecond;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#tokens = options.capacity;
    this.#filledAt = this.#nowMs();
  }

  /** Whether there was a token; it is taken. */
  take(): boolean {
    const now = this.#nowMs();
    const gained = ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
