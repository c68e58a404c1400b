import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './process/ports.ts';
import type { Processes } from './process/processes.ts';
import { httpOk } from './process/ready.ts';
import { partFile } from './setup/cache.mjs';

/** At every speed: a step bakes for ten seconds at least, and a gate must have something to look at by then. */
const SCRAPE_EVERY = '1s';

/** The real server, which scrapes `target` (`127.0.0.1:<port>`). Gives its URL. */
export async function startPrometheus({
  dir,
  processes,
  target,
}: {
  readonly dir: string;
  readonly processes: Pick<Processes, 'start'>;
  readonly target: string;
}): Promise<{ readonly url: string }> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(dir, 'prometheus.yaml');
  writeFileSync(
    config,
    stringify({
      global: { scrape_interval: SCRAPE_EVERY, scrape_timeout: SCRAPE_EVERY },
      scrape_configs: [{ job_name: 'load-balancers', static_configs: [{ targets: [target] }] }],
    }),
  );
  const url = `http://${address}`;
  await processes.start({
    name: 'prometheus',
    command: partFile('prometheus', 'prometheus'),
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      '--storage.tsdb.retention.time=1d',
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    ready: () => httpOk(`${url}/-/ready`),
  });
  return { url };
}
