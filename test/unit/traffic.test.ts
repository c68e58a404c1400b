import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DnsHabit, NameServer, TrafficEvent } from '../../sandbox/contracts.ts';
import { startNameServer } from '../../sandbox/dns/name-server.ts';
import { freePort } from '../../sandbox/process/ports.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { readTrafficConfig } from '../../sandbox/traffic/config.ts';
import { secondsOnBlueAfter } from '../../sandbox/traffic/departures.ts';
import { DnsClient } from '../../sandbox/traffic/dns-client.ts';
import { EventLog, readEvents } from '../../sandbox/traffic/event-log.ts';
import { startTraffic } from '../../sandbox/traffic/generator.ts';
import { summarise } from '../../sandbox/traffic/summary.ts';
import { Visitor } from '../../sandbox/traffic/visitor.ts';

const resolution = (at: number, cluster: string, app = 'shop', habit: DnsHabit = 'honours-ttl'): TrafficEvent => ({
  kind: 'resolution',
  at,
  app,
  habit,
  cluster,
  ttl: 1,
});
const request = (status: number, cluster: string | null, app = 'shop'): TrafficEvent => ({
  kind: 'request',
  at: 1,
  app,
  habit: 'honours-ttl',
  cluster,
  status,
  ms: 1.5,
});

const iso = (ms: number): string => new Date(ms).toISOString();

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('summary of the traffic', () => {
  const NO_STEPS = { steps: [], lastSteps: {}, blue: 'b', green: 'g' };

  it('counts who served what, and every answer but 2xx as failed', async () => {
    const events = [
      request(200, 'b'),
      request(204, 'b'),
      request(200, 'g'),
      request(503, 'g'),
      request(404, 'b'),
      request(0, null),
      request(200, null),
      request(200, 'b', 'cart'),
    ];
    expect(await summarise(events, NO_STEPS)).toMatchObject({
      requests: 8,
      failed: 3,
      blue: 3,
      green: 1,
      served: [
        { app: 'cart', cluster: 'b', requests: 1, failed: 0, lastFailure: null },
        { app: 'shop', cluster: null, requests: 2, failed: 1, lastFailure: { at: iso(1), what: 'answered 0' } },
        { app: 'shop', cluster: 'b', requests: 3, failed: 1, lastFailure: { at: iso(1), what: 'answered 404' } },
        { app: 'shop', cluster: 'g', requests: 2, failed: 1, lastFailure: { at: iso(1), what: 'answered 503' } },
      ],
      steps: [],
    });
  });

  it('takes a step’s share from its own app and time only, and from clients that honour the TTL, from its first moment to before its last', async () => {
    const events = [
      resolution(99, 'g'),
      resolution(100, 'g'),
      resolution(150, 'b'),
      resolution(160, 'b'),
      resolution(150, 'g', 'cart'),
      resolution(200, 'g'),
      resolution(150, 'b', 'shop', 'caches-for-ever'),
    ];
    const { steps } = await summarise(events, {
      ...NO_STEPS,
      steps: [
        { app: 'shop', greenPercent: 25, fromMs: 100, toMs: 200 },
        { app: 'cart', greenPercent: 100, fromMs: 0, toMs: 1000 },
      ],
    });
    expect(steps).toEqual([
      { app: 'shop', expectedGreenPercent: 25, observedGreenPercent: 33.33, resolutions: 3 },
      { app: 'cart', expectedGreenPercent: 100, observedGreenPercent: 100, resolutions: 1 },
    ]);
  });

  it('counts resolutions whose cluster nobody knows, but takes no share from them', async () => {
    const events = [resolution(1, 'unknown'), resolution(2, 'g'), resolution(3, 'b')];
    const { steps } = await summarise(events, {
      ...NO_STEPS,
      steps: [{ app: 'shop', greenPercent: 50, fromMs: 0, toMs: 9 }],
    });
    expect(steps).toEqual([{ app: 'shop', expectedGreenPercent: 50, observedGreenPercent: 50, resolutions: 3 }]);
    const none = await summarise([], {
      ...NO_STEPS,
      steps: [{ app: 'shop', greenPercent: 50, fromMs: 0, toMs: 9 }],
    });
    expect(none.steps[0]?.observedGreenPercent).toBeNull();
  });
});

