// A source of metrics on this machine that answers as recorded.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes out as JSON. */
  readonly body: unknown;
}

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface MetricServer {
  readonly url: string;
  readonly asked: Asked[];
  /** What the next questions get; an Error closes the connection without an answer. */
  answer: (asked: Asked) => Recorded | Error;
  stop(): Promise<void>;
}

export async function startMetricServer(): Promise<MetricServer> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', made.url);
      const asked = { method: request.method ?? '', url, headers: request.headers, body };
      made.asked.push(asked);
      const answer = made.answer(asked);
      if (answer instanceof Error) return void request.socket.destroy();
      const { status = 200, headers = {}, body: said } = answer;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof said === 'string' ? said : JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const made: MetricServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer: () => new Error('nothing is prepared'),
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
  return made;
}
