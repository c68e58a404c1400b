import { request } from 'node:http';
import type { Agent } from 'node:http';

export interface Response {
  readonly status: number;
  /** The header `x-served-by-cluster`. */
  readonly cluster: string | null;
}

const TIMEOUT_MS = 5_000;

/** GET / of a host at an address, to the end of the body. Rejects on network errors and after 5 s. */
export function httpGet(target: { address: string; port: number; host: string; agent: Agent }): Promise<Response> {
  const { address, port, host, agent } = target;
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const sent = request({ host: address, port, agent, path: '/', headers: { host } }, (response) => {
    const cluster = response.headers['x-served-by-cluster'];
    const status = response.statusCode ?? 0;
    response.on('error', reject);
    response.on('end', () => resolve({ status, cluster: typeof cluster === 'string' ? cluster : null }));
    response.resume();
  });
  const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  sent.on('error', reject);
  sent.on('close', () => clearTimeout(timer));
  sent.end();
  return promise;
}
