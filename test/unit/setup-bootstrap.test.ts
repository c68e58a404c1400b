// The bootstrap script as a whole, in a clone of its own: only the list of parts, Go, npm and what it hands over to are stand-ins.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
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
const WITHIN_MS = 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `go install` takes until $STANDINS/slow is gone, with a compiler below it that never stops writing. */
const GO = `#!/bin/sh
[ "$1" = env ] && echo go1.26.8 && exit
echo "go: downloading example.test/tool v1" >&2
[ -e "$STANDINS/broken" ] && echo "tool.go:1: does not compile" >&2 && exit 1
if [ -e "$STANDINS/slow" ]; then
  sh -c 'while :; do mkdir -p "$TMPDIR/$$"; echo > "$TMPDIR/$$/object"; done' &
  echo "$$ $!" > "$STANDINS/pids"
  wait
fi
echo binary > "$GOBIN/tool"
`;
const NPM = `#!/bin/sh
[ "$1" = --version ] && echo 11.0.0 && exit
echo "$@" >> "$STANDINS/npm-calls"
[ -e "$STANDINS/npm-broken" ] && echo "registry not reached" >&2 && exit 1
mkdir -p node_modules/.bin && ln -sf "$REAL_NODE" node_modules/.bin/node
`;
const PARTS = `export const PARTS = [{
  name: 'tool', version: '1', seconds: 1, binaries: ['tool'],
  build: { kind: 'install', package: 'example.test/tool@v1' },
}];
`;
/** What the bootstrap script hands over to: says what it was given; 'stay' waits for a signal and says how it ends. */
const MAIN = `
const [mode, value] = process.argv.slice(2);
process.stdout.write(JSON.stringify({ cache: process.env.EKSODUS_CACHE_DIR, cwd: process.cwd() }) + '\\n');
if (mode === 'exit') process.exit(Number(value));
if (mode === 'die') process.kill(process.pid, value);
let interrupts = 0;
process.on('SIGINT', () => process.stdout.write('interrupt ' + ++interrupts + '\\n'));
process.on('SIGTERM', () => process.exit(50 + interrupts));
process.on('SIGHUP', () => process.exit(60));
setInterval(() => {}, 1e6);
process.stdout.write('ready\\n');
`;

let dir: string;
let clone: string;
let cache: string;
let standIns: string;
let started: ChildProcess[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-bootstrap-'));
  [clone, cache, standIns] = [join(dir, 'a clone'), join(dir, 'cache'), join(dir, 'stand-ins')];
  started = [];
  mkdirSync(standIns);
  for (const [name, text] of Object.entries({ go: GO, npm: NPM })) {
    writeFileSync(join(standIns, name), text);
    chmodSync(join(standIns, name), 0o755);
  }
  cpSync(join(ROOT, 'scripts', 'bootstrap.mjs'), join(clone, 'scripts', 'bootstrap.mjs'));
  cpSync(join(ROOT, 'sandbox', 'setup'), join(clone, 'sandbox', 'setup'), { recursive: true });
  writeFileSync(join(clone, 'sandbox', 'setup', 'parts.mjs'), PARTS);
  writeFileSync(join(clone, 'package-lock.json'), '{}');
  mkdirSync(join(clone, 'src', 'cli'), { recursive: true });
  writeFileSync(join(clone, 'src', 'cli', 'main.ts'), MAIN);
});

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const pid of builders()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(dir, { recursive: true, maxRetries: 5 });
});

const env = () => ({
  ...process.env,
  PATH: `${standIns}:${process.env['PATH'] ?? ''}`,
  EKSODUS_CACHE_DIR: cache,
  STANDINS: standIns,
  REAL_NODE: process.execPath,
});

