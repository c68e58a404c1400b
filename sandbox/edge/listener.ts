import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  /** Told once the answer has been sent, how long that took since the request came. */
  readonly sent?: (seconds: number) => void;
}

export interface ListenerOptions {
  readonly address: string;
  readonly port: number;
  readonly answer: (request: { host: string; path: string }) => Reply;
}

/** How long an ALB keeps an idle connection open by default. */
const IDLE_MS = 60_000;

/** The front of one load balancer: an HTTP listener on an address of its own. */
export class Listener {
  readonly #server: Server;
  readonly #answer: ListenerOptions['answer'];
  #open = 0;
  #drained: (() => void) | undefined;

  private constructor({ answer }: ListenerOptions) {
    this.#answer = answer;
    this.#server = createServer({ keepAliveTimeout: IDLE_MS }, (request, response) => this.#serve(request, response));
  }

  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    await once(listener.#server.listen(options.port, options.address), 'listening');
    return listener;
  }

  /** Accepts no more connections, finishes the requests that are open, then closes all connections. */
  async close(): Promise<void> {
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#drained = resolve;
    if (this.#open === 0) resolve();
    await drained;
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const cameAtMs = performance.now();
    this.#open++;
    response.once('close', () => {
      this.#open--;
      if (this.#open === 0) this.#drained?.();
    });
    request.resume();
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const { status, headers, body, sent } = this.#answer({ host, path: pathname });
    if (sent) response.once('finish', () => sent((performance.now() - cameAtMs) / 1000));
    const text = `${JSON.stringify(body)}\n`;
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  }
}
