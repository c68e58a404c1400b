// How requests share what AWS lets an account ask: nobody waits for ever, and nobody waits for who came later.

/** `work`: somebody's change depends on it. `look`: whether something is done yet, which can be asked later just as well. */
export type RequestKind = 'work' | 'look';

/** So many pieces of work go before a look that came earlier, at most. */
const WORK_BEFORE_LOOK = 3;
/** A request that AWS still refuses then is the caller's again. */
const MOST_ATTEMPTS = 5;
/** Others use the account too: whoever is refused asks half as often, and then faster again by so much each second. */
const FASTER_PER_SECOND = 1;
const SLOWEST_PER_SECOND = 1;

export class AccountShare {
  readonly #burst: number;
  readonly #fastest: number;
  readonly #waiting: Record<RequestKind, (() => void)[]> = { work: [], look: [] };
  #perSecond: number;
  #tokens: number;
  #filledAt = performance.now();
  #slowedAt = -Infinity;
  #workSinceLook = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
    this.#burst = burst;
    this.#fastest = perSecond;
    this.#perSecond = perSecond;
    this.#tokens = burst;
  }

  /** Sends when it is this request's turn; what AWS throttles is the first of its kind to be sent again. */
  async request<T>(kind: RequestKind, send: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#turn(kind, attempt > 1);
      try {
        return await send();
      } catch (error) {
        if (!isThrottled(error) || attempt === MOST_ATTEMPTS) throw error;
        this.#slowDown();
      }
    }
  }

  #turn(kind: RequestKind, isAgain: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (isAgain) this.#waiting[kind].unshift(resolve);
      else this.#waiting[kind].push(resolve);
      this.#serve();
    });
  }

  #serve(): void {
    this.#fill();
    while (this.#tokens >= 1) {
      const next = this.#next();
      if (!next) return;
      this.#tokens -= 1;
      next();
    }
    if (this.#timer || this.#waiting.work.length + this.#waiting.look.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#serve();
      },
      Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000),
    );
  }

  #next(): (() => void) | undefined {
    const { work, look } = this.#waiting;
    const isLooksTurn = work.length === 0 || (look.length > 0 && this.#workSinceLook >= WORK_BEFORE_LOOK);
    this.#workSinceLook = isLooksTurn ? 0 : this.#workSinceLook + 1;
    return isLooksTurn ? look.shift() : work.shift();
  }

  #fill(): void {
    const now = performance.now();
    const seconds = (now - this.#filledAt) / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + seconds * this.#perSecond);
    this.#perSecond = Math.min(this.#fastest, this.#perSecond + seconds * FASTER_PER_SECOND);
  }

  /** Requests that were under way together are refused together: that is one sign, not many. */
  #slowDown(): void {
    this.#fill();
    this.#tokens = 0;
    if (this.#filledAt - this.#slowedAt < 1000) return;
    this.#slowedAt = this.#filledAt;
    this.#perSecond = Math.max(SLOWEST_PER_SECOND, this.#perSecond / 2);
  }
}

const isThrottled = (error: unknown): boolean => error instanceof Error && /^Throttling(Exception)?$/.test(error.name);
