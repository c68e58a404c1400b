// What is asked for one measurement of an analysis, and what its answers say. Pure.
import { fillIn, type Analysis, type Measure, type MetricSource, type Reading } from './analysis.ts';
import { holdsFor, parseCondition } from './condition.ts';
import { fisherExact, levelOfLook, median, signedRankExact, type Count } from './statistics.ts';

/**
 * `few`: not enough samples yet to say anything. `error`: there was no answer. Both are no fault of green.
 * `observed`: for people.
 */
export interface Measurement {
  readonly outcome: 'success' | 'failure' | 'inconclusive' | 'few' | 'error';
  readonly observed: string;
  /** How many samples it rests on, where the measure counts them itself. */
  readonly samples?: number;
  /** Of a comparison of values: green's and blue's. */
  readonly pair?: Pair;
}

export type Pair = readonly [green: number, blue: number];

export interface Question {
  /** What the answer is called. */
  readonly name: string;
  readonly query: string;
}

/** Where and when one measurement is taken. */
export interface Asked {
  readonly app: string;
  readonly host: string;
  readonly blue: string;
  readonly green: string;
  readonly windowSeconds: number;
}

export type MetricMeasure = Exclude<Measure, { kind: 'command' }>;
export type Readings = Readonly<Record<string, Reading>>;

/** How far a query looks back: never to before the write, and pairs of values must not overlap. */
export function windowSecondsOf({ measure, windowSeconds, everySeconds }: Analysis, sinceWriteSeconds: number): number {
  const longest = windowSeconds ?? (measure.kind === 'values' ? everySeconds : Infinity);
  return Math.max(1, Math.floor(Math.min(sinceWriteSeconds, longest)));
}

export function questionsOf(measure: MetricMeasure, kind: MetricSource['kind'], asked: Asked): Question[] {
  const { app, host, windowSeconds } = asked;
  const of = (colour: 'blue' | 'green', name: string, query: string): Question => ({
    name: measure.kind === 'query' ? name : `${colour} ${name}`,
    query: fillIn(query, { app, host, cluster: asked[colour], colour, windowSeconds }, kind),
  });
  switch (measure.kind) {
    case 'query':
      return [
        of('green', 'result', measure.query),
        ...(measure.samples === undefined ? [] : [of('green', 'samples', measure.samples)]),
      ];
    case 'rates':
      return COLOURS.flatMap((colour) => [of(colour, 'failed', measure.failed), of(colour, 'total', measure.total)]);
    case 'values':
      return COLOURS.map((colour) => of(colour, 'value', measure.value));
  }
}

const COLOURS = ['green', 'blue'] as const;

/** Of what came before: the pairs, and how many times the comparison was tested. */
export interface Before {
  readonly looks: number;
  readonly pairs: readonly Pair[];
}

export function measurementOf(
  { measure, minSamples }: { readonly measure: MetricMeasure; readonly minSamples: number },
  readings: Readings,
  before: Before,
): Measurement {
  switch (measure.kind) {
    case 'query':
      return ofQuery(measure, minSamples, readings);
    case 'rates':
      return ofRates(measure, minSamples, readings, before.looks + 1);
    case 'values':
      return ofValues(measure, minSamples, readings, before);
  }
}

/** A few numbers that are all there, or the first reason why not. */
function numbersOf<const Name extends string>(
  readings: Readings,
  names: readonly Name[],
): { readonly numbers: Record<Name, number>; readonly notes: string } | Measurement {
  const numbers: Record<string, number> = {};
  const notes: string[] = [];
  for (const name of names) {
    const reading = readings[name];
    if (reading?.kind !== 'value') {
      const why = reading ? `${reading.error}: ${reading.because}` : 'not asked';
      return { outcome: 'error', observed: `${name}: ${why}` };
    }
    numbers[name] = reading.value;
    if (reading.note !== undefined) notes.push(`${name}: ${reading.note}`);
  }
  return { numbers, notes: notes.length === 0 ? '' : ` (${notes.join('; ')})` };
}

