// The lint rules that hold the import boundaries and the house rules: every rule is shown code that breaks it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';

// Processes start here, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');

// `$` becomes the number of the line: a name is declared once in a file.
const value = (from: string) => `import { a$ } from '${from}';`;
const type = (from: string) => `import type { A$ } from '${from}';`;
const lazy = (from: string) => `void import('${from}');`;
const again = (from: string) => `export { a$ } from '${from}';`;

/** Lines of code in a file: those that the rules let through, and those that they must refuse. */
const FOLDERS: Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }> = {
  'src/domain/x.ts': {
    good: [value('./version.ts'), type('./status.ts'), 'new Date(0);'],
    bad: [
      value('node:fs'),
      value('crypto'),
      value('zod'),
      value('../adapters/eks.ts'),
      type('../adapters/eks.ts'),
      lazy('../adapters/eks.ts'),
      again('../adapters/eks.ts'),
      value('../../config/load.ts'),
      value('../../workflows/messages.ts'),
      value('../../sandbox/contracts.ts'),
      'Date.now();',
      'Math.random();',
      'process.exit();',
      'globalThis.process.exit();',
      'performance.now();',
      'crypto.randomUUID();',
      "void fetch('http://127.0.0.1');",
      'setTimeout(String, 1);',
    ],
  },
  'workflows/x.ts': {
    good: [
      value('@temporalio/workflow'),
      value('@temporalio/common'),
      value('../src/domain/version.ts'),
      value('./messages.ts'),
      type('../activities/ports.ts'),
    ],
    bad: [
      value('../activities/ports.ts'),
      value('../activities/access.ts'),
      type('../activities/access.ts'),
      lazy('../activities/access.ts'),
      again('../activities/access.ts'),
      value('../src/adapters/eks.ts'),
      type('../src/adapters/eks.ts'),
      value('../src/client/upgrades.ts'),
      value('../config/load.ts'),
      value('../sandbox/contracts.ts'),
      value('../anything.ts'),
      value('node:crypto'),
      value('crypto'),
      value('node:process'),
      value('zod'),
      value('pino'),
      value('@temporalio/client'),
      value('@aws-sdk/client-eks'),
      value('@kubernetes/client-node'),
      'process.exit();',
      'globalThis.process.exit();',
      "void fetch('http://127.0.0.1');",
    ],
  },
  'activities/x.ts': {
    good: [
      value('@temporalio/activity'),
      value('@temporalio/common'),
      type('@temporalio/worker'),
      value('../src/domain/version.ts'),
      value('./ports.ts'),
      type('../src/adapters/index.ts'),
    ],
    bad: [
      value('../src/adapters/eks.ts'),
      lazy('../src/adapters/eks.ts'),
      again('../src/adapters/eks.ts'),
      value('../src/cli/run.ts'),
      type('../src/cli/run.ts'),
      value('../src/client/upgrades.ts'),
      value('../src/server/app.ts'),
      value('../src/worker/main.ts'),
      value('../workflows/messages.ts'),
      type('../workflows/messages.ts'),
      value('../config/load.ts'),
      value('../sandbox/contracts.ts'),
      value('@aws-sdk/client-eks'),
      value('@kubernetes/client-node'),
      value('@temporalio/worker'),
      value('@temporalio/client'),
      value('node:fs'),
    ],
  },
  'src/adapters/x.ts': {
    good: [
      value('@aws-sdk/client-eks'),
      value('node:http'),
      value('zod'),
      value('../domain/version.ts'),
      value('./eks.ts'),
    ],
    bad: [
      value('../../activities/access.ts'),
      type('../../activities/ports.ts'),
      value('../../workflows/messages.ts'),
      value('../../config/load.ts'),
      value('../../sandbox/contracts.ts'),
      value('../cli/run.ts'),
      value('../client/upgrades.ts'),
      value('../worker/main.ts'),
    ],
  },
  'src/client/x.ts': {
    good: [
      value('@temporalio/client'),
      value('../domain/ids.ts'),
      value('./errors.ts'),
      value('../../workflows/messages.ts'),
      type('../../workflows/upgrade.ts'),
    ],
    bad: [
      value('../../workflows/upgrade.ts'),
      value('../../activities/access.ts'),
      type('../../activities/ports.ts'),
      value('../../config/load.ts'),
      value('../../sandbox/contracts.ts'),
      value('../adapters/eks.ts'),
      value('../cli/run.ts'),
      value('../worker/main.ts'),
    ],
  },
  'src/any-other/x.ts': {
    good: [value('node:fs'), value('pino'), value('../domain/ids.ts')],
    bad: [value('../../sandbox/contracts.ts'), type('../../sandbox/contracts.ts'), lazy('../../sandbox/contracts.ts')],
  },
  'src/worker/x.ts': {
    good: [
      value('@temporalio/worker'),
      value('../../activities/index.ts'),
      value('../adapters/index.ts'),
      value('../domain/ids.ts'),
    ],
    bad: [value('../../sandbox/contracts.ts'), value('../cli/run.ts'), value('../client/upgrades.ts')],
  },
  'config/x.ts': {
    good: [value('zod'), value('yaml'), value('node:fs'), value('../src/domain/environment.ts'), value('./schema.ts')],
    bad: [
      value('../activities/access.ts'),
      value('../workflows/messages.ts'),
      value('../sandbox/contracts.ts'),
      value('../src/adapters/eks.ts'),
      value('../src/client/upgrades.ts'),
      value('../src/cli/run.ts'),
    ],
  },
  'src/cli/commands/x.ts': {
    good: [
      value('commander'),
      value('node:fs'),
      value('../../client/upgrades.ts'),
      value('../../domain/status.ts'),
      value('../../../config/load.ts'),
      value('../../../workflows/messages.ts'),
      type('../../../workflows/upgrade.ts'),
      lazy('../../worker/main.ts'),
    ],
    bad: [
      value('../../../activities/access.ts'),
      type('../../../activities/ports.ts'),
      value('../../adapters/eks.ts'),
      value('../../../workflows/upgrade.ts'),
      again('../../../workflows/upgrade.ts'),
      value('../../../sandbox/contracts.ts'),
      type('../../../sandbox/contracts.ts'),
      lazy('../../../sandbox/rehearsal/command.ts'),
      value('@temporalio/client'),
      value('@aws-sdk/client-eks'),
    ],
  },
  'src/cli/commands/rehearse.ts': {
    good: [lazy('../../../sandbox/rehearsal/command.ts'), type('../../../sandbox/rehearsal/command.ts')],
    bad: [
      lazy('../../../sandbox/sandbox.ts'),
      value('../../../sandbox/contracts.ts'),
      value('../../../activities/access.ts'),
      value('../../../workflows/upgrade.ts'),
      value('@temporalio/client'),
    ],
  },
  'src/web/x.ts': {
    good: [value('preact'), value('uplot'), value('./page.ts'), type('../domain/status.ts')],
    bad: [
      value('../client/upgrades.ts'),
      value('../../workflows/messages.ts'),
      value('../../sandbox/contracts.ts'),
      value('node:fs'),
      value('zod'),
    ],
  },
  'src/server/x.ts': {
    good: [value('../client/upgrades.ts'), value('../../workflows/messages.ts')],
    bad: [
      value('../adapters/eks.ts'),
      value('../../activities/access.ts'),
      value('../../workflows/upgrade.ts'),
      value('../../sandbox/contracts.ts'),
    ],
  },
};

