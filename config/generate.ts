// The JSON Schema by which editors complete and check an environment file. Run this file to write it anew.
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { environmentSchema } from './schema.ts';

export const SCHEMA_FILE = new URL('environment.schema.json', import.meta.url);

/** Draft 7, which every editor's YAML support knows. */
export function environmentJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(environmentSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ $schema, title: 'eksodus environment', ...rest }, undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, environmentJsonSchema());
