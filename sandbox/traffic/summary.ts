import type { TrafficEvent } from '../contracts.ts';

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
  /** All fresh resolutions, those that led to no known cluster too. */
  readonly resolutions: number;
}

export interface TrafficSummary {
  readonly requests: number;
  /** No answer, or one that is not 2xx. */
  readonly failed: number;
  /** Requests that blue served well. */
  readonly blue: number;
  readonly green: number;
  readonly steps: readonly StepShare[];
}

/** Adds up what the traffic generator saw, in any order of events. `blue` and `green` are cluster names. */
export async function summarise(
  events: AsyncIterable<TrafficEvent> | Iterable<TrafficEvent>,
  { steps, blue, green }: { steps: readonly StepSpan[]; blue: string; green: string },
): Promise<TrafficSummary> {
  const served = new Map<string | null, number>();
  const spans = steps.map((span) => ({ span, blue: 0, green: 0, resolutions: 0 }));
  let requests = 0;
  let failed = 0;
  for await (const event of events) {
    if (event.kind === 'request') {
      requests++;
      if (isSuccess(event.status)) served.set(event.cluster, (served.get(event.cluster) ?? 0) + 1);
      else failed++;
      continue;
    }
    for (const counts of spans) {
      const { app, fromMs, toMs } = counts.span;
      if (event.app !== app || event.at < fromMs || event.at >= toMs) continue;
      counts.resolutions++;
      if (event.cluster === blue) counts.blue++;
      if (event.cluster === green) counts.green++;
    }
  }
  return {
    requests,
    failed,
    blue: served.get(blue) ?? 0,
    green: served.get(green) ?? 0,
    steps: spans.map((counts) => ({
      app: counts.span.app,
      expectedGreenPercent: counts.span.greenPercent,
      observedGreenPercent: percent(counts.green, counts.blue + counts.green),
      resolutions: counts.resolutions,
    })),
  };
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** With two decimals. */
const percent = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 100;