function ofQuery(
  { samples, success, failure }: Extract<Measure, { kind: 'query' }>,
  minSamples: number,
  readings: Readings,
): Measurement {
  let counted: { samples?: number } = {};
  // With few samples there may be no result at all, and that is then no error.
  if (samples !== undefined) {
    const count = numbersOf(readings, ['samples']);
    if ('outcome' in count) return count;
    const number = Math.round(count.numbers.samples);
    if (!Number.isFinite(number)) return { outcome: 'error', observed: `samples: ${number} is no number of samples` };
    counted = { samples: number };
    if (number < minSamples) return { outcome: 'few', observed: `${number} of ${minSamples} samples`, ...counted };
  }
  const result = numbersOf(readings, ['result']);
  if ('outcome' in result) return result;
  const value = result.numbers.result;
  const meets = (condition: string): boolean => holdsFor(parseCondition(condition), value);
  const observed = `result ${shown(value)}${result.notes}`;
  if (failure !== undefined && meets(failure)) return { outcome: 'failure', observed, ...counted };
  if (success === undefined || meets(success)) return { outcome: 'success', observed, ...counted };
  return { outcome: failure === undefined ? 'failure' : 'inconclusive', observed, ...counted };
}

function ofRates(
  { significance, margin }: Extract<Measure, { kind: 'rates' }>,
  minSamples: number,
  readings: Readings,
  look: number,
): Measurement {
  const read = numbersOf(readings, ['green failed', 'green total', 'blue failed', 'blue total']);
  if ('outcome' in read) return read;
  const { numbers, notes } = read;
  // Rates of counters are extrapolated, so counts come as fractions.
  const counts = (colour: 'green' | 'blue'): Count => {
    const total = Math.round(numbers[`${colour} total`]);
    return { total, failed: Math.min(total, Math.round(numbers[`${colour} failed`])) };
  };
  const [green, blue] = [counts('green'), counts('blue')];
  const sides = `green ${percent(green)}, blue ${percent(blue)}`;
  if (![green, blue].every(({ failed, total }) => failed >= 0 && Number.isFinite(total))) {
    return { outcome: 'error', observed: `${sides}: these are no counts${notes}` };
  }
  const samples = Math.min(green.total, blue.total);
  if (samples < minSamples)
    return { outcome: 'few', observed: `${sides}: fewer than ${minSamples} on a side`, samples };
  const p = fisherExact(green, blue);
  const level = levelOfLook(significance, look);
  const worseBy = green.failed / green.total - blue.failed / blue.total;
  return {
    outcome: p < level && worseBy >= margin ? 'failure' : 'success',
    observed: `${sides}, p ${shown(p)} against ${shown(level)}${notes}`,
    samples,
  };
}

function ofValues(
  { significance, margin }: Extract<Measure, { kind: 'values' }>,
  minSamples: number,
  readings: Readings,
  before: Before,
): Measurement {
  const read = numbersOf(readings, ['green value', 'blue value']);
  if ('outcome' in read) return read;
  const pair: Pair = [read.numbers['green value'], read.numbers['blue value']];
  const last = `green ${shown(pair[0])}, blue ${shown(pair[1])}${read.notes}`;
  if (!pair.every(Number.isFinite)) return { outcome: 'error', observed: `${last}: no finite numbers` };
  const pairs = withPair(before.pairs, pair);
  const samples = pairs.length;
  if (samples < minSamples)
    return { outcome: 'few', observed: `${last}: ${samples} of ${minSamples} pairs`, samples, pair };
  const differences = pairs.map(([green, blue]) => green - blue);
  const p = signedRankExact(differences);
  const level = levelOfLook(significance, before.looks + 1);
  const worseBy = median(differences);
  return {
    outcome: p < level && worseBy >= margin ? 'failure' : 'success',
    observed: `${last}; median difference ${shown(worseBy)} over ${samples} pairs, p ${shown(p)} against ${shown(level)}`,
    samples,
    pair,
  };
}

/** What is kept of the pairs, and tested: the latest, so that what a watch remembers stays small. */
const PAIRS_KEPT = 240;
export const withPair = (pairs: readonly Pair[], pair: Pair): readonly Pair[] => [...pairs, pair].slice(-PAIRS_KEPT);

/** What a command's exit code says. */
export function measurementOfCommand(code: number, lastLine: string): Measurement {
  const outcome = EXIT_CODES[code] ?? 'error';
  return { outcome, observed: `exit code ${code}${lastLine === '' ? '' : `: ${lastLine}`}` };
}

const EXIT_CODES: Readonly<Record<number, Measurement['outcome']>> = { 0: 'success', 1: 'failure', 2: 'inconclusive' };

/** Four digits are enough for people. */
const shown = (value: number): string => (Number.isFinite(value) ? `${Number(value.toPrecision(4))}` : `${value}`);
const percent = ({ failed, total }: Count): string =>
  `${failed} of ${total}${total > 0 ? ` (${shown((100 * failed) / total)} %)` : ''}`;
