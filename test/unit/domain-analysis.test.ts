import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillIn, noReading, type Analysis, type Measure, type Reading } from '../../src/domain/analysis.ts';
import {
  measurementOf,
  measurementOfCommand,
  questionsOf,
  windowSecondsOf,
  type Measurement,
  type MetricMeasure,
} from '../../src/domain/measuring.ts';
import {
  counted,
  expectedOf,
  hasFailed,
  NOTHING_YET,
  observedOf,
  verdictOf,
  type Tally,
} from '../../src/domain/tally.ts';

const QUERY: MetricMeasure = {
  kind: 'query',
  source: 'main',
  query: 'errors{cluster="{cluster}"}[{window}]',
  success: 'result < 0.01',
  failure: 'result > 0.05',
};
const RATES: MetricMeasure = {
  kind: 'rates',
  source: 'main',
  failed: 'f{cluster}',
  total: 't{cluster}',
  significance: 0.01,
  margin: 0.01,
};
const VALUES: MetricMeasure = { kind: 'values', source: 'main', value: 'v{colour}', significance: 0.01, margin: 0.1 };
const analysis = <M extends Measure>(measure: M, change: Partial<Analysis> = {}): Analysis & { measure: M } => ({
  name: 'errors',
  everySeconds: 30,
  minSamples: 1,
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
  ...change,
  measure,
});
const value = (of: number): Reading => ({ kind: 'value', value: of });
const gone = noReading('no data', 'the query gives no series');
const ASKED = { app: 'web', host: 'web.example.test', blue: 'b-1', green: 'g-2', windowSeconds: 90 };

describe('what is asked', () => {
  it('has the app, the colour and the time filled in, the time as the source reads it', () => {
    const subject = { app: 'web', host: 'h', cluster: 'c', colour: 'green', windowSeconds: 150 } as const;
    const all = '{app} {host} {cluster} {colour} {window} {window} {other}';
    expect(fillIn(all, subject, 'prometheus')).toBe('web h c green 150s 150s {other}');
    expect(fillIn('{window}', subject, 'datadog')).toBe('150');
    expect(fillIn('{window}', subject, 'cloudwatch')).toBe('120');
    expect(fillIn('{window}', { ...subject, windowSeconds: 5 }, 'cloudwatch')).toBe('60');
  });

  it('is green’s number, or both colours’', () => {
    expect(questionsOf({ ...QUERY, samples: 'n{app}' }, 'prometheus', ASKED)).toEqual([
      { name: 'result', query: 'errors{cluster="g-2"}[90s]' },
      { name: 'samples', query: 'nweb' },
    ]);
    expect(questionsOf(RATES, 'prometheus', ASKED)).toEqual([
      { name: 'green failed', query: 'fg-2' },
      { name: 'green total', query: 'tg-2' },
      { name: 'blue failed', query: 'fb-1' },
      { name: 'blue total', query: 'tb-1' },
    ]);
    expect(questionsOf(VALUES, 'prometheus', ASKED).map(({ query }) => query)).toEqual(['vgreen', 'vblue']);
  });

  it('never looks back to before the write', () => {
    expect(windowSecondsOf(analysis(QUERY), 0.2)).toBe(1);
    expect(windowSecondsOf(analysis(QUERY), 100.9)).toBe(100);
    expect(windowSecondsOf(analysis(QUERY, { windowSeconds: 300 }), 100)).toBe(100);
    expect(windowSecondsOf(analysis(QUERY, { windowSeconds: 300 }), 1000)).toBe(300);
    expect(windowSecondsOf(analysis(VALUES), 1000)).toBe(30);
  });
});

