import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from './ready.ts';

export interface ProcessSpec {
  /** Unique among the running; also the name of the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to PATH, HOME, TMPDIR and LANG; nothing else of our own environment reaches a child. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: an empty folder below the log folder. */
  readonly cwd?: string;
  /** Asked until it says yes. Absent: ready once spawned. */
  readonly ready?: () => Promise<boolean>;
  /** Default: 60 s. */
  readonly readyWithinMs?: number;
  /** How `stop` asks it to end. Default: SIGTERM. SIGKILL suits what has nothing to lose: it is quicker. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<Exit>;
  /** Asks it to end (with the signal given, or its own), kills its whole group after the grace time; resolves when gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGKILL to its whole group; resolves when gone. */
  kill(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const GRACE_MS = 5_000;
const LOG_TAIL_BYTES = 4_096;
const LOG_TAIL_LINES = 20;

/** The child processes of one sandbox. None of them outlives it: neither an orderly stop nor, on Linux, a SIGKILL of us. */
export class Processes {
  readonly #logDir: string;
  readonly #home: string;
  readonly #tmp: string;
  readonly #running = new Map<string, RunningProcess>();
  #stopped = false;

  constructor(options: { readonly logDir: string }) {
    this.#logDir = options.logDir;
    this.#home = join(options.logDir, 'home');
    this.#tmp = join(options.logDir, 'tmp');
    mkdirSync(this.#home, { recursive: true });
    mkdirSync(this.#tmp, { recursive: true });
    process.on('exit', this.#killAllNow);
  }

  get running(): readonly RunningProcess[] {
    return [...this.#running.values()];
  }

  /** Where a process of this name writes its stdout and stderr. */
  logFile(name: string): string {
    return join(this.#logDir, `${name}.log`);
  }

  /**
   * Starts a process and resolves when it is ready.
   * @throws Error with the last lines of its log when it ends, or is not ready in time (it is killed then)
   */
  async start(spec: ProcessSpec): Promise<RunningProcess> {
    if (this.#stopped) throw new Error(`${spec.name} is not started: everything was stopped`);
    if (this.#running.has(spec.name)) throw new Error(`a process named ${spec.name} runs already: stop it first`);
    const child = this.#spawn(spec);
    const { pid } = child;
    if (pid === undefined) {
      const { promise: failure, resolve } = Promise.withResolvers<Error>();
      child.once('error', resolve);
      throw new Error(`${spec.name} could not be started (${spec.command})`, {
        cause: await failure,
      });
    }
    const running = supervise(spec, pid, child);
    this.#running.set(spec.name, running);
    const exitedEarly = new AbortController();
    const forget = async (): Promise<void> => {
      const exit = await running.exited;
      this.#running.delete(spec.name);
      exitedEarly.abort(new Error(`ended with ${describe(exit)} before it was ready`));
    };
    void forget();
    if (!spec.ready) return running;
    try {
      const withinMs = spec.readyWithinMs ?? READY_WITHIN_MS;
      await waitUntil(spec.ready, { what: 'ready', withinMs, signal: exitedEarly.signal });
      // Somebody else on its port may have said yes.
      exitedEarly.signal.throwIfAborted();
    } catch (error) {
      await running.kill();
      const why = error instanceof Error ? error.message : String(error);
      const tail = await lastLines(this.logFile(spec.name));
      throw new Error(`${spec.name}: ${why}. Last lines of ${this.logFile(spec.name)}:\n${tail}`, {
        cause: error,
      });
    }
    return running;
  }

  /** Stops all at the same time and resolves when they are gone. Nothing can be started afterwards. */
  async stopAll(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.running.map((running) => running.stop()));
    process.off('exit', this.#killAllNow);
  }

  #spawn(spec: ProcessSpec): ChildProcess {
    const log = openSync(this.logFile(spec.name), 'a');
    try {
      const { command, args } = dieWithParent(spec);
      return spawn(command, args, {
        cwd: spec.cwd ?? this.#home,
        env: {
          PATH: process.env['PATH'],
          LANG: process.env['LANG'] ?? 'C.UTF-8',
          HOME: this.#home,
          TMPDIR: this.#tmp,
          ...spec.env,
        },
        stdio: ['ignore', log, log],
        // An own process group: a terminal's Ctrl-C reaches us only, and we stop the children in our order.
        detached: true,
      });
    } finally {
      closeSync(log);
    }
  }

  readonly #killAllNow = (): void => {
    for (const { pid } of this.#running.values()) killGroup(pid);
  };
}

function supervise({ name, stopSignal }: ProcessSpec, pid: number, child: ChildProcess): RunningProcess {
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  child.once('exit', (code, signal) => {
    // What the process itself started must not stay behind.
    killGroup(pid);
    resolve({ code, signal });
  });
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = async (): Promise<void> => {
    if (!isGone()) killGroup(pid);
    await exited;
  };
  const stop = async (signal: NodeJS.Signals = stopSignal ?? 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    const grace = new AbortController();
    const tooLong = delay(GRACE_MS, 'too long' as const, { signal: grace.signal }).catch(() => undefined);
    const outcome = await Promise.race([exited, tooLong]);
    grace.abort();
    if (outcome === 'too long') await kill();
  };
  return { name, pid, exited, stop, kill };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Lets the kernel kill the child when we die without a chance to do it, where util-linux has the tool for it. */
function dieWithParent({ command, args }: ProcessSpec): {
  command: string;
  args: readonly string[];
} {
  const setpriv = findOnPath('setpriv');
  if (process.platform !== 'linux' || setpriv === undefined) return { command, args };
  return { command: setpriv, args: ['--pdeathsig', 'KILL', '--', command, ...args] };
}

function findOnPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((dir) => join(dir, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const describe = ({ code, signal }: Exit): string => (signal === null ? `exit code ${code}` : signal);

async function lastLines(file: string): Promise<string> {
  const log = await open(file);
  try {
    const { size } = await log.stat();
    const length = Math.min(size, LOG_TAIL_BYTES);
    const { buffer, bytesRead } = await log.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  } finally {
    await log.close();
  }
}
