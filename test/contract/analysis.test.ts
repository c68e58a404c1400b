// The analyses of the rehearsal's environment file, over real traffic that the real Prometheus was told of.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GateResult } from '../../activities/ports.ts';
import { loadEnvironment } from '../../config/load.ts';
import { Speed, type NameServer } from '../../sandbox/contracts.ts';
import { startNameServer } from '../../sandbox/dns/name-server.ts';
import { Failures } from '../../sandbox/edge/failures.ts';
import { Listener } from '../../sandbox/edge/listener.ts';
import { serveMetrics, type MetricsEndpoint } from '../../sandbox/edge/metrics-endpoint.ts';
import { RequestMetrics } from '../../sandbox/edge/request-metrics.ts';
import { writeEnvironmentFile } from '../../sandbox/environment-file.ts';
import { freePort } from '../../sandbox/process/ports.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { startPrometheus } from '../../sandbox/prometheus.ts';
import { startTraffic, type Generator } from '../../sandbox/traffic/generator.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { createMetrics } from '../../src/adapters/metrics.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { prepare, run } from '../activity/fakes.ts';

const APP = 'messages';
const HOST = `${APP}.example.test`;
const ADDRESSES = { blue: '127.83.0.1', green: '127.83.0.2' } as const;
const WATCH_MS = 10_000;

const metrics = new RequestMetrics();
const failures = new Failures();
let dir: string;
let processes: Processes;
let endpoint: MetricsEndpoint;
let names: NameServer;
let listeners: Listener[];
let traffic: Generator;
let environment: Environment;
let answered = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-analysis-'));
  processes = new Processes({ logDir: join(dir, 'log') });
  endpoint = await serveMetrics(() => metrics.text);
  const port = await freePort();
  names = await startNameServer({ zoneTtl: () => 1 });
  names.setZone({
    name: 'example.test',
    records: Object.entries(ADDRESSES).map(([setIdentifier, address]) => ({
      name: HOST,
      type: 'A',
      ttl: 60,
      values: [address],
      setIdentifier,
      weight: 50,
    })),
  });
  const cluster = (name: keyof typeof ADDRESSES) =>
    Listener.open({ address: ADDRESSES[name], port, answer: ({ host, path }) => answer(name, host, path) });
  listeners = await Promise.all([cluster('blue'), cluster('green')]);
  const { url } = await startPrometheus({ dir, processes, target: endpoint.address });
  const file = join(dir, 'stg.yaml');
  writeEnvironmentFile({
    file,
    settings: { dir, speed: new Speed(60), account: '000000000000', region: 'ap-northeast-1' },
    account: {
      clusterRoleArn: 'arn:aws:iam::000000000000:role/cluster',
      nodeRoleArn: 'arn:aws:iam::000000000000:role/node',
      vpcId: 'vpc-1',
      subnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
      zoneId: 'Z0123456789',
    },
    name: 'stg',
    zone: 'example.test',
    liveParameter: '/stg/live',
    targetVersion: '1.36',
    manager: 'manager',
    principals: [],
    nameServer: names.address,
    appPort: port,
    prometheusUrl: url,
  });
  environment = loadEnvironment(file);
  const load = { clients: 100, cachingForEver: 0, requestEveryMs: 1_050 };
  traffic = startTraffic(
    { ...load, nameServer: names.address, apps: [{ app: APP, host: HOST, port }] },
    () => (answered += 1),
  );
  await waitUntil(async () => answered > 500, { what: 'traffic', withinMs: 60_000 });
}, 120_000);

afterAll(async () => {
  await traffic.stop();
  await Promise.all(listeners.map((listener) => listener.close()));
  await names.stop();
  await processes.stopAll();
  await endpoint.stop();
  rmSync(dir, { recursive: true, force: true });
});

function answer(cluster: string, host: string, path: string) {
  const status = failures.next(cluster, APP, path) ?? 200;
  const served = { loadBalancer: cluster, cluster, app: APP, host };
  const sent = (seconds: number): void => metrics.add(served, { status, seconds });
  return { status, headers: { 'x-served-by-cluster': cluster }, body: {}, sent };
}

/** As a gate would, from a write of this moment on. */
async function watch(): Promise<{ readonly results: readonly GateResult[]; readonly tookMs: number }> {
  const since = Date.now();
  const input = {
    app: APP,
    hosts: [HOST],
    blue: 'blue',
    green: 'green',
    greenPercent: 50,
    analyses: environment.analyses,
    sources: environment.metrics,
    since: new Date(since).toISOString(),
    until: new Date(since + WATCH_MS).toISOString(),
  };
  const results = await run(prepare({ metrics: createMetrics(() => undefined) }, systemClock), 'watchAnalyses', input);
  return { results, tookMs: Date.now() - since };
}

describe('over real traffic, the analyses', { timeout: 60_000 }, () => {
  it('pass a green that is as good as blue', async () => {
    const { results } = await watch();
    expect(results.map(({ verdict, evidence }) => [evidence.check, verdict])).toEqual([
      ['analysis errors', 'passed'],
      ['analysis errors-beside-blue', 'passed'],
    ]);
  });

  it('fail one that answers a fifth of its requests with errors, before the time is up', async () => {
    failures.set('green', APP, { status: 500, percent: 20 });
    const { results, tookMs } = await watch();
    expect(results.every(({ verdict }) => verdict === 'failed')).toBe(true);
    expect(results[0]?.evidence.observed).toMatch(/0\.[12]\d+|\d+ of \d+/);
    expect(tookMs).toBeLessThan(WATCH_MS);
  });

  it('do not blame green in comparison for what fails on both', async () => {
    failures.set('blue', APP, { status: 500, percent: 20 });
    const only = environment.analyses.filter(({ measure }) => measure.kind === 'rates');
    environment = { ...environment, analyses: only };
    const { results } = await watch();
    expect(results.map(({ verdict }) => verdict)).toEqual(['passed']);
    expect(results[0]?.evidence.observed).toMatch(/green \d+ of \d+ \(\d.*%\), blue \d+ of \d+ \(\d/);
  });
});
