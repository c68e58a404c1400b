// A time as people give it on the command line.
import type { Moment } from '../domain/environment.ts';
import { understand } from '../domain/moment.ts';
import { InputError } from './run.ts';

/** @throws InputError when it is none, with what is wrong */
export function parseMoment(text: string): Moment {
  const understood = understand(text);
  if (understood.kind === 'wrong') throw new InputError(understood.why);
  return understood.moment;
}
