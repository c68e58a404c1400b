// The stored histories and the manifest that vouches for them.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import { z } from 'zod';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const HISTORIES = join(HERE, 'histories');
const MANIFEST = join(HERE, 'manifest.json');

const Entry = z.strictObject({
  type: z.string(),
  case: z.string(),
  workflowId: z.string(),
  state: z.enum(['open', 'closed']),
  events: z.number().int(),
  sha256: z.string(),
});
const Manifest = z.strictObject({ histories: z.array(Entry) });
export type Entry = z.infer<typeof Entry>;
export type Manifest = z.infer<typeof Manifest>;

/** A file of the set, by its path below `histories/`. */
export interface StoredFile {
  readonly path: string;
  readonly sha256: string;
}

export const pathOf = ({ type, case: name }: Pick<Entry, 'type' | 'case'>): string => join(type, `${name}.json`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const readManifest = (): Manifest => Manifest.parse(JSON.parse(readFileSync(MANIFEST, 'utf8')));

export function readFiles(): StoredFile[] {
  if (!existsSync(HISTORIES)) return [];
  return readdirSync(HISTORIES, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .map((file) => ({ path: file.slice(HISTORIES.length + 1), sha256: sha256(readFileSync(file, 'utf8')) }));
}

export const readHistory = (entry: Pick<Entry, 'type' | 'case'>): { events: Record<string, unknown>[] } =>
  JSON.parse(readFileSync(join(HISTORIES, pathOf(entry)), 'utf8'));

/** What is wrong with the set: nothing, when every type is covered and every file is the one that was recorded. */
export function problemsOf(manifest: Manifest, files: readonly StoredFile[], types: readonly string[]): string[] {
  const { histories } = manifest;
  return [
    ...(histories.length === 0 ? ['there is no history'] : []),
    ...types
      .filter((type) => !histories.some((entry) => entry.type === type))
      .map((type) => `workflow type ${type} has no history`),
    ...histories.filter(({ type }) => !types.includes(type)).map((entry) => `${pathOf(entry)} is of no workflow type`),
    ...(histories.filter(({ state }) => state === 'open').length < 2 ? ['fewer than two histories are open'] : []),
    ...files
      .filter(({ path }) => !histories.some((entry) => pathOf(entry) === path))
      .map(({ path }) => `${path} is not in the manifest`),
    ...histories.flatMap((entry) => {
      const file = files.find(({ path }) => path === pathOf(entry));
      if (!file) return [`${pathOf(entry)} is missing`];
      return file.sha256 === entry.sha256 ? [] : [`${pathOf(entry)} is not as it was recorded`];
    }),
  ];
}

/** One event a line: small, and still to be read and compared. */
export function toText(history: temporal.api.history.v1.IHistory): string {
  const { events } = JSON.parse(historyToJSON(history)) as { events: unknown[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}

/** Replaces the whole set. */
export function writeAll(recorded: readonly (Omit<Entry, 'sha256'> & { readonly text: string })[]): void {
  rmSync(HISTORIES, { recursive: true, force: true });
  const histories = recorded.map(({ text, ...entry }): Entry => {
    const file = join(HISTORIES, pathOf(entry));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return { ...entry, sha256: sha256(text) };
  });
  const manifest: Manifest = { histories: histories.toSorted((a, b) => pathOf(a).localeCompare(pathOf(b))) };
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
}
