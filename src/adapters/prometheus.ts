// Prometheus and what speaks its HTTP API (Thanos, Mimir, VictoriaMetrics): one number by an instant query.
import { noReading, type PrometheusSource, type Reading } from '../domain/analysis.ts';
import { fieldsOf, listOf, type Fields } from './answered.ts';
import { askMetrics, masked, refusal, type MetricAnswer } from './metrics-http.ts';
import { fromVariables, type Variables } from './variables.ts';

/**
 * Asks `/api/v1/query` for a scalar, or for a vector of exactly one series, at the server's own now. No series and NaN are
 * no data. Rejects only when `signal` is aborted.
 */
export async function queryPrometheus(
  { url, headersFrom }: PrometheusSource,
  query: string,
  { variables, signal }: { readonly variables: Variables; readonly signal: AbortSignal },
): Promise<Reading> {
  const headers = fromVariables(headersFrom, variables);
  if ('missing' in headers) return noReading('refused', headers.missing);
  const answer = await askMetrics({
    url: `${url.replace(/\/+$/, '')}/api/v1/query`,
    method: 'POST',
    headers: headers.values,
    body: new URLSearchParams({ query, timeout: '8s' }),
    signal,
  });
  return masked('kind' in answer ? answer : readingOf(answer), Object.values(headers.values));
}

function readingOf(answer: MetricAnswer): Reading {
  const said = fieldsOf(answer.json);
  if (said['status'] === 'error') {
    const because = `answered ${answer.status}: ${String(said['errorType'])}: ${String(said['error'])}`;
    const isBusy = said['errorType'] === 'timeout' || said['errorType'] === 'canceled' || answer.status >= 500;
    return noReading(isBusy ? 'unavailable' : 'refused', because);
  }
  if (answer.status !== 200) return refusal(answer);
  if (said['status'] !== 'success') return noReading('unclear', `answered no Prometheus answer: ${answer.text}`);
  const reading = valueOf(fieldsOf(said['data']));
  const warnings = listOf(said['warnings']).map(String).join('; ');
  return reading.kind === 'value' && warnings !== '' ? { ...reading, note: `warning: ${warnings}` } : reading;
}

function valueOf({ resultType, result }: Fields): Reading {
  if (resultType === 'scalar') return numberOf(listOf(result)[1]);
  if (resultType !== 'vector') {
    return noReading('unclear', `the query gives a ${String(resultType)}. Expected a scalar or a vector of one series`);
  }
  const [series, ...more] = listOf(result);
  if (series === undefined) return noReading('no data', 'the query gives no series');
  if (more.length > 0) {
    return noReading('unclear', `the query gives ${more.length + 1} series. Expected one: add sum(…) or other labels`);
  }
  const { value } = fieldsOf(series);
  if (value === undefined) return noReading('unclear', 'the query gives a histogram. Expected a number');
  return numberOf(listOf(value)[1]);
}

const INFINITE: Partial<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity };

function numberOf(text: unknown): Reading {
  if (typeof text !== 'string' || text === '')
    return noReading('unclear', 'the query gives something that is no number');
  if (text === 'NaN') return noReading('no data', 'the query gives NaN');
  const value = INFINITE[text] ?? Number(text);
  return Number.isNaN(value) ? noReading('unclear', `the query gives ${text}`) : { kind: 'value', value };
}
