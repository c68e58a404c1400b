/** Works through all of them, never more than `atOnce` at a time. Results are in the order of the items. */
export async function together<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const left = items.entries();
  const results = new Map<number, Result>();
  // All of them draw from the same iterator.
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const [index, item] of left) results.set(index, await work(item));
  });
  await Promise.all(workers);
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}
