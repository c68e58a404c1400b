import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpTarget {
  /** IP address to connect to: no name is looked up. */
  readonly address: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  readonly path: string;
  /** Host header, and over TLS the name that the certificate must carry. */
  readonly host: string;
  readonly timeoutSeconds: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Until the last byte of the body. */
  readonly ms: number;
}

export interface HttpProbe {
  /** One request on a connection of its own. Rejects when there was no whole answer in time. */
  request(target: HttpTarget): Promise<HttpAnswer>;
}

export const httpProbe: HttpProbe = {
  request({ address, port, scheme, path, host, timeoutSeconds }) {
    const startedAt = performance.now();
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const options = { host: address, port, path, headers: { host }, agent: false, signal } as const;
    return new Promise((resolve, reject) => {
      const request = scheme === 'https' ? httpsRequest({ ...options, servername: host }) : httpRequest({ ...options });
      const fail = (error: Error): void => {
        reject(signal.aborted ? new Error(`no answer within ${timeoutSeconds} s`, { cause: error }) : error);
      };
      request.on('error', fail);
      request.on('response', (response) => {
        response.on('error', fail);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, ms: performance.now() - startedAt }));
        response.resume();
      });
      request.end();
    });
  },
};
