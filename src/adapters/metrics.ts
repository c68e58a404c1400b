// One door to all sources of metrics.
import type { MetricSource, Reading } from '../domain/analysis.ts';
import type { Variables } from './metrics-http.ts';
import { queryPrometheus } from './prometheus.ts';

export interface MetricQuestion {
  readonly source: MetricSource;
  readonly query: string;
  /** Milliseconds of the epoch: nothing of before is of interest, and nothing of after is there. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal: AbortSignal;
}

export interface Metrics {
  /** One number. Rejects only when the signal is aborted: whatever else goes wrong is a reading. */
  read(question: MetricQuestion): Promise<Reading>;
}

export function createMetrics(variables: Variables): Metrics {
  return {
    async read({ source, query, signal }) {
      switch (source.kind) {
        case 'prometheus':
          return queryPrometheus(source, query, { variables, signal });
        case 'datadog':
        case 'cloudwatch':
          throw new Error('not yet');
      }
    },
  };
}
