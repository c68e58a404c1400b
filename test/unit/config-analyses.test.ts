import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseEnvironment, type Problem } from '../../config/load.ts';
import type { Environment } from '../../src/domain/environment.ts';

const MINIMAL = readFileSync(new URL('../../config/examples/minimal.yaml', import.meta.url), 'utf8');
const parsed = (added: string): Environment => parseEnvironment(`${MINIMAL}${added}\n`, 'stg.yaml');
/** What is told of lines that were added at the end; lines count from the first of these. */
function problems(added: string): string[] {
  try {
    parsed(added);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(told);
    throw error;
  }
  return [];
}
const told = ({ line, column, path, message }: Problem): string =>
  `${line - MINIMAL.split('\n').length + 1}:${column} ${path}: ${message}`;

const SOURCE = 'metrics: [{ name: main, prometheus: { url: "http://127.0.0.1:9090" } }]';

describe('sources of metrics', () => {
  it('have defaults, and secrets by the names of variables only', () => {
    const { metrics } = parsed(`metrics:
  - { name: a, prometheus: { url: https://prometheus.example.com, headersFrom: { Authorization: EKSODUS_GATE_TOKEN } } }
  - { name: b, datadog: {} }
  - { name: c, cloudwatch: {} }
  - { name: d, cloudwatch: { region: us-east-1 } }`);
    expect(metrics).toEqual([
      {
        kind: 'prometheus',
        name: 'a',
        url: 'https://prometheus.example.com',
        headersFrom: { Authorization: 'EKSODUS_GATE_TOKEN' },
      },
      {
        kind: 'datadog',
        name: 'b',
        url: 'https://api.datadoghq.com',
        apiKeyFrom: 'EKSODUS_GATE_DATADOG_API_KEY',
        applicationKeyFrom: 'EKSODUS_GATE_DATADOG_APPLICATION_KEY',
      },
      { kind: 'cloudwatch', name: 'c', region: 'ap-northeast-1' },
      { kind: 'cloudwatch', name: 'd', region: 'us-east-1' },
    ]);
  });

  it('that know whole minutes only are asked about a time that holds one', () => {
    expect(
      problems(`metrics: [{ name: cw, cloudwatch: {} }]
analyses:
  - { name: all, source: cw, query: up, success: result > 0 }
  - { name: two, source: cw, query: up, success: result > 0, window: 2m }
  - { name: one, source: cw, query: up, success: result > 0, window: 1m }
  - { name: values, source: cw, compare: { value: 'up{cluster}', margin: 1 }, every: 1m }`),
    ).toEqual([
      '5:5 analyses.one: looks back 60 s. CloudWatch gives whole minutes only. Expected a window of 2m or more.',
      '6:5 analyses.values: looks back 60 s. CloudWatch gives whole minutes only. Expected a window of 2m or more.',
    ]);
  });

  it('are refused when they are of no kind or of two, or reach for other variables of the worker', () => {
    expect(
      problems(`metrics:
  - { name: none }
  - { name: two, cloudwatch: {}, datadog: {} }
  - { name: keys, datadog: { apiKeyFrom: AWS_SECRET_ACCESS_KEY } }
  - { name: url, prometheus: { url: "https://user:secret@prometheus.example.com" } }`),
    ).toEqual([
      '2:5 metrics.none: has none of them. Expected exactly one of prometheus, datadog or cloudwatch.',
      '3:5 metrics.two: has datadog and cloudwatch. Expected exactly one of prometheus, datadog or cloudwatch.',
      '4:42 metrics.keys.datadog.apiKeyFrom: found "AWS_SECRET_ACCESS_KEY". Expected the API key: the name of a variable of the worker that begins with EKSODUS_GATE_.',
      '5:37 metrics.url.prometheus.url: found "https://user:secret@prometheus.example.com". Expected the address of Prometheus, without /api/v1, such as https://prometheus.example.com.',
    ]);
  });
});

