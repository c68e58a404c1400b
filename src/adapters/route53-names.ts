// Reads the record sets of some names of a zone with as few list requests as possible: an account has ten a second.
import type { ListResourceRecordSetsCommandInput } from '@aws-sdk/client-route-53';
import type { ZoneRecord } from './route53.ts';
import type { ZoneAccess } from './zone-access.ts';

/** Route 53 writes `*` and other signs as octal escapes, and every name with a final dot. */
export function plainName(name: string): string {
  return name
    .replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))
    .replace(/\.$/, '')
    .toLowerCase();
}

/** Where a page of the list of a zone's record sets begins: at a name, or within one. */
export type ListStart = Omit<ListResourceRecordSetsCommandInput, 'HostedZoneId'>;

export interface Page {
  readonly records: readonly ZoneRecord[];
  /** Undefined at the end of the zone. */
  readonly next: ListStart | undefined;
}

type List = (start: ListStart) => Promise<Page>;
export type Records = ReadonlyMap<string, readonly ZoneRecord[]>;

/**
 * From the first name on, page by page, over whatever lies between the names: no more requests than names, and no more
 * than the zone has pages. The list is by name with the labels reversed. Whether `a-b` then comes before `x.a` Route 53
 * does not say, so a name that was not seen is taken for passed only when it was in either order.
 */
export async function readNames(names: readonly string[], list: List): Promise<Records> {
  const left = new Set(names.map(plainName).toSorted((a, b) => (WITH_DOTS(a) < WITH_DOTS(b) ? -1 : 1)));
  const found = new Map<string, ZoneRecord[]>();
  for (const start of left) {
    const { records, next } = await readThrough(start, list);
    const end = next?.StartRecordName === undefined ? undefined : plainName(next.StartRecordName);
    const onPage = Map.groupBy(records, ({ name }) => name);
    // More of the last name is on the next page.
    if (end !== undefined) onPage.delete(end);
    for (const name of left) {
      if (name !== start && !onPage.has(name) && !isBetween(name, start, end)) continue;
      found.set(name, onPage.get(name) ?? []);
      left.delete(name);
    }
  }
  return new Map(names.map((name) => [name, found.get(plainName(name)) ?? []]));
}

/** Whole pages, until the first name has ended. */
async function readThrough(start: string, list: List): Promise<Page> {
  let page = await list({ StartRecordName: start });
  while (page.next && plainName(page.next.StartRecordName ?? '') === start) {
    const { records, next } = await list(page.next);
    page = { records: [...page.records, ...records], next };
  }
  return page;
}

type Order = (name: string) => string;
const reversed = (name: string, dot: string): string => name.split('.').toReversed().join(dot) + dot;
const WITH_DOTS: Order = (name) => reversed(name, '.');
const LABEL_BY_LABEL: Order = (name) => reversed(name, ' ');

const isBetween = (name: string, start: string, end: string | undefined): boolean =>
  [WITH_DOTS, LABEL_BY_LABEL].every(
    (order) => order(start) <= order(name) && (end === undefined || order(name) < order(end)),
  );

/** Names of a zone that are asked for while a read of it is under way are read together by the next one. */
export function readingTogether(
  readAll: (zone: ZoneAccess, names: readonly string[]) => Promise<Records>,
): (zone: ZoneAccess, name: string) => Promise<readonly ZoneRecord[]> {
  const latest = new Map<string, Promise<unknown>>();
  const gathering = new Map<string, { readonly names: Set<string>; readonly records: Promise<Records> }>();

  function join(zone: ZoneAccess): { readonly names: Set<string>; readonly records: Promise<Records> } {
    const key = JSON.stringify([zone.id, zone.roleArn, zone.externalId]);
    const present = gathering.get(key);
    if (present) return present;
    const names = new Set<string>();
    const records = (async () => {
      await latest.get(key)?.catch(() => undefined);
      gathering.delete(key);
      return readAll(zone, [...names]);
    })();
    const made = { names, records };
    latest.set(key, records);
    gathering.set(key, made);
    return made;
  }

  return async (zone, name) => {
    const { names, records } = join(zone);
    names.add(name);
    return (await records).get(name) ?? [];
  };
}
