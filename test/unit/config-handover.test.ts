import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseEnvironment } from '../../config/load.ts';
import type { App } from '../../src/domain/environment.ts';

const MINIMAL = readFileSync(new URL('../../config/examples/minimal.yaml', import.meta.url), 'utf8');
const METRICS = 'metrics: [{ name: prom, prometheus: { url: "https://prometheus.example.com" } }]';
const WORKLOAD = '{ kind: CronJob, namespace: nightly, name: report }';

const nightly = (fields: string): string =>
  `${MINIMAL}  - { name: nightly, team: back-office, application: 'nightly-{cluster}', ${fields} }\n${METRICS}\n`;
const parsed = (fields: string): App | undefined =>
  parseEnvironment(nightly(fields), 'stg.yaml').apps.find(({ name }) => name === 'nightly');

/** What a person reads, without the place. */
function told(fields: string): string[] {
  try {
    parseEnvironment(nightly(fields), 'stg.yaml');
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ path, message }) => `${path.replace(/^apps\.nightly\.?/, '')}: ${message}`);
    throw error;
  }
  return [];
}

const ingress = 'ingress: { namespace: nightly, name: nightly }';
const checks = 'checks: [{ path: /healthz }]';

describe('an app without hosts', () => {
  it('has one step, and workloads that change hands', () => {
    const idle = `idle: [{ source: prom, query: 'sum(in_flight)', when: 'result == 0' }]`;
    expect(parsed(`handover: { maxGap: 60s, workloads: [${WORKLOAD}], ${idle} }`)).toMatchObject({
      hosts: [],
      checks: [],
      steps: [{ greenPercent: 100, bakeSeconds: 0 }],
      handover: {
        maxGapSeconds: 60,
        workloads: [{ kind: 'CronJob', namespace: 'nightly', name: 'report' }],
        idle: [{ source: 'prom', query: 'sum(in_flight)', when: 'result == 0' }],
      },
    });
  });

  it('may have a handover beside its traffic', () => {
    const app = parsed(
      `hosts: [nightly.test.example.com], ${ingress}, ${checks}, handover: { maxGap: 5m, workloads: [${WORKLOAD}] }`,
    );
    expect(app?.steps.length).toBeGreaterThan(1);
    expect(app?.handover).toMatchObject({ maxGapSeconds: 300, idle: [] });
  });

  it.each<[string, string, string[]]>([
    [
      'nothing that moves',
      'start: owner',
      [
        'hosts: found no host name, and no handover. Expected a list of at least one host name, or handover for an app without.',
      ],
    ],
    [
      'what is for traffic',
      `${ingress}, ${checks}, steps: [{ green: 100, bake: 1m }], handover: { maxGap: 60s, workloads: [${WORKLOAD}] }`,
      ['ingress', 'checks', 'steps'].map(
        (field) =>
          `${field}: is for traffic, and the app has no hosts. Leave it out: the workloads of handover move all at once.`,
      ),
    ],
    [
      'a gap that is too short',
      `handover: { maxGap: 29s, workloads: [${WORKLOAD}] }`,
      [
        'handover.maxGap: 29 s is too short to stop one side, to prove it idle and to start the other. Expected at least 30s.',
      ],
    ],
    [
      'one workload twice',
      `handover: { maxGap: 60s, workloads: [${WORKLOAD}, ${WORKLOAD}] }`,
      ['handover.workloads.report: CronJob nightly/report is there already. Expected each workload once.'],
    ],
    [
      'a condition that is none',
      `handover: { maxGap: 60s, workloads: [${WORKLOAD}], idle: [{ source: prom, query: q, when: 'result = 0' }] }`,
      [
        'handover.idle[0].when: in "result = 0" at character 8 found "=". Expected "result", a number, <, <=, >, >=, ==, "and", "or" or brackets.',
      ],
    ],
    [
      'a source of metrics that is not there',
      `handover: { maxGap: 60s, workloads: [${WORKLOAD}], idle: [{ source: datadog, query: q, when: 'result == 0' }] }`,
      ['handover.idle[0].source: found "datadog". Expected one of metrics: prom.'],
    ],
  ])('with %s is refused', (_, fields, problems) => {
    expect(told(fields)).toEqual(problems);
  });
});

describe('an app with hosts', () => {
  it('needs what traffic needs', () => {
    expect(told('hosts: [nightly.test.example.com]')).toEqual([
      'ingress: is missing. Expected a mapping of namespace, name: traffic moves to its load balancer.',
      'checks: found an empty list. Expected a list of at least one check: it is what tells that green does not work.',
    ]);
  });
});
