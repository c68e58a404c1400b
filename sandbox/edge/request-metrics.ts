// What an exporter for ALBs would tell Prometheus: requests by status class, and how long they took.

/** Who answered, and for which host. */
export interface Served {
  readonly loadBalancer: string;
  readonly cluster: string;
  /** Null when the request was for no app of the load balancer. */
  readonly app: string | null;
  readonly host: string;
}

interface Series {
  readonly served: Served;
  /** By status class. All that an exporter knows are there from the first request on: a rate needs a beginning. */
  readonly requests: Record<string, number>;
  /** Requests by the smallest of the bounds that held; the last: by none. */
  readonly tookAtMost: number[];
  seconds: number;
}

const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** Counts since the sandbox came up. */
export class RequestMetrics {
  readonly #series = new Map<string, Series>();

  add(served: Served, { status, seconds }: { readonly status: number; readonly seconds: number }): void {
    const key = JSON.stringify([served.loadBalancer, served.app, served.host]);
    const series = this.#series.get(key) ?? begin(served);
    this.#series.set(key, series);
    const code = `${Math.floor(status / 100)}xx`;
    series.requests[code] = (series.requests[code] ?? 0) + 1;
    const bound = BOUNDS_SECONDS.findIndex((most) => seconds <= most);
    const bucket = bound === -1 ? BOUNDS_SECONDS.length : bound;
    series.tookAtMost[bucket] = (series.tookAtMost[bucket] ?? 0) + 1;
    series.seconds += seconds;
  }

  /** Of a load balancer that is gone nothing is told any more. */
  forget(loadBalancer: string): void {
    for (const [key, { served }] of this.#series) if (served.loadBalancer === loadBalancer) this.#series.delete(key);
  }

  /** In Prometheus' text format, version 0.0.4. */
  get text(): string {
    const all = [...this.#series.values()];
    return [
      '# HELP alb_requests_total Requests that a load balancer answered.',
      '# TYPE alb_requests_total counter',
      ...all.flatMap(requestLines),
      '# HELP alb_request_duration_seconds From the arrival of a request until its answer was sent.',
      '# TYPE alb_request_duration_seconds histogram',
      ...all.flatMap(durationLines),
      '',
    ].join('\n');
  }
}

const begin = (served: Served): Series => ({
  served,
  requests: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
  tookAtMost: [],
  seconds: 0,
});

const requestLines = ({ served, requests }: Series): string[] =>
  Object.entries(requests).map(([code, count]) => `alb_requests_total${labels(served, { code })} ${count}`);

function durationLines({ served, tookAtMost, seconds }: Series): string[] {
  let count = 0;
  const buckets = [...BOUNDS_SECONDS, '+Inf'].map((le, index) => {
    count += tookAtMost[index] ?? 0;
    return `alb_request_duration_seconds_bucket${labels(served, { le: String(le) })} ${count}`;
  });
  return [
    ...buckets,
    `alb_request_duration_seconds_sum${labels(served)} ${seconds}`,
    `alb_request_duration_seconds_count${labels(served)} ${count}`,
  ];
}

function labels({ loadBalancer, cluster, app, host }: Served, more: Readonly<Record<string, string>> = {}): string {
  const all = { load_balancer: loadBalancer, cluster, app: app ?? '', host, ...more };
  return `{${Object.entries(all)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`;
}

/** A host is whatever a client sent. */
const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
