// Every command runs through here: one place for output, errors and exit codes.
import { EXIT } from './exit-codes.ts';

export interface CommonOptions {
  readonly output: 'text' | 'json';
}

/** A mistake in what the person gave. Nothing was changed. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export type Outcome = { readonly text: string; readonly json: unknown; readonly code?: number };

// Whoever read our output has enough (`| head`): that is no failure of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** Runs a command, prints its outcome, and sets the exit code. With `--output json` an error is JSON too. */
export async function run(options: CommonOptions, command: () => Promise<Outcome | undefined>): Promise<void> {
  try {
    const outcome = await command();
    if (!outcome) return;
    const text = options.output === 'json' ? JSON.stringify(outcome.json, null, 2) : outcome.text;
    process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
    process.exitCode = outcome.code ?? EXIT.done.code;
  } catch (error) {
    const { code, kind, message, details } = describe(error);
    if (options.output === 'json') {
      printJsonError({ kind, message, ...details });
    } else {
      process.stderr.write(`${kind === 'refused' ? 'refused: ' : ''}${message}\n`);
    }
    process.exitCode = code;
  }
}

export const printJsonError = (error: { readonly kind: string; readonly message: string }): void =>
  void process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);

interface Described {
  readonly code: number;
  readonly kind: string;
  readonly message: string;
  readonly details?: object;
}

// Errors are told apart by name, so that no command loads the modules of another one only to know its errors.
function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { code: EXIT.failed.code, kind: 'failed', message: String(error) };
  const { name, message } = error;
  if (name === 'InputError') return { code: EXIT.badInput.code, kind: 'bad-input', message };
  if (name === 'ConfigError' && 'problems' in error) {
    return { code: EXIT.badInput.code, kind: 'bad-input', message, details: { problems: error.problems } };
  }
  if (name === 'ClientError' && 'kind' in error) {
    switch (error.kind) {
      case 'refused':
      case 'already-running':
        return { code: EXIT.refused.code, kind: 'refused', message };
      case 'not-found':
        return { code: EXIT.badInput.code, kind: 'not-found', message };
      case 'failed':
        return { code: EXIT.failed.code, kind: 'failed', message };
      default:
        return { code: EXIT.unreachable.code, kind: 'unreachable', message };
    }
  }
  return { code: EXIT.failed.code, kind: 'failed', message };
}