describe('analyses', () => {
  const limits = { failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4, everySeconds: 30 };

  it('are queries, comparisons or commands, with defaults', () => {
    const { analyses } = parsed(`${SOURCE}
analyses:
  - { name: errors, source: main, query: q, samples: n, minSamples: 200, success: result < 0.01, window: 5m }
  - { name: rates, source: main, compare: { failed: 'f{cluster}', total: 't{cluster}' } }
  - { name: latency, source: main, every: 1m, compare: { value: 'v{colour}', margin: 0.05, significance: 0.05 } }
  - { name: smoke, command: { run: [smoke, --fast], variables: [EKSODUS_GATE_TOKEN] }, failureLimit: 1 }`);
    expect(analyses).toEqual([
      {
        name: 'errors',
        measure: { kind: 'query', source: 'main', query: 'q', samples: 'n', success: 'result < 0.01' },
        ...limits,
        minSamples: 200,
        windowSeconds: 300,
      },
      {
        name: 'rates',
        measure: {
          kind: 'rates',
          source: 'main',
          failed: 'f{cluster}',
          total: 't{cluster}',
          significance: 0.01,
          margin: 0.01,
        },
        ...limits,
        minSamples: 100,
      },
      {
        name: 'latency',
        measure: { kind: 'values', source: 'main', value: 'v{colour}', significance: 0.05, margin: 0.05 },
        ...limits,
        everySeconds: 60,
        minSamples: 12,
      },
      {
        name: 'smoke',
        measure: {
          kind: 'command',
          run: ['smoke', '--fast'],
          timeoutSeconds: 30,
          variables: ['EKSODUS_GATE_TOKEN'],
        },
        ...limits,
        failureLimit: 1,
        minSamples: 1,
      },
    ]);
  });

  it('of an app stand in place of those of the environment', () => {
    const own = MINIMAL.replace('    checks:', '    analyses: []\n    checks:');
    expect(parseEnvironment(own, 'stg.yaml').apps[0]?.analyses).toEqual([]);
    expect(parsed('').apps[0]).not.toHaveProperty('analyses');
  });

  it('say all that is wrong with them, where', () => {
    expect(
      problems(`${SOURCE}
analyses:
  - { name: nothing }
  - { name: both, source: main, query: q, success: result < 1, command: { run: [x] } }
  - { name: sourceless, query: q, success: result < 1 }
  - { name: endless, source: main, query: q }
  - { name: odd, source: main, query: q, success: result << 1, failure: 5 > result }
  - { name: half, source: main, compare: { failed: 'f{cluster}' } }
  - { name: marginless, source: main, compare: { value: v } }
  - { name: beside, command: { run: [../../bin/sh] }, success: result < 1 }
  - { name: sure, source: main, compare: { failed: f, total: t, significance: 1 } }`),
    ).toEqual([
      '3:5 analyses.nothing: has none of them. Expected exactly one of query, compare or command.',
      '4:5 analyses.both: has query and command. Expected exactly one of query, compare or command.',
      '5:5 analyses.sourceless.source: is missing. Expected the name of one of metrics.',
      '6:5 analyses.endless: has neither success nor failure. Expected at least one condition, such as result < 0.01.',
      '7:51 analyses.odd.success: in "result << 1" at character 9 found "<". Expected a number.',
      '7:73 analyses.odd.failure: in "5 > result" at character 1 found "5". Expected "result", as in result < 0.01.',
      '8:42 analyses.half.compare: Expected failed and total, or value alone.',
      "9:48 analyses.marginless.compare.margin: is missing. Expected by how much green must be higher to be blamed, in the query's own unit.",
      '9:57 analyses.marginless.compare.value: asks the same of green and of blue. Expected {cluster} or {colour} in it.',
      '10:38 analyses.beside.command.run[0]: found "../../bin/sh". Expected the name of a program in the worker’s folder of commands, without a path.',
      '11:79 analyses.sure.compare.significance: found the number 1. Expected how probable it may be that a good green is blamed: a number more than 0, at most 0.5.',
    ]);
  });

  it('ask sources that are there', () => {
    expect(problems('analyses: [{ name: a, source: main, query: q, success: result < 1 }]')).toEqual([
      '1:31 analyses.a.source: found "main". Expected a source of metrics, which are missing.',
    ]);
    expect(problems(`${SOURCE}\nanalyses: [{ name: a, source: other, query: q, success: result < 1 }]`)).toEqual([
      '2:31 analyses.a.source: found "other". Expected one of metrics: main.',
    ]);
  });
});
