// Sources of metrics, and the analyses that ask them or run a command.
import { z } from 'zod';
import { VARIABLE_NAME, type Analysis, type Measure, type MetricSource } from '../src/domain/analysis.ts';
import { ConditionError, parseCondition } from '../src/domain/condition.ts';
import { duration, list, listOfSome, number, pattern, text, wholeNumber } from './fields.ts';
import * as rules from './rules.ts';
import { found, foundInstead } from './wording.ts';

type Context = z.core.$RefinementCtx;

const complain = (context: Context, path: (string | number)[], message: string): void =>
  context.addIssue({ code: 'custom', path, message });

const name = (what: string) =>
  pattern(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, `${what}: at most 40 lower-case letters, digits and "-"`);
const variable = (what: string) =>
  pattern(VARIABLE_NAME, `${what}: the name of a variable of the worker that begins with EKSODUS_GATE_`);
const url = (what: string) => pattern(/^https?:\/\/[^\s?#@]+$/, `${what}, such as https://prometheus.example.com`);

export const metricSource = z
  .strictObject({
    name: name('the name of the source'),
    prometheus: z
      .strictObject({
        url: url('the address of Prometheus, without /api/v1'),
        headersFrom: z
          .record(
            pattern(/^[A-Za-z][A-Za-z0-9-]*$/, 'the name of an HTTP header, such as Authorization'),
            variable("the header's value"),
          )
          .default({}),
      })
      .exactOptional(),
    datadog: z
      .strictObject({
        url: url("the address of the site's API").default('https://api.datadoghq.com'),
        apiKeyFrom: variable('the API key').default('EKSODUS_GATE_DATADOG_API_KEY'),
        applicationKeyFrom: variable('the application key').default('EKSODUS_GATE_DATADOG_APPLICATION_KEY'),
      })
      .exactOptional(),
    cloudwatch: z
      .strictObject({
        region: pattern(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'an AWS region, such as ap-northeast-1').exactOptional(),
      })
      .exactOptional(),
  })
  .superRefine((source, context) => void onlyOne(source, ['prometheus', 'datadog', 'cloudwatch'], context));

/** CloudWatch is that of the clusters' region unless another is named. */
export function toSource(source: z.output<typeof metricSource>, region: string): MetricSource {
  const { name: called, prometheus, datadog, cloudwatch } = source;
  if (prometheus) return { kind: 'prometheus', name: called, ...prometheus };
  if (datadog) return { kind: 'datadog', name: called, ...datadog };
  return { kind: 'cloudwatch', name: called, region: cloudwatch?.region ?? region };
}

export const query = (what: string) => text(`${what}: a query that gives one number`);
export const condition = (what: string) =>
  text(`${what}, such as result < 0.01`).superRefine((value, context) => {
    try {
      parseCondition(value);
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      context.addIssue({ code: 'custom', message: `in ${found(value)} ${error.message}` });
    }
  });

const compare = z.strictObject({
  failed: query('how many failed').exactOptional(),
  total: query('of how many').exactOptional(),
  value: query('a value, the less the better').exactOptional(),
  significance: number('how probable it may be that a good green is blamed', { moreThan: 0, atMost: 0.5 }).default(
    0.01,
  ),
  margin: number('by how much green must be worse to be blamed', { moreThan: 0 }).exactOptional(),
});

const command = z.strictObject({
  run: listOfSome(
    text('a word of the command line'),
    'the name of a program in the worker’s folder, and its arguments',
  ).superRefine(([program = ''], context) => {
    if (/^[\w][\w.-]*$/.test(program)) return;
    complain(
      context,
      [0],
      foundInstead(program, 'the name of a program in the worker’s folder of commands, without a path'),
    );
  }),
  timeout: duration('how long the program may take', { moreThanZero: true }).prefault('30s'),
  variables: list(variable('what the program is given'), 'names of variables of the worker').default([]),
});

const limit = (what: string) => wholeNumber(what, { min: 0, max: 1000 });
const analysis = z
  .strictObject({
    name: name('the name of the analysis'),
    source: text('the name of a source of metrics').exactOptional(),
    query: query('what is measured').exactOptional(),
    samples: query('how much was measured').exactOptional(),
    success: condition('when it is well').exactOptional(),
    failure: condition('when it fails').exactOptional(),
    compare: compare.exactOptional(),
    command: command.exactOptional(),
    every: duration('the time between two measurements', { moreThanZero: true }).prefault('30s'),
    window: duration('the longest time that a query looks back', { moreThanZero: true }).exactOptional(),
    minSamples: wholeNumber('with fewer samples nobody can tell', { min: 1, max: 1_000_000_000 }).exactOptional(),
    failureLimit: limit('how many failures are borne').default(0),
    inconclusiveLimit: limit('how many inconclusive measurements are borne').default(0),
    consecutiveErrorLimit: limit('how many errors in a row are borne').default(4),
  })
  .superRefine(saysWhatItMeasures, rules.sound('source', 'query', 'success', 'failure', 'compare', 'command'))
  .transform(({ name: called, every, window, minSamples, ...given }): Analysis => {
    const measure = toMeasure(given);
    const { failureLimit, inconclusiveLimit, consecutiveErrorLimit } = given;
    return {
      name: called,
      measure,
      everySeconds: every,
      ...(window === undefined ? {} : { windowSeconds: window }),
      minSamples: minSamples ?? MIN_SAMPLES[measure.kind],
      failureLimit,
      inconclusiveLimit,
      consecutiveErrorLimit,
    };
  });

/** Without a number in the file. Fewer pairs than twelve can show nothing significant after the first looks. */
const MIN_SAMPLES: Readonly<Record<Measure['kind'], number>> = { query: 1, rates: 100, values: 12, command: 1 };
const RATE_MARGIN = 0.01;

export const analyses = list(analysis, 'analyses').superRefine(rules.uniqueNames, rules.sound('name'));

interface Given {
  readonly source?: string;
  readonly query?: string;
  readonly samples?: string;
  readonly success?: string;
  readonly failure?: string;
  readonly compare?: z.output<typeof compare>;
  readonly command?: { readonly run: string[]; readonly timeout: number; readonly variables: string[] };
}

/** What a rule has refused comes out as something, and never further. */
function toMeasure({ source = '', query: asked = '', samples, success, failure, ...given }: Given): Measure {
  if (given.command) {
    const { run, timeout, variables } = given.command;
    return { kind: 'command', run, timeoutSeconds: timeout, variables };
  }
  if (given.compare) {
    const { failed, total, value, significance, margin } = given.compare;
    if (value !== undefined) return { kind: 'values', source, value, significance, margin: margin ?? 0 };
    return {
      kind: 'rates',
      source,
      failed: failed ?? '',
      total: total ?? '',
      significance,
      margin: margin ?? RATE_MARGIN,
    };
  }
  return {
    kind: 'query',
    source,
    query: asked,
    ...(samples === undefined ? {} : { samples }),
    ...(success === undefined ? {} : { success }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function saysWhatItMeasures(given: Given, context: Context): void {
  if (!onlyOne(given, ['query', 'compare', 'command'], context)) return;
  const needs = (field: keyof Given, why: string): void => {
    if (given[field] === undefined) complain(context, [field], `is missing. ${why}`);
  };
  const nothingFor = (fields: readonly (keyof Given)[], what: string): void => {
    for (const field of fields) {
      if (given[field] !== undefined) complain(context, [field], `says nothing beside ${what}. Leave it out.`);
    }
  };
  if (given.command) return nothingFor(['source', 'samples', 'success', 'failure'], 'command');
  needs('source', 'Expected the name of one of metrics.');
  if (!given.compare) {
    if (given.success === undefined && given.failure === undefined) {
      complain(context, [], 'has neither success nor failure. Expected at least one condition, such as result < 0.01.');
    }
    return;
  }
  nothingFor(['samples', 'success', 'failure'], 'compare');
  const { failed, total, value, margin } = given.compare;
  const isRate = failed !== undefined && total !== undefined && value === undefined;
  const isValue = value !== undefined && failed === undefined && total === undefined;
  if (!isRate && !isValue) complain(context, ['compare'], 'Expected failed and total, or value alone.');
  for (const field of ['failed', 'total', 'value'] as const) {
    if (given.compare[field] === undefined || /\{(?:cluster|colour)\}/.test(given.compare[field])) continue;
    const cure = 'Expected {cluster} or {colour} in it.';
    complain(context, ['compare', field], `asks the same of green and of blue. ${cure}`);
  }
  if (isValue && margin === undefined) {
    complain(
      context,
      ['compare', 'margin'],
      "is missing. Expected by how much green must be higher to be blamed, in the query's own unit.",
    );
  }
}

/** Whether it has exactly one of the fields; says so if not. */
function onlyOne(given: object, fields: readonly string[], context: Context): boolean {
  const there = fields.filter((field) => Object.hasOwn(given, field));
  if (there.length === 1) return true;
  const choice = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(fields);
  const start = there.length === 0 ? 'has none of them' : `has ${there.join(' and ')}`;
  complain(context, [], `${start}. Expected exactly one of ${choice}.`);
  return false;
}

interface File {
  readonly metrics: readonly { readonly name: string; readonly cloudwatch?: object }[];
  readonly analyses: readonly Analysis[];
  readonly apps: readonly {
    readonly analyses?: readonly Analysis[];
    readonly handover?: { readonly idle: readonly { readonly source: string }[] };
  }[];
}

/** What is shorter may lie between two whole minutes, and would then never have data. */
const HOLDS_A_MINUTE_SECONDS = 120;
const WHOLE_MINUTES = 'CloudWatch gives whole minutes only. Expected a window of 2m or more.';

export function sourcesAreThere({ metrics, analyses: common, apps }: File, context: Context): void {
  const names = metrics.map(({ name: called }) => called);
  const expected = names.length > 0 ? `one of metrics: ${names.join(', ')}` : 'a source of metrics, which are missing';
  const byMinutes = new Set(metrics.flatMap(({ name: called, cloudwatch }) => (cloudwatch ? [called] : [])));
  const check = (all: readonly Analysis[], path: (string | number)[]): void => {
    for (const [index, { measure, everySeconds, windowSeconds }] of all.entries()) {
      if (measure.kind === 'command') continue;
      if (!names.includes(measure.source))
        complain(context, [...path, index, 'source'], foundInstead(measure.source, expected));
      const looksBack = windowSeconds ?? (measure.kind === 'values' ? everySeconds : Infinity);
      if (byMinutes.has(measure.source) && looksBack < HOLDS_A_MINUTE_SECONDS)
        complain(context, [...path, index], `looks back ${looksBack} s. ${WHOLE_MINUTES}`);
    }
  };
  check(common, ['analyses']);
  for (const [app, { analyses: own = [], handover }] of apps.entries()) {
    check(own, ['apps', app, 'analyses']);
    for (const [index, { source }] of (handover?.idle ?? []).entries())
      if (!names.includes(source))
        complain(context, ['apps', app, 'handover', 'idle', index, 'source'], foundInstead(source, expected));
  }
}
