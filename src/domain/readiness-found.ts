// What the rules of readiness ask and answer.
import type { Prescale } from './prescale.ts';
import type { ReadinessFacts } from './readiness-facts.ts';

export interface Question {
  readonly facts: ReadinessFacts;
  /** Blue, by whose revision and size green is measured. Null: what is asked about is measured by nothing else. */
  readonly blue: ReadinessFacts | null;
  readonly revision: 'same' | 'any';
  readonly prescale: Prescale;
  /** Workloads of it change hands: what waits for its start in the other cluster is suspended. */
  readonly handsOver: boolean;
}

/** What one rule found; the rest of a reason follows from where it was found. */
export interface Found {
  readonly subject: string;
  readonly observed: string;
  readonly expected: string;
  readonly todo?: string;
  readonly wrong?: 'no' | 'unknown';
  readonly passes?: boolean;
  readonly unserved?: boolean;
}

/** A finding without what it is about, which whoever asked the rule knows. */
export type Bare = Omit<Found, 'subject'>;

export const about = (subject: string, bare: Bare): Found => ({ subject, ...bare });

export const NAMES_SHOWN = 3;

export function some(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
