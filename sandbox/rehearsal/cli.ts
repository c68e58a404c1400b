// The product's own command line, as a person would use it: a process of its own, on this Node, from this checkout.
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Cli {
  /** Runs a command to its end. Throws an Error with what it wrote to stderr when it exits with anything but 0. */
  run(...args: string[]): Promise<string>;
  /** Starts a command that shows what it does on one of our own streams. */
  show(stream: NodeJS.WriteStream, ...args: string[]): ChildProcess;
}

export function cliWith(env: Readonly<Record<string, string>>): Cli {
  const whole = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    TERM: process.env['TERM'] ?? '',
    ...env,
  };
  return {
    run: (...args) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [MAIN, ...args], { env: whole, stdio: ['ignore', 'pipe', 'pipe'] });
        let [out, errors] = ['', ''];
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
        child.on('error', reject);
        child.on('close', (code) => {
          if (code === 0) resolve(out);
          else reject(new Error(`\`eksodus ${args.join(' ')}\` ended with ${code ?? 'a signal'}:\n${errors || out}`));
        });
      }),
    show: (stream, ...args) =>
      spawn(process.execPath, [MAIN, ...args], {
        env: { ...whole, ...colours() },
        stdio: ['ignore', stream, 'inherit'],
      }),
  };
}

/** What a person set about colours counts for the picture that we show. */
function colours(): Record<string, string> {
  return Object.fromEntries(
    ['NO_COLOR', 'CI', 'COLUMNS', 'LANG'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );
}
