// Runs one command of set-up: its output goes to a log file, its last lines into the error when it fails.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends what set-up has started: its own process groups, so compilers under `go` end with it. */
export function killRunning() {
  for (const child of running) {
    if (child.pid === undefined) continue;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it ended by itself in the meantime
    }
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, log: string, onLine?: (line: string) => void }} options
 * @returns {Promise<void>}
 */
export function run(command, args, { cwd, env, log, onLine }) {
  return new Promise((resolve, reject) => {
    const out = openSync(log, 'a');
    const child = spawn(command, args, {
      ...(cwd ? { cwd } : {}),
      env: { ...process.env, ...env },
      stdio: ['ignore', out, 'pipe'],
      detached: true,
    });
    running.add(child);
    /** @type {string[]} */
    const last = [];
    if (child.stderr === null) throw new Error(`${command}: its errors cannot be read`);
    createInterface({ input: child.stderr }).on('line', (line) => {
      writeSync(out, `${line}\n`);
      last.push(line);
      if (last.length > 15) last.shift();
      onLine?.(line);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      closeSync(out);
      if (code === 0) return resolve();
      const tail = last.length > 0 ? last : readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15);
      reject(
        new Error(
          `\`${command} ${args.join(' ')}\` ended with ${signal ?? `exit code ${code}`}:\n${tail.map((l) => `  ${l}`).join('\n')}\n  whole output: ${log}`,
        ),
      );
    });
  });
}