describe('departures from blue', () => {
  const one = (at: number, cluster: string | null, habit: DnsHabit, more: object = {}): TrafficEvent => ({
    kind: 'request',
    at,
    app: 'shop',
    habit,
    cluster,
    status: 200,
    ms: 1,
    ...more,
  });
  const lastStep = { askedAt: iso(1_000), settledAt: iso(4_000) };
  const departuresOf = async (events: TrafficEvent[], lastSteps: Record<string, typeof lastStep>) =>
    (await summarise(events, { steps: [], lastSteps, blue: 'b', green: 'g' })).departures;

  it('are told by app and habit, whatever the order of events', async () => {
    const events = [
      one(9_000, 'g', 'caches-for-ever', { triedAgainAfter: 'ECONNREFUSED' }),
      one(8_500, 'b', 'caches-for-ever'),
      one(3_000, 'b', 'honours-ttl'),
      one(9_500, 'g', 'honours-ttl'),
      one(2_000, 'b', 'honours-ttl'),
      one(2_000, 'x', 'honours-ttl'),
      one(9_900, null, 'honours-ttl'),
    ];
    const departures = await departuresOf(events, { shop: lastStep });
    expect(departures).toEqual([
      {
        app: 'shop',
        habit: 'caches-for-ever',
        requests: 2,
        triedAgain: 1,
        lastOnBlueAt: iso(8_500),
        lastOnGreenAt: iso(9_000),
        lastStep,
      },
      {
        app: 'shop',
        habit: 'honours-ttl',
        requests: 5,
        triedAgain: 0,
        lastOnBlueAt: iso(3_000),
        lastOnGreenAt: iso(9_500),
        lastStep,
      },
    ]);
    expect(departures.map((departure) => secondsOnBlueAfter('askedAt', departure))).toEqual([7.5, 2]);
    expect(departures.map((departure) => secondsOnBlueAfter('settledAt', departure))).toEqual([4.5, -1]);
  });

  it('have no time where nobody was on blue, or the app was not moved for good', async () => {
    const [never] = await departuresOf([one(1, 'g', 'honours-ttl')], { shop: lastStep });
    expect(never).toMatchObject({ lastOnBlueAt: null, lastOnGreenAt: iso(1) });
    const [stayed] = await departuresOf([one(1, 'b', 'honours-ttl')], { cart: lastStep });
    expect(stayed).toMatchObject({ lastOnGreenAt: null, lastStep: null });
    expect([never, stayed].map((departure) => departure && secondsOnBlueAfter('askedAt', departure))).toEqual([
      null,
      null,
    ]);
  });
});

describe('files of the traffic generator', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'eksodus-traffic-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('come back as they were written, across the borders of what is read at once', async () => {
    const file = join(dir, 'events');
    const written = Array.from({ length: 10_000 }, (_value, at) =>
      at % 2 === 0 ? resolution(at, 'grün') : request(200, null),
    );
    const log = new EventLog(file);
    for (const event of written) log.record(event);
    await log.close();
    expect(await collect(readEvents(file))).toEqual(written);
  });

  it('may still be written to: half a line is left out', async () => {
    const file = join(dir, 'events');
    await writeFile(file, `${JSON.stringify(resolution(1, 'b'))}\n{"kind":"requ`);
    expect(await collect(readEvents(file))).toEqual([resolution(1, 'b')]);
  });

  it('name the line that is no event', async () => {
    const file = join(dir, 'events');
    await writeFile(file, `${JSON.stringify(resolution(1, 'b'))}\n`);
    await appendFile(file, '{"kind":"resolution","at":"yesterday"}\n');
    await expect(collect(readEvents(file))).rejects.toThrow(`${file}:2 is no event of the traffic generator`);
  });

  it('name every mistake of a configuration', async () => {
    const file = join(dir, 'config.json');
    await writeFile(
      file,
      JSON.stringify({ nameServer: 'localhost', apps: [], requestEveryMs: 1000, out: 'x', speed: 3 }),
    );
    const read = readTrafficConfig(file);
    await expect(read).rejects.toThrow(file);
    await expect(read).rejects.toThrow(/nameServer[\s\S]*apps|apps[\s\S]*nameServer/);
    await writeFile(
      file,
      JSON.stringify({
        nameServer: '127.0.0.1:53',
        apps: [{ app: 'a', host: 'a.test', port: 80 }],
        requestEveryMs: 1000,
        out: 'x',
      }),
    );
    expect(await readTrafficConfig(file)).toMatchObject({
      clients: 250,
      cachingForEver: 0,
      nameServer: '127.0.0.1:53',
    });
  });
});

