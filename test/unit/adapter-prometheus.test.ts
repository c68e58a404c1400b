import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/adapters/metrics.ts';
import type { PrometheusSource, Reading } from '../../src/domain/analysis.ts';
import { startMetricServer, type MetricServer, type Recorded } from '../support/metric-server.ts';

const TOKEN = 'Bearer s3cret-token';
const variables = (name: string): string | undefined =>
  ({ EKSODUS_GATE_TOKEN: TOKEN, EKSODUS_GATE_LINE: `${TOKEN}\n` })[name];
let server: MetricServer;
beforeAll(async () => {
  server = await startMetricServer();
});
afterAll(() => server.stop());

const ask = (change: Partial<PrometheusSource> = {}, signal = new AbortController().signal): Promise<Reading> =>
  createMetrics(variables).read({
    source: { kind: 'prometheus', name: 'main', url: `${server.url}/prefix/`, headersFrom: {}, ...change },
    query: 'sum(up{cluster="green"}) + 1',
    fromMs: 0,
    toMs: 1,
    signal,
  });
const told = (answer: Recorded | Error): Promise<Reading> => {
  server.answer = () => answer;
  return ask();
};
const vector = (...values: string[]) => ({
  status: 'success',
  data: { resultType: 'vector', result: values.map((value, n) => ({ metric: { n: `${n}` }, value: [1e9, value] })) },
});
const scalar = (value: string) => ({ status: 'success', data: { resultType: 'scalar', result: [1e9, value] } });

describe('Prometheus', () => {
  it('is asked for the value of now, with headers from the worker’s variables', async () => {
    server.answer = () => ({ body: vector('0.25') });
    const headersFrom = { Authorization: 'EKSODUS_GATE_TOKEN' };
    expect(await ask({ headersFrom })).toEqual({ kind: 'value', value: 0.25 });
    const asked = server.asked.at(-1);
    expect(asked).toMatchObject({ method: 'POST', headers: { authorization: TOKEN } });
    expect(asked?.url.pathname).toBe('/prefix/api/v1/query');
    expect(new URLSearchParams(asked?.body).get('query')).toBe('sum(up{cluster="green"}) + 1');
  });

  it.each<[string, unknown, Reading]>([
    ['a scalar', scalar('3'), { kind: 'value', value: 3 }],
    ['an infinite value', vector('+Inf'), { kind: 'value', value: Infinity }],
    ['no series', vector(), { kind: 'error', error: 'no data', because: 'the query gives no series' }],
    ['NaN', vector('NaN'), { kind: 'error', error: 'no data', because: 'the query gives NaN' }],
    [
      'several series',
      vector('1', '2'),
      {
        kind: 'error',
        error: 'unclear',
        because: 'the query gives 2 series. Expected one: add sum(…) or other labels',
      },
    ],
    [
      'a range',
      { status: 'success', data: { resultType: 'matrix', result: [] } },
      {
        kind: 'error',
        error: 'unclear',
        because: 'the query gives a matrix. Expected a scalar or a vector of one series',
      },
    ],
    [
      'a histogram',
      { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, histogram: [1e9, {}] }] } },
      { kind: 'error', error: 'unclear', because: 'the query gives a histogram. Expected a number' },
    ],
    [
      'a warning',
      { ...vector('1'), warnings: ['store 10.0.0.1 is away'], infos: ['not a counter'] },
      { kind: 'value', value: 1, note: 'warning: store 10.0.0.1 is away' },
    ],
    [
      'something else',
      { hello: 'world' },
      { kind: 'error', error: 'unclear', because: 'answered no Prometheus answer: {"hello":"world"}' },
    ],
  ])('may answer %s', async (_, body, reading) => {
    expect(await told({ body })).toEqual(reading);
  });

  it.each<[string, Recorded | Error, { error: string; because: string }]>([
    [
      'a query that is none',
      { status: 400, body: { status: 'error', errorType: 'bad_data', error: 'parse error' } },
      { error: 'refused', because: 'answered 400: bad_data: parse error' },
    ],
    [
      'too much work',
      { status: 503, body: { status: 'error', errorType: 'timeout', error: 'query timed out' } },
      { error: 'unavailable', because: 'answered 503: timeout: query timed out' },
    ],
    ['no right', { status: 401, body: 'Unauthorized\n' }, { error: 'refused', because: 'answered 401: Unauthorized' }],
    ['a limit', { status: 429, body: 'slow down' }, { error: 'throttled', because: 'answered 429: slow down' }],
    ['a proxy', { status: 502, body: '' }, { error: 'unavailable', because: 'answered 502: nothing' }],
    ['no answer', new Error('cut'), { error: 'unavailable', because: 'other side closed' }],
    ['no JSON', { body: '<html>' }, { error: 'unclear', because: 'answered no Prometheus answer: <html>' }],
    [
      'far too much',
      { body: 'x'.repeat(1_100_000) },
      { error: 'unavailable', because: 'the answer is longer than 1000000 bytes' },
    ],
  ])('may meet %s, which is an error and not a value', async (_, answer, expected) => {
    expect(await told(answer)).toEqual({ kind: 'error', ...expected });
  });

  it('is not followed elsewhere, where the headers would go too', async () => {
    const before = server.asked.length;
    const elsewhere = { status: 307, headers: { location: `${server.url}/elsewhere` }, body: '' };
    expect(await told(elsewhere)).toMatchObject({ kind: 'error', error: 'refused', because: 'answered 307: nothing' });
    expect(server.asked.length - before).toBe(1);
  });

  it('is away', async () => {
    expect(await ask({ url: 'http://127.0.0.1:1' })).toMatchObject({ kind: 'error', error: 'unavailable' });
  });

  it('tells no secret, not even when the server repeats it', async () => {
    server.answer = ({ headers }) => ({ status: 403, body: `bad header ${headers.authorization}, s3cret-token` });
    expect(await ask({ headersFrom: { Authorization: 'EKSODUS_GATE_TOKEN' } })).toEqual({
      kind: 'error',
      error: 'refused',
      because: 'answered 403: bad header ***, ***',
    });
  });

  it('tells no part of a secret: none that a file ended with a line, none that the end of a message cuts', async () => {
    server.answer = ({ headers }) => ({ status: 403, body: `${'.'.repeat(290)}${headers.authorization}` });
    const reading = await ask({ headersFrom: { Authorization: 'EKSODUS_GATE_LINE' } });
    expect(reading).toMatchObject({ because: `answered 403: ${'.'.repeat(290)}***` });
  });

  it('is not asked without what the headers need', async () => {
    const before = server.asked.length;
    expect(await ask({ headersFrom: { Authorization: 'EKSODUS_GATE_OTHER' } })).toEqual({
      kind: 'error',
      error: 'refused',
      because: 'the worker has no variable EKSODUS_GATE_OTHER',
    });
    expect(server.asked.length).toBe(before);
  });

  it('is let go of at once when nobody wants the answer any more', async () => {
    const stop = new AbortController();
    server.answer = () => {
      stop.abort(new Error('enough'));
      return { body: vector('1') };
    };
    await expect(ask({}, stop.signal)).rejects.toThrow('enough');
  });
});
