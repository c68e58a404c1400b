// Programs that people put into the worker's folder of commands. Nothing else can be run, and there is no shell.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fromVariables, withoutSecrets, type Variables } from './variables.ts';

export interface Command {
  /** The program's name in the folder, and its arguments. */
  readonly run: readonly string[];
  /** What it is told. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the worker's variables that it is given too. Of all others it is given `PATH` alone. */
  readonly variables: readonly string[];
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** `lastLine`: of what it printed, without the values of the variables. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly lastLine: string }
  | { readonly kind: 'error'; readonly because: string };

export interface Commands {
  /** Rejects only when the signal is aborted. The program has then ended, with all that it started in its process group. */
  run(command: Command): Promise<CommandEnd>;
}

/** The worker's variable that names the folder. */
export const COMMANDS_FOLDER = 'EKSODUS_COMMANDS';
const NAME = /^[\w][\w.-]*$/;
const OUTPUT_KEPT = 4_000;
const LINE_SHOWN = 300;
/** What a program printed last is read within so long after its end. */
const DRAIN_MS = 1_000;

export function createCommands(variables: Variables): Commands {
  return {
    async run({ run: [program = '', ...words], environment, variables: named, timeoutSeconds, signal }) {
      signal.throwIfAborted();
      const folder = variables(COMMANDS_FOLDER);
      if (folder === undefined) return error(`the worker has no folder of commands: ${COMMANDS_FOLDER} is not set`);
      if (!NAME.test(program)) return error(`${JSON.stringify(program)} is no name of a program in ${COMMANDS_FOLDER}`);
      const given = fromVariables(Object.fromEntries(named.map((name) => [name, name])), variables);
      if ('missing' in given) return error(given.missing);
      const child = spawn(join(folder, program), words, {
        env: { PATH: variables('PATH') ?? '', ...given.values, ...environment },
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own: whatever it starts ends with it.
        detached: true,
      });
      let output = '';
      const keep = (chunk: string): void => {
        output = (output + chunk).slice(-OUTPUT_KEPT);
      };
      child.stdout.setEncoding('utf8').on('data', keep);
      child.stderr.setEncoding('utf8').on('data', keep);
      const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
      const stop = AbortSignal.any([signal, timeout]);
      const kill = (): void => killGroup(child.pid);
      stop.addEventListener('abort', kill);
      const end = await new Promise<CommandEnd>((resolve) => {
        child.on('error', ({ message }) => resolve(error(`${program} did not start: ${message}`)));
        // What it left behind would keep its output open; in a group of its own it cannot even be ended.
        child.on('exit', () => {
          kill();
          setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream.destroy()), DRAIN_MS).unref();
        });
        child.on('close', (code, killedBy) =>
          resolve(
            code === null
              ? error(`${program} was ended by ${killedBy ?? 'nobody knows what'}`)
              : { kind: 'exited', code, lastLine: lastLineOf(output, Object.values(given.values)) },
          ),
        );
      });
      stop.removeEventListener('abort', kill);
      signal.throwIfAborted();
      return timeout.aborted ? error(`${program} took longer than ${timeoutSeconds} s`) : end;
    },
  };
}

const error = (because: string): CommandEnd => ({ kind: 'error', because });

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

const lastLineOf = (output: string, secrets: readonly string[]): string =>
  withoutSecrets(output, secrets).trimEnd().split('\n').at(-1)?.slice(0, LINE_SHOWN) ?? '';
