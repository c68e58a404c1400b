import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A request as it came, read to its end. */
export interface Call {
  readonly method: string;
  /** Path and query, untouched: what is signed and what is passed on. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Listener {
  readonly url: string;
  stop(): Promise<void>;
}

/** Of one connection only (RFC 9110, 7.6.1): a proxy makes its own. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

export async function readCall(message: IncomingMessage): Promise<Call> {
  const target = message.url ?? '/';
  const cut = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    target,
    path: cut === -1 ? target : target.slice(0, cut),
    query: new URLSearchParams(cut === -1 ? '' : target.slice(cut + 1)),
    headers: message.headers,
    body: await readAll(message),
  };
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Passes a call on byte by byte, `Host` included because it is signed. */
export async function forward(call: Call, to: URL): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = httpRequest({
    host: to.hostname,
    port: to.port,
    method: call.method,
    path: call.target,
    headers: { ...endToEnd(call.headers), 'content-length': call.body.length },
    // A kept connection may be closed by the other side just as it is used again.
    agent: false,
  });
  sent.on('response', resolve).on('error', reject).end(call.body);
  const response = await promise;
  return {
    status: response.statusCode ?? 502,
    headers: endToEnd(response.headers),
    body: await readAll(response),
  };
}

const endToEnd = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));

/** An HTTP server on a free port of 127.0.0.1. Its stop ends open connections too. */
export async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Listener> {
  const server = createServer((request, response) => {
    // A request that cannot even be read, because its sender is gone, gets no answer.
    handler(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('an HTTP server has no port');
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${address.port}`, stop };
}
