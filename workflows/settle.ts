/**
 * Waits for all of them, also when one fails or all are cancelled, and only then throws the first failure:
 * whoever cleans up afterwards must not meet a request that is still under way.
 */
export async function everyOne<T>(work: Iterable<Promise<T> | T>): Promise<T[]> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
}
