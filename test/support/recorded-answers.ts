// Answers of Datadog and of CloudWatch, field by field as their API references give them, with the names
// and numbers of nobody. One place, so that a change of theirs is one change here.
import type { Recorded } from './metric-server.ts';

/** Points of GET /api/v1/query: [milliseconds, value], oldest first. */
const datadogSeries = (pointlist: readonly (readonly [number, number | null])[], scope = 'app:web') => ({
  metric: 'http.errors',
  attributes: {},
  display_name: 'http.errors',
  unit: null,
  pointlist,
  start: pointlist[0]?.[0] ?? 0,
  end: pointlist.at(-1)?.[0] ?? 0,
  interval: 20,
  length: pointlist.length,
  aggr: 'sum',
  scope,
  tag_set: [],
  expression: `sum:http.errors{${scope}}`,
  query_index: 0,
});

const datadogAnswer = (series: readonly object[]): Recorded => ({
  headers: {
    'x-ratelimit-limit': '100',
    'x-ratelimit-period': '10',
    'x-ratelimit-remaining': '99',
    'x-ratelimit-reset': '3',
    'x-ratelimit-name': 'query_timeseries',
  },
  body: {
    status: 'ok',
    res_type: 'time_series',
    resp_version: 1,
    query: 'sum:http.errors{app:web}',
    from_date: 1_795_251_600_000,
    to_date: 1_795_251_900_000,
    series,
    values: [],
    times: [],
    message: '',
    group_by: [],
  },
});

export const DATADOG = {
  points: (...points: readonly (readonly [number, number | null])[]): Recorded =>
    datadogAnswer([datadogSeries(points)]),
  severalSeries: datadogAnswer([datadogSeries([[1, 1]], 'host:a'), datadogSeries([[1, 2]], 'host:b')]),
  noSeries: datadogAnswer([]),
  badQuery: {
    body: {
      status: 'error',
      error: "Rule 'scope_expr' didn't match at '}' (line 1, column 17).",
      res_type: 'time_series',
      series: [],
    },
  },
  forbidden: { status: 403, body: { errors: ['Forbidden'] } },
  limitReached: {
    status: 429,
    headers: {
      'x-ratelimit-limit': '100',
      'x-ratelimit-period': '10',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '7',
      'x-ratelimit-name': 'query_timeseries',
    },
    body: { status: 'error', code: 429, errors: ['Too many requests'], statuspage: 'http://status.datadoghq.com' },
  },
} as const satisfies Record<string, Recorded | ((...points: (readonly [number, number | null])[]) => Recorded)>;

const CLOUDWATCH_HEADERS = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'r-1' };

/** Of GetMetricData; times are seconds of the epoch, newest first as they are asked for. */
const cloudWatchResult = (
  points: readonly (readonly [number, number])[],
  change: { readonly StatusCode?: string; readonly Messages?: readonly object[] } = {},
) => ({
  Id: 'result',
  Label: 'result',
  Timestamps: points.map(([at]) => at),
  Values: points.map(([, value]) => value),
  StatusCode: 'Complete',
  ...change,
});

const cloudWatchAnswer = (results: readonly object[], Messages: readonly object[] = []): Recorded => ({
  headers: CLOUDWATCH_HEADERS,
  body: { MetricDataResults: results, Messages },
});

const cloudWatchError = (status: number, type: string, query: string, message: string): Recorded => ({
  status,
  headers: { ...CLOUDWATCH_HEADERS, 'x-amzn-query-error': `${query};Sender` },
  body: { __type: `com.amazonaws.cloudwatch#${type}`, message },
});

export const CLOUDWATCH = {
  points: (...points: readonly (readonly [number, number])[]): Recorded => cloudWatchAnswer([cloudWatchResult(points)]),
  partial: (...points: readonly (readonly [number, number])[]): Recorded =>
    cloudWatchAnswer([cloudWatchResult(points, { StatusCode: 'PartialData' })]),
  internalError: cloudWatchAnswer([cloudWatchResult([], { StatusCode: 'InternalError' })]),
  forbidden: cloudWatchAnswer([cloudWatchResult([], { StatusCode: 'Forbidden' })]),
  withMessage: (...points: readonly (readonly [number, number])[]): Recorded =>
    cloudWatchAnswer([
      cloudWatchResult(points, {
        Messages: [{ Code: 'ArithmeticError', Value: 'One or more data-points have been dropped' }],
      }),
    ]),
  noSeries: cloudWatchAnswer([], [{ Code: 'MaxMetricsExceeded', Value: 'The maximum number of metrics was exceeded' }]),
  severalSeries: cloudWatchAnswer([cloudWatchResult([[1, 1]]), cloudWatchResult([[1, 2]])]),
  throttled: cloudWatchError(400, 'ThrottlingException', 'Throttling', 'Rate exceeded'),
  badExpression: cloudWatchError(
    400,
    'ValidationError',
    'ValidationError',
    "Error in expression 'result': Unsupported expression",
  ),
  denied: cloudWatchError(
    403,
    'AccessDeniedException',
    'AccessDenied',
    'User: arn:aws:sts::123456789012:assumed-role/eksodus/1 is not authorized to perform: cloudwatch:GetMetricData',
  ),
  broken: { status: 503, headers: CLOUDWATCH_HEADERS, body: { __type: 'ServiceUnavailable', message: 'later' } },
} as const satisfies Record<string, Recorded | ((...points: (readonly [number, number])[]) => Recorded)>;
