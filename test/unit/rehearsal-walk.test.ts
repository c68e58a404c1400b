// The parts of a rehearsal's walk: who takes work, what the terminal's Ctrl-C reaches, what happens when it takes too long.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProcessSpec, RunningProcess } from '../../sandbox/process/processes.ts';
import { Troubles } from '../../sandbox/rehearsal/troubles.ts';
import { watchUntil } from '../../sandbox/rehearsal/watching.ts';
import { within } from '../../sandbox/rehearsal/within.ts';
import { RehearsalWorker } from '../../sandbox/rehearsal/worker.ts';

const NEVER = new AbortController().signal;

describe('a walk', () => {
  const until = (signal: AbortSignal): Promise<never> => sleep(60_000, undefined as never, { signal });

  it('that takes too long ends at its limit, and says so', async () => {
    await expect(within({ limitMs: 1_000, interrupted: NEVER }, until)).rejects.toThrow('not over within 1 s');
  });

  it('that is interrupted first ends with that', async () => {
    const interrupt = new AbortController();
    const walking = within({ limitMs: 60_000, interrupted: interrupt.signal }, until);
    interrupt.abort(new Error('interrupted'));
    await expect(walking).rejects.toThrow('interrupted');
  });

  it('that ends by itself gives what it has, or its own error', async () => {
    const limits = { limitMs: 60_000, interrupted: NEVER };
    expect(await within(limits, async () => 'done')).toBe('done');
    await expect(within(limits, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });
});

describe('troubles', () => {
  it('are kept, and the rest goes on', async () => {
    const troubles = new Troubles(NEVER);
    const fails = (): Promise<string[]> => Promise.reject(new Error('connection refused'));
    expect(await troubles.spare('Argo CD could not be looked at', fails, [])).toEqual([]);
    expect(await troubles.spare('the hosted zone', async () => 'seen', 'unseen')).toBe('seen');
    expect(troubles.list).toEqual(['Argo CD could not be looked at: connection refused']);
  });

  it('are none when a person ends all', async () => {
    const troubles = new Troubles(AbortSignal.abort(new Error('interrupted')));
    const fails = (): Promise<void> => Promise.reject(new Error('connection refused'));
    await expect(troubles.spare('the walk', fails, undefined)).rejects.toThrow('interrupted');
    expect(troubles.list).toEqual([]);
  });
});

describe('the worker', () => {
  /** Processes that are ready when they say so, asked until then; and what Temporal says at each look. */
  function stage(looks: readonly (readonly string[])[][]) {
    const running: RunningProcess[] = [];
    let asked = 0;
    const answers = looks.values();
    const start = async (spec: ProcessSpec): Promise<RunningProcess> => {
      const { promise: exited } = Promise.withResolvers<{ code: null; signal: string }>();
      const gone = async (): Promise<void> => undefined;
      const one = { name: spec.name, pid: 100 + running.length, exited, stop: gone, kill: gone };
      running.push(one);
      if (!spec.ready) throw new Error(`${spec.name} counts as ready once spawned`);
      while (!(await spec.ready()));
      return one;
    };
    const pollers = async () => {
      asked += 1;
      const answer = answers.next().value;
      if (!answer) throw new Error('asked after it was ready');
      return answer;
    };
    return {
      worker: new RehearsalWorker({ processes: { start, running }, env: {}, pollers }),
      asked: () => asked,
    };
  }

  it('is there when it asks for workflow tasks and for activities, not when another one does', async () => {
    const { worker, asked } = stage([
      [[], []],
      [['100@host'], ['1000@host']],
      [['100@host'], ['1000@host', '100@host']],
    ]);
    await worker.start();
    expect(asked()).toBe(3);
  });

  it('is back after a crash when the new one asks: Temporal still names the dead one', async () => {
    const { worker, asked } = stage([
      [['100@host'], ['100@host']],
      [['100@host'], ['100@host']],
      [
        ['100@host', '101@host'],
        ['100@host', '101@host'],
      ],
    ]);
    await worker.start();
    expect(asked()).toBe(1);
    await worker.crash();
    expect(asked()).toBe(3);
  });
});

describe('the picture', () => {
  const UNREACHABLE = { code: 5, errors: 'no worker answers for stg. Start one: eksodus worker\n' };
  let written: string[];
  beforeEach(() => {
    written = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  });
  afterEach(() => vi.restoreAllMocks());

  it('asks again when nobody answered, without a word', async () => {
    const ends = [UNREACHABLE, UNREACHABLE, { code: 0, errors: '' }].values();
    await watchUntil(async () => ends.next().value ?? UNREACHABLE, NEVER);
    expect([ends.next().done, written.join('')]).toEqual([true, '']);
  });

  it('says what went wrong, but not that the upgrade goes on when all of it ends', async () => {
    await watchUntil(async () => ({ code: 2, errors: 'no upgrade of stg is known\n' }), NEVER);
    const over = new AbortController();
    const show = async () => {
      over.abort();
      return { code: 130, errors: 'The upgrade of stg goes on\n' };
    };
    await watchUntil(show, over.signal);
    expect(written).toEqual(['no upgrade of stg is known\n']);
  });
});

/** Runs a command on a terminal, makes it wider once something is there, then types Ctrl-C; prints all that it showed. */
const ON_TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, tty = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"on a terminal" not in seen:
    seen += os.read(tty, 4096)
fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 99, 0, 0))
while b"columns: 99" not in seen:
    seen += os.read(tty, 4096)
os.write(tty, b"\\x03")
try:
    while True:
        seen += os.read(tty, 4096) or sys.exit()
except OSError:
    sys.stdout.buffer.write(seen)
`;

describe('on a terminal', () => {
  const CLI = fileURLToPath(new URL('../../sandbox/rehearsal/cli.ts', import.meta.url));
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'eksodus-terminal-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** A rehearsal of a command line that tells of each signal; what its terminal shows. */
  async function shown(): Promise<string> {
    const product = join(dir, 'product.mjs');
    writeFileSync(
      product,
      `setInterval(() => {}, 1000);
      process.on('SIGINT', () => console.log('reached by Ctrl-C'));
      process.stdout.on('resize', () => console.log('columns: ' + process.stdout.columns));
      process.on('SIGTERM', () => { console.log('last picture'); console.error('it goes on'); process.exit(0); });
      console.log('on a terminal: ' + process.stdout.isTTY);`,
    );
    const rehearsal = join(dir, 'rehearsal.ts');
    writeFileSync(
      rehearsal,
      `import { cliWith } from '${CLI}';
      const interrupt = new AbortController();
      process.on('SIGINT', () => interrupt.abort());
      const { errors } = await cliWith({}, '${product}').show(process.stdout, interrupt.signal);
      console.log('ended, having said: ' + errors);`,
    );
    const terminal = spawn('python3', ['-c', ON_TERMINAL, process.execPath, rehearsal]);
    let out = '';
    terminal.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    terminal.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await once(terminal, 'close');
    return out.replaceAll('\r', '');
  }

  it(
    'the command that shows knows its terminal and the size of it; Ctrl-C reaches the rehearsal alone, which asks it to end',
    { timeout: 60_000 },
    async () => {
      expect(await shown()).toBe(
        'on a terminal: true\ncolumns: 99\n^Clast picture\nended, having said: it goes on\n\n',
      );
    },
  );
});
