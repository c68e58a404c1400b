import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../process/ports.ts';
import type { Processes } from '../process/processes.ts';
import { httpOk } from '../process/ready.ts';
import { partFile } from '../setup/cache.mjs';

/** Starts the etcd that holds the data of every cluster, each below its own prefix. */
export async function startEtcd(options: {
  readonly dir: string;
  readonly processes: Processes;
}): Promise<{ url: string }> {
  const dataDir = join(options.dir, 'etcd');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const url = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  await options.processes.start({
    name: 'etcd',
    command: partFile('etcd', 'etcd'),
    args: [
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      // The data need not survive a power cut: without fsync a disk that others use slows nothing down.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    ready: () => httpOk(`${url}/readyz`),
  });
  return { url };
}

/** The prefix below which a cluster's API server keeps its keys. */
export const clusterPrefix = (cluster: string): string => `/${cluster}`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Deletes all that a cluster's API server stored. */
export async function wipeCluster(etcdUrl: string, cluster: string): Promise<void> {
  // "0" follows "/": the range is every key below the prefix, and none of a cluster whose name only starts alike.
  const range = { key: base64(`${clusterPrefix(cluster)}/`), range_end: base64(`${clusterPrefix(cluster)}0`) };
  const response = await fetch(`${etcdUrl}/v3/kv/deleterange`, { method: 'POST', body: JSON.stringify(range) });
  const body = await response.text();
  if (!response.ok)
    throw new Error(`etcd refused to delete the data of cluster ${cluster}: ${response.status} ${body}`);
}
