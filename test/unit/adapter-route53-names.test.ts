import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingTogether, readNames, type ListStart, type Page } from '../../src/adapters/route53-names.ts';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import { weighted } from '../activity/fakes.ts';

type Order = (name: string) => string;
const reversed =
  (dot: string): Order =>
  (name) =>
    name.split('.').toReversed().join(dot) + dot;
/** Both fit what Route 53 says of its order. */
const ORDERS = { 'with the dots': reversed('.'), 'label by label': reversed('\u0000') };

/** A zone as Route 53 lists it, a few record sets a page. */
function zoneOf(records: readonly ZoneRecord[], { order, pageSize }: { order: Order; pageSize: number }) {
  const keyOf = ({ name, type, setIdentifier }: ZoneRecord): string =>
    [order(name), type, setIdentifier ?? ''].join('\u0001');
  const sorted = records.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const asked: ListStart[] = [];
  const list = async (start: ListStart): Promise<Page> => {
    asked.push(start);
    const name = (start.StartRecordName ?? '').replace(/\.$/, '');
    const from = [order(name), start.StartRecordType ?? '', start.StartRecordIdentifier ?? ''];
    const rest = sorted.filter((record) => keyOf(record) >= from.join('\u0001'));
    const next = rest[pageSize];
    return {
      records: rest.slice(0, pageSize),
      next: next && {
        StartRecordName: `${next.name}.`,
        StartRecordType: next.type as 'A',
        StartRecordIdentifier: next.setIdentifier ?? undefined,
      },
    };
  };
  return { list, asked };
}

const both = (name: string): ZoneRecord[] =>
  ['A', 'AAAA'].flatMap((type) => ['blue', 'green'].map((colour) => weighted(colour, 1, { type, name })));

const label = fc.constantFrom('a', 'b', 'a-b', 'a0', 'b-a', '0', 'z');
const nameBelow = fc.array(label, { maxLength: 3 }).map((labels) => [...labels, 'example.test'].join('.'));

describe('readNames', () => {
  it.each(Object.entries(ORDERS))('reads exactly the records of the names, in a zone ordered %s', async (_, order) => {
    const some = fc.uniqueArray(nameBelow, { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(some, some, fc.integer({ min: 1, max: 20 }), async (inZone, wanted, pageSize) => {
        const { list, asked } = zoneOf(inZone.flatMap(both), { order, pageSize });
        const found = await readNames(wanted, list);
        const expected = wanted.map((name) => [name, inZone.includes(name) ? both(name) : []]);
        const sorted = (records: readonly ZoneRecord[]) => records.map((one) => JSON.stringify(one)).toSorted();
        expect([...found].map(([name, records]) => [name, sorted(records)])).toEqual(
          expected.map(([name, records]) => [name, sorted(records as ZoneRecord[])]),
        );
        // Nothing is asked twice: a name is begun once, and read on while its page is not enough.
        expect(new Set(asked.map((start) => JSON.stringify(start))).size).toBe(asked.length);
      }),
      { numRuns: 200 },
    );
  });

  const apps = Array.from({ length: 1000 }, (_, index) => `app-${String(index).padStart(4, '0')}.example.test`);
  const requests = async (wanted: readonly string[], inZone = apps): Promise<number> => {
    const { list, asked } = zoneOf(inZone.flatMap(both), { order: ORDERS['with the dots'], pageSize: 300 });
    await readNames(wanted, list);
    return asked.length;
  };

  it('takes no more requests than there are names, and no more than the zone has pages', async () => {
    expect(await requests([apps[0]!, apps[999]!])).toBe(2);
    expect(await requests(apps.slice(400, 525))).toBe(2);
    // 4,000 record sets, 300 a page.
    expect(await requests(apps)).toBe(14);
    expect(await requests(apps.filter((_, index) => index % 8 === 0))).toBeLessThanOrEqual(14);
  });

  it('does not ask for each name that is not there', async () => {
    const prefixed = apps.flatMap((name) => ['a-', 'aaaa-', 'cname-'].map((prefix) => prefix + name));
    expect(await requests([...apps, ...prefixed])).toBeLessThanOrEqual(15);
  });

  it('takes names without regard to case, and answers under those that were asked for', async () => {
    const { list } = zoneOf(both('web.example.test'), { order: ORDERS['with the dots'], pageSize: 300 });
    expect((await readNames(['Web.Example.test'], list)).get('Web.Example.test')).toHaveLength(4);
  });
});

describe('readingTogether', () => {
  it('reads in one go what is asked for while a read of the zone is under way', async () => {
    const reads: { zone: string; names: readonly string[]; done: (of: string) => void; fail: () => void }[] = [];
    const read = readingTogether(
      (zone, names) =>
        new Promise((resolve, reject) => {
          const done = (value: string): void =>
            resolve(new Map(names.map((name) => [name, [weighted(value, 1, { name })]])));
          reads.push({ zone: zone.id, names, done, fail: () => reject(new Error('throttled')) });
        }),
    );
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    const first = read({ id: 'Z1' }, 'a');
    await settled();
    const others = [read({ id: 'Z1' }, 'b'), read({ id: 'Z1' }, 'c'), read({ id: 'Z1' }, 'b')];
    const elsewhere = read({ id: 'Z2' }, 'x');
    await settled();
    expect(reads.map(({ zone, names }) => `${zone} ${names.join(' ')}`)).toEqual(['Z1 a', 'Z2 x']);
    reads[0]!.fail();
    await expect(first).rejects.toThrow('throttled');
    await settled();
    expect(reads.map(({ zone, names }) => `${zone} ${names.join(' ')}`)).toEqual(['Z1 a', 'Z2 x', 'Z1 b c']);
    for (const { done } of reads.slice(1)) done('fresh');
    expect((await Promise.all(others)).map(([record]) => record?.name)).toEqual(['b', 'c', 'b']);
    expect(await elsewhere).toHaveLength(1);
  });
});