describe('one client of one app', () => {
  const TTL_SECONDS = 1;
  let names: NameServer;
  let web: Server[];
  let connections = 0;
  let status = 200;
  let events: TrafficEvent[];
  let dns: DnsClient;
  let visitor: Visitor;
  let clientOf: (habit: DnsHabit) => Visitor;

  beforeEach(async () => {
    connections = 0;
    status = 200;
    events = [];
    const port = await freePort();
    web = await Promise.all([listen('blue', '127.77.0.1', port), listen('green', '127.77.0.2', port)]);
    names = await startNameServer({ zoneTtl: () => TTL_SECONDS });
    pointTo('127.77.0.1');
    dns = new DnsClient(names.address);
    const surroundings = { dns, record: (event: TrafficEvent) => events.push(event), clusterByAddress: new Map() };
    clientOf = (habit) => new Visitor({ app: 'shop', host: 'shop.example.test', port }, habit, surroundings);
    visitor = clientOf('honours-ttl');
  });
  afterEach(async () => {
    visitor.leave();
    dns.close();
    await names.stop();
    await closeWeb();
  });
  async function listen(cluster: string, address: string, port: number): Promise<Server> {
    const server = createServer((_asked, reply) =>
      reply.writeHead(status, { 'x-served-by-cluster': cluster }).end('{}'),
    );
    server.on('connection', () => connections++);
    await once(server.listen(port, address), 'listening');
    return server;
  }
  async function closeWeb(): Promise<void> {
    for (const server of web) server.closeAllConnections();
    await Promise.all(web.map((server) => new Promise((closed) => server.close(closed))));
    web = [];
  }
  const pointTo = (address: string): void =>
    names.setZone({
      name: 'example.test',
      records: [{ name: 'shop.example.test', type: 'A', ttl: 60, values: [address] }],
    });
  const of = (kind: TrafficEvent['kind']): TrafficEvent[] => events.filter((event) => event.kind === kind);

  it('keeps an address exactly as long as its TTL, then asks again and moves over', async () => {
    await visitor.visit();
    pointTo('127.77.0.2');
    while (of('resolution').length < 2) await visitor.visit();
    const [first, second] = of('resolution');
    expect([first?.cluster, second?.cluster]).toEqual(['blue', 'green']);
    // Both are wall clock times in whole milliseconds, so each may be off by one.
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(TTL_SECONDS * 1000 - 2);
    expect(connections).toBe(2);
    expect(of('request').length).toBeGreaterThan(2);
    expect(of('request').at(-1)).toMatchObject({ cluster: 'green', status: 200 });
  });

  it('does not start a request while one is open', async () => {
    await Promise.all([visitor.visit(), visitor.visit(), visitor.visit()]);
    expect(events).toHaveLength(2);
  });

  it('records what failed: a status, a refused connection, a name that is not there', async () => {
    status = 503;
    await visitor.visit();
    expect(events).toMatchObject([
      { kind: 'request', cluster: 'blue', status: 503 },
      { kind: 'resolution', cluster: 'blue', ttl: TTL_SECONDS },
    ]);
    events.length = 0;
    await closeWeb();
    visitor.leave();
    await visitor.visit();
    expect(events).toMatchObject([
      { kind: 'request', cluster: null, status: 0, error: expect.stringContaining('ECONNREFUSED') },
    ]);
    const lost = new Visitor({ app: 'shop', host: 'nobody.example.test', port: 80 }, 'honours-ttl', {
      dns,
      record: (event) => events.push(event),
      clusterByAddress: new Map(),
    });
    await lost.visit();
    expect(events.at(-1)).toMatchObject({
      kind: 'request',
      status: 0,
      error: 'the name server has no address for nobody.example.test (response code 3)',
    });
  });

  it('that caches for ever stays while its address answers, and then tries the same request again at a fresh one', async () => {
    visitor = clientOf('caches-for-ever');
    await visitor.visit();
    pointTo('127.77.0.2');
    // One that honours the TTL shows when it is over.
    const other = clientOf('honours-ttl');
    await other.visit();
    while (of('resolution').filter(({ habit }) => habit === 'honours-ttl').length < 2) {
      await Promise.all([visitor.visit(), other.visit()]);
    }
    other.leave();
    const mine = (kind: TrafficEvent['kind']) => of(kind).filter(({ habit }) => habit === 'caches-for-ever');
    expect(mine('resolution')).toHaveLength(1);
    expect(new Set(mine('request').map(({ cluster }) => cluster))).toEqual(new Set(['blue']));

    const [blue] = web.splice(0, 1);
    blue?.closeAllConnections();
    await new Promise((closed) => blue?.close(closed));
    events.length = 0;
    await visitor.visit();
    await visitor.visit();
    expect(events).toMatchObject([
      { kind: 'request', cluster: 'green', status: 200, triedAgainAfter: expect.stringMatching(/ECONN|hang up/) },
      { kind: 'resolution', cluster: 'green' },
      { kind: 'request', cluster: 'green', status: 200 },
    ]);
    expect(events.at(-1)).not.toHaveProperty('triedAgainAfter');
  });

  it('that caches for ever loses a request whose second try fails too, and does not try again what was answered', async () => {
    visitor = clientOf('caches-for-ever');
    status = 503;
    await visitor.visit();
    await visitor.visit();
    expect(of('request')).toMatchObject([{ status: 503 }, { status: 503 }]);
    expect(of('resolution')).toHaveLength(1);
    await closeWeb();
    events.length = 0;
    await visitor.visit();
    expect(of('request')).toMatchObject([{ cluster: null, status: 0, error: expect.stringContaining('ECONNREFUSED') }]);
  });

  it('counts a resolution as unknown when its address has never answered', async () => {
    pointTo('127.77.0.3');
    await visitor.visit();
    expect(of('resolution')).toMatchObject([{ cluster: 'unknown' }]);
  });
});

