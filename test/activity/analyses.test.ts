import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import type { Command } from '../../src/adapters/commands.ts';
import type { MetricQuestion } from '../../src/adapters/metrics.ts';
import { noReading, type Analysis, type MetricSource, type Reading } from '../../src/domain/analysis.ts';
import { activityEnvironment, answers, FakeClock, prepare, run } from './fakes.ts';

const SOURCE: MetricSource = { kind: 'prometheus', name: 'main', url: 'http://127.0.0.1:9090', headersFrom: {} };
const LIMITS = { everySeconds: 30, minSamples: 1, failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4 };
const ERRORS: Analysis = {
  ...LIMITS,
  name: 'errors',
  measure: {
    kind: 'query',
    source: 'main',
    query: 'e{cluster="{cluster}"}[{window}]',
    success: 'result < 0.01',
    failure: 'result > 0.05',
  },
};
const SMOKE: Analysis = {
  ...LIMITS,
  name: 'smoke',
  measure: { kind: 'command', run: ['smoke', '--fast'], timeoutSeconds: 10, variables: ['EKSODUS_GATE_TOKEN'] },
};
const RATES: Analysis = {
  ...LIMITS,
  name: 'rates',
  minSamples: 100,
  measure: {
    kind: 'rates',
    source: 'main',
    failed: 'f {colour}',
    total: 't {colour}',
    significance: 0.01,
    margin: 0.01,
  },
};
const START = new FakeClock().now();
const iso = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const watching = (analyses: readonly Analysis[], seconds: number) => ({
  app: 'web',
  hosts: ['web.example.test', 'www.example.test'],
  blue: 'b-1',
  green: 'g-2',
  greenPercent: 25,
  analyses,
  sources: [SOURCE],
  since: iso(0),
  until: iso(seconds),
});
const value = (of: number): Reading => ({ kind: 'value', value: of });
const asked = (read: { calls: unknown[][] }): MetricQuestion[] =>
  read.calls.map(([question]) => question as MetricQuestion);

