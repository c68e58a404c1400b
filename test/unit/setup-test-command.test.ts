// `npm test` as CI reads it: the last line and the exit code, run on small folders of test files.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waitUntil } from '../../sandbox/process/ready.ts';

// Processes start here, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let dir: string;
let started: ChildProcess | undefined;

const pidsFile = () => join(dir, 'pids');

/** Those of the processes that a test wrote down which still run; a zombie has no folder any more. */
function left(): number[] {
  const pids = existsSync(pidsFile()) ? readFileSync(pidsFile(), 'utf8').split(' ').map(Number) : [];
  return pids.filter((pid) => existsSync(`/proc/${pid}/cwd`));
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-npm-test-'));
  mkdirSync(join(dir, 'tmp'));
  mkdirSync(join(dir, 'tests'));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'tests', 'node_modules'));
});

afterEach(async () => {
  if (started && started.exitCode === null && started.signalCode === null) {
    started.kill('SIGKILL');
    await once(started, 'exit');
  }
  for (const pid of left()) process.kill(pid, 'SIGKILL');
  rmSync(dir, { recursive: true, maxRetries: 5 });
});

/** Runs `npm test` on these files, with a temporary and a home folder of its own. */
function start(files: Record<string, string>) {
  const head = `import { afterAll, describe, expect, it } from 'vitest';\n`;
  for (const [name, code] of Object.entries(files)) writeFileSync(join(dir, 'tests', `${name}.test.ts`), head + code);
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'test.ts'), '--root', join(dir, 'tests')], {
    env: { ...process.env, TMPDIR: join(dir, 'tmp'), NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started = child;
  const run = { child, out: '', ended: once(child, 'close') };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (run.out += chunk.toString()));
  return run;
}

const PASSES = `it('passes', () => expect(1).toBe(1));\n`;
const FAILS = `it('fails', () => expect(1).toBe(2));\n`;

/** Files of which each is one failure, beside at most one test that passes. */
const FAILURES: Record<string, string> = {
  'a failed test': FAILS,
  'a skipped test': `it.skip('skipped', () => undefined);`,
  'a skipped group': `describe.skip('skipped', () => { ${PASSES} });`,
  'a planned test': `it.todo('planned');`,
  'a file that imports what is not there': `import './not-there.ts';\n${PASSES}`,
  'a file that is no code': 'const = 1;',
  'a file without tests': '',
  'a failing clean-up': `${PASSES}afterAll(() => { throw new Error('no'); });`,
  'a file whose process dies': `it('dies', () => process.kill(process.pid, 'SIGKILL'));`,
};

describe('npm test', () => {
  it.each<[string, Record<string, string>, string, number]>([
    ['counts what passed', { a: PASSES, b: PASSES + PASSES.replace('passes', 'too') }, '3 passed, 0 failed', 0],
    [`counts as failed each of: ${Object.keys(FAILURES).join(', ')}`, FAILURES, '1 passed, 9 failed', 1],
    [
      'counts an error outside of tests',
      { a: `${PASSES}void Promise.reject(new Error('late'));` },
      '1 passed, 1 failed',
      1,
    ],
    ['fails when there is no test at all', {}, '0 passed, 1 failed', 1],
  ])('%s', async (_, files, last, code) => {
    const run = start(files);
    expect((await run.ended)[0]).toBe(code);
    expect(run.out.trimEnd().split('\n').at(-1)).toBe(last);
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
  });

  it('gives tests a home and a temporary folder that go at the end', async () => {
    const run = start({
      a: `import { writeFileSync } from 'node:fs'; import { homedir, tmpdir } from 'node:os';
it('writes', () => { for (const folder of [homedir(), tmpdir()]) writeFileSync(folder + '/left', ''); writeFileSync(${JSON.stringify(join(dir, 'seen'))}, homedir() + ' ' + tmpdir() + ' ' + process.env.EKSODUS_CACHE_DIR); });`,
    });
    expect(await run.ended).toEqual([0, null]);
    expect(readFileSync(join(dir, 'seen'), 'utf8')).toMatch(
      new RegExp(`^${dir}/tmp/eksodus-test-\\w+/home ${dir}/tmp/eksodus-test-\\w+/tmp /.+$`),
    );
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ended by %s takes all that the tests started with it', async (signal) => {
    const pids = pidsFile();
    const run = start({
      a: `import { spawn } from 'node:child_process'; import { renameSync, writeFileSync } from 'node:fs';
it('never ends', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM INT; echo; while :; do sleep 1; done'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  writeFileSync(${JSON.stringify(`${pids}.new`)}, process.pid + ' ' + child.pid);
  renameSync(${JSON.stringify(`${pids}.new`)}, ${JSON.stringify(pids)});
  await new Promise(() => undefined);
}, 1e9);`,
    });
    await waitUntil(async () => existsSync(pids), { what: 'the test', withinMs: 60_000 });
    run.child.kill(signal);
    run.child.kill(signal);
    expect(await run.ended).toEqual([130, null]);
    expect(run.out).toMatch(/\ninterrupted\n$/);
    await waitUntil(async () => left().length === 0, { what: 'the end of all', withinMs: 60_000 });
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
  });
});
