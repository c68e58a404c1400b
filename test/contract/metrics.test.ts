// Datadog and CloudWatch over real HTTP, from a server on this machine that answers as they do.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMetrics } from '../../src/adapters/metrics.ts';
import type { MetricSource, Reading } from '../../src/domain/analysis.ts';
import { startMetricServer, type MetricServer, type Recorded } from '../support/metric-server.ts';
import { CLOUDWATCH, DATADOG } from '../support/recorded-answers.ts';

const KEYS: Record<string, string> = { EKSODUS_GATE_API: 'api-key-0123', EKSODUS_GATE_APP: 'application-key-4567' };
const MINUTE = 60_000;
/** Half past a minute. */
const NOW = Date.parse('2026-11-21T10:05:30Z');
const WRITE = Date.parse('2026-11-21T10:00:20Z');

let server: MetricServer;
beforeAll(async () => {
  server = await startMetricServer();
});
afterAll(() => server.stop());

const read = (source: MetricSource, query: string, change: { fromMs?: number; signal?: AbortSignal } = {}) =>
  createMetrics((name) => KEYS[name]).read({
    source,
    query,
    fromMs: WRITE,
    toMs: NOW,
    signal: new AbortController().signal,
    ...change,
  });

describe('Datadog', () => {
  const source = (change: object = {}): MetricSource => ({
    kind: 'datadog',
    name: 'dd',
    url: server.url,
    apiKeyFrom: 'EKSODUS_GATE_API',
    applicationKeyFrom: 'EKSODUS_GATE_APP',
    ...change,
  });
  const told = (answer: Recorded): Promise<Reading> => {
    server.answer = () => answer;
    return read(source(), 'sum:http.errors{app:web,cluster:green}.rollup(sum, 60)');
  };

  it('is asked with both keys for what was since the write, and its latest point counts', async () => {
    expect(await told(DATADOG.points([NOW - MINUTE, 0.5], [NOW - 20_000, 0.25], [NOW, null]))).toEqual({
      kind: 'value',
      value: 0.25,
    });
    const asked = server.asked.at(-1);
    expect(asked).toMatchObject({
      method: 'GET',
      headers: { 'dd-api-key': 'api-key-0123', 'dd-application-key': 'application-key-4567' },
    });
    expect(asked?.url.pathname).toBe('/api/v1/query');
    expect(Object.fromEntries(asked?.url.searchParams ?? [])).toEqual({
      from: `${WRITE / 1000}`,
      to: `${NOW / 1000}`,
      query: 'sum:http.errors{app:web,cluster:green}.rollup(sum, 60)',
    });
  });

  it.each<[string, Recorded, Reading]>([
    ['no series', DATADOG.noSeries, { kind: 'error', error: 'no data', because: 'the query gives no series' }],
    [
      'points that say nothing',
      DATADOG.points([NOW - MINUTE, null]),
      { kind: 'error', error: 'no data', because: 'the query gives no point since the write' },
    ],
    [
      'points of before the write alone',
      DATADOG.points([WRITE - 1, 0.9]),
      { kind: 'error', error: 'no data', because: 'the query gives no point since the write' },
    ],
    [
      'several series',
      DATADOG.severalSeries,
      { kind: 'error', error: 'unclear', because: 'the query gives 2 series. Expected one: leave out "by {…}"' },
    ],
    [
      'a query that is none',
      DATADOG.badQuery,
      {
        kind: 'error',
        error: 'refused',
        because: "answered: Rule 'scope_expr' didn't match at '}' (line 1, column 17).",
      },
    ],
    ['keys that may not', DATADOG.forbidden, { kind: 'error', error: 'refused', because: 'answered 403: Forbidden' }],
    [
      'a limit',
      DATADOG.limitReached,
      { kind: 'error', error: 'throttled', because: 'answered 429: 100 requests in 10 s are used up; again in 7 s' },
    ],
    [
      'a page of a proxy',
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad Gateway' },
      { kind: 'error', error: 'unavailable', because: 'answered 502: <html>Bad Gateway' },
    ],
    [
      'something else',
      { body: { hello: 'world' } },
      { kind: 'error', error: 'unclear', because: 'answered no Datadog answer: {"hello":"world"}' },
    ],
  ])('may answer %s', async (_, answer, reading) => {
    expect(await told(answer)).toEqual(reading);
  });

  it('tells no key, not even when it is repeated', async () => {
    server.answer = ({ headers }) => ({
      status: 403,
      body: { errors: [`no such key ${String(headers['dd-api-key'])}`] },
    });
    expect(await read(source(), 'q')).toMatchObject({ because: 'answered 403: no such key ***' });
  });

  it('is not asked without its keys', async () => {
    const before = server.asked.length;
    expect(await read(source({ apiKeyFrom: 'EKSODUS_GATE_NONE' }), 'q')).toMatchObject({
      error: 'refused',
      because: 'the worker has no variable EKSODUS_GATE_NONE',
    });
    expect(server.asked.length).toBe(before);
  });
});

