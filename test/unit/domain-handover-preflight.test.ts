import { describe, expect, it } from 'vitest';
import type { HandoverWorkload } from '../../src/domain/environment.ts';
import {
  judgeCronJobs,
  judgeHandovers,
  shortestPeriodSeconds,
  snippetOf,
  type HandoverFacts,
} from '../../src/domain/handover-preflight.ts';
import type { IgnoredDifference } from '../../src/domain/ignored-differences.ts';
import { app, environment } from '../support/environment.ts';

const report: HandoverWorkload = { kind: 'CronJob', namespace: 'nightly', name: 'report' };
const mailer: HandoverWorkload = { kind: 'Deployment', namespace: 'nightly', name: 'mailer' };
const workloads = [report, mailer];
const made = environment({
  apps: [app('nightly', { hosts: [], handover: { maxGapSeconds: 60, workloads, idle: [] } })],
});

const anyOf = (group: string, kind: string, path: string): IgnoredDifference => ({
  group,
  kind,
  name: null,
  namespace: null,
  jsonPointers: [path],
  jqPathExpressions: [],
  managedFieldsManagers: [],
});
const SUSPEND = anyOf('batch', 'CronJob', '/spec/suspend');
const REPLICAS = anyOf('apps', 'Deployment', '/spec/replicas');
const RESPECT = 'RespectIgnoreDifferences=true';

type Application = NonNullable<HandoverFacts['application']>;
const facts = (change: {
  application?: Partial<Application> | null;
  cron?: Partial<HandoverFacts['workloads'][number]>;
}): HandoverFacts => ({
  app: 'nightly',
  application:
    change.application === null
      ? null
      : { name: 'nightly-stg-1-33', ignored: [SUSPEND, REPLICAS], syncOptions: [RESPECT], ...change.application },
  workloads: [
    { workload: report, found: true, startingDeadlineSeconds: 120, schedule: '* * * * *', denied: [], ...change.cron },
    { workload: mailer, found: true, startingDeadlineSeconds: null, schedule: null, denied: [] },
  ],
});

function findings(given: HandoverFacts): string[] {
  const found: string[] = [];
  judgeHandovers(made, [given], (id, subject, what, todo) => found.push(`${id} ${subject}: ${what} (${todo})`));
  return found;
}

describe('preflight of workloads that change hands', () => {
  it('finds nothing where all is as it should be', () => {
    expect(findings(facts({}))).toEqual([]);
    expect(findings(facts({ application: null }))).toEqual([]);
    expect(findings(facts({ cron: { startingDeadlineSeconds: null } }))).toEqual([]);
  });

  it.each<[string, IgnoredDifference[]]>([
    ['by name', [{ ...SUSPEND, name: 'report', namespace: 'nightly' }, REPLICAS]],
    ['by jq', [{ ...SUSPEND, jsonPointers: [], jqPathExpressions: ['.spec.suspend'] }, REPLICAS]],
    ['of all kinds', [anyOf('*', '*', '/spec/suspend'), anyOf('*', '*', '/spec/replicas')]],
  ])('knows differences that are ignored %s', (_, ignored) => {
    expect(findings(facts({ application: { ignored } }))).toEqual([]);
  });

  it.each<[string, IgnoredDifference]>([
    ['another field', anyOf('batch', 'CronJob', '/spec/schedule')],
    ['another object', { ...SUSPEND, name: 'cleanup' }],
    ['another namespace', { ...SUSPEND, namespace: 'daily' }],
    ['another group', { ...SUSPEND, group: 'apps' }],
  ])('says what to add when only %s is ignored', (_, ignored) => {
    expect(findings(facts({ application: { ignored: [ignored, REPLICAS] } }))).toEqual([
      'handover.healed nightly-stg-1-33: Argo CD would undo what stops and starts CronJob nightly/report ' +
        `(give the Application, in its ApplicationSet, ${snippetOf({ workloads })})`,
    ]);
  });

  it('says what to add when a sync would write what is ignored', () => {
    expect(findings(facts({ application: { syncOptions: ['CreateNamespace=true'] } }))[0]).toContain(
      'CronJob nightly/report, Deployment nightly/mailer',
    );
    expect(snippetOf({ workloads: [report, { ...report, name: 'other' }] })).toBe(
      'spec.ignoreDifferences: [{ group: batch, kind: CronJob, jsonPointers: [/spec/suspend] }] and spec.syncPolicy.syncOptions: [RespectIgnoreDifferences=true]',
    );
  });

  it('misses what is not on blue', () => {
    expect(findings(facts({ cron: { found: false } }))[0]).toMatch(/^handover.missing nightly: .*no CronJob nightly/);
  });

  it('says which rights are missing, before they are missed half-way', () => {
    expect(findings(facts({ cron: { denied: ['patch cronjobs/status', 'list jobs'] } }))).toEqual([
      'handover.denied nightly: the worker may not patch cronjobs/status, list jobs in namespace nightly of the live cluster ' +
        '(bind a Role with these rights to the group of its access entry there)',
    ]);
  });

  it('warns of CronJobs that are in no handover', () => {
    const found: string[] = [];
    const judge = (...running: HandoverWorkload[]) =>
      judgeCronJobs(made, running, (id, subject) => found.push(`${id} ${subject}`));
    judge(report);
    expect(found).toEqual([]);
    judge(report, { ...report, name: 'cleanup' }, { ...report, namespace: 'daily' });
    expect(found).toEqual(['handover.unnamed nightly/cleanup, daily/report']);
  });

  it('finds runs that the gap could swallow', () => {
    expect(findings(facts({ cron: { startingDeadlineSeconds: 60 } }))[0]).toMatch(/^handover.deadline .*60 s late/);
    const long = { ...made, apps: [app('nightly', { handover: { maxGapSeconds: 61, workloads, idle: [] } })] };
    const found: string[] = [];
    judgeHandovers(long, [facts({})], (id) => found.push(id));
    expect(found).toEqual(['handover.runs-in-gap']);
  });

  it.each([
    ['* * * * *', 60],
    ['*/5 * * * *', 300],
    ['7 * * * *', 3600],
    ['0,30 2 * * 1', 1800],
    ['58,2 * * * *', 240],
    ['10-20/10 * * * *', 600],
    ['50/5 * * * *', 300],
    ['0,59 * * * *', 60],
    ['@daily', undefined],
    ['nonsense * * * *', undefined],
  ])('of %s the runs are %s s apart at the least', (schedule, seconds) => {
    expect(shortestPeriodSeconds(schedule)).toBe(seconds);
  });
});
