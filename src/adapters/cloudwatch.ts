// CloudWatch: the latest whole minute of one metric math expression.
import {
  CloudWatchClient,
  CloudWatchServiceException,
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import { noReading, type CloudWatchSource, type Reading, type ReadingError } from '../domain/analysis.ts';
import { REQUEST_LIMITS } from './aws-client.ts';

export interface CloudWatchQuestion {
  readonly query: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal: AbortSignal;
}

export type CloudWatch = (source: CloudWatchSource, question: CloudWatchQuestion) => Promise<Reading>;

const MINUTE_MS = 60_000;

/** One client per region, kept. Rejects only when `signal` is aborted. */
export function createCloudWatch(): CloudWatch {
  const clients = new Map<string, CloudWatchClient>();
  const clientOf = (region: string): CloudWatchClient => {
    const client = clients.get(region) ?? new CloudWatchClient({ region, requestHandler: REQUEST_LIMITS });
    clients.set(region, client);
    return client;
  };
  return async ({ region }, { query, fromMs, toMs, signal }) => {
    // Whole minutes only: the first one may hold what was before the write, the last one is not over.
    const start = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS;
    const end = Math.floor(toMs / MINUTE_MS) * MINUTE_MS;
    if (end <= start) return noReading('no data', 'there is no whole minute since the write yet');
    const command = new GetMetricDataCommand({
      MetricDataQueries: [{ Id: 'result', Expression: query, Period: 60 }],
      StartTime: new Date(start),
      EndTime: new Date(end),
      ScanBy: 'TimestampDescending',
    });
    try {
      return readingOf(await clientOf(region).send(command, { abortSignal: signal }), start);
    } catch (error) {
      signal.throwIfAborted();
      return refusalOf(error);
    }
  };
}

function readingOf({ MetricDataResults = [], Messages = [] }: GetMetricDataCommandOutput, start: number): Reading {
  const [result, ...more] = MetricDataResults;
  const messages = [...Messages, ...(result?.Messages ?? [])]
    .map(({ Code = '', Value = '' }) => `${Code}: ${Value}`)
    .join('; ');
  const because = (text: string): string => (messages === '' ? text : `${text}: ${messages}`);
  if (!result) return noReading('no data', because('the query gives no series'));
  if (more.length > 0) {
    return noReading('unclear', because(`the query gives ${more.length + 1} series. Expected one: add SUM(…)`));
  }
  const status = result.StatusCode ?? 'Complete';
  if (status !== 'Complete') return noReading(STATUSES[status] ?? 'unavailable', because(`answered ${status}`));
  const values = result.Values ?? [];
  const latest = (result.Timestamps ?? []).findIndex((at) => at.getTime() >= start);
  const value = values[latest];
  if (value === undefined) return noReading('no data', because('the query gives no point since the write'));
  return { kind: 'value', value, ...(messages === '' ? {} : { note: messages }) };
}

/** Part of the data gives a number that is none of the whole. */
const STATUSES: Readonly<Record<string, ReadingError>> = { PartialData: 'unavailable', Forbidden: 'refused' };

function refusalOf(error: unknown): Reading {
  if (!(error instanceof Error)) return noReading('unavailable', String(error));
  const because = `${error.name}: ${error.message}`;
  if (/Throttl|TooManyRequests|RequestLimitExceeded/.test(error.name)) return noReading('throttled', because);
  const status = error instanceof CloudWatchServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
  return noReading(status >= 400 && status < 500 ? 'refused' : 'unavailable', because);
}