describe('one measurement of a query', () => {
  const measured = (result: Reading, change: Partial<typeof QUERY> = {}, samples?: Reading): Measurement['outcome'] =>
    measurementOf(
      { measure: { ...QUERY, ...change }, minSamples: 200 },
      { result, ...(samples ? { samples } : {}) },
      NOTHING_YET,
    ).outcome;

  it.each([
    [0, 'success'],
    [0.03, 'inconclusive'],
    [0.06, 'failure'],
    [Infinity, 'failure'],
  ])('that is %d is %s', (result, outcome) => {
    expect(measured(value(result))).toBe(outcome);
  });

  it('with one condition is one or the other', () => {
    const measure = { kind: 'query', source: 'main', query: 'q' } as const;
    const judged = (conditions: object, result: number): string =>
      measurementOf({ measure: { ...measure, ...conditions }, minSamples: 1 }, { result: value(result) }, NOTHING_YET)
        .outcome;
    expect([0, 1].map((result) => judged({ success: 'result < 1' }, result))).toEqual(['success', 'failure']);
    expect([0, 1].map((result) => judged({ failure: 'result >= 1' }, result))).toEqual(['success', 'failure']);
  });

  it('without an answer is an error, and says which question had none', () => {
    const { outcome, observed } = measurementOf({ measure: QUERY, minSamples: 1 }, { result: gone }, NOTHING_YET);
    expect([outcome, observed]).toEqual(['error', 'result: no data: the query gives no series']);
  });

  it('with few samples says nothing, however bad it is, and though there be no result', () => {
    const samples = 'n';
    expect(measured(value(1), { samples }, value(199))).toBe('few');
    expect(measured(gone, { samples }, value(0))).toBe('few');
    expect(measured(value(1), { samples }, value(200))).toBe('failure');
    expect(measured(value(0), { samples }, gone)).toBe('error');
    expect(measured(value(0), { samples }, value(Infinity))).toBe('error');
  });

  it('repeats what the source warns of', () => {
    const result: Reading = { kind: 'value', value: 0, note: 'warning: partial' };
    expect(measurementOf({ measure: QUERY, minSamples: 1 }, { result }, NOTHING_YET).observed).toBe(
      'result 0 (result: warning: partial)',
    );
  });
});

describe('one comparison of rates', () => {
  const rates = (
    [gf, gt]: readonly [number, number],
    [bf, bt]: readonly [number, number],
    { looks = 0, margin = 0.01 } = {},
  ): Measurement =>
    measurementOf(
      { measure: { ...RATES, margin }, minSamples: 100 },
      { 'green failed': value(gf), 'green total': value(gt), 'blue failed': value(bf), 'blue total': value(bt) },
      { looks, pairs: [] },
    );

  it('blames green when it is worse by more than chance and the margin', () => {
    expect(rates([30, 500], [2, 500])).toEqual({
      outcome: 'failure',
      observed: 'green 30 of 500 (6 %), blue 2 of 500 (0.4 %), p 8.322e-8 against 0.005',
      samples: 500,
    });
  });

  it('does not blame green for what is as bad on blue, nor for chance, nor for less than the margin', () => {
    expect(rates([200, 500], [195, 500]).outcome).toBe('success');
    expect(rates([2, 100], [0, 100]).outcome).toBe('success');
    expect(rates([1500, 100_000], [1000, 100_000]).outcome).toBe('success');
    expect(rates([1500, 100_000], [1000, 100_000], { margin: 0.004 }).outcome).toBe('failure');
  });

  it('needs more to blame green the more often it has looked', () => {
    expect(rates([10, 200], [1, 200]).observed).toContain('p 0.005333 against 0.005');
    expect(rates([11, 200], [1, 200]).outcome).toBe('failure');
    expect(rates([11, 200], [1, 200], { looks: 1 }).outcome).toBe('success');
  });

  it('says nothing while either side has few, and is an error without an answer', () => {
    expect(rates([50, 99], [0, 500])).toMatchObject({ outcome: 'few', samples: 99 });
    expect(rates([50, 500], [0, 99])).toMatchObject({ outcome: 'few', samples: 99 });
    expect(rates([0, 0], [0, 500]).outcome).toBe('few');
    expect(rates([-5, 500], [0, 500]).outcome).toBe('error');
    const { outcome, observed } = measurementOf(
      { measure: RATES, minSamples: 1 },
      { 'green failed': gone },
      NOTHING_YET,
    );
    expect([outcome, observed]).toEqual(['error', 'green failed: no data: the query gives no series']);
  });

  it('takes counts as extrapolation gives them', () => {
    expect(rates([0.4, 200.3], [0, 200])).toMatchObject({ observed: expect.stringContaining('green 0 of 200') });
    expect(rates([200.6, 200.3], [0, 200])).toMatchObject({ observed: expect.stringContaining('green 200 of 200') });
  });

  it('never blames green while its rate is not higher than blue’s', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(2000), fc.nat(2000), fc.nat(20), (total, a, b, looks) => {
        const [green, blue] = [Math.min(a, b, total), Math.min(Math.max(a, b), total)];
        expect(rates([green, total], [blue, total], { looks }).outcome).not.toBe('failure');
      }),
    );
  });
});

