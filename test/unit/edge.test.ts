import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import type { V1Deployment, V1HTTPIngressPath, V1Ingress, V1Pod } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from 'vitest';
import { Addresses } from '../../sandbox/edge/addresses.ts';
import { Failures } from '../../sandbox/edge/failures.ts';
import { Listener } from '../../sandbox/edge/listener.ts';
import { serveMetrics } from '../../sandbox/edge/metrics-endpoint.ts';
import { ObjectStore } from '../../sandbox/edge/object-store.ts';
import { Reconciler } from '../../sandbox/edge/reconciler.ts';
import { RequestMetrics } from '../../sandbox/edge/request-metrics.ts';
import { backendsOf, route } from '../../sandbox/edge/routes.ts';
import { installations } from '../../sandbox/external-dns/installations.ts';
import { Supervised } from '../../sandbox/external-dns/supervised.ts';
import { freePort } from '../../sandbox/process/ports.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';

const path = (service: string, at?: string, pathType = 'Prefix'): V1HTTPIngressPath => ({
  ...(at === undefined ? {} : { path: at }),
  pathType,
  backend: { service: { name: service, port: { number: 80 } } },
});
const rule = (host: string | undefined, ...paths: V1HTTPIngressPath[]) => ({
  ...(host === undefined ? {} : { host }),
  http: { paths },
});

describe('routes of an Ingress', () => {
  const ingress: V1Ingress = {
    spec: {
      rules: [
        rule('shop.example.test', path('root', '/'), path('cart', '/cart'), path('pay', '/cart/pay', 'Exact')),
        rule('*.example.test', path('wildcard', '/')),
        rule('api.example.test', path('v1', '/v1/*', 'ImplementationSpecific')),
      ],
    },
  };
  const to = (host: string, at: string): string | undefined => route(ingress, host, at)?.service;

  it('take the longest path of the host, whole elements only, exact ones first', () => {
    expect(to('shop.example.test', '/')).toBe('root');
    expect(to('shop.example.test', '/cart')).toBe('cart');
    expect(to('shop.example.test', '/cart/1')).toBe('cart');
    expect(to('shop.example.test', '/cartoon')).toBe('root');
    expect(to('shop.example.test', '/cart/pay')).toBe('pay');
    expect(to('shop.example.test', '/cart/pay/now')).toBe('cart');
  });

  it('take a full host before a wildcard, which stands for one label', () => {
    expect(to('other.example.test', '/')).toBe('wildcard');
    expect(to('a.b.example.test', '/')).toBeUndefined();
    expect(to('api.example.test', '/v1/x')).toBe('v1');
    expect(to('api.example.test', '/v2')).toBe('wildcard');
    expect(to('example.com', '/')).toBeUndefined();
  });

  it('serve every host by a rule without one, and the rest by the default backend', () => {
    const open: V1Ingress = {
      spec: {
        rules: [rule(undefined, path('any', '/any'))],
        defaultBackend: { service: { name: 'rest', port: { name: 'http' } } },
      },
    };
    expect(route(open, 'whatever.test', '/any')).toEqual({ service: 'any', port: 80 });
    expect(route(open, 'whatever.test', '/')).toEqual({ service: 'rest', port: 'http' });
    expect(backendsOf(open)).toHaveLength(2);
  });
});

