// What came of an analysis over a whole watch, and what that says. Plain JSON: it is kept where a next attempt finds it. Pure.
import type { Analysis, Measure } from './analysis.ts';
import { withPair, type Measurement, type Pair } from './measuring.ts';

export interface Tally {
  readonly measured: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly errors: number;
  readonly errorsInRow: number;
  readonly longestErrorRow: number;
  /** What the latest measurement rests on; of measures that do not count samples, how many could tell. */
  readonly samples: number;
  /** How many times a comparison was tested. */
  readonly looks: number;
  readonly pairs: readonly Pair[];
  readonly last: string;
  /** What failed last. Empty: nothing did. */
  readonly lastFailure: string;
}

export const NOTHING_YET: Tally = {
  measured: 0,
  succeeded: 0,
  failed: 0,
  inconclusive: 0,
  errors: 0,
  errorsInRow: 0,
  longestErrorRow: 0,
  samples: 0,
  looks: 0,
  pairs: [],
  last: 'nothing yet',
  lastFailure: '',
};

/** Whether something that was written down is a tally. */
export const isTally = (value: unknown): value is Tally =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(NOTHING_YET).every(([field, of]) => typeof Reflect.get(value, field) === typeof of);

/** A source may complain at length, and a tally is kept in heartbeats and shown in every status. */
const OBSERVED_KEPT = 500;

export function counted(tally: Tally, measurement: Measurement): Tally {
  const { outcome, samples, pair } = measurement;
  const observed = measurement.observed.slice(0, OBSERVED_KEPT);
  const is = (one: Measurement['outcome']): number => (outcome === one ? 1 : 0);
  const errorsInRow = outcome === 'error' ? tally.errorsInRow + 1 : 0;
  const couldTell = is('success') + is('failure');
  return {
    measured: tally.measured + 1,
    succeeded: tally.succeeded + is('success'),
    failed: tally.failed + is('failure'),
    inconclusive: tally.inconclusive + is('inconclusive'),
    errors: tally.errors + is('error'),
    errorsInRow,
    longestErrorRow: Math.max(tally.longestErrorRow, errorsInRow),
    samples: samples ?? tally.samples + couldTell,
    looks: tally.looks + couldTell,
    pairs: pair ? withPair(tally.pairs, pair) : tally.pairs,
    last: observed,
    lastFailure: outcome === 'failure' ? observed : tally.lastFailure,
  };
}

export type Verdict = 'passed' | 'failed' | 'inconclusive';

/** True as soon as it is: nothing that comes later can heal it. */
export const hasFailed = ({ failureLimit }: Pick<Analysis, 'failureLimit'>, { failed }: Tally): boolean =>
  failed > failureLimit;

/** At the end of a watch. Whoever could not tell has not passed. */
export function verdictOf(analysis: Analysis, tally: Tally): Verdict {
  if (hasFailed(analysis, tally)) return 'failed';
  return doubtsOf(analysis, tally).length > 0 ? 'inconclusive' : 'passed';
}

function doubtsOf(analysis: Analysis, tally: Tally): string[] {
  const { minSamples, inconclusiveLimit, consecutiveErrorLimit } = analysis;
  return [
    ...(tally.longestErrorRow > consecutiveErrorLimit ? [`${tally.longestErrorRow} errors in a row`] : []),
    ...(tally.inconclusive > inconclusiveLimit ? [`${tally.inconclusive} inconclusive`] : []),
    ...(tally.samples < minSamples ? [`${tally.samples} of ${minSamples} samples`] : []),
    ...(tally.succeeded === 0 ? ['no success'] : []),
  ];
}

/** For people: what was seen, over how long. */
export function observedOf(analysis: Analysis, tally: Tally, windowSeconds: number): string {
  const { measured, succeeded, failed, inconclusive, errors, samples } = tally;
  const verdict = verdictOf(analysis, tally);
  const doubts = verdict === 'inconclusive' ? `inconclusive (${doubtsOf(analysis, tally).join(', ')}): ` : '';
  const failure = failed > 0 && tally.lastFailure !== tally.last ? `, last failure: ${tally.lastFailure}` : '';
  return `${doubts}${measured} measurements: ${succeeded} good, ${failed} bad, ${inconclusive} inconclusive, ${errors} errors; ${samples} samples, window ${windowSeconds} s; last: ${tally.last}${failure}`;
}

/** For people: what would have passed. */
export function expectedOf(analysis: Analysis): string {
  const { minSamples, failureLimit, inconclusiveLimit, consecutiveErrorLimit } = analysis;
  return `${wantedOf(analysis.measure)}, at least ${minSamples} samples, at most ${failureLimit} bad, ${inconclusiveLimit} inconclusive and ${consecutiveErrorLimit} errors in a row`;
}

function wantedOf(measure: Measure): string {
  switch (measure.kind) {
    case 'query':
      return [
        ...(measure.success === undefined ? [] : [measure.success]),
        ...(measure.failure === undefined ? [] : [`not ${measure.failure}`]),
      ].join(' and ');
    case 'rates':
      return `green's rate not significantly (${measure.significance}) higher than blue's by ${measure.margin} or more`;
    case 'values':
      return `green's value not significantly (${measure.significance}) higher than blue's by ${measure.margin} or more`;
    case 'command':
      return `${measure.run[0] ?? 'the command'} ends with 0`;
  }
}
