/** What a part of the sandbox must have answered. Throws an Error that names it where it did not. */
export function given<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`no ${what} in the answer`);
  return value;
}
