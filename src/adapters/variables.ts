// Secrets of gates: variables of the worker that the environment file names, and what keeps their values out of texts.

/** The worker's environment. */
export type Variables = (name: string) => string | undefined;

/** The values of variables by what they are for, or a sentence that says which are not set. */
export function fromVariables(
  named: Readonly<Record<string, string>>,
  variables: Variables,
): { readonly values: Readonly<Record<string, string>> } | { readonly missing: string } {
  const missing = Object.values(named).filter((name) => variables(name) === undefined);
  if (missing.length > 0) return { missing: `the worker has no variable ${missing.join(', ')}` };
  return { values: Object.fromEntries(Object.entries(named).map(([key, name]) => [key, variables(name) ?? ''])) };
}

/** No secret is shorter, and who masked a short word would mask it everywhere. */
const SHORTEST_SECRET = 6;

/** The text without the values, whole or, as in `Bearer …`, by their last word. Spaces around them are sent to nobody. */
export const withoutSecrets = (text: string, values: Iterable<string>): string =>
  [...values]
    .map((value) => value.trim())
    .flatMap((value) => [value, value.split(/\s+/).at(-1) ?? ''])
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((so, secret) => so.replaceAll(secret, '***'), text);
