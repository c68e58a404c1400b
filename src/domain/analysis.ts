// What a gate measures beside its checks, as the environment file describes it: queries of metrics, comparisons of green
// with blue, commands. Plain JSON. Words where they fit are those of Argo Rollouts.

/** Where metrics are asked. Secrets are named here and never held: `…From` are names of variables of the worker. */
export type MetricSource = PrometheusSource | DatadogSource | CloudWatchSource;

export interface PrometheusSource {
  readonly kind: 'prometheus';
  readonly name: string;
  /** Whatever stands before `/api/v1/query`. */
  readonly url: string;
  /** Headers by name, each with the name of the variable that holds its value. */
  readonly headersFrom: Readonly<Record<string, string>>;
}

export interface DatadogSource {
  readonly kind: 'datadog';
  readonly name: string;
  /** The API of the site, such as `https://api.datadoghq.eu`. */
  readonly url: string;
  readonly apiKeyFrom: string;
  readonly applicationKeyFrom: string;
}

export interface CloudWatchSource {
  readonly kind: 'cloudwatch';
  readonly name: string;
  readonly region: string;
}

export interface Analysis {
  readonly name: string;
  readonly measure: Measure;
  readonly everySeconds: number;
  /** The longest time that a query looks back. Absent: to the write of the step; never before it. */
  readonly windowSeconds?: number;
  /** With fewer of them nobody can tell. What a sample is depends on the measure: see `Measure`. */
  readonly minSamples: number;
  /** More failures than this fail the gate at once. */
  readonly failureLimit: number;
  /** With more inconclusive measurements than this the gate is inconclusive. */
  readonly inconclusiveLimit: number;
  /** With more errors in a row than this the gate is inconclusive. */
  readonly consecutiveErrorLimit: number;
}

export type Measure = QueryMeasure | RateMeasure | ValueMeasure | CommandMeasure;

/** One number of green. A sample: what `samples` counts; without it, a measurement that failed or succeeded. */
export interface QueryMeasure {
  readonly kind: 'query';
  readonly source: string;
  readonly query: string;
  readonly samples?: string;
  /** Conditions of src/domain/condition.ts. One alone says both; where both are given, what meets neither is inconclusive. */
  readonly success?: string;
  readonly failure?: string;
}

/** How many of how many failed, of green and of blue over the same time. A sample: one of `total`; each side needs enough. */
export interface RateMeasure {
  readonly kind: 'rates';
  readonly source: string;
  readonly failed: string;
  readonly total: string;
  /** How probable it may be, 0 to 1, that a green which is as good as blue is blamed in one watch. */
  readonly significance: number;
  /** Green is blamed only if its rate is higher by at least this much: 0.01 is one in a hundred. */
  readonly margin: number;
}

/** One number of each side at the same moments, the less the better. A sample: one pair. */
export interface ValueMeasure {
  readonly kind: 'values';
  readonly source: string;
  readonly value: string;
  readonly significance: number;
  /** Green is blamed only if it is higher by at least this much, in the query's own unit. */
  readonly margin: number;
}

/** A program of the worker. Exit code 0 success, 1 failure, 2 inconclusive, all else an error. A sample: a run that could tell. */
export interface CommandMeasure {
  readonly kind: 'command';
  /** The program's name in the worker's folder of commands, and its arguments. */
  readonly run: readonly string[];
  readonly timeoutSeconds: number;
  /** Names of the worker's variables that it is given. */
  readonly variables: readonly string[];
}

/** Only what bears this name may be read of the worker's variables: the environment file must not reach the others. */
export const VARIABLE_NAME = /^EKSODUS_GATE_[A-Z0-9_]+$/;

/** What one question at a source gave. `note`: said beside the value, such as Prometheus' warnings. */
export type Reading =
  | { readonly kind: 'value'; readonly value: number; readonly note?: string }
  | { readonly kind: 'error'; readonly error: ReadingError; readonly because: string };

/** No data: it answered, and there was nothing, or no number. Unclear: it answered what is no one number. */
export type ReadingError = 'no data' | 'unclear' | 'refused' | 'throttled' | 'unavailable';

export const noReading = (error: ReadingError, because: string): Reading => ({ kind: 'error', error, because });

/** Those of an app at a step. Comparisons rest while all traffic is on one side: there is nothing to compare with. */
export function analysesOf(
  environment: { readonly analyses: readonly Analysis[] },
  app: { readonly analyses?: readonly Analysis[] },
  greenPercent: number,
): readonly Analysis[] {
  const both = greenPercent > 0 && greenPercent < 100;
  return (app.analyses ?? environment.analyses).filter(({ measure: { kind } }) => both || !COMPARISONS.has(kind));
}

const COMPARISONS: ReadonlySet<Measure['kind']> = new Set<Measure['kind']>(['rates', 'values']);

/** What stands in a query for what is known only when it is asked. */
export interface Subject {
  readonly app: string;
  readonly host: string;
  readonly cluster: string;
  readonly colour: 'blue' | 'green';
  readonly windowSeconds: number;
}

export const PLACEHOLDERS = ['app', 'host', 'cluster', 'colour', 'window'] as const;

/** Prometheus reads times with a unit; Datadog and CloudWatch read seconds, CloudWatch in whole minutes. */
const WINDOWS: Readonly<Record<MetricSource['kind'], (seconds: number) => string>> = {
  prometheus: (seconds) => `${seconds}s`,
  datadog: (seconds) => `${seconds}`,
  cloudwatch: (seconds) => `${Math.max(1, Math.floor(seconds / 60)) * 60}`,
};

/** Commands are told of one host each; queries are asked once, or once for each host if they name it. */
export const isForEachHost = ({ measure }: Analysis): boolean =>
  measure.kind === 'command' || JSON.stringify(measure).includes('{host}');

export function fillIn(query: string, subject: Subject, source: MetricSource['kind']): string {
  const values = { ...subject, window: WINDOWS[source](subject.windowSeconds) };
  return PLACEHOLDERS.reduce((text, name) => text.replaceAll(`{${name}}`, values[name]), query);
}
