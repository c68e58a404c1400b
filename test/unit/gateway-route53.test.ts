import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsError } from '../../sandbox/aws/errors.ts';
import { readBatch } from '../../sandbox/aws/route53/batch.ts';
import type { Action, Change } from '../../sandbox/aws/route53/batch.ts';
import { BusyZones } from '../../sandbox/aws/route53/busy-zones.ts';
import { Propagation } from '../../sandbox/aws/route53/propagation.ts';
import { fromSdk, fullName } from '../../sandbox/aws/route53/records.ts';
import type { RecordSet } from '../../sandbox/aws/route53/records.ts';
import { TokenBucket } from '../../sandbox/aws/route53/token-bucket.ts';
import { applyBatch } from '../../sandbox/aws/route53/zone-rules.ts';
import { Speed } from '../../sandbox/contracts.ts';

const set = (more: Partial<RecordSet> = {}): RecordSet => ({
  name: 'app.example.test.',
  type: 'A',
  routing: {},
  ttl: 60,
  values: ['192.0.2.1'],
  ...more,
});
const weighted = (setIdentifier: string, weight: number, more: Partial<RecordSet> = {}): RecordSet =>
  set({ setIdentifier, routing: { Weight: String(weight) }, ...more });

const apply = (records: readonly RecordSet[], ...changes: [Action, RecordSet][]): readonly RecordSet[] =>
  applyBatch(
    { name: 'example.test.', records, protections: [] },
    changes.map(([action, of]): Change => ({ action, set: of })),
  );

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AwsError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('applyBatch', () => {
  it('applies changes in order', () => {
    expect(apply([set()], ['DELETE', set()], ['CREATE', set({ ttl: 30 })])).toEqual([set({ ttl: 30 })]);
    expect(refusal(() => apply([set()], ['CREATE', set({ ttl: 30 })], ['DELETE', set()]))).toContain(
      'invalid set of changes',
    );
    expect(refusal(() => apply([], ['UPSERT', set()], ['UPSERT', set({ ttl: 30 })]))).toContain(
      'invalid set of changes',
    );
  });

  it.each([
    ['TTL', { ttl: 61 }],
    ['value', { values: ['192.0.2.2'] }],
    ['routing', { setIdentifier: 'blue', routing: { Weight: '2' } }],
    ['health check', { healthCheckId: 'h' }],
  ])('refuses to delete with another %s', (_, more) => {
    expect(
      refusal(() => apply([set(), weighted('blue', 1, { name: 'other.example.test.' })], ['DELETE', set(more)])),
    ).toMatch(/^InvalidChangeBatch: \[Tried to delete/);
  });

  it.each<[string, RecordSet[], RecordSet, string]>([
    [
      'a CNAME beside an A',
      [set()],
      set({ type: 'CNAME', values: ['x.test'] }),
      'RRSet of type CNAME with DNS name app.example.test. is not permitted as it conflicts',
    ],
    [
      'an A beside a CNAME',
      [set({ type: 'CNAME', values: ['x.test'] })],
      set(),
      'because a conflicting RRSet of type CNAME',
    ],
    [
      'a CNAME at the apex',
      [],
      set({ name: 'example.test.', type: 'CNAME', values: ['x.test'] }),
      'not permitted at apex',
    ],
    ['two values of a CNAME', [], set({ type: 'CNAME', values: ['x.test', 'y.test'] }), 'exactly one value'],
    [
      'a weighted one beside a simple one',
      [set()],
      weighted('blue', 1),
      'a non-weighted set exists with the same name and type.',
    ],
    [
      'a latency one beside a weighted one',
      [weighted('blue', 1)],
      set({ setIdentifier: 'eu', routing: { Region: 'eu-central-1' } }),
      'other RRSets exist with the same name and type.',
    ],
    [
      'another TTL in a weighted group',
      [weighted('blue', 1)],
      weighted('green', 1, { ttl: 61 }),
      'weighted sets must contain the same TTL.',
    ],
    [
      'the 101st weighted one',
      Array.from({ length: 100 }, (_, i) => weighted(`w${i}`, 1)),
      weighted('green', 1),
      '100 weighted sets',
    ],
    [
      'a name outside the zone',
      [],
      set({ name: 'app.notexample.test.' }),
      'RRSet with DNS name app.notexample.test. is not permitted in zone example.test.',
    ],
    ['no IPv4 address', [], set({ values: ['192.0.2'] }), 'ARRDATAIllegalIPv4Address'],
    ['no IPv6 address', [], set({ type: 'AAAA' }), 'AAAARRDATAIllegalIPv6Address'],
    ['text without quotation marks', [], set({ type: 'TXT', values: ['hello'] }), 'InvalidCharacterString'],
  ])('refuses %s', (_, records, added, message) => {
    expect(refusal(() => apply(records, ['CREATE', added]))).toContain(message);
    expect(refusal(() => apply(records, ['UPSERT', added]))).toContain(message);
  });

  it('lets an alias and a record with a TTL share a weighted group', () => {
    const { ttl: _, ...alias } = weighted('green', 1, {
      values: [],
      alias: { hostedZoneId: 'Z1', dnsName: 'lb.test.', evaluateTargetHealth: false },
    });
    expect(apply([weighted('blue', 1)], ['CREATE', alias])).toHaveLength(2);
  });

  it.each<[string, Action, number, boolean]>([
    ['1,000 creates', 'CREATE', 1_000, true],
    ['1,001 creates', 'CREATE', 1_001, false],
    ['500 upserts', 'UPSERT', 500, true],
    ['501 upserts', 'UPSERT', 501, false],
  ])('counts %s, aliases among them', (_, action, count, fits) => {
    const { ttl: __, ...alias } = set({
      values: [],
      alias: { hostedZoneId: 'Z1', dnsName: 'lb.test.', evaluateTargetHealth: false },
    });
    const changes = Array.from({ length: count }, (_unused, i): [Action, RecordSet] => [
      action,
      i % 2 === 0 ? set({ name: `h${i}.example.test.` }) : { ...alias, name: `h${i}.example.test.` },
    ]);
    const outcome = refusal(() => apply([], ...changes));
    expect(outcome).toBe(fits ? 'accepted' : 'InvalidChangeBatch: [Number of records limit of 1000 exceeded.]');
  });

  it('counts characters, of an UPSERT twice', () => {
    const text = (length: number): RecordSet[] =>
      Array.from({ length: 8 }, (_, i) =>
        set({ name: `t${i}.example.test.`, type: 'TXT', values: [`"${'x'.repeat(length / 8 - 2)}"`] }),
      );
    const outcome = (action: Action, length: number): string =>
      refusal(() => apply([], ...text(length).map((of): [Action, RecordSet] => [action, of])));
    const tooMany = 'InvalidChangeBatch: [Number of characters limit of 32000 exceeded.]';
    expect([outcome('CREATE', 32_000), outcome('CREATE', 32_008)]).toEqual(['accepted', tooMany]);
    expect([outcome('UPSERT', 16_000), outcome('UPSERT', 16_008)]).toEqual(['accepted', tooMany]);
  });

  it('swapping there and back again changes nothing', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string(), fc.nat(255)), { selector: ([id]) => id, minLength: 1, maxLength: 6 }),
        fc.nat(255),
        (group, weight) => {
          const zone = group.map(([id, was]) => weighted(id, was));
          const there = zone.flatMap((one): [Action, RecordSet][] => [
            ['DELETE', one],
            ['CREATE', { ...one, routing: { Weight: String(weight) } }],
          ]);
          const back = zone.flatMap((one): [Action, RecordSet][] => [
            ['DELETE', { ...one, routing: { Weight: String(weight) } }],
            ['CREATE', one],
          ]);
          expect(apply(apply(zone, ...there), ...back)).toEqual(zone);
        },
      ),
    );
  });
});

