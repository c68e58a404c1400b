import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NameServer } from '../../sandbox/contracts.ts';
import { startNameServer } from '../../sandbox/dns/name-server.ts';
import { freePort } from '../../sandbox/process/ports.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { readEvents } from '../../sandbox/traffic/event-log.ts';
import { summarise } from '../../sandbox/traffic/summary.ts';

const MAIN = new URL('../../sandbox/traffic/main.ts', import.meta.url).pathname;
const TTL_MS = 1000;
const RESOLUTIONS_A_STEP = 1500;
const BLUE = { hostname: 'blue.eu-west-1.elb.amazonaws.com', address: '127.81.0.1' };
const GREEN = { hostname: 'green.eu-west-1.elb.amazonaws.com', address: '127.81.0.2' };

let dir: string;
let port: number;
let names: NameServer;
let servers: Server[];
let generator: ChildProcess | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'eksodus-traffic-'));
  port = await freePort();
  names = await startNameServer({ zoneTtl: (seconds) => seconds / 60 });
  names.setLoadBalancer(BLUE.hostname, BLUE.address);
  names.setLoadBalancer(GREEN.hostname, GREEN.address);
  servers = await Promise.all([listen('blue', BLUE.address), listen('green', GREEN.address)]);
});

afterEach(async () => {
  generator?.kill('SIGKILL');
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  await names.stop();
  await rm(dir, { recursive: true });
});

async function listen(cluster: string, address: string): Promise<Server> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { 'x-served-by-cluster': cluster }).end('{}'),
  );
  server.keepAliveTimeout = 60_000;
  await once(server.listen(port, address), 'listening');
  return server;
}

function setWeights(app: string, greenPercent: number): void {
  const record = { name: `${app}.example.test`, type: 'A', values: [] };
  const alias = (hostname: string) => ({ hostname, hostedZoneId: 'Z32O12XQLNTSW2', evaluateTargetHealth: false });
  names.setZone({
    name: 'example.test',
    records: [
      { ...record, setIdentifier: 'blue', weight: 100 - greenPercent, alias: alias(BLUE.hostname) },
      { ...record, setIdentifier: 'green', weight: greenPercent, alias: alias(GREEN.hostname) },
    ],
  });
}

it('follows the weights after their TTL, loses no request and ends in order', { timeout: 120_000 }, async () => {
  const out = join(dir, 'events.jsonl');
  const config = join(dir, 'config.json');
  setWeights('shop', 10);
  await writeFile(
    config,
    JSON.stringify({
      nameServer: names.address,
      apps: [{ app: 'shop', host: 'shop.example.test', port }],
      clients: 500,
      requestEveryMs: 1050,
      out,
    }),
  );
  generator = spawn(process.execPath, [MAIN, '--config', config], { stdio: 'inherit' });
  const exited = once(generator, 'exit');
  const steps: { app: string; greenPercent: number; fromMs: number; toMs: number }[] = [];

  for (const greenPercent of [10, 60, 100]) {
    setWeights('shop', greenPercent);
    const step = { app: 'shop', greenPercent, fromMs: Date.now() + TTL_MS, toMs: Number.MAX_SAFE_INTEGER };
    await waitUntil(
      async () => {
        const soFar = await summarise(readEvents(out), { steps: [step], lastSteps: {}, blue: 'blue', green: 'green' });
        return (soFar.steps[0]?.resolutions ?? 0) >= RESOLUTIONS_A_STEP;
      },
      { what: `resolutions at ${greenPercent} %`, withinMs: 60_000 },
    );
    steps.push({ ...step, toMs: Date.now() });
  }
  generator.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);

  const summary = await summarise(readEvents(out), { steps, lastSteps: {}, blue: 'blue', green: 'green' });
  expect(summary.failed).toBe(0);
  expect(summary.blue + summary.green).toBe(summary.requests);
  // The deviation of a share of 60 % over 1,500 resolutions is 1.3 points: 5 of them are chance once in 10,000 runs.
  for (const step of summary.steps) {
    expect(Math.abs((step.observedGreenPercent ?? -100) - step.expectedGreenPercent)).toBeLessThanOrEqual(5);
    expect(step.resolutions).toBeGreaterThanOrEqual(RESOLUTIONS_A_STEP);
  }
  expect(summary.steps.at(-1)?.observedGreenPercent).toBe(100);

  // Nobody uses an answer longer than its TTL.
  const lastOfBlue = { request: 0, resolution: 0 };
  for await (const { kind, cluster, at } of readEvents(out)) {
    if (cluster === 'blue') lastOfBlue[kind] = Math.max(lastOfBlue[kind], at);
  }
  expect(lastOfBlue.request - lastOfBlue.resolution).toBeLessThanOrEqual(TTL_MS + 1);
});
