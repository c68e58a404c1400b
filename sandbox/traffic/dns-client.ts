import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { RECURSION_DESIRED, decode, encode } from 'dns-packet';

export interface Resolution {
  readonly address: string;
  readonly ttlSeconds: number;
}

const TRY_TIMEOUT_MS = 2_500;
const TRIES = 2;
/** Two bytes of id tell the answers on one socket apart; several sockets keep their receive buffers short. */
const SOCKETS = 4;
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
const RCODE_BITS = 0xf;

/** Asks one name server over UDP, for many clients at a time. It keeps no cache: that is each client's own. */
export class DnsClient {
  readonly #lanes: readonly Lane[];
  #next = 0;

  /** `server` is `address:port`. */
  constructor(server: string) {
    const [address = '', port = ''] = server.split(':');
    this.#lanes = Array.from({ length: SOCKETS }, () => new Lane(address, Number(port)));
  }

  /** The first IPv4 address of a host. Rejects when there is none, and after two tries without an answer. */
  async resolve(host: string): Promise<Resolution> {
    for (let tries = 1; ; tries++) {
      const lane = this.#lanes[this.#next++ % this.#lanes.length];
      const message = await lane?.ask(host);
      if (message) return firstAddress(host, message);
      if (tries === TRIES)
        throw new Error(`no answer for ${host} from the name server after ${TRIES} tries of ${TRY_TIMEOUT_MS} ms`);
    }
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }
}

/** One socket and the questions on it that wait for an answer. */
class Lane {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (message?: Buffer) => void>();
  readonly #address: string;
  readonly #port: number;

  constructor(address: string, port: number) {
    this.#address = address;
    this.#port = port;
    this.#socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
    this.#socket.on('message', (message, peer) => {
      if (peer.port !== port || peer.address !== address || message.length < 2) return;
      this.#waiting.get(message.readUInt16BE(0))?.(message);
    });
    // What cannot be sent or received is a question without an answer, and is counted as that.
    this.#socket.on('error', () => {});
  }

  /** Undefined when no answer came in time. Rejects once it is closed. */
  async ask(host: string): Promise<Buffer | undefined> {
    const id = this.#freeId();
    const query = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name: host }] });
    this.#socket.send(query, this.#port, this.#address);
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    const settle = (message?: Buffer): void => {
      clearTimeout(timer);
      this.#waiting.delete(id);
      resolve(message);
    };
    const timer = setTimeout(settle, TRY_TIMEOUT_MS);
    this.#waiting.set(id, settle);
    return promise;
  }

  /** Questions that still wait get no answer. */
  close(): void {
    this.#socket.close();
    for (const settle of this.#waiting.values()) settle();
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(65_536);
      if (!this.#waiting.has(id)) return id;
    }
  }
}

function firstAddress(host: string, message: Buffer): Resolution {
  const rcode = message.readUInt16BE(2) & RCODE_BITS;
  const answers = decode(message).answers ?? [];
  // The way over CNAMEs is as short-lived as its shortest part.
  const ttlSeconds = Math.min(...answers.map((found) => ('ttl' in found ? (found.ttl ?? 0) : 0)));
  for (const found of answers) if (found.type === 'A') return { address: found.data, ttlSeconds };
  throw new Error(`the name server has no address for ${host} (response code ${rcode})`);
}
