import { describe, expect, it } from 'vitest';
import type { Analysis, MetricSource, Reading } from '../../src/domain/analysis.ts';
import { countQuestions, saidOfCounts } from '../../src/domain/still-asked.ts';
import { app, environment } from '../support/environment.ts';

const SOURCE: MetricSource = { kind: 'prometheus', name: 'main', url: 'http://127.0.0.1:9090', headersFrom: {} };
const LIMITS = { everySeconds: 1, minSamples: 1, failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4 };
const ERRORS: Analysis = { ...LIMITS, name: 'errors', measure: { kind: 'query', source: 'main', query: 'q' } };
const rates = (total: string, source = 'main'): Analysis => ({
  ...LIMITS,
  name: 'compared',
  measure: { kind: 'rates', source, failed: 'f', total, significance: 0.01, margin: 0.01 },
});
const COUNT = 'increase(n{cluster="{cluster}",colour="{colour}",host="{host}"}[{window}])';

describe('what counts the requests of blue', () => {
  it('is the total of a comparison of rates, asked of blue, for each host that the query names', () => {
    const host = { name: 'www.example.test', zoneId: 'Z' };
    const apps = [app('messages', { hosts: [...app('messages').hosts, host] }), app('files')];
    const analyses = [ERRORS, { ...rates(COUNT), windowSeconds: 60 }];
    const filled = (name: string): string => `increase(n{cluster="b",colour="blue",host="${name}"}[60s])`;
    expect(countQuestions(environment({ apps, metrics: [SOURCE], analyses }), 'b')).toEqual(
      [
        ['messages', 'messages.example.test'],
        ['messages', 'www.example.test'],
        ['files', 'files.example.test'],
      ].map(([name, of = '']) => ({ app: name, source: SOURCE, query: filled(of), windowSeconds: 60 })),
    );
  });

  it('is asked once, of five minutes, where the query names no host and no window; and of the app’s own analyses', () => {
    const own = rates('n{app="{app}"}[{window}]');
    const apps = [app('messages', { analyses: [own] }), app('files')];
    expect(countQuestions(environment({ apps, metrics: [SOURCE], analyses: [ERRORS] }), 'b')).toEqual([
      { app: 'messages', source: SOURCE, query: 'n{app="messages"}[300s]', windowSeconds: 300 },
    ]);
  });
});

describe('what is said of them', () => {
  const questions = ['messages', 'files', 'search'].map((name) => ({
    app: name,
    source: SOURCE,
    query: '',
    windowSeconds: 60,
  }));
  const value = (of: number): Reading => ({ kind: 'value', value: of });
  const error = (of: 'no data' | 'refused'): Reading => ({ kind: 'error', error: of, because: '' });
  it.each([
    [
      'who is still asked, in whole requests',
      [value(12.4), value(0.2), value(1)],
      '; b still answers requests: 12 of messages in 60 s, 1 of search in 60 s (health checks, and clients that keep its address)',
    ],
    ['nobody, where nobody counted one', [value(0), error('no data'), value(0)], '; b answers no more requests'],
    [
      'of whom nobody knows, beside those who are asked',
      [value(3), error('refused'), value(0)],
      '; b still answers requests: 3 of messages in 60 s (health checks, and clients that keep its address); nobody could count what it still answers for files',
    ],
    ['nobody knows', [], '; nobody could count what it still answers for messages, files, search'],
  ])('%s', (_, readings, said) => {
    expect(saidOfCounts('b', questions, readings)).toBe(said);
  });

  it('is nothing where nothing can be asked', () => {
    expect(saidOfCounts('b', [], [])).toBe('');
  });
});