describe('comparing values', () => {
  /** Measures one pair after the other. */
  const watch = (pairs: readonly (readonly [number, number])[], minSamples = 12): Tally => {
    const one = analysis(VALUES, { minSamples });
    return pairs.reduce<Tally>((tally, [green, blue]) => {
      const readings = { 'green value': value(green), 'blue value': value(blue) };
      return counted(tally, measurementOf(one, readings, tally));
    }, NOTHING_YET);
  };
  const times = (n: number, pair: (index: number) => readonly [number, number]) =>
    Array.from({ length: n }, (_, index) => pair(index));

  it('fails when green is slower by more than the margin, again and again', () => {
    const tally = watch(times(14, (n) => [1.2 + n / 100, 1 + n / 100]));
    expect(tally).toMatchObject({ failed: expect.any(Number), looks: 3, samples: 14 });
    expect(verdictOf(analysis(VALUES), tally)).toBe('failed');
    expect(tally.lastFailure).toContain('median difference 0.2 over 14 pairs');
  });

  it('passes when an hour is bad for both, and when the difference is less than the margin', () => {
    expect(watch(times(40, (n) => (n < 20 ? [1 + (n % 3) / 10, 1 + ((n + 1) % 3) / 10] : [9, 9]))).failed).toBe(0);
    expect(watch(times(40, () => [1.05, 1])).failed).toBe(0);
  });

  it('says nothing of a few pairs, nor of what is no number', () => {
    const tally = watch(times(11, () => [9, 1]));
    expect(tally).toMatchObject({ failed: 0, succeeded: 0, looks: 0, samples: 11 });
    expect(verdictOf(analysis(VALUES, { minSamples: 12 }), tally)).toBe('inconclusive');
    expect(watch([[Infinity, 1]])).toMatchObject({ errors: 1, pairs: [] });
  });

  it('remembers no more than it needs', () => {
    expect(watch(times(260, () => [1, 1])).pairs).toHaveLength(240);
  });

  it('never fails where green and blue change places', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 9, noNaN: true }), fc.double({ min: 0, max: 9, noNaN: true })), {
          maxLength: 20,
        }),
        (some) => {
          const both = some.flatMap(([green, blue]) => [[green, blue] as const, [blue, green] as const]);
          // Judged once, when all is in: in between it may be one-sided.
          const before = { looks: 0, pairs: both.slice(0, -1) };
          const [green, blue] = both.at(-1) ?? [1, 1];
          const readings = { 'green value': value(green), 'blue value': value(blue) };
          expect(measurementOf({ measure: VALUES, minSamples: 1 }, readings, before).outcome).toBe('success');
        },
      ),
    );
  });
});

describe('a command', () => {
  it.each([
    [0, 'success'],
    [1, 'failure'],
    [2, 'inconclusive'],
    [3, 'error'],
    [127, 'error'],
  ])('that ends with %d is %s', (code, outcome) => {
    expect(measurementOfCommand(code, 'said so').outcome).toBe(outcome);
    expect(measurementOfCommand(code, 'said so').observed).toBe(`exit code ${code}: said so`);
  });
});

