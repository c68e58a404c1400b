// How the environment file's mistakes are told: what was found, what was expected. One voice for every field.
import { z } from 'zod';

type Raise = z.core.$ZodErrorMap;

/** What stands in the file, as a person would name it. */
export function found(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'boolean') return `${value}`;
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  return 'a mapping';
}

/** The sentences for a field that is not what it should be. `why` may add what this very mistake means, and its cure. */
export function foundInstead(input: unknown, what: string, why?: string): string {
  const start = input === undefined ? 'is missing' : `found ${found(input)}`;
  return `${start}. Expected ${what}.${why === undefined ? '' : ` ${why}`}`;
}

/** The `error` of a zod schema: says what was expected in the words of the field. */
export const expecting =
  (what: string, why?: (input: unknown) => string | undefined): Raise =>
  ({ input }) =>
    foundInstead(input, what, why?.(input));

/** For what no field says in its own words: a mapping or a yes-or-no value that is something else. */
export const inGeneral: Raise = ({ code, input, inst }) => {
  if (code !== 'invalid_type') return undefined;
  if (inst instanceof z.ZodObject) return foundInstead(input, `a mapping of ${Object.keys(inst.shape).join(', ')}`);
  if (inst instanceof z.ZodRecord) return foundInstead(input, 'a mapping');
  return inst instanceof z.ZodBoolean ? foundInstead(input, 'true or false') : undefined;
};

/** The known name that was probably meant, if one is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.ceil(candidate.length / 3))
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** How many letters must be added, left out or changed to make one word of the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const [above = 0, aboveRight = 0, left = 0] = [row[j], row[j + 1], next[j]];
      next.push(Math.min(aboveRight + 1, left + 1, above + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
