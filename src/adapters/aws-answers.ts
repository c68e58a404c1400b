// What AWS says when a thing is not there, and what its answers must contain.

const NOT_FOUND = new Set([
  'ResourceNotFoundException',
  'NoSuchEntityException',
  'NoSuchEntity',
  'ParameterNotFound',
  'LoadBalancerNotFoundException',
  'TargetGroupNotFoundException',
]);

const isNotFound = (error: unknown): boolean =>
  error instanceof Error &&
  (NOT_FOUND.has(error.name) ||
    // A 404 in disguise.
    (error.name === 'ClientException' && error.message.startsWith('No cluster found for name:')));

/** The answer, or null when AWS says that the thing is not there. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** The SDK types every field of an answer as optional; these are the ones without which an answer is none. */
export function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`AWS answered without ${field}`);
  return value;
}

/** The items of all pages. */
export async function collect<Page, Item>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const page of pages) all.push(...(items(page) ?? []));
  return all;
}

/** EKS health issues as people read them: `NodeCreationFailure: Instances failed to join (i-1, i-2)`. */
export function issueTexts(
  issues:
    | readonly {
        readonly code?: string | undefined;
        readonly message?: string | undefined;
        readonly resourceIds?: readonly string[] | undefined;
      }[]
    | undefined,
): string[] {
  return (issues ?? []).map(({ code, message, resourceIds = [] }) => {
    const subjects = resourceIds.length > 0 ? ` (${resourceIds.join(', ')})` : '';
    return `${code ?? 'issue'}: ${message ?? 'no message'}${subjects}`;
  });
}