describe('readBatch', () => {
  const batch = (inner: string): Buffer =>
    Buffer.from(
      `<?xml version="1.0"?><ChangeResourceRecordSetsRequest xmlns="x"><ChangeBatch><Changes>${inner}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`,
    );
  const change = (inner: string): Buffer =>
    batch(`<Change><Action>CREATE</Action><ResourceRecordSet>${inner}</ResourceRecordSet></Change>`);
  const A = '<Name>App.example.test</Name><Type>A</Type>';
  const VALUE = '<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>';

  it('reads a record set into the form in which the zone has it', () => {
    const [read] = readBatch(
      change(
        `${A}<SetIdentifier>a&amp;b</SetIdentifier><GeoLocation><CountryCode>DE</CountryCode></GeoLocation><TTL>60</TTL>${VALUE}`,
      ),
    );
    const listed = fromSdk({
      Name: 'app.example.test.',
      Type: 'A',
      SetIdentifier: 'a&b',
      GeoLocation: { CountryCode: 'DE' },
      TTL: 60,
      ResourceRecords: [{ Value: '192.0.2.1' }],
    });
    expect(read).toEqual({ action: 'CREATE', set: listed });
  });

  it.each([
    ['no XML', Buffer.from('{"Changes":[]}'), 'Invalid XML'],
    ['no changes', batch(''), 'expected ChangeBatch with Changes'],
    ['no type', change('<Name>a.test</Name>'), 'needs Name and Type'],
    ['another action', batch('<Change><Action>PATCH</Action></Change>'), "Action is 'PATCH'"],
    ['no TTL', change(`${A}${VALUE}`), 'but found none'],
    ['no target', change(`${A}<TTL>60</TTL>`), 'but found none'],
    [
      'two policies',
      change(
        `${A}<SetIdentifier>a</SetIdentifier><Weight>1</Weight><Region>eu-central-1</Region><TTL>60</TTL>${VALUE}`,
      ),
      'at most one of [Weight, Region]',
    ],
    [
      'an identifier without a policy',
      change(`${A}<SetIdentifier>a</SetIdentifier><TTL>60</TTL>${VALUE}`),
      'Expected exactly one of [Weight,',
    ],
    [
      'a long identifier',
      change(`${A}<SetIdentifier>${'a'.repeat(129)}</SetIdentifier><Weight>1</Weight><TTL>60</TTL>${VALUE}`),
      '128 characters',
    ],
    [
      'a broken weight',
      change(`${A}<SetIdentifier>a</SetIdentifier><Weight>1.5</Weight><TTL>60</TTL>${VALUE}`),
      "Weight is '1.5'",
    ],
    ['a TTL too long', change(`${A}<TTL>2147483648</TTL>${VALUE}`), 'TTL is'],
    ['half an alias', change(`${A}<AliasTarget><DNSName>lb.test</DNSName></AliasTarget>`), 'an AliasTarget needs'],
  ])('refuses %s', (_, body, message) => {
    const outcome = refusal(() => readBatch(body));
    expect(outcome).toMatch(/^InvalidInput: /);
    expect(outcome).toContain(message);
  });
});

