// Who still asks the old cluster once no name leads to it: clients that keep an address. What counts them is known where an
// analysis compares rates: the number of requests of a cluster. Pure.
import { fillIn, type Analysis, type MetricSource, type Reading } from './analysis.ts';
import { hostNames, type Environment } from './environment.ts';

/** One number to ask for. */
export interface CountQuestion {
  readonly app: string;
  readonly source: MetricSource;
  readonly query: string;
  readonly windowSeconds: number;
}

/** Where an analysis does not bound its window. */
const WINDOW_SECONDS = 300;

/** At blue, of every app whose requests an analysis counts; for each host, where the query names it. */
export function countQuestions(environment: Environment, blue: string): CountQuestion[] {
  return environment.apps.flatMap((app) => {
    const counting = (app.analyses ?? environment.analyses).map(countOf).find((one) => one !== undefined);
    const source = environment.metrics.find(({ name }) => name === counting?.source);
    if (!counting || !source) return [];
    const { total, windowSeconds } = counting;
    const hosts = total.includes('{host}') ? hostNames(app) : [''];
    return hosts.map((host) => {
      const subject = { app: app.name, host, cluster: blue, colour: 'blue', windowSeconds } as const;
      return { app: app.name, source, query: fillIn(total, subject, source.kind), windowSeconds };
    });
  });
}

const countOf = ({ measure, windowSeconds = WINDOW_SECONDS }: Analysis) =>
  measure.kind === 'rates' ? { source: measure.source, total: measure.total, windowSeconds } : undefined;

/** For the person who decides whether blue may go. Empty: there was nothing to ask. */
export function saidOfCounts(blue: string, questions: readonly CountQuestion[], readings: readonly Reading[]): string {
  const counted = questions.map(({ app, windowSeconds }, index) => ({ app, windowSeconds, reading: readings[index] }));
  const busy = counted.flatMap(({ app, windowSeconds, reading }) =>
    reading?.kind === 'value' && Math.round(reading.value) > 0
      ? [`${Math.round(reading.value)} of ${app} in ${windowSeconds} s`]
      : [],
  );
  // No data is no request: nobody counted one.
  const unknown = counted.flatMap(({ app, reading }) =>
    reading?.kind === 'value' || (reading?.kind === 'error' && reading.error === 'no data') ? [] : [app],
  );
  const sentences = [
    ...(busy.length > 0
      ? [`${blue} still answers requests: ${busy.join(', ')} (health checks, and clients that keep its address)`]
      : []),
    ...(unknown.length > 0 ? [`nobody could count what it still answers for ${[...new Set(unknown)].join(', ')}`] : []),
  ];
  if (questions.length === 0) return '';
  return `; ${sentences.join('; ') || `${blue} answers no more requests`}`;
}
