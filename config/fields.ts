// The kinds of value that an environment file is made of, each with the words that say what is expected.
import { isIP } from 'node:net';
import { z } from 'zod';
import { expecting, foundInstead } from './wording.ts';

/** What the field is for is said twice, to the editor as a description and to whoever got it wrong. */
const describe = <S extends z.ZodType>(schema: S, what: string): S => schema.meta({ description: upperFirst(what) });
const upperFirst = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

export const list = <S extends z.ZodType>(item: S, what: string) =>
  z.array(item, { error: expecting(`a list of ${what}`) });
export const listOfSome = <S extends z.ZodType>(item: S, what: string, min = 1) =>
  list(item, what).min(min, { error: expecting(`a list of ${what}`) });

export function pattern(
  regex: RegExp,
  what: string,
  why?: (input: unknown) => string | undefined,
): z.ZodType<string, string> {
  const error = expecting(what, why);
  return describe(z.string({ error }).regex(regex, { error }), what);
}

export const text = (what: string): z.ZodType<string, string> => pattern(/\S/, what);

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values, what: string) {
  const choices = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(values);
  return describe(z.enum(values, { error: expecting(`${what}: ${choices}`) }), what);
}

interface Range {
  readonly min: number;
  readonly max: number;
  /** Said after a number beyond the range. */
  readonly advice?: string;
}

/** One rule for whole and within: zod's own `int` would stop the rules over several fields. */
export function wholeNumber(what: string, { min, max, advice }: Range): z.ZodType<number, number> {
  const whole = `${what}: a whole number from ${min} to ${max}`;
  const within = (value: number, context: z.core.$RefinementCtx<number>): void => {
    const beyond = value < min ? `less than ${min}` : value > max ? `more than ${max}` : undefined;
    if (beyond !== undefined) {
      context.addIssue({ code: 'custom', message: `${value} is ${beyond}. ${advice ?? `Expected ${whole}.`}` });
    } else if (!Number.isInteger(value)) {
      context.addIssue({ code: 'custom', message: foundInstead(value, whole) });
    }
  };
  return z
    .number({ error: expecting(whole) })
    .superRefine(within)
    .meta({ type: 'integer', minimum: min, maximum: max, description: upperFirst(what) });
}

/** A number that need not be whole. */
export function number(
  what: string,
  { moreThan, atMost = Infinity }: { readonly moreThan: number; readonly atMost?: number },
) {
  const whole = `${what}: a number more than ${moreThan}${atMost === Infinity ? '' : `, at most ${atMost}`}`;
  const error = expecting(whole);
  const schema = z.number({ error }).gt(moreThan, { error });
  return describe(atMost === Infinity ? schema : schema.lte(atMost, { error }), what);
}

const DURATION = /^(?:\d+(?:\.\d+)?[smh])+$/;
const SECONDS = { s: 1, m: 60, h: 3600 } as const;

const IN_WORDS = /^(?<amount>\d+(?:\.\d+)?) *(?<unit>[smh]?)(?:ec(?:ond)?s?|in(?:ute)?s?|(?:ou)?rs?)?$/i;

/** The cure for a number without its unit and for a unit in words: `30`, `30 seconds`. */
function writeInstead(input: unknown): string | undefined {
  const { amount, unit } = IN_WORDS.exec(String(input))?.groups ?? {};
  if (amount === undefined) return undefined;
  return unit ? `Write ${amount}${unit.toLowerCase()}.` : `Write ${amount}s if you mean seconds.`;
}

/** `30s`, `10m`, `1h30m`, `0.5s` in the file; seconds in the output. */
export function duration(what: string, { moreThanZero = false } = {}) {
  const whole = `${what}: a time with its unit, such as 30s, 10m or 1h30m`;
  return pattern(DURATION, whole, writeInstead).transform((value, context) => {
    const seconds = toSeconds(value);
    if (seconds === 0 && moreThanZero) {
      context.addIssue({ code: 'custom', input: value, message: `${value} is no time at all. Expected ${whole}.` });
    }
    return seconds;
  });
}

function toSeconds(value: string): number {
  const parts = value.matchAll(/(?<amount>\d+(?:\.\d+)?)(?<unit>[smh])/g);
  return [...parts].reduce((sum, { groups }) => {
    const unit = groups?.['unit'];
    const amount = Number(groups?.['amount']);
    return sum + amount * (unit === 'h' ? SECONDS.h : unit === 'm' ? SECONDS.m : SECONDS.s);
  }, 0);
}

const LABEL_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

/** YAML turns an unquoted true or 1 into something that is no text. */
const quoteIt = (input: unknown): string | undefined =>
  typeof input === 'number' || typeof input === 'boolean' ? `Write it in quotes: "${input}".` : undefined;

export const labelName = (what: string): z.ZodType<string, string> =>
  pattern(LABEL_NAME, `${what}: a Kubernetes label such as eksodus.dev/apps`);

export const labels = z
  .record(
    pattern(LABEL_NAME, 'the name of a Kubernetes label, such as team or example.com/team'),
    pattern(LABEL_VALUE, 'the value of a Kubernetes label: at most 63 letters, digits, "-", "_" and "."', quoteIt),
  )
  .meta({ description: 'Kubernetes labels' });

export const tags = z
  .record(
    pattern(
      /^(?!aws:|eksodus:).{1,128}$/,
      'the name of an AWS tag: at most 128 characters, not beginning with aws: or eksodus:',
    ),
    pattern(/^.{0,256}$/, 'the value of an AWS tag: a text of at most 256 characters', quoteIt),
  )
  .meta({ description: 'AWS tags' });

/** The name of a host or zone, without a dot at the end. */
export const dnsName = (what: string): z.ZodType<string, string> =>
  pattern(
    /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    `${what}: lower case, without a dot at the end, such as stg.example.com`,
  );

/** `10.0.0.2`, `10.0.0.2:5353`, `2001:db8::2` or `[2001:db8::2]:53`. */
export const nameServer = describe(
  z.string({ error: expecting('the address of a DNS server') }).superRefine((value, context) => {
    const withPort = /^\[?(?<address>[0-9a-f.:]+?)\]?:(?<port>\d+)$/i.exec(value)?.groups;
    const port = Number(withPort?.['port']);
    if (isIP(value) !== 0) return;
    if (withPort && isIP(withPort['address'] ?? '') !== 0 && port >= 1 && port <= 65_535) return;
    context.addIssue({
      code: 'custom',
      message: foundInstead(value, 'the address of a DNS server, such as 10.0.0.2 or 10.0.0.2:5353'),
    });
  }),
  'the address of a DNS server, with :port if it is not 53',
);