/** Runs a program in the clone; what it writes is gathered. */
function start(program: string, args: readonly string[]) {
  const child = spawn(program, args, { cwd: clone, env: env(), stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const run = { child, out: '', err: '', ended: once(child, 'close') };
  child.stdout.on('data', (chunk: Buffer) => (run.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (run.err += chunk.toString()));
  return run;
}

const bootstrap = (...args: string[]) => start(process.execPath, [join('scripts', 'bootstrap.mjs'), ...args]);

async function finished(...args: string[]) {
  const run = bootstrap(...args);
  const [code] = await run.ended;
  return { code, out: run.out, err: run.err };
}

/** Ids of the stand-in for `go` and of the compiler below it. */
function builders(): number[] {
  const file = join(standIns, 'pids');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : [];
}

/** A zombie that nobody reaps yet is gone too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const until = (what: string, holds: () => boolean) => waitUntil(async () => holds(), { what, withinMs: WITHIN_MS });
const mark = (name: string) => writeFileSync(join(standIns, name), '');
const unmark = (name: string) => rmSync(join(standIns, name));
const halfMade = () => readdirSync(join(cache, 'parts')).filter((name) => name.startsWith('.'));
const whole = () => readdirSync(join(cache, 'parts')).filter((name) => /^tool-1-[\w-]+$/.test(name));
const tickets = () => readdirSync(cache).filter((name) => name.startsWith('setup-lock-'));

async function startSlowBuild() {
  mark('slow');
  const run = bootstrap('setup');
  await until('the build', () => builders().length === 2);
  expect(builders().map(isAlive)).toEqual([true, true]);
  expect(halfMade()).toHaveLength(1);
  return run;
}

describe('set-up', () => {
  it('installs the packages, makes the part, and says how far it is; then there is nothing to do or say', async () => {
    const first = await finished('setup');
    expect(first.err).toMatch(
      /^npm packages · starting · \d+s\nnpm packages · installed · \d+s\nThe sandbox needs 1 more of its 1 parts; .*\n\[1\/1\] tool 1 · starting · \d+s\n\[1\/1\] tool 1 · built from source \(no pinned release for this platform\) · \d+s\n$/,
    );
    expect(first).toMatchObject({ code: 0, out: '' });
    expect([whole().length, halfMade(), tickets()]).toEqual([1, [], []]);
    expect(await finished('setup')).toEqual({ code: 0, out: '', err: '' });
    expect(readFileSync(join(standIns, 'npm-calls'), 'utf8')).toBe('ci --no-audit --no-fund --loglevel=error\n');
  });

  it('installs the packages again when the lock file changed', async () => {
    await finished('setup');
    writeFileSync(join(clone, 'package-lock.json'), '{"changed": true}');
    expect((await finished('setup')).code).toBe(0);
    expect(readFileSync(join(standIns, 'npm-calls'), 'utf8').split('\n')).toHaveLength(3);
  });

  it.each(SIGNALS)(
    'ended by %s leaves no half made part, no process and no lock, and goes on next time',
    async (name) => {
      const run = await startSlowBuild();
      run.child.kill(name);
      expect(await run.ended).toEqual([130, null]);
      expect(run.err).toContain('Set-up was interrupted; what is finished is kept');
      await until('the end of the build', () => !builders().some(isAlive));
      expect([halfMade(), whole(), tickets()]).toEqual([[], [], []]);
      unmark('slow');
      expect((await finished('setup')).code).toBe(0);
      expect([halfMade(), whole().length, tickets()]).toEqual([[], 1, []]);
      expect(readFileSync(join(standIns, 'npm-calls'), 'utf8').split('\n')).toHaveLength(2);
    },
  );

  it('clears away what one that was killed left', async () => {
    const run = await startSlowBuild();
    run.child.kill('SIGKILL');
    await run.ended;
    for (const pid of builders()) process.kill(pid, 'SIGKILL');
    expect([halfMade().length, tickets().length]).toEqual([1, 1]);
    unmark('slow');
    expect((await finished('setup')).code).toBe(0);
    expect([halfMade(), whole().length, tickets()]).toEqual([[], 1, []]);
  });

  it('waits for one that is at work already', async () => {
    const first = await startSlowBuild();
    const second = bootstrap('setup');
    const waits = `Another set-up (process ${first.child.pid}) is at work in ${cache}; waiting for it.\n`;
    await until('the second', () => second.err === waits);
    unmark('slow');
    first.child.kill('SIGTERM');
    await first.ended;
    expect(await second.ended).toEqual([0, null]);
    expect(whole()).toHaveLength(1);
  });

  it('that fails says what failed with its last lines, and keeps nothing half made', async () => {
    mark('broken');
    const { code, err } = await finished('rehearse');
    expect(code).toBe(1);
    expect(err).toMatch(/Set-up failed: `go install .* example\.test\/tool@v1` ended with exit code 1:\n/);
    expect(err).toContain('  tool.go:1: does not compile\n');
    expect(err).toMatch(/whole output: .*tool-1-.*\.log\n/);
    expect([halfMade(), whole(), tickets()]).toEqual([[], [], []]);
  });

  it('that cannot install the packages says so, and tries again next time', async () => {
    mark('npm-broken');
    const { code, err } = await finished('setup');
    expect(code).toBe(1);
    expect(err).toContain('  registry not reached\n');
    unmark('npm-broken');
    expect((await finished('setup')).code).toBe(0);
  });

  it('says what the machine lacks before it does anything', async () => {
    writeFileSync(join(standIns, 'go'), '#!/bin/sh\necho go1.20\n');
    const { code, err } = await finished('setup');
    expect(code).toBe(2);
    expect(err).toBe(
      'This machine lacks what eksodus needs:\n  Go: found go1.20, expected 1.26 or newer. Get it: https://go.dev/dl\n',
    );
    expect(existsSync(join(standIns, 'npm-calls'))).toBe(false);
  });

  it('knows its commands', async () => {
    expect(await finished('rehears')).toEqual({
      code: 2,
      out: '',
      err: 'bootstrap: "rehears" is not one of setup, rehearse, sandbox, test, bench, eksodus\n',
    });
  });
});

describe('the command line', () => {
  it('needs no part, and waits for no set-up of others once the packages are there', async () => {
    expect((await finished('eksodus', 'exit', '0')).code).toBe(0);
    expect(existsSync(join(cache, 'parts'))).toBe(false);
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    // The ticket of a set-up that lives as long as this test.
    writeFileSync(join(cache, `setup-lock-${process.pid}-${stat.split(' ')[19]}-x`), '');
    expect(await finished('eksodus', 'exit', '3')).toMatchObject({ code: 3, err: '' });
  });
});

describe('handing over', () => {
  beforeEach(async () => {
    await finished('setup');
  });

  it.each([0, 1, 3])(
    'ends with the exit code %i of the command, which knows the cache and runs in the clone',
    async (code) => {
      const run = await finished('eksodus', 'exit', String(code));
      expect(run).toEqual({ code, err: '', out: `${JSON.stringify({ cache, cwd: clone })}\n` });
    },
  );

  it.each([
    ['SIGKILL', 137],
    ['SIGSEGV', 139],
  ])('of a command that %s ends gives %i', async (signal, code) => {
    expect((await finished('eksodus', 'die', signal)).code).toBe(code);
  });

  it('passes signals on, and the command decides what comes of them', async () => {
    const run = bootstrap('eksodus', 'stay');
    await until('the command', () => run.out.endsWith('ready\n'));
    run.child.kill('SIGINT');
    await until('the interrupt', () => run.out.endsWith('interrupt 1\n'));
    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual([51, null]);
    const other = bootstrap('eksodus', 'stay');
    await until('the command', () => other.out.endsWith('ready\n'));
    other.child.kill('SIGHUP');
    expect(await other.ended).toEqual([60, null]);
  });

  it('leaves Ctrl-C to the terminal, so that it reaches the command once', async () => {
    // Whatever the bootstrap script passed on before would have come before the SIGTERM.
    const terminal = start('python3', [
      '-c',
      `
import os, pty, signal, sys
pid, tty = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
def read_until(text):
    global seen
    while text not in seen:
        seen += os.read(tty, 4096)
read_until(b"ready")
os.write(tty, b"\\x03")
read_until(b"interrupt 1")
os.kill(pid, signal.SIGTERM)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`,
      process.execPath,
      join('scripts', 'bootstrap.mjs'),
      'eksodus',
      'stay',
    ]);
    await terminal.ended;
    expect([terminal.out, terminal.err]).toEqual(['51\n', '']);
  });
});
