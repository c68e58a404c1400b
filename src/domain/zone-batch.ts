import type { Wish } from './traffic.ts';

/** Route 53 takes at most 1,000 record elements a batch. */
const MAX_ELEMENTS = 1000;
/** A wish changes at most A and AAAA of two colours, each by a DELETE and a CREATE of one element. */
const ELEMENTS_PER_WISH = 8;
export const MAX_WISHES_PER_BATCH = Math.floor(MAX_ELEMENTS / ELEMENTS_PER_WISH);

/**
 * The next batch and what stays: urgent wishes first, each in the order of asking, and one wish per host,
 * so that what was asked later for a host is planned on what the earlier one left there.
 */
export function nextBatch<T extends { readonly wish: Pick<Wish, 'host' | 'urgent'> }>(
  queue: readonly T[],
): { batch: T[]; rest: T[] } {
  const ordered = [...queue.filter(({ wish }) => wish.urgent), ...queue.filter(({ wish }) => !wish.urgent)];
  const batch: T[] = [];
  const hosts = new Set<string>();
  for (const request of ordered) {
    if (batch.length === MAX_WISHES_PER_BATCH) break;
    if (hosts.has(request.wish.host)) continue;
    hosts.add(request.wish.host);
    batch.push(request);
  }
  return { batch, rest: queue.filter((request) => !batch.includes(request)) };
}

/** Advances that a reversal of the same host makes pointless. */
export function superseded<T extends { readonly wish: Pick<Wish, 'host' | 'urgent'> }>(queue: readonly T[]): T[] {
  const reversed = new Set(queue.filter(({ wish }) => wish.urgent).map(({ wish }) => wish.host));
  return queue.filter(({ wish }) => !wish.urgent && reversed.has(wish.host));
}