describe('CloudWatch', () => {
  const source: MetricSource = { kind: 'cloudwatch', name: 'cw', region: 'ap-northeast-1' };
  const query = `SUM(SEARCH('{AWS/ApplicationELB,LoadBalancer} MetricName="RequestCount"', 'Sum', 60))`;
  beforeAll(() => {
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', server.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    // One answer is one reading: what is tried again is the SDK's own affair.
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
  });
  afterAll(() => vi.unstubAllEnvs());
  afterEach(() => {
    server.answer = () => new Error('nothing is prepared');
  });
  const told = (answer: Recorded): Promise<Reading> => {
    server.answer = () => answer;
    return read(source, query);
  };
  const at = (text: string): number => Date.parse(text) / 1000;

  it('is asked for the whole minutes since the write, and the latest counts', async () => {
    const points = [
      [at('2026-11-21T10:04:00Z'), 7],
      [at('2026-11-21T10:03:00Z'), 5],
    ] as const;
    expect(await told(CLOUDWATCH.points(...points))).toEqual({ kind: 'value', value: 7 });
    const asked = server.asked.at(-1);
    expect(asked?.headers['x-amz-target']).toBe('GraniteServiceVersion20100801.GetMetricData');
    expect(asked?.headers.authorization).toContain('/ap-northeast-1/monitoring/aws4_request');
    expect(JSON.parse(asked?.body ?? '')).toEqual({
      MetricDataQueries: [{ Id: 'result', Expression: query, Period: 60 }],
      StartTime: at('2026-11-21T10:01:00Z'),
      EndTime: at('2026-11-21T10:05:00Z'),
      ScanBy: 'TimestampDescending',
    });
  });

  it('is not asked before there is a whole minute since the write', async () => {
    const before = server.asked.length;
    const tooSoon = await read(source, query, { fromMs: NOW - 40_000 });
    expect(tooSoon).toEqual({
      kind: 'error',
      error: 'no data',
      because: 'there is no whole minute since the write yet',
    });
    expect(server.asked.length).toBe(before);
  });

  const minute = at('2026-11-21T10:04:00Z');
  it.each<[string, Recorded, Reading]>([
    [
      'part of the data, which is no number of the whole',
      CLOUDWATCH.partial([minute, 7]),
      { kind: 'error', error: 'unavailable', because: 'answered PartialData' },
    ],
    [
      'a fault of its own',
      CLOUDWATCH.internalError,
      { kind: 'error', error: 'unavailable', because: 'answered InternalError' },
    ],
    [
      'a metric that may not be seen',
      CLOUDWATCH.forbidden,
      { kind: 'error', error: 'refused', because: 'answered Forbidden' },
    ],
    [
      'a value with a message',
      CLOUDWATCH.withMessage([minute, 7]),
      { kind: 'value', value: 7, note: 'ArithmeticError: One or more data-points have been dropped' },
    ],
    [
      'no points',
      CLOUDWATCH.points(),
      { kind: 'error', error: 'no data', because: 'the query gives no point since the write' },
    ],
    [
      'points of before the write alone',
      CLOUDWATCH.points([at('2026-11-21T10:00:00Z'), 7]),
      { kind: 'error', error: 'no data', because: 'the query gives no point since the write' },
    ],
    [
      'no series',
      CLOUDWATCH.noSeries,
      {
        kind: 'error',
        error: 'no data',
        because: 'the query gives no series: MaxMetricsExceeded: The maximum number of metrics was exceeded',
      },
    ],
    [
      'several series',
      CLOUDWATCH.severalSeries,
      { kind: 'error', error: 'unclear', because: 'the query gives 2 series. Expected one: add SUM(…)' },
    ],
  ])('may answer %s', async (_, answer, reading) => {
    expect(await told(answer)).toEqual(reading);
  });

  it.each<[string, Recorded, { error: string; because: string }]>([
    ['throttle', CLOUDWATCH.throttled, { error: 'throttled', because: 'Rate exceeded' }],
    ['refuse an expression', CLOUDWATCH.badExpression, { error: 'refused', because: 'Unsupported expression' }],
    [
      'deny',
      CLOUDWATCH.denied,
      { error: 'refused', because: 'is not authorized to perform: cloudwatch:GetMetricData' },
    ],
    ['be broken', CLOUDWATCH.broken, { error: 'unavailable', because: 'later' }],
  ])('may %s, which is an error and not a value', async (_, answer, { error, because }) => {
    expect(await told(answer)).toEqual({ kind: 'error', error, because: expect.stringContaining(because) });
  });

  it('is let go of at once when nobody wants the answer any more', async () => {
    const stop = new AbortController();
    server.answer = () => {
      stop.abort(new Error('enough'));
      return CLOUDWATCH.points([minute, 7]);
    };
    await expect(read(source, query, { signal: stop.signal })).rejects.toThrow('enough');
  });
});
