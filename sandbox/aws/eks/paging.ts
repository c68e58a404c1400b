import { invalidParameter } from './errors.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** `nextToken`, or nothing on the last page; to be spread into the answer. */
  readonly more: { readonly nextToken?: string };
}

const LARGEST_PAGE = 100;

/** One page of a list, by the query's `maxResults` and `nextToken`. The items' keys must be in order and unique. */
export function pageOf<T>(items: readonly T[], query: URLSearchParams, keyOf: (item: T) => string): Page<T> {
  const size = Number(query.get('maxResults') ?? LARGEST_PAGE);
  if (!Number.isInteger(size) || size < 1 || size > LARGEST_PAGE) {
    throw invalidParameter(`maxResults is ${query.get('maxResults')}; expected 1 to ${LARGEST_PAGE}`);
  }
  const token = query.get('nextToken');
  const after = token === null ? undefined : decode(token);
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const isLast = rest.length <= size || last === undefined;
  return { items: page, more: isLast ? {} : { nextToken: encode(keyOf(last)) } };
}

/** A page of names. */
export function pageOfNames(names: Iterable<string>, query: URLSearchParams): Page<string> {
  const inOrder = [...names].toSorted((a, b) => (a < b ? -1 : 1));
  return pageOf(inOrder, query, (name) => name);
}

const PREFIX = 'after:';

const encode = (key: string): string => Buffer.from(PREFIX + key).toString('base64url');

function decode(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith(PREFIX)) throw invalidParameter('Invalid nextToken');
  return text.slice(PREFIX.length);
}
