// Runs the npm scripts as a person would, from the checkout, and looks at what they leave.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JudgedReport } from '../../sandbox/rehearsal/report.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Script {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with the output so far once it holds the text; rejects when the script ends first. */
  shows(text: string): Promise<string>;
}

/** Starts `npm run <args>` with a temp folder of its own, so that what stays behind is seen. */
export function npmRun(tmp: string, ...args: string[]): Script {
  const child = spawn('npm', ['run', '--silent', ...args], {
    cwd: ROOT,
    // npm itself keeps compiled code in the temp folder, unless told not to.
    env: { ...process.env, TMPDIR: tmp, NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const changed: (() => void)[] = [];
  const onData = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const tell of changed.splice(0)) tell();
  };
  child.stdout.on('data', onData);
  child.stderr.on('data', onData);
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, output })));
  const shows = async (text: string): Promise<string> => {
    while (!output.includes(text)) {
      const next = new Promise<'more'>((resolve) => changed.push(() => resolve('more')));
      if ((await Promise.race([next, ended.then(() => 'ended' as const)])) === 'ended' && !output.includes(text))
        throw new Error(`ended without "${text}":\n${output}`);
    }
    return output;
  };
  return { child, ended, shows };
}

export async function rehearsal(...args: string[]): Promise<{ ended: Ended; report: JudgedReport; left: string[] }> {
  const tmp = mkdtempSync(join(tmpdir(), 'e2e-'));
  const out = mkdtempSync(join(tmpdir(), 'e2e-report-'));
  try {
    const file = join(out, 'report.json');
    const ended = await npmRun(tmp, 'rehearse', '--', ...args, '--report', file).ended;
    if (!existsSync(file)) throw new Error(`no report was written; exit code ${ended.code}:\n${ended.output}`);
    return { ended, report: JSON.parse(readFileSync(file, 'utf8')), left: readdirSync(tmp) };
  } finally {
    for (const dir of [tmp, out]) rmSync(dir, { recursive: true, force: true });
  }
}

interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z') return [];
        return [
          {
            pid: Number(name),
            parent: Number(parent),
            command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
          },
        ];
      } catch {
        return [];
      }
    });
}

/** The process and all that descend from it. */
export function tree(pid: number): ProcessInfo[] {
  const all = processes();
  const found = all.filter((one) => one.pid === pid);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

/** Those of the processes that are still alive under the same command. */
export const stillAlive = (before: readonly ProcessInfo[]): string[] => {
  const now = new Map(processes().map(({ pid, command }) => [pid, command]));
  return before.filter(({ pid, command }) => now.get(pid) === command).map(({ pid, command }) => `${pid} ${command}`);
};

const LISTEN = '0A';

/** Local addresses, in the kernel's hex, on which the processes listen (TCP) or receive (UDP, unconnected). */
export function listeningAddresses(pids: readonly number[]): { readonly pid: number; readonly address: string }[] {
  const owners = new Map<string, number>();
  for (const pid of pids) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        if (inode !== undefined) owners.set(inode, pid);
      }
    } catch {
      // The process, or one of its descriptors, has gone in the meantime.
    }
  }
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) =>
    readFileSync(`/proc/net/${protocol}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
        const pid = owners.get(inode);
        const listens = protocol.startsWith('tcp') ? state === LISTEN : /^0+:0+$/.test(remote);
        return pid !== undefined && listens ? [{ pid, address: local.split(':')[0] ?? '' }] : [];
      }),
  );
}

/** 127.0.0.0/8, ::1, or 127.0.0.0/8 mapped into IPv6: the kernel writes 32-bit words in the machine's byte order. */
export const isLoopback = (hex: string): boolean =>
  /^[0-9A-F]{6}7F$/.test(hex) || hex === '00000000000000000000000001000000' || /^0{16}FFFF0000[0-9A-F]{6}7F$/.test(hex);