describe('watchAnalyses', () => {
  it('measures from the write to the end, and never looks back to before the write', async () => {
    const read = answers(value(0));
    const clock = new FakeClock();
    const [result, ...more] = await run(
      prepare({ metrics: { read } }, clock),
      'watchAnalyses',
      watching([ERRORS], 100),
    );
    expect(more).toEqual([]);
    expect(result).toEqual({
      verdict: 'passed',
      evidence: {
        check: 'analysis errors',
        subject: 'web on g-2',
        passed: true,
        observed: '4 measurements: 4 good, 0 bad, 0 inconclusive, 0 errors; 4 samples, window 100 s; last: result 0',
        expected:
          'result < 0.01 and not result > 0.05, at least 1 samples, at most 0 bad, 0 inconclusive and 4 errors in a row',
        at: iso(100),
      },
    });
    expect(clock.sleeps).toEqual([30_000, 30_000, 30_000, 10_000]);
    expect(asked(read).map(({ query }) => query)).toEqual([30, 60, 90, 100].map((s) => `e{cluster="g-2"}[${s}s]`));
    expect(asked(read).every(({ fromMs }) => fromMs === START)).toBe(true);
  });

  it('measures once at the end, also when it comes too late', async () => {
    const read = answers(value(0));
    const [result] = await run(prepare({ metrics: { read } }), 'watchAnalyses', watching([ERRORS], -60));
    expect(result?.verdict).toBe('passed');
    expect(read.calls).toHaveLength(1);
  });

  it('ends at once with a failure, and tells of nothing else', async () => {
    const read = (question: MetricQuestion): Promise<Reading> =>
      Promise.resolve(value(question.query.startsWith('e') ? 0.2 : 0));
    const clock = new FakeClock();
    const slow: Analysis = {
      ...ERRORS,
      name: 'slow',
      everySeconds: 600,
      measure: { ...ERRORS.measure, query: 'x' } as Analysis['measure'],
    };
    const results = await run(prepare({ metrics: { read } }, clock), 'watchAnalyses', watching([slow, ERRORS], 3600));
    expect(results.map(({ verdict, evidence }) => [verdict, evidence.check])).toEqual([['failed', 'analysis errors']]);
    expect(results[0]?.evidence.observed).toContain('1 bad');
    // The other one was let go of, and the rest of the hour with it.
    expect(clock.now() - START).toBeLessThan(3_000_000);
  });

  it('cannot tell when the source gives nothing, and says what it gave', async () => {
    const read = answers<Reading>(noReading('unavailable', 'ECONNREFUSED'));
    const [result] = await run(prepare({ metrics: { read } }), 'watchAnalyses', watching([ERRORS], 300));
    expect(result).toMatchObject({ verdict: 'inconclusive', evidence: { passed: false } });
    expect(result?.evidence.observed).toMatch(/^inconclusive \(10 errors in a row, 0 of 1 samples, no success\)/);
    expect(result?.evidence.observed).toContain('last: result: unavailable: ECONNREFUSED');
  });

  it('shows nothing that looks like a credential', async () => {
    const read = answers<Reading>(noReading('refused', 'bad token Bearer abc.def-0123'));
    const [result] = await run(prepare({ metrics: { read } }), 'watchAnalyses', watching([ERRORS], 30));
    expect(result?.evidence.observed).toContain('bad token Bearer ***');
  });

  it('cannot tell of a source that is not there', async () => {
    const nowhere = { ...watching([ERRORS], 30), sources: [] };
    const [result] = await run(prepare({}), 'watchAnalyses', nowhere);
    expect(result?.evidence.observed).toContain('last: there is no source main');
  });

  it('compares both colours at one moment', async () => {
    const numbers: Record<string, number> = { 'f green': 40, 't green': 400, 'f blue': 0, 't blue': 400 };
    const read = answers<Reading>();
    const metrics = {
      read: async (question: MetricQuestion) => {
        await read(question);
        return value(numbers[question.query] ?? NaN);
      },
    };
    const [result] = await run(prepare({ metrics }), 'watchAnalyses', watching([RATES], 60));
    expect(result?.verdict).toBe('failed');
    expect(result?.evidence.observed).toContain('green 40 of 400 (10 %), blue 0 of 400 (0 %)');
    expect(new Set(asked(read).map(({ toMs }) => toMs)).size).toBe(1);

    numbers['f blue'] = 40;
    const [same] = await run(prepare({ metrics }), 'watchAnalyses', watching([RATES], 60));
    expect(same?.verdict).toBe('passed');
  });

  it('runs a command for each host, and tells it what it is about', async () => {
    const commands = { run: answers({ kind: 'exited', code: 0, lastLine: 'well' }) };
    const results = await run(prepare({ commands }), 'watchAnalyses', watching([SMOKE], 30));
    expect(results.map(({ verdict, evidence }) => [verdict, evidence.subject])).toEqual([
      ['passed', 'web at web.example.test on g-2'],
      ['passed', 'web at www.example.test on g-2'],
    ]);
    const given = commands.run.calls.map(([command]) => command as Command);
    expect(given).toHaveLength(2);
    expect(given.find(({ environment }) => environment['EKSODUS_HOST'] === 'web.example.test')).toMatchObject({
      run: ['smoke', '--fast'],
      timeoutSeconds: 10,
      variables: ['EKSODUS_GATE_TOKEN'],
      environment: {
        EKSODUS_APP: 'web',
        EKSODUS_HOST: 'web.example.test',
        EKSODUS_CLUSTER: 'g-2',
        EKSODUS_BLUE_CLUSTER: 'b-1',
        EKSODUS_GREEN_PERCENT: '25',
        EKSODUS_WINDOW_SECONDS: expect.stringMatching(/^\d+$/),
      },
    });
  });

  it.each([
    [{ kind: 'exited', code: 1, lastLine: 'broken' }, 'failed', 'last: exit code 1: broken'],
    [{ kind: 'exited', code: 2, lastLine: '' }, 'inconclusive', 'last: exit code 2'],
    [{ kind: 'error', because: 'smoke took longer than 10 s' }, 'inconclusive', 'last: smoke took longer than 10 s'],
  ])('judges a command by how it ended: %j', async (end, verdict, observed) => {
    const commands = { run: answers(end) };
    const [result] = await run(prepare({ commands }), 'watchAnalyses', watching([SMOKE], 30));
    expect(result?.verdict).toBe(verdict);
    expect(result?.evidence.observed).toContain(observed);
  });

  it('goes on with what it had counted when its worker has died', async () => {
    const first = activityEnvironment();
    const two = { ...ERRORS, failureLimit: 1 };
    const bad = { read: answers<Reading>(value(1), new Error('the worker dies')) };
    await expect(run(prepare({ metrics: bad }), 'watchAnalyses', watching([two], 3600), first)).rejects.toBeInstanceOf(
      Error,
    );
    const heartbeatDetails = JSON.parse(JSON.stringify(first.beats.at(-1)));
    const second = activityEnvironment({ heartbeatDetails });
    const worse = { read: answers(value(0), value(1)) };
    const [result] = await run(prepare({ metrics: worse }), 'watchAnalyses', watching([two], 3600), second);
    expect(result?.verdict).toBe('failed');
    expect(result?.evidence.observed).toContain('3 measurements: 1 good, 2 bad');
    expect(worse.read.calls).toHaveLength(2);
  });

  it('begins anew when what it finds is nothing of its own', async () => {
    const strange = activityEnvironment({ heartbeatDetails: { tallies: { 'errors ': { failed: 'many' } } } });
    const read = answers(value(0));
    const [result] = await run(prepare({ metrics: { read } }), 'watchAnalyses', watching([ERRORS], 30), strange);
    expect(result?.evidence.observed).toContain('1 measurements: 1 good');
  });

  it('ends as cancelled when it is cancelled', async () => {
    const running = activityEnvironment();
    const commands = {
      run: ({ signal }: { signal: AbortSignal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          running.environment.cancel();
        }),
    };
    const now = { ...watching([SMOKE], 0), hosts: ['web.example.test'], until: new Date(0).toISOString() };
    await expect(run(prepare({ commands }, systemClock), 'watchAnalyses', now, running)).rejects.toBeInstanceOf(
      CancelledFailure,
    );
  });

  it.each(['since', 'until'])('refuses a moment that is none: %s', async (field) => {
    const broken = { ...watching([ERRORS], 0), [field]: 'soon' };
    await expect(run(prepare({}), 'watchAnalyses', broken)).rejects.toMatchObject({ type: 'input.invalid' });
  });
});

describe('readMetrics', () => {
  it('answers each question in its place, of the time that ends now', async () => {
    const read = vi.fn<(question: MetricQuestion) => Promise<Reading>>(async ({ query }) =>
      query === 'bad' ? noReading('refused', 'no') : value(query.length),
    );
    const questions = ['bad', 'good'].map((query) => ({ source: SOURCE, query, windowSeconds: 60 }));
    expect(await run(prepare({ metrics: { read } }), 'readMetrics', { questions })).toEqual([
      noReading('refused', 'no'),
      value(4),
    ]);
    expect(read.mock.calls.map(([{ fromMs, toMs }]) => [fromMs, toMs])).toEqual([
      [START - 60_000, START],
      [START - 60_000, START],
    ]);
  });
});
