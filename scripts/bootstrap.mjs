// The first thing that runs on a fresh clone: dependency-free, on any Node from 20 on.
// It checks the machine, installs the npm packages, brings the sandbox's parts into the cache, and hands over.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeParts } from '../sandbox/setup/build.mjs';
import { cacheDir, partIsThere } from '../sandbox/setup/cache.mjs';
import { lock } from '../sandbox/setup/lock.mjs';
import { PARTS } from '../sandbox/setup/parts.mjs';
import { show } from '../sandbox/setup/progress.mjs';
import { missingRequirements } from '../sandbox/setup/requirements.mjs';
import { killRunning, run } from '../sandbox/setup/run.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE = join(ROOT, 'node_modules', '.bin', 'node');

/** What each npm script hands over to, once set-up is done. */
const COMMANDS = {
  setup: undefined,
  rehearse: [NODE, 'src/cli/main.ts', 'rehearse'],
  sandbox: [NODE, 'sandbox/main.ts'],
  test: [NODE, 'scripts/test.ts'],
  bench: [NODE, 'sandbox/bench/main.ts'],
  eksodus: [NODE, 'src/cli/main.ts'],
};

const lockfileDigest = () =>
  createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');

function packagesAreThere() {
  try {
    return readFileSync(join(ROOT, 'node_modules', '.eksodus-lockfile'), 'utf8') === lockfileDigest();
  } catch {
    return false;
  }
}

async function installPackages() {
  if (packagesAreThere()) return;
  const progress = show('npm packages');
  progress.detail('npm ci');
  mkdirSync(cacheDir(), { recursive: true });
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: ROOT,
      env: { npm_config_cache: join(cacheDir(), 'npm') },
      log: join(cacheDir(), 'npm-ci.log'),
    });
    writeFileSync(join(ROOT, 'node_modules', '.eksodus-lockfile'), lockfileDigest());
    progress.stop('installed');
  } catch (error) {
    progress.stop('failed');
    throw error;
  }
}

/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @param {(signal: NodeJS.Signals) => void} listener instead of the one before */
function onSignal(listener) {
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, () => listener(signal));
  }
}

/** @param {string[]} command @returns {Promise<number>} its exit code; as a shell has it when a signal ended it */
function handOver([program = NODE, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: 'inherit',
      // Where set-up put the parts; and where the workflow bundler unpacks its native code, else in the home folder.
      env: { ...process.env, EKSODUS_CACHE_DIR: cacheDir(), SWC_NATIVE_BINDING_CACHE: join(cacheDir(), 'swc') },
    });
    const onTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
    // A terminal sends its Ctrl-C to the child itself; what else comes reaches only this process. The child decides when all is clean.
    onSignal((signal) => {
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
}

/**
 * @param {boolean} needsParts
 * @returns {Promise<number>} exit code
 */
async function setUp(needsParts) {
  // Who steers an upgrade waits for nobody's set-up, and needs no compiler.
  if (!needsParts && packagesAreThere()) return 0;
  const missing = missingRequirements();
  if (missing.length > 0) {
    process.stderr.write(`This machine lacks what eksodus needs:\n${missing.map((line) => `  ${line}`).join('\n')}\n`);
    return 2;
  }
  onSignal(() => {
    killRunning();
    process.stderr.write(`\nSet-up was interrupted; what is finished is kept, and the next run goes on from there.\n`);
    // Half made folders and the lock go with the end of the process.
    process.exit(130);
  });
  // A cache that has everything may be one that only others write.
  if (packagesAreThere() && PARTS.every(partIsThere)) return 0;
  const unlock = await lock(cacheDir());
  try {
    await installPackages();
    if (needsParts) await makeParts();
  } finally {
    unlock();
  }
  return 0;
}

const [name = 'setup', ...args] = process.argv.slice(2);
const known = Object.entries(COMMANDS).find(([command]) => command === name);
if (!known) {
  process.stderr.write(`bootstrap: "${name}" is not one of ${Object.keys(COMMANDS).join(', ')}\n`);
  process.exit(2);
}
try {
  // Of the command line only the rehearsal runs the parts.
  const code = await setUp(name !== 'eksodus' || args[0] === 'rehearse');
  const [, command] = known;
  process.exitCode = code !== 0 || command === undefined ? code : await handOver([...command, ...args]);
} catch (error) {
  process.stderr.write(
    `Set-up failed: ${error instanceof Error ? error.message : String(error)}\nNothing half made was kept; run the same command again to go on.\n`,
  );
  process.exitCode = 1;
}