describe('TokenBucket', () => {
  it('lets a burst through, then so many a second', () => {
    let nowMs = 0;
    const bucket = new TokenBucket({ capacity: 50, perSecond: 10, nowMs: () => nowMs });
    const taken = (): number => Array.from({ length: 100 }, () => bucket.take()).filter(Boolean).length;
    expect(taken()).toBe(50);
    nowMs += 1_000;
    expect(taken()).toBe(10);
    nowMs += 3_600_000;
    expect(taken()).toBe(50);
  });
});

describe('Propagation', () => {
  it('never replaces a newer view of a zone by an older one, and is silent once stopped', async () => {
    const seen: string[] = [];
    const propagation = new Propagation({ speed: new Speed(600), onInSync: ({ name }) => seen.push(name) });
    propagation.start('C1', { id: 'Z', name: 'first.', records: [] });
    propagation.start('C2', { id: 'Z', name: 'second.', records: [] });
    expect([propagation.changeOf('C1')?.status, propagation.changeOf('C0')]).toEqual(['PENDING', undefined]);
    await expect.poll(() => propagation.changeOf('C2')?.status).toBe('INSYNC');
    expect(seen).toEqual(['first.', 'second.']);
    propagation.start('C3', { id: 'Z', name: 'third.', records: [] });
    propagation.stop();
    const later = new Propagation({ speed: new Speed(600), onInSync: ({ name }) => seen.push(name) });
    later.start('C4', { id: 'Z', name: 'fourth.', records: [] });
    await expect.poll(() => later.changeOf('C4')?.status).toBe('INSYNC');
    expect(seen).toEqual(['first.', 'second.', 'fourth.']);
  });
});

describe('BusyZones', () => {
  it('has one piece of work for a zone at a time, until it is done or has failed', async () => {
    const zones = new BusyZones();
    const { promise: failure, reject } = Promise.withResolvers<string>();
    const first = zones.alone('Z1', () => failure);
    await expect(zones.alone('Z1', async () => 'second')).rejects.toMatchObject({ code: 'PriorRequestNotComplete' });
    expect(await zones.alone('Z2', async () => 'elsewhere')).toBe('elsewhere');
    reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    expect(await zones.alone('Z1', async () => 'third')).toBe('third');
  });
});

it('names have one form', () => {
  expect([fullName('App.Example.test'), fullName('app.example.test.'), fullName('\\052.test')]).toEqual([
    'app.example.test.',
    'app.example.test.',
    '*.test.',
  ]);
});