/** Code that breaks a house rule, by the rule that must say so. */
const HOUSE: Record<string, string> = {
  'no-explicit-any': 'export const loose = (given: any): string => String(given);',
  'no-non-null-assertion': 'export const sure = (given?: string): string => given!;',
  'no-floating-promises': 'export const forgets = (given: Promise<void>): void => { given; };',
  'switch-exhaustiveness-check':
    "export function half(given: 'a' | 'b'): void { switch (given) { case 'a': return; } }",
  'max-params':
    'export const long = (a: string, b: string, c: string, d: string, e: string): string => a + b + c + d + e;',
  'max-lines': Array.from({ length: 301 }, (_, index) => `export const line${index} = ${index};`).join('\n'),
  'no-default-export': 'export default 1;',
  'no-console': "console.log('said');",
  'consistent-type-imports': "import { Stats } from 'node:fs';\nexport type Seen = Stats;",
  'no-unused-vars': "const forgotten = 'never read';\nexport const one = 1;",
};

const Report = z.object({
  diagnostics: z.array(
    z.object({
      code: z.string(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })),
    }),
  ),
});

let dir: string;
let found: { readonly rule: string; readonly file: string; readonly line: number }[];

const houseFile = (rule: string): string => `src/any-other/${rule}.ts`;

function write(file: string, text: string): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), `${text}\n`);
}

function lint(): typeof found {
  const { stdout, stderr } = spawnSync(join(BIN, 'oxlint'), ['--format', 'json'], {
    cwd: dir,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  expect(stderr).toBe('');
  return Report.parse(JSON.parse(stdout)).diagnostics.map(({ code, filename, labels }) => ({
    rule: /\((.*)\)/.exec(code)?.[1] ?? code,
    file: filename,
    line: labels[0]?.span.line ?? 0,
  }));
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-boundaries-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', '.gitignore']) cpSync(join(ROOT, file), join(dir, file));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  for (const [file, { bad, good }] of Object.entries(FOLDERS))
    write(file, [...bad, ...good].map((line, index) => line.replaceAll('$', String(index))).join('\n'));
  for (const [rule, code] of Object.entries(HOUSE)) write(houseFile(rule), code);
  write('src/any-other/good.ts', 'export const greet = (name: string): string => `Hello ${name}`;');
  found = lint();
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('import boundaries', () => {
  it.each(Object.entries(FOLDERS))('%s: each bad line is refused, and no good one', (file, { bad, good }) => {
    const lines = [...bad, ...good];
    const refused = new Set(
      found.filter((one) => one.file === file && one.rule.startsWith('no-restricted-')).map(({ line }) => line),
    );
    expect(lines.filter((_, index) => refused.has(index + 1))).toEqual(bad);
  });

  it('the domain takes the time from its caller, in the one way that no rule of the linter sees', () => {
    const folder = join(ROOT, 'src', 'domain');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((name) => /new Date\(\s*\)/.test(readFileSync(join(folder, name), 'utf8')))).toEqual([]);
  });
});

describe('house rules', () => {
  it.each(Object.keys(HOUSE))('%s', (rule) => {
    expect(found.filter(({ file }) => file === houseFile(rule)).map((one) => one.rule)).toContain(rule);
  });

  it('let plain code through', () => {
    expect(found.filter(({ file }) => file === 'src/any-other/good.ts')).toEqual([]);
  });
});