describe('the verdict of a watch', () => {
  const m = (outcome: Measurement['outcome'], samples?: number): Measurement => ({
    outcome,
    observed: outcome,
    ...(samples === undefined ? {} : { samples }),
  });
  const tallied = (...outcomes: Measurement['outcome'][]): Tally =>
    outcomes.reduce((tally, outcome) => counted(tally, m(outcome)), NOTHING_YET);
  const verdict = (change: Partial<Analysis>, ...outcomes: Measurement['outcome'][]): string =>
    verdictOf(analysis(QUERY, change), tallied(...outcomes));
  const [S, F, I, E] = ['success', 'failure', 'inconclusive', 'error'] as const;

  it.each<[string, Partial<Analysis>, Measurement['outcome'][], string]>([
    ['nothing measured', {}, [], 'inconclusive'],
    ['a success', {}, [S], 'passed'],
    ['a failure', {}, [S, F, S], 'failed'],
    ['failures within the limit', { failureLimit: 2 }, [F, S, F], 'passed'],
    ['failures beyond the limit', { failureLimit: 2 }, [F, F, S, F], 'failed'],
    ['failures within the limit and nothing else', { failureLimit: 2 }, [F, F], 'inconclusive'],
    ['an inconclusive one', {}, [S, I, S], 'inconclusive'],
    ['inconclusive ones within the limit', { inconclusiveLimit: 1 }, [S, I], 'passed'],
    ['errors in a row within the limit', {}, [S, E, E, E, E, S, E], 'passed'],
    ['errors in a row beyond the limit', {}, [S, E, E, E, E, E, S], 'inconclusive'],
    ['errors alone', {}, [E, E], 'inconclusive'],
    ['fewer samples than needed', { minSamples: 3 }, [S, S], 'inconclusive'],
    ['as many samples as needed', { minSamples: 3 }, [S, S, S], 'passed'],
    ['a failure after errors', {}, [E, E, E, E, E, I, F], 'failed'],
  ])('after %s', (_, change, outcomes, expected) => {
    expect(verdict(change, ...outcomes)).toBe(expected);
  });

  it('goes by the samples of the latest measurement where these are counted', () => {
    const few = counted(counted(NOTHING_YET, m('success', 300)), m('few', 31));
    const one = analysis(QUERY, { minSamples: 200 });
    expect(verdictOf(one, few)).toBe('inconclusive');
    expect(observedOf(one, few, 90)).toBe(
      'inconclusive (31 of 200 samples): 2 measurements: 1 good, 0 bad, 0 inconclusive, 0 errors; 31 samples, window 90 s; last: few',
    );
  });

  it('tells the last failure beside what came after it', () => {
    const seen = tallied('failure', 'success');
    expect(observedOf(analysis(QUERY, { failureLimit: 1 }), seen, 60)).toMatch(/last: success, last failure: failure$/);
  });

  it('says what was expected', () => {
    expect(expectedOf(analysis(QUERY))).toBe(
      'result < 0.01 and not result > 0.05, at least 1 samples, at most 0 bad, 0 inconclusive and 4 errors in a row',
    );
  });

  const outcomes = fc.array(fc.constantFrom<Measurement['outcome'][]>(S, F, I, E, 'few'), { maxLength: 40 });

  it('is failed exactly when there were more failures than borne, passed only when nothing is in doubt', () => {
    fc.assert(
      fc.property(
        outcomes,
        fc.nat(3),
        fc.nat(3),
        fc.integer({ min: 1, max: 5 }),
        (all, failureLimit, inconclusiveLimit, minSamples) => {
          const one = analysis(QUERY, { failureLimit, inconclusiveLimit, minSamples });
          const tally = tallied(...all);
          const of = (outcome: string): number => all.filter((each) => each === outcome).length;
          expect(hasFailed(one, tally)).toBe(of(F) > failureLimit);
          expect(verdictOf(one, tally) === 'failed').toBe(of(F) > failureLimit);
          if (verdictOf(one, tally) !== 'passed') return;
          expect(of(S)).toBeGreaterThan(0);
          expect(of(S) + of(F)).toBeGreaterThanOrEqual(minSamples);
          expect(of(I)).toBeLessThanOrEqual(inconclusiveLimit);
          expect(all.join(' ')).not.toContain('error error error error error');
        },
      ),
    );
  });

  it('keeps no more of what was seen than a person reads', () => {
    const long = counted(NOTHING_YET, { outcome: 'failure', observed: 'x'.repeat(10_000) });
    expect([long.last.length, long.lastFailure.length]).toEqual([500, 500]);
  });

  it('survives being written down', () => {
    fc.assert(
      fc.property(outcomes, (all) => {
        const tally = tallied(...all);
        expect(JSON.parse(JSON.stringify(tally))).toEqual(tally);
      }),
    );
  });
});
