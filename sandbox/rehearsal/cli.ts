// The product's own command line, as a person would use it: a process of its own, on this Node, from this checkout.
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** What is asked to end has so long to do it. */
const GRACE_MS = 5_000;

export interface Ended {
  readonly code: number | null;
  /** What it wrote to standard error. */
  readonly errors: string;
}

export interface Cli {
  /** Runs a command to its end. Throws an Error with what it wrote to stderr when it exits with anything but 0. */
  run(...args: string[]): Promise<string>;
  /** A command that shows what it does on one of our own streams until it ends by itself or at the signal. */
  show(stream: NodeJS.WriteStream, signal: AbortSignal, ...args: string[]): Promise<Ended>;
}

/** `main`: what Node runs as the command line. */
export function cliWith(env: Readonly<Record<string, string>>, main = MAIN): Cli {
  const whole = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    TERM: process.env['TERM'] ?? '',
    ...env,
  };
  // Detached: a terminal's Ctrl-C reaches us only, and we decide what comes of it.
  const detached = true;
  return {
    async run(...args) {
      const child = spawn(process.execPath, [main, ...args], {
        env: whole,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached,
      });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      const { code, errors } = await end(child);
      if (code !== 0)
        throw new Error(`\`eksodus ${args.join(' ')}\` ended with ${code ?? 'a signal'}:\n${errors || out}`);
      return out;
    },
    async show(stream, signal, ...args) {
      const child = spawn(process.execPath, [main, ...args], {
        env: { ...whole, ...colours() },
        stdio: ['ignore', stream, 'pipe'],
        detached,
      });
      const stop = (): void => {
        child.kill();
        setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
      };
      // The terminal tells us only that its size is another one.
      const resized = (): void => void child.kill('SIGWINCH');
      stream.on('resize', resized);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      try {
        return await end(child);
      } finally {
        stream.off('resize', resized);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

/** Never rejects: a process that cannot be started has ended too. */
function end(child: ChildProcess): Promise<Ended> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, errors: error.message }));
    child.on('close', (code) => resolve({ code, errors }));
  });
}

/** What a person set about colours counts for the picture that we show. */
function colours(): Record<string, string> {
  return Object.fromEntries(
    ['NO_COLOR', 'CI', 'COLUMNS', 'LANG'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );
}