describe('the end of the traffic', () => {
  it('does not wait for ever, and leaves no request uncounted', { timeout: 30_000 }, async () => {
    const port = await freePort();
    const accepted: Socket[] = [];
    // Takes every connection and never answers; nobody listens as name server of the other app.
    const silent = createTcpServer((socket) => accepted.push(socket)).listen(port, '127.77.0.4');
    await once(silent, 'listening');
    const names = await startNameServer({ zoneTtl: () => 1 });
    names.setZone({
      name: 'example.test',
      records: [{ name: 'shop.example.test', type: 'A', ttl: 60, values: ['127.77.0.4'] }],
    });
    const events: TrafficEvent[] = [];
    const load = {
      clients: 3,
      cachingForEver: 0,
      requestEveryMs: 30,
      apps: [{ app: 'shop', host: 'shop.example.test', port }],
    };
    const record = (event: TrafficEvent): unknown => events.push(event);
    const hanging = startTraffic({ ...load, nameServer: names.address }, record);
    const nameless = startTraffic({ ...load, nameServer: `127.0.0.1:${await freePort()}` }, record);
    await waitUntil(async () => accepted.length === 3, { what: 'three open requests', withinMs: 10_000 });
    await Promise.all([hanging.stop(), nameless.stop()]);
    for (const socket of accepted) socket.destroy();
    silent.close();
    await names.stop();
    const failed = events.filter((event) => event.kind === 'request');
    expect(failed).toHaveLength(6);
    expect(failed.every((event) => event.status === 0 && event.error !== undefined)).toBe(true);
  });
});
