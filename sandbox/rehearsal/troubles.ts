/** What kept a rehearsal from going on or from looking. The rest of it goes on, so that there is a report all the same. */
export class Troubles {
  readonly list: string[] = [];
  readonly #interrupted: AbortSignal;

  /** Nothing goes on once a person has interrupted the rehearsal. */
  constructor(interrupted: AbortSignal) {
    this.#interrupted = interrupted;
  }

  /** What `act` gives, or `otherwise` when it fails: then that is one more trouble. */
  async spare<T>(what: string, act: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await act();
    } catch (error) {
      this.#interrupted.throwIfAborted();
      this.list.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return otherwise;
    }
  }
}
