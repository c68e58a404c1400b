import type { RewriteWish } from './record-rewrite.ts';
import type { Wish } from './traffic.ts';

/** What a zone's writer is asked for. */
export type ZoneWish = Wish | RewriteWish;

/** Route 53 takes at most 1,000 record elements a batch. An alias is one, and has no values whose characters would count. */
export const MAX_ELEMENTS = 1000;
/** A wish changes at most A and AAAA of two colours, each by a DELETE and a CREATE of one element. */
const ELEMENTS_PER_WISH = 8;
export const MAX_WISHES_PER_BATCH = Math.floor(MAX_ELEMENTS / ELEMENTS_PER_WISH);

interface Asked {
  readonly wish: Pick<ZoneWish, 'id' | 'host' | 'urgent'>;
}

/** What a zone has still to write. */
export interface Waiting<T extends Asked> {
  /** In the order of asking. */
  readonly wishes: readonly T[];
  /** Halves of refused batches, asked before all wishes: each is written by itself, so that the bad wish ends up alone. */
  readonly halves: readonly (readonly T[])[];
}

export const allOf = <T extends Asked>({ wishes, halves }: Waiting<T>): T[] => [...halves.flat(), ...wishes];

const isUrgent = ({ wish }: Asked): boolean => wish.urgent;

/**
 * The next batch and what stays: reversals before advances, and by themselves, so that no bad advance holds them up.
 * One wish per host, so that what was asked later for a host is planned on what the earlier one left there.
 */
export function nextBatch<T extends Asked>({ wishes, halves }: Waiting<T>): { batch: readonly T[]; rest: Waiting<T> } {
  const urgent = wishes.filter(isUrgent);
  const half = halves.find((one) => one.some(isUrgent)) ?? (urgent.length === 0 ? halves[0] : undefined);
  if (half) return { batch: half, rest: { wishes, halves: halves.filter((one) => one !== half) } };
  const batch = neighbours(firstOfEachHost(urgent.length > 0 ? urgent : wishes));
  const taken = new Set(batch);
  return { batch, rest: { wishes: wishes.filter((one) => !taken.has(one)), halves } };
}

function firstOfEachHost<T extends Asked>(wishes: readonly T[]): T[] {
  const hosts = new Set<string>();
  return wishes.filter(({ wish: { host } }) => !hosts.has(host) && hosts.add(host));
}

/**
 * As many as a batch takes: the oldest, and those that follow it in the zone's own order, from the end on to the
 * beginning. What stands together in the zone is read with few requests, and the oldest never stays behind.
 */
function neighbours<T extends Asked>(wishes: readonly T[]): T[] {
  if (wishes.length <= MAX_WISHES_PER_BATCH) return [...wishes];
  const places = new Map(wishes.map((one) => [one, placeOf(one.wish.host)]));
  const placed = wishes.toSorted((a, b) => ((places.get(a) ?? '') < (places.get(b) ?? '') ? -1 : 1));
  const oldest = placed.findIndex((one) => one === wishes[0]);
  return [...placed.slice(oldest), ...placed.slice(0, oldest)].slice(0, MAX_WISHES_PER_BATCH);
}

/** By which names are in order in a zone: their labels from the last to the first. */
const placeOf = (host: string): string => host.toLowerCase().split('.').toReversed().join('.');

/** Whether waiting for more is pointless: a batch is full, or there is something that must not wait. */
export const isWorthWriting = <T extends Asked>({ wishes, halves }: Waiting<T>): boolean =>
  halves.length > 0 || wishes.length >= MAX_WISHES_PER_BATCH || wishes.some(isUrgent);

/** What waits after a batch was refused as a whole. A batch of one has no halves. */
export function afterRefusal<T extends Asked>(waiting: Waiting<T>, batch: readonly T[]): Waiting<T> {
  const middle = Math.ceil(batch.length / 2);
  const halves = [batch.slice(0, middle), batch.slice(middle), ...waiting.halves];
  return { wishes: waiting.wishes, halves };
}

/** Advances that a reversal of the same host makes pointless. */
export function superseded<T extends Asked>(waiting: Waiting<T>): T[] {
  const all = allOf(waiting);
  const reversed = new Set(all.filter(isUrgent).map(({ wish }) => wish.host));
  return all.filter((one) => !isUrgent(one) && reversed.has(one.wish.host));
}

export function without<T extends Asked>({ wishes, halves }: Waiting<T>, gone: (one: T) => boolean): Waiting<T> {
  const stays = (one: T): boolean => !gone(one);
  return {
    wishes: wishes.filter(stays),
    halves: halves.map((half) => half.filter(stays)).filter((half) => half.length > 0),
  };
}
