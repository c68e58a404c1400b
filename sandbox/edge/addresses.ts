import { randomInt } from 'node:crypto';

const LAST = 254;

/**
 * Loopback addresses 127.x.y.1 to 127.x.y.254, each given once. x and y are drawn at random for every sandbox, so two
 * of them on one machine use different addresses. 127.0.*.* is left to others.
 */
export class Addresses {
  readonly #network = `127.${randomInt(1, 255)}.${randomInt(0, 256)}`;
  #given = 0;

  next(): string {
    if (this.#given === LAST)
      throw new Error(`${this.#network}.0 has no address left: a sandbox can make ${LAST} load balancers`);
    return `${this.#network}.${++this.#given}`;
  }
}
