import { AwsError } from '../errors.ts';

/** Route 53 works on one request to change a zone at a time, and refuses others meanwhile. */
export class BusyZones {
  readonly #busy = new Set<string>();

  /** @throws AwsError PriorRequestNotComplete */
  async alone<T>(zoneId: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy.has(zoneId)) {
      throw new AwsError(
        400,
        'PriorRequestNotComplete',
        'The request was rejected because Route 53 was still processing a prior request.',
      );
    }
    this.#busy.add(zoneId);
    try {
      return await work();
    } finally {
      this.#busy.delete(zoneId);
    }
  }
}
