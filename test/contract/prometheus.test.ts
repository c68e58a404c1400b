// The real Prometheus of the sandbox, with what the load balancer stand-ins tell it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveMetrics, type MetricsEndpoint } from '../../sandbox/edge/metrics-endpoint.ts';
import { RequestMetrics } from '../../sandbox/edge/request-metrics.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { startPrometheus } from '../../sandbox/prometheus.ts';
import { queryPrometheus } from '../../src/adapters/prometheus.ts';
import type { Reading } from '../../src/domain/analysis.ts';

const GREEN = { loadBalancer: 'lb-green', cluster: 'green', app: 'shop', host: 'shop.example.test' };
const OF_GREEN = 'cluster="green",host="shop.example.test"';

let dir: string;
let processes: Processes;
let endpoint: MetricsEndpoint;
let url: string;
const metrics = new RequestMetrics();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-prometheus-'));
  processes = new Processes({ logDir: join(dir, 'log') });
  endpoint = await serveMetrics(() => metrics.text);
  ({ url } = await startPrometheus({ dir, processes, target: endpoint.address }));
}, 60_000);

afterAll(async () => {
  await processes.stopAll();
  await endpoint.stop();
  rmSync(dir, { recursive: true, force: true });
});

function ask(query: string, at = url): Promise<Reading> {
  const source = { kind: 'prometheus', name: 'load-balancers', url: at, headersFrom: {} } as const;
  return queryPrometheus(source, query, { variables: () => undefined, signal: AbortSignal.timeout(20_000) });
}

/** So many requests of green, so many of which failed. */
function serve(requests: number, failed: number): void {
  for (let one = 0; one < requests; one += 1)
    metrics.add(GREEN, { status: one < failed ? 500 : 200, seconds: one < failed ? 1.2 : 0.02 });
}

describe('the Prometheus adapter asks a real one', { timeout: 60_000 }, () => {
  it('that has heard nothing yet: no data', async () => {
    await waitUntil(async () => (await ask('count(up == 1)')).kind === 'value', { what: 'a scrape', withinMs: 30_000 });
    expect(await ask(`sum(alb_requests_total{${OF_GREEN}})`)).toEqual({
      kind: 'error',
      error: 'no data',
      because: 'the query gives no series',
    });
  });

  it('how many requests failed of those that came since', async () => {
    serve(10, 0);
    const total = `sum(alb_requests_total{${OF_GREEN}})`;
    const became = (value: number) =>
      waitUntil(
        async () => (await ask(total)).kind === 'value' && ((await ask(total)) as { value: number }).value === value,
        {
          what: `${value} requests`,
          withinMs: 30_000,
        },
      );
    await became(10);
    serve(90, 30);
    await became(100);
    const share = `sum(alb_requests_total{${OF_GREEN},code="5xx"}) / sum(alb_requests_total{${OF_GREEN}})`;
    expect(await ask(share)).toEqual({ kind: 'value', value: 0.3 });
    const lately = await ask(`sum(increase(alb_requests_total{${OF_GREEN}}[30s]))`);
    // Prometheus stretches what it saw over the whole of the time.
    expect(lately).toEqual({ kind: 'value', value: expect.any(Number) });
    expect((lately as { value: number }).value).toBeGreaterThanOrEqual(90);
  });

  it('how long they took', async () => {
    const slow = `histogram_quantile(0.99, sum by (le) (alb_request_duration_seconds_bucket{${OF_GREEN}}))`;
    const reading = await ask(slow);
    expect(reading).toEqual({ kind: 'value', value: expect.any(Number) });
    // One and a fifth of a second is between its bounds 1 and 2.5.
    expect((reading as { value: number }).value).toBeGreaterThan(1);
    expect((reading as { value: number }).value).toBeLessThanOrEqual(2.5);
  });

  it.each([
    ['a question that it does not understand', 'sum(', 'refused', /^answered 400: bad_data: .*parse error/],
    ['one with several answers', `alb_requests_total{${OF_GREEN}}`, 'unclear', /gives 4 series/],
    [
      'one that divides nothing by nothing',
      `sum(alb_requests_total{code="3xx"}) / sum(alb_requests_total{code="4xx"})`,
      'no data',
      /NaN/,
    ],
    ['one without a number', '"text"', 'unclear', /gives a string/],
  ])('%s', async (_, query, error, because) => {
    expect(await ask(query)).toEqual({ kind: 'error', error, because: expect.stringMatching(because) });
  });

  it('that is not there', async () => {
    await processes.stopAll();
    expect(await ask('1')).toEqual({
      kind: 'error',
      error: 'unavailable',
      because: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
