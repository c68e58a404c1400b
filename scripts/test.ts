// `npm test`: format, lint, types, then every test; the last line says how many passed and failed.
// Arguments go to vitest: `npm test -- --project unit`, `npm test -- test/unit/traffic.test.ts`.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { cacheDir } from '../sandbox/setup/cache.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');
const CHECKS = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'types', command: ['tsc', '-p', '.'] },
] as const;
const INTERRUPTED = 130;

const Report = z.object({
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }).readonly(),
  ),
});

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const NONE: Counts = { passed: 0, failed: 0 };

/** Everything that a test or a tool writes beside the clone and the cache lies below, and goes at the end. */
const dir = mkdtempSync(join(tmpdir(), 'eksodus-test-'));
const [home, tmp, reportFile] = [join(dir, 'home'), join(dir, 'tmp'), join(dir, 'report.json')];
for (const folder of [home, tmp]) mkdirSync(folder);
const env = {
  ...process.env,
  PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}`,
  HOME: home,
  TMPDIR: tmp,
  XDG_CACHE_HOME: undefined,
  XDG_CONFIG_HOME: undefined,
  XDG_DATA_HOME: undefined,
  EKSODUS_CACHE_DIR: cacheDir(),
};

const interruption = new AbortController();
const isInterrupted = (): boolean => interruption.signal.aborted;
let running: number | undefined;

function signalRunning(signal: NodeJS.Signals): void {
  if (running === undefined) return;
  try {
    process.kill(-running, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!isInterrupted()) signalRunning('SIGTERM');
    interruption.abort();
  });
}

function run([program, ...args]: readonly [string, ...string[]]): Promise<number> {
  return new Promise((resolve, reject) => {
    // A process group of its own: a terminal's Ctrl-C reaches only us, and what the tests started ends with them.
    const child = spawn(join(BIN, program), args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
      detached: true,
    });
    running = child.pid;
    child.on('error', reject);
    child.on('close', (code) => {
      if (isInterrupted()) signalRunning('SIGKILL');
      running = undefined;
      resolve(code ?? 1);
    });
  });
}

/** What vitest counted; a run that could not even report counts as one failure. */
function readReport(exitCode: number): Counts {
  let passed = 0;
  let failed = 0;
  try {
    for (const file of Report.parse(JSON.parse(readFileSync(reportFile, 'utf8'))).testResults) {
      const passedInFile = file.assertionResults.filter(({ status }) => status === 'passed').length;
      // A skipped test proves nothing, so it counts as failed; so does a file that could not be loaded.
      const failedInFile = file.assertionResults.length - passedInFile;
      passed += passedInFile;
      failed += failedInFile === 0 && file.status !== 'passed' ? 1 : failedInFile;
    }
  } catch (error) {
    process.stderr.write(`The tests left no report: ${error instanceof Error ? error.message : String(error)}\n`);
    return { passed, failed: failed + 1 };
  }
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

async function check(): Promise<Counts> {
  let failed = 0;
  for (const { name, command } of CHECKS) {
    if (isInterrupted()) break;
    process.stdout.write(`\n# ${name}\n`);
    if ((await run(command)) !== 0) failed += 1;
  }
  return { passed: CHECKS.length - failed, failed };
}

async function test(vitestArguments: readonly string[]): Promise<Counts> {
  if (isInterrupted()) return NONE;
  process.stdout.write('\n# tests\n');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const exitCode = await run(['vitest', 'run', ...reporters, ...vitestArguments]);
  return isInterrupted() ? NONE : readReport(exitCode);
}

const vitestArguments = process.argv.slice(2);
const began = Date.now();
try {
  const checks = vitestArguments.length === 0 ? await check() : NONE;
  const tests = await test(vitestArguments);
  const [passed, failed] = [checks.passed + tests.passed, checks.failed + tests.failed];
  process.stdout.write(
    isInterrupted()
      ? '\ninterrupted\n'
      : `\n${Math.round((Date.now() - began) / 1000)} s\n${passed} passed, ${failed} failed\n`,
  );
  process.exitCode = isInterrupted() ? INTERRUPTED : Number(failed > 0);
} finally {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