describe('listener of a load balancer', () => {
  let listener: Listener | undefined;
  const agent = new Agent({ keepAlive: true });
  afterEach(async () => {
    agent.destroy();
    await listener?.close();
    listener = undefined;
  });

  async function ask(port: number): Promise<IncomingMessage> {
    const [response] = await once(
      get({ host: '127.90.0.1', port, agent, path: '/a?b=c', headers: { host: 'Shop.Example.test:80' } }),
      'response',
    );
    return response;
  }

  it('keeps connections open, and finishes what is open when it closes', async () => {
    const port = await freePort();
    const big = 'x'.repeat(5_000_000);
    let closed: Promise<void> | undefined;
    const asked: object[] = [];
    const tookSeconds: number[] = [];
    const opened = await Listener.open({
      address: '127.90.0.1',
      port,
      answer: (request) => {
        asked.push(request);
        if (asked.length === 2) closed = opened.close();
        return { status: 200, headers: {}, body: { big }, sent: (seconds) => tookSeconds.push(seconds) };
      },
    });
    for (const reused of [false, true]) {
      const response = await ask(port);
      expect(response).toMatchObject({ req: { reusedSocket: reused } });
      expect(JSON.parse(await text(response))).toEqual({ big });
    }
    await closed;
    expect(asked).toEqual([
      { host: 'shop.example.test', path: '/a' },
      { host: 'shop.example.test', path: '/a' },
    ]);
    expect(tookSeconds).toEqual([expect.any(Number), expect.any(Number)]);
    expect(tookSeconds.every((seconds) => seconds > 0 && seconds < 60)).toBe(true);
    agent.destroy();
    await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('closes at once when only idle connections are open', async () => {
    const port = await freePort();
    listener = await Listener.open({
      address: '127.90.0.1',
      port,
      answer: () => ({ status: 200, headers: {}, body: {} }),
    });
    await text(await ask(port));
    await listener.close();
    listener = undefined;
    agent.destroy();
    await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

it('gives every load balancer an address of its own, in a network of its own', () => {
  const addresses = new Addresses();
  const given = Array.from({ length: 254 }, () => addresses.next());
  expect(new Set(given).size).toBe(254);
  expect(new Set(given.map((address) => address.replace(/\.\d+$/, ''))).size).toBe(1);
  expect(given.every((address) => /^127\.[1-9]\d*\.\d+\.\d+$/.test(address))).toBe(true);
  expect(() => addresses.next()).toThrow('has no address left');
});

describe('metrics of the load balancers', () => {
  const shop = { loadBalancer: 'lb-1', cluster: 'blue', app: 'shop', host: 'shop.example.test' };

  it('count requests by status class from none on, and how many took no longer than each bound', () => {
    const metrics = new RequestMetrics();
    for (const [status, seconds] of [
      [200, 0.004],
      [204, 0.3],
      [503, 9],
    ] as const)
      metrics.add(shop, { status, seconds });
    expect(metrics.text).toMatchInlineSnapshot(`
      "# HELP alb_requests_total Requests that a load balancer answered.
      # TYPE alb_requests_total counter
      alb_requests_total{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",code="2xx"} 2
      alb_requests_total{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",code="3xx"} 0
      alb_requests_total{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",code="4xx"} 0
      alb_requests_total{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",code="5xx"} 1
      # HELP alb_request_duration_seconds From the arrival of a request until its answer was sent.
      # TYPE alb_request_duration_seconds histogram
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="0.005"} 1
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="0.01"} 1
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="0.025"} 1
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="0.05"} 1
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="0.1"} 1
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="0.25"} 1
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="0.5"} 2
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="1"} 2
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="2.5"} 2
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="5"} 2
      alb_request_duration_seconds_bucket{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",le="+Inf"} 3
      alb_request_duration_seconds_sum{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test"} 9.304
      alb_request_duration_seconds_count{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test"} 3
      "
    `);
  });

  it('keep load balancers and hosts apart, and tell nothing of one that is gone', () => {
    const metrics = new RequestMetrics();
    metrics.add(shop, { status: 200, seconds: 0 });
    metrics.add({ ...shop, loadBalancer: 'lb-2', cluster: 'green' }, { status: 200, seconds: 0 });
    metrics.add({ ...shop, host: 'a"b\\c', app: null }, { status: 404, seconds: 0 });
    const counted = (): string[] => metrics.text.split('\n').filter((line) => /^alb_requests_total.* 1$/.test(line));
    const green =
      'alb_requests_total{load_balancer="lb-2",cluster="green",app="shop",host="shop.example.test",code="2xx"} 1';
    expect(counted()).toEqual([
      'alb_requests_total{load_balancer="lb-1",cluster="blue",app="shop",host="shop.example.test",code="2xx"} 1',
      green,
      'alb_requests_total{load_balancer="lb-1",cluster="blue",app="",host="a\\"b\\\\c",code="4xx"} 1',
    ]);
    metrics.forget('lb-1');
    expect(counted()).toEqual([green]);
  });

  it('are served at one address, on loopback', async () => {
    const endpoint = await serveMetrics(() => 'up 1\n');
    expect(endpoint.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const [metrics, other] = await Promise.all(['metrics', ''].map((at) => fetch(`http://${endpoint.address}/${at}`)));
    expect([metrics?.headers.get('content-type'), await metrics?.text()]).toEqual([
      'text/plain; version=0.0.4',
      'up 1\n',
    ]);
    expect(other?.status).toBe(404);
    await endpoint.stop();
    await expect(fetch(`http://${endpoint.address}/metrics`)).rejects.toThrow('fetch failed');
  });
});

describe('an app that is made to fail', () => {
  const asked = (failures: Failures, at: string, times: number, cluster = 'green') =>
    Array.from({ length: times }, () => failures.next(cluster, 'shop', at));

  it('fails every request on that cluster, until it is healed', () => {
    const failures = new Failures();
    failures.set('green', 'shop', { status: 503 });
    expect(asked(failures, '/', 2)).toEqual([503, 503]);
    expect(asked(failures, '/', 1, 'blue')).toEqual([undefined]);
    expect(failures.next('green', null, '/')).toBeUndefined();
    failures.set('green', 'shop', undefined);
    expect(asked(failures, '/', 1)).toEqual([undefined]);
  });

  it('fails a share of its requests, spread evenly, and none of a path that is left out', () => {
    const failures = new Failures();
    failures.set('green', 'shop', { status: 500, percent: 40, except: '/healthz' });
    expect(asked(failures, '/healthz', 3)).toEqual([undefined, undefined, undefined]);
    expect(asked(failures, '/', 5)).toEqual([undefined, undefined, 500, undefined, 500]);
    expect(asked(failures, '/', 95).filter((status) => status === 500)).toHaveLength(38);
  });
});

describe('reconciler', () => {
  it('works once for many changes, never twice at a time, and again for a change meanwhile', async () => {
    const started: number[] = [];
    let atATime = 0;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: secondDone, resolve: done } = Promise.withResolvers<void>();
    const reconciler = new Reconciler(
      async () => {
        started.push(++atATime);
        if (started.length === 1) await released;
        atATime--;
        if (started.length === 2) done();
      },
      () => {},
    );
    for (let i = 0; i < 5; i++) reconciler.trigger();
    release();
    await secondDone;
    await reconciler.stop();
    expect(started).toEqual([1, 1]);
    reconciler.trigger();
    await reconciler.stop();
    expect(started).toHaveLength(2);
  });

  it('tries again after a failure, which it reports', async () => {
    const problems: unknown[] = [];
    const { promise: succeeded, resolve } = Promise.withResolvers<void>();
    let tries = 0;
    const reconciler = new Reconciler(
      async () => {
        if (++tries === 1) throw new Error('first');
        resolve();
      },
      (error) => problems.push(error),
    );
    reconciler.trigger();
    await succeeded;
    await reconciler.stop();
    expect(problems).toEqual([new Error('first')]);
  });

  it('aborts the work under way when it is stopped, which is no problem', async () => {
    const problems: unknown[] = [];
    const reconciler = new Reconciler(
      (signal) => once(signal, 'abort').then(() => signal.throwIfAborted()),
      (error) => problems.push(error),
    );
    reconciler.trigger();
    await reconciler.stop();
    expect(problems).toEqual([]);
  });
});

describe('objects of a cluster', () => {
  const pod = (name: string) => ({ metadata: { namespace: 'ns', name } });

  it('are watched, and looked at anew when the watch breaks or the API server was away', async () => {
    const port = await freePort();
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'u' },
    );
    const watches: ServerResponse[] = [];
    const open = async () => {
      const server = createServer((_request, response) => watches.push(response.writeHead(200)));
      server.on('request', (_request, response) => response.flushHeaders());
      await once(server.listen(port, '127.0.0.1'), 'listening');
      return server;
    };
    let server = await open();
    let there: string[] | undefined = ['one'];
    const problems: unknown[] = [];
    const store = new ObjectStore({
      config,
      path: '/api/v1/pods',
      list: async () => {
        if (!there) throw new Error('away');
        return { items: there.map(pod), metadata: { resourceVersion: '1' } };
      },
      onChange: () => {},
      onProblem: (error) => problems.push(error),
    });
    const names = () => store.items.map(({ metadata }) => metadata.name).join(' ');
    const become = (expected: string) =>
      waitUntil(async () => names() === expected, { what: expected, withinMs: 20_000 });
    const watched = (count: number) =>
      waitUntil(async () => watches.length === count, { what: `watch ${count}`, withinMs: 20_000 });
    const send = (type: string, name: string) =>
      watches.at(-1)?.write(`${JSON.stringify({ type, object: pod(name) })}\n`);

    await watched(1);
    send('ADDED', 'two');
    await become('one two');
    send('DELETED', 'one');
    await become('two');
    expect(store.get('ns', 'two')).toEqual(pod('two'));

    there = ['three'];
    watches.at(-1)?.end();
    await become('three');
    await watched(2);

    there = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    await waitUntil(async () => problems.length > 0, { what: 'a problem', withinMs: 20_000 });
    server = await open();
    there = ['four'];
    await become('four');
    await watched(3);
    expect(problems).toHaveLength(1);

    await store.stop();
    send('ADDED', 'five');
    expect(names()).toBe('four');
    server.closeAllConnections();
    server.close();
  });
});

describe('a process that is looked after', () => {
  it('is started again when it ends by itself, until it is stopped', async () => {
    const logDir = mkdtempSync(join(tmpdir(), 'eksodus-supervised-'));
    const processes = new Processes({ logDir });
    const messages: string[] = [];
    let starts = 0;
    const supervised = new Supervised({
      processes,
      spec: async () => ({
        name: 'short-lived',
        command: process.execPath,
        args: ['-e', ++starts === 1 ? 'process.exit(3)' : 'setInterval(() => {}, 1000)'],
      }),
      log: (message) => messages.push(message),
    });
    try {
      await waitUntil(async () => starts === 2 && processes.running.length === 1, {
        what: 'a second start',
        withinMs: 20_000,
      });
      expect(messages).toEqual([
        expect.stringMatching(/^short-lived ended with exit code 3, see .*; next start in 1 s$/),
      ]);
      await supervised.stop();
      expect(processes.running).toEqual([]);
      expect(messages).toHaveLength(1);
    } finally {
      await supervised.stop();
      await processes.stopAll();
      rmSync(logDir, { recursive: true });
    }
  });
});

describe('installations of external-dns', () => {
  const labels = { 'app.kubernetes.io/name': 'external-dns' };
  const deployment = (image: string): V1Deployment => ({
    metadata: { namespace: 'dns', name: 'external-dns' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        spec: {
          containers: [
            {
              name: 'c',
              image,
              args: ['--source=ingress'],
              env: [{ name: 'AWS_REGION', value: 'r' }, { name: 'SECRET' }],
            },
          ],
        },
      },
    },
  });
  const pod = (ready: string, more: Partial<NonNullable<V1Pod['metadata']>> = {}): V1Pod => ({
    metadata: { namespace: 'dns', labels, ...more },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  const found = (image: string, ...pods: V1Pod[]) => installations([deployment(image)], pods);

  it('are Deployments by their image’s name, with a Ready pod', () => {
    const expected = [{ id: 'dns/external-dns', args: ['--source=ingress'], env: { AWS_REGION: 'r' } }];
    expect(found('registry.k8s.io/external-dns/external-dns:v0.20.0', pod('False'), pod('True'))).toEqual(expected);
    expect(found('external-dns:1', pod('True'))).toEqual(expected);
    expect(found('registry:5000/external-dns', pod('True'))).toEqual(expected);
    expect(found('registry.k8s.io/external-dns/webhook:v1', pod('True'))).toEqual([]);
    expect(found('my-external-dns:1', pod('True'))).toEqual([]);
  });

  it('are none while no pod of theirs is Ready', () => {
    const image = 'external-dns:1';
    expect(found(image)).toEqual([]);
    expect(found(image, pod('False'))).toEqual([]);
    expect(found(image, pod('True', { namespace: 'other' }))).toEqual([]);
    expect(found(image, pod('True', { labels: {} }))).toEqual([]);
    expect(found(image, pod('True', { deletionTimestamp: new Date() }))).toEqual([]);
  });
});
