import type { Dependencies } from '../src/adapters/index.ts';
import type { Analysis, CommandMeasure, MetricSource } from '../src/domain/analysis.ts';
import {
  measurementOf,
  measurementOfCommand,
  questionsOf,
  type Asked,
  type Measurement,
  type MetricMeasure,
} from '../src/domain/measuring.ts';
import type { Tally } from '../src/domain/tally.ts';
import { redact } from './redact.ts';

export interface Measuring {
  readonly analysis: Analysis;
  readonly asked: Asked & { readonly greenPercent: number; readonly sources: readonly MetricSource[] };
  readonly before: Tally;
  readonly signal: AbortSignal;
}

/** One measurement. What goes wrong is its outcome; it rejects only when the signal is aborted. */
export async function measure(deps: Dependencies, measuring: Measuring): Promise<Measurement> {
  const { measure: how, minSamples } = measuring.analysis;
  const measurement =
    how.kind === 'command'
      ? await runCommand(deps, how, measuring)
      : await askMetrics(deps, { measure: how, minSamples }, measuring);
  return { ...measurement, observed: redact(measurement.observed) };
}

async function askMetrics(
  { metrics, clock }: Dependencies,
  wanted: { readonly measure: MetricMeasure; readonly minSamples: number },
  { asked, before, signal }: Measuring,
): Promise<Measurement> {
  const source = asked.sources.find(({ name }) => name === wanted.measure.source);
  if (!source) return { outcome: 'error', observed: `there is no source ${wanted.measure.source}` };
  const toMs = clock.now();
  // All at the same moment: what is compared is of the same time.
  const readings = await Promise.all(
    questionsOf(wanted.measure, source.kind, asked).map(async ({ name, query }) => {
      const fromMs = toMs - asked.windowSeconds * 1000;
      return [name, await metrics.read({ source, query, fromMs, toMs, signal })] as const;
    }),
  );
  return measurementOf(wanted, Object.fromEntries(readings), before);
}

async function runCommand(
  { commands }: Dependencies,
  { run, timeoutSeconds, variables }: CommandMeasure,
  { asked: { app, host, blue, green, greenPercent, windowSeconds }, signal }: Measuring,
): Promise<Measurement> {
  const environment = {
    EKSODUS_APP: app,
    EKSODUS_HOST: host,
    EKSODUS_CLUSTER: green,
    EKSODUS_BLUE_CLUSTER: blue,
    EKSODUS_GREEN_PERCENT: `${greenPercent}`,
    EKSODUS_WINDOW_SECONDS: `${windowSeconds}`,
  };
  const end = await commands.run({ run, environment, variables, timeoutSeconds, signal });
  return end.kind === 'error'
    ? { outcome: 'error', observed: end.because }
    : measurementOfCommand(end.code, end.lastLine);
}
