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

/**
 * For a dev server. Its shards look for new tasks at most 20 times a second (Temporal's default), which makes every
 * activity and signal of a busy workflow wait 100 ms: a workflow test took 14.9 s, with this 2.4 s.
 */
export const WITHOUT_WAITS = ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=2000'] as const;

/** The real server with its page, on a SQLite file in the folder; without one in memory, which is several times as quick. */
export async function startTemporal({ dir, processes }: { dir?: string; processes: Processes }): Promise<Temporal> {
  const [port, pagePort] = [await freePort(), await freePort()];
  const pageUrl = `http://127.0.0.1:${pagePort}`;
  await processes.start({
    name: 'temporal',
    command: partFile('temporal', 'temporal'),
    args: `server start-dev --ip 127.0.0.1 --port ${port} --ui-ip 127.0.0.1 --ui-port ${pagePort} --log-level error --disable-config-file --disable-config-env`
      .split(' ')
      .concat(WITHOUT_WAITS, dir === undefined ? [] : ['--db-filename', join(dir, 'temporal.db')]),
    ready: () => httpOk(`${pageUrl}/api/v1/namespaces/default`),
  });
  return { address: `127.0.0.1:${port}`, pageUrl };
}
