// One door to all sources of metrics.
import type { MetricSource, Reading } from '../domain/analysis.ts';
import { createCloudWatch } from './cloudwatch.ts';
import { queryDatadog } from './datadog.ts';
import { queryPrometheus } from './prometheus.ts';
import type { Variables } from './variables.ts';

export interface MetricQuestion {
  readonly source: MetricSource;
  readonly query: string;
  /** Milliseconds of the epoch. Prometheus reads its window in the query itself, and does not need them. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly signal: AbortSignal;
}

export interface Metrics {
  /** One number. Rejects only when the signal is aborted: whatever else goes wrong is a reading. */
  read(question: MetricQuestion): Promise<Reading>;
}

export function createMetrics(variables: Variables): Metrics {
  const queryCloudWatch = createCloudWatch();
  return {
    async read({ source, query, fromMs, toMs, signal }) {
      switch (source.kind) {
        case 'prometheus':
          return queryPrometheus(source, query, { variables, signal });
        case 'datadog':
          return queryDatadog(source, { query, fromMs, toMs, variables, signal });
        case 'cloudwatch':
          return queryCloudWatch(source, { query, fromMs, toMs, signal });
      }
    },
  };
}
