// The command line as people run it: a process of its own, with pipes or on a terminal.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { z } from 'zod';
import type { environmentSchema } from '../../config/schema.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What a person writes. */
type EnvironmentFile = z.input<typeof environmentSchema>;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** All of standard output until now. */
  out(): string;
  /** Resolves when standard output matches; fails when the command ends before it does. */
  until(pattern: RegExp): Promise<void>;
  type(keys: string): void;
}

export interface Cli {
  run(...args: string[]): Promise<Ended>;
  begin(...args: string[]): Running;
  /** On a terminal of its own of 80 columns and 24 rows; what it writes to either stream is in `out`. */
  onTerminal(...args: string[]): Running;
}

/** `unheard` is left out of what is written to standard error. */
export function cliWith(env: Readonly<Record<string, string>>, unheard?: RegExp): Cli {
  const whole = { PATH: process.env['PATH'] ?? '', USER: 'sre', TERM: 'xterm', SHELL: '/bin/sh', ...env };
  const begin = (command: string, args: readonly string[]): Running =>
    started(spawn(command, args, { env: whole }), unheard);
  return {
    run: (...args) => {
      const running = begin(process.execPath, [MAIN, ...args]);
      running.child.stdin?.end();
      return running.ended;
    },
    begin: (...args) => begin(process.execPath, [MAIN, ...args]),
    onTerminal: (...args) => {
      const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
      return begin('script', ['-qefc', `stty cols 80 rows 24 && exec ${command}`, '/dev/null']);
    },
  };
}

const alive = new Set<ChildProcess>();

/** Ends the processes that a test which failed has left. */
export function endAll(): void {
  for (const child of alive) child.kill('SIGKILL');
}

function started(child: ChildProcess, unheard = /(?!)/): Running {
  alive.add(child);
  let [out, err] = ['', ''];
  const waiting = new Set<() => void>();
  const note = (): void => {
    for (const look of waiting) look();
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    note();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      alive.delete(child);
      resolve({ code, out, err: err.replace(unheard, '') });
    });
  });
  return {
    child,
    ended,
    out: () => out,
    type: (keys) => void child.stdin?.write(keys),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(out)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        child.on('close', (code) => {
          if (waiting.has(look)) reject(new Error(`ended with ${code} before ${pattern}:\n${out}\n${err}`));
        });
      }),
  };
}

/** What a person would write, with every wait at zero: a test waits for what happens and not for the clock. */
export function environmentFile(name: string, change: Partial<EnvironmentFile> = {}): EnvironmentFile {
  const app = (one: string): EnvironmentFile['apps'][number] => ({
    name: one,
    team: `team-${one}`,
    hosts: [`${one}.example.test`],
    application: `${one}-{cluster}`,
    ingress: { namespace: one, name: one },
    checks: [{ path: '/healthz' }],
  });
  return {
    name,
    account: '123456789012',
    region: 'ap-northeast-1',
    live: { parameter: `/${name}/live-cluster` },
    target: { version: '1.36' },
    // A hosted zone has one writer: each environment has its own.
    zones: [{ id: `Z${name.toUpperCase()}`, name: 'example.test' }],
    cluster: {
      roleArn: 'arn:aws:iam::123456789012:role/eks-cluster',
      subnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-0b1c2d3e4f5061728'],
    },
    nodeGroups: [
      {
        name: 'general',
        nodeRoleArn: 'arn:aws:iam::123456789012:role/eks-node',
        instanceTypes: ['m7i.large'],
        minSize: 1,
        desiredSize: 2,
        maxSize: 3,
      },
    ],
    argocd: { cluster: 'manager' },
    steps: [
      { green: 50, bake: '0s' },
      { green: 100, bake: '0s' },
    ],
    apps: [app('messages'), app('files')],
    drain: '0s',
    soak: '0s',
    ...change,
  };
}

/** A folder for environment files that is gone at the end. */
export class Files {
  readonly dir = mkdtempSync(join(tmpdir(), 'eksodus-cli-'));

  write(name: string, content: EnvironmentFile | string): string {
    const file = join(this.dir, name);
    writeFileSync(file, typeof content === 'string' ? content : stringify(content));
    return file;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
