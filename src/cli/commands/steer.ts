// What all commands share that change something.
import { createInterface } from 'node:readline/promises';
import type { Accepted, Asker } from '../../../workflows/messages.ts';
import type { Role } from '../../domain/permissions.ts';
import type { Eksodus } from '../../client/index.ts';
import { InputError, run, type CommonOptions, type Outcome } from '../run.ts';
import { connected } from './connection.ts';

export interface Steer extends CommonOptions {
  readonly by: string;
  readonly role: Role;
  readonly reason?: string;
}

export interface Confirmed {
  readonly yes?: boolean;
}

type Command = (eksodus: Eksodus, asker: Asker) => Promise<Accepted>;

export const steer = (options: Steer, command: Command): Promise<void> => run(options, () => give(options, command));

/** For a command that first reads what it was given: what is wrong with that is told before anybody is asked. */
export async function give(options: Steer, command: Command): Promise<Outcome> {
  const asker = askerOf(options);
  const { now } = await connected(options, (eksodus) => command(eksodus, asker));
  return { text: now, json: { now } };
}

/** @throws InputError */
export function askerOf({ by, role, reason }: Steer): Asker {
  if (reason?.trim() === '') throw new InputError('--reason is empty: it says why, and is kept in the record.');
  return { by, role, ...(reason === undefined ? {} : { reason }) };
}

/** Asks for the name of what changes on a terminal; a script says --yes. */
export async function confirm(name: string, { yes }: Confirmed, whatHappens: string): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new InputError(`${whatHappens} Nobody is here to confirm it: add --yes.`);
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await ask.question(`${whatHappens}\nType ${name} to go on: `);
    if (typed.trim() !== name) throw new InputError(`"${typed.trim()}" is not ${name}: nothing was changed.`);
  } catch (error) {
    // Ctrl-C and Ctrl-D.
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
    process.stderr.write('\n');
    throw new InputError('not confirmed: nothing was changed.', { cause: error });
  } finally {
    ask.close();
  }
}
