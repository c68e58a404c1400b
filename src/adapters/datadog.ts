// Datadog: the latest point of one series, by the API that queries points of time (GET /api/v1/query).
import { noReading, type DatadogSource, type Reading } from '../domain/analysis.ts';
import { fieldsOf, listOf } from './answered.ts';
import { askMetrics, masked, refusal, type MetricAnswer } from './metrics-http.ts';
import { fromVariables, type Variables } from './variables.ts';

export interface DatadogQuestion {
  readonly query: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly variables: Variables;
  readonly signal: AbortSignal;
}

/** Points of before `fromMs`, which a rollup may bring, do not count. Rejects only when `signal` is aborted. */
export async function queryDatadog(source: DatadogSource, question: DatadogQuestion): Promise<Reading> {
  const { query, fromMs, toMs, variables, signal } = question;
  const keys = fromVariables(
    { 'DD-API-KEY': source.apiKeyFrom, 'DD-APPLICATION-KEY': source.applicationKeyFrom },
    variables,
  );
  if ('missing' in keys) return noReading('refused', keys.missing);
  const between = { from: `${Math.floor(fromMs / 1000)}`, to: `${Math.floor(toMs / 1000)}` };
  const answer = await askMetrics({
    url: `${source.url.replace(/\/+$/, '')}/api/v1/query?${new URLSearchParams({ ...between, query }).toString()}`,
    method: 'GET',
    headers: { ...keys.values, accept: 'application/json' },
    signal,
  });
  return masked('kind' in answer ? answer : readingOf(answer, fromMs), Object.values(keys.values));
}

function readingOf(answer: MetricAnswer, fromMs: number): Reading {
  if (answer.status === 429) return limitReached(answer);
  const said = fieldsOf(answer.json);
  const complaints = listOf(said['errors']).map(String).join('; ');
  if (answer.status !== 200) return refusal({ status: answer.status, text: complaints || answer.text });
  // A query that is none is answered with 200 too.
  if (said['status'] === 'error') return noReading('refused', `answered: ${String(said['error'])}`);
  if (said['status'] !== 'ok') return noReading('unclear', `answered no Datadog answer: ${answer.text}`);
  const [series, ...more] = listOf(said['series']);
  if (series === undefined) return noReading('no data', 'the query gives no series');
  if (more.length > 0) {
    return noReading('unclear', `the query gives ${more.length + 1} series. Expected one: leave out "by {…}"`);
  }
  return latestOf(listOf(fieldsOf(series)['pointlist']), fromMs);
}

/** Points are [milliseconds, value], oldest first; the value is null where there was nothing to add up. */
function latestOf(points: readonly unknown[], fromMs: number): Reading {
  const values = points.flatMap((point) => {
    const [at, value] = listOf(point);
    return typeof at === 'number' && at >= fromMs && typeof value === 'number' ? [value] : [];
  });
  const value = values.at(-1);
  return value === undefined
    ? noReading('no data', 'the query gives no point since the write')
    : { kind: 'value', value };
}

function limitReached({ headers }: MetricAnswer): Reading {
  const [limit, period, reset] = ['limit', 'period', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`) ?? '?');
  return noReading('throttled', `answered 429: ${limit} requests in ${period} s are used up; again in ${reset} s`);
}
