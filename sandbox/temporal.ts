import { join } from 'node:path';
import { freePort } from './process/ports.ts';
import type { Processes } from './process/processes.ts';
import { httpOk } from './process/ready.ts';
import { partFile } from './setup/cache.mjs';

export interface Temporal {
  /** `127.0.0.1:<port>` of the frontend. */
  readonly address: string;
  readonly pageUrl: string;
}

/** The real server with its page, on a SQLite file. */
export async function startTemporal({ dir, processes }: { dir: string; processes: Processes }): Promise<Temporal> {
  const [port, pagePort] = [await freePort(), await freePort()];
  const pageUrl = `http://127.0.0.1:${pagePort}`;
  await processes.start({
    name: 'temporal',
    command: partFile('temporal', 'temporal'),
    args: `server start-dev --ip 127.0.0.1 --port ${port} --ui-ip 127.0.0.1 --ui-port ${pagePort} --log-level error --disable-config-file --disable-config-env`
      .split(' ')
      .concat('--db-filename', join(dir, 'temporal.db')),
    ready: () => httpOk(`${pageUrl}/api/v1/namespaces/default`),
  });
  return { address: `127.0.0.1:${port}`, pageUrl };
}
