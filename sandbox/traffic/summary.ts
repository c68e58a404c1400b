import type { TrafficEvent } from '../contracts.ts';
import { Departures, type Departure, type LastStep } from './departures.ts';

/** A time in which an app's weights stood still and every older answer had outlived its TTL. Milliseconds since the epoch. */
export interface StepSpan {
  readonly app: string;
  readonly greenPercent: number;
  readonly fromMs: number;
  /** The first moment after it. */
  readonly toMs: number;
}

export interface StepShare {
  readonly app: string;
  readonly expectedGreenPercent: number;
  /** Of the resolutions that led to blue or green; null when there was none. */
  readonly observedGreenPercent: number | null;
  /** All fresh resolutions of clients that honour the TTL, those that led to no known cluster too. */
  readonly resolutions: number;
}

/** What the requests for one app met in one cluster. */
export interface Served {
  readonly app: string;
  /** Null: nobody answered, or somebody who named no cluster. */
  readonly cluster: string | null;
  readonly requests: number;
  readonly failed: number;
  /** The last one that failed: when it was sent, and what came of it. */
  readonly lastFailure: { readonly at: string; readonly what: string } | null;
}

export interface TrafficSummary {
  readonly requests: number;
  /** No answer, or one that is not 2xx. */
  readonly failed: number;
  /** Requests that blue served well. */
  readonly blue: number;
  readonly green: number;
  /** By app, then by cluster. */
  readonly served: readonly Served[];
  readonly steps: readonly StepShare[];
  /** By app, then by what its clients do with an address. */
  readonly departures: readonly Departure[];
}

/** Adds up what the traffic generator saw, in any order of events. `blue` and `green` are cluster names, `lastSteps` is by app. */
export async function summarise(
  events: AsyncIterable<TrafficEvent> | Iterable<TrafficEvent>,
  {
    steps,
    lastSteps,
    blue,
    green,
  }: { steps: readonly StepSpan[]; lastSteps: Readonly<Record<string, LastStep>>; blue: string; green: string },
): Promise<TrafficSummary> {
  const tally = new Tally();
  const departures = new Departures({ blue, green });
  const spans = steps.map((span) => ({ span, blue: 0, green: 0, resolutions: 0 }));
  for await (const event of events) {
    if (event.kind === 'request') {
      tally.add(event);
      departures.add(event);
      continue;
    }
    // Who keeps an address for ever follows no weights.
    if (event.habit === 'caches-for-ever') continue;
    for (const counts of spans) {
      const { app, fromMs, toMs } = counts.span;
      if (event.app !== app || event.at < fromMs || event.at >= toMs) continue;
      counts.resolutions++;
      if (event.cluster === blue) counts.blue++;
      if (event.cluster === green) counts.green++;
    }
  }
  const { served } = tally;
  const servedWellBy = (name: string): number =>
    sum(served.filter(({ cluster }) => cluster === name).map(({ requests, failed }) => requests - failed));
  return {
    requests: sum(served.map(({ requests }) => requests)),
    failed: sum(served.map(({ failed }) => failed)),
    blue: servedWellBy(blue),
    green: servedWellBy(green),
    served,
    steps: spans.map((counts) => ({
      app: counts.span.app,
      expectedGreenPercent: counts.span.greenPercent,
      observedGreenPercent: percent(counts.green, counts.blue + counts.green),
      resolutions: counts.resolutions,
    })),
    departures: departures.all(lastSteps),
  };
}

/** Counts of requests by app and cluster. */
class Tally {
  readonly #counts = new Map<string, Counts>();

  add({ app, cluster, status, at, error }: TrafficEvent & { kind: 'request' }): void {
    const key = `${app} ${cluster ?? ''}`;
    const counts = this.#counts.get(key) ?? { app, cluster, requests: 0, failed: 0, last: { ms: 0, what: '' } };
    counts.requests++;
    if (!isSuccess(status)) {
      counts.failed++;
      if (at >= counts.last.ms) counts.last = { ms: at, what: error ?? `answered ${status}` };
    }
    this.#counts.set(key, counts);
  }

  get served(): Served[] {
    return [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, counts]) => servedOf(counts));
  }
}

interface Counts extends Pick<Served, 'app' | 'cluster'> {
  requests: number;
  failed: number;
  last: { readonly ms: number; readonly what: string };
}

const servedOf = ({ last, ...counts }: Counts): Served => ({
  ...counts,
  lastFailure: counts.failed === 0 ? null : { at: new Date(last.ms).toISOString(), what: last.what },
});

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** With two decimals. */
const percent = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 100;
