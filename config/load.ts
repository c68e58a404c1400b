// Reads an environment file. All its mistakes are told at once, each with its place and its cure.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Environment } from '../src/domain/environment.ts';
import { environmentSchema } from './schema.ts';
import { inGeneral, nearest } from './wording.ts';
import { YamlSource, type Mistake, type Path } from './yaml-source.ts';

type JsonSchema = z.core.JSONSchema._JSONSchema;

/** One mistake. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document: `apps.messages.steps[2].green`; empty for the whole of it. */
  readonly path: string;
  readonly message: string;
}

/** The file cannot be used. `problems` are in the order of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(describeProblem).join('\n'));
    this.problems = problems;
  }
}

/** `config/stg.yaml:14:11 apps.messages.steps[2].green: 120 is more than 100. …` */
function describeProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;
}

const UNREADABLE: Partial<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by you (EACCES)',
};

/** Throws ConfigError, also when the file cannot be read. */
export function loadEnvironment(file: string): Environment {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const message = `${UNREADABLE[code] ?? `cannot be read (${code})`}. Expected an environment file; config/examples shows some.`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
  return parseEnvironment(decode(bytes, file), file);
}

/** Bytes that are no UTF-8 would silently become other characters, in names and tags too. */
function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const good = Buffer.from(bytes.toString('utf8').split('\uFFFD')[0] ?? '');
    const lines = good.toString('utf8').split('\n');
    const place = { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
    throw new ConfigError([
      { file, ...place, path: '', message: 'here is a byte that is no UTF-8. Save the file as UTF-8.' },
    ]);
  }
}

/** `file` is only named in problems. Throws ConfigError. */
export function parseEnvironment(text: string, file: string): Environment {
  const source = new YamlSource(text);
  const { broken, mistakes } = source;
  if (broken) throw problemsOf(mistakes, file);
  const parsed = environmentSchema.safeParse(source.value, { error: inGeneral });
  if (parsed.success && mistakes.length === 0) return parsed.data;
  const issues = parsed.error?.issues.flatMap((issue) => mistakesOf(issue, source)) ?? [];
  throw problemsOf([...mistakes, ...issues], file);
}

function problemsOf(mistakes: readonly Mistake[], file: string): ConfigError {
  const ordered = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return new ConfigError(ordered.map(({ line, column, path, message }) => ({ file, line, column, path, message })));
}

function mistakesOf(issue: z.core.$ZodIssue, source: YamlSource): Mistake[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const cure = near === undefined ? `Expected one of ${known.join(', ')}.` : `Did you mean ${near}?`;
      return source.atKey([...path, key], `is not known here. ${cure}`);
    });
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => source.atKey(path, message));
  }
  return [source.atValue(path, issue.message)];
}

/** The names of the fields that the file may have at a place. */
function fieldsAt(path: Path): string[] {
  let schema: JsonSchema | undefined = z.toJSONSchema(environmentSchema, { io: 'input' });
  for (const part of path) schema = schema === undefined ? undefined : below(schema, part);
  return typeof schema === 'object' ? Object.keys(schema.properties ?? {}) : [];
}

function below(schema: JsonSchema, part: string | number): JsonSchema | undefined {
  if (typeof schema !== 'object') return undefined;
  if (typeof part === 'string') return schema.properties?.[part];
  return Array.isArray(schema.items) ? undefined : schema.items;
}
