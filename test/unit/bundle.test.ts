// What Temporal's sandbox loads for every run: workflows and the domain, and nothing that does I/O.
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as workflows from '../../workflows/index.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Some 1,010 kB were measured, half of them Temporal's own: room to grow, but not for a library. */
const MOST_BYTES = 1_100_000;
const PACKAGES = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc'];

const silent = (): void => undefined;
const quiet: Logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, log: silent };

let code: string;
/** Text of each module by its path. */
let modules: Map<string, string>;

beforeAll(async () => {
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: quiet });
  code = bundle.code.replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const parts = code.split(/^\/\*{3}\/ "([^"]+)"$/m).slice(1);
  modules = new Map(parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1] ?? '']] : [])));
});

const packageOf = (path: string): string | undefined => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];

describe('the workflow bundle', () => {
  it('has every workflow type', () => {
    const entry = modules.get('./workflows/index.ts') ?? '';
    const names = Object.keys(workflows);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !entry.includes(`./${name}.ts`))).toEqual([]);
  });

  it('has of ours workflows and the domain, and of others Temporal with what it needs', () => {
    const paths = [...modules.keys()].filter((path) => path.startsWith('./'));
    const ours = paths.filter((path) => packageOf(path) === undefined);
    expect(ours.filter((path) => !/^\.\/(workflows|src\/domain)\/[\w-]+\.ts$/.test(path))).toEqual([]);
    expect([...new Set(paths.flatMap((path) => packageOf(path) ?? []))].toSorted()).toEqual(PACKAGES);
  });

  it.each(['@aws-sdk', '@smithy', '@kubernetes', 'zod', 'pino', 'yaml', 'activities/', 'sandbox/'])(
    'has no %s',
    (word) => {
      expect([...modules].filter(([path, text]) => `${path}${text}`.includes(word)).map(([path]) => path)).toEqual([]);
    },
  );

  it('has nothing of Node; Temporal’s own code only knows such a name in stack traces', () => {
    const naming = [...modules].filter(([, text]) => text.includes('node:')).map(([path]) => path);
    expect(naming.filter((path) => packageOf(path) !== '@temporalio/common')).toEqual([]);
    expect(code).not.toMatch(/require\(["']|external "/);
  });

  it('is small', () => {
    expect(Buffer.byteLength(code)).toBeLessThan(MOST_BYTES);
  });
});
