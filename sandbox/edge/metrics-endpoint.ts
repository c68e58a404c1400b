import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePort } from '../process/ports.ts';

export interface MetricsEndpoint {
  /** `127.0.0.1:<port>`, which answers at /metrics. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Serves what `text` gives, for Prometheus to scrape. */
export async function serveMetrics(text: () => string): Promise<MetricsEndpoint> {
  const port = await freePort();
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text());
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
