import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type Change,
  type ListResourceRecordSetsResponse,
  type ResourceRecordSet,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRoute53 } from '../../src/adapters/route53.ts';
import { toRecordSet } from '../../src/domain/record-set.ts';
import { allow, refusal, startTestGateway, until } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';

let aws: TestGateway;
let route53: Route53Client;
let zoneId: string;
let zones = 0;

beforeAll(async () => {
  aws = await startTestGateway();
  route53 = aws.root.route53;
});

afterAll(() => aws.stop());

beforeEach(async () => {
  zones += 1;
  zoneId = await createZone(`z${zones}.test`);
});

async function createZone(Name: string): Promise<string> {
  const made = await route53.send(new CreateHostedZoneCommand({ Name, CallerReference: Name }));
  return made.HostedZone!.Id!.replace('/hostedzone/', '');
}

const change = (...Changes: Change[]) =>
  route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes } }));

const name = (label: string): string => `${label}.z${zones}.test.`;

const weighted = (SetIdentifier: string, Weight: number, more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  Name: name('app'),
  Type: 'A',
  SetIdentifier,
  Weight,
  TTL: 60,
  ResourceRecords: [{ Value: '192.0.2.1' }],
  ...more,
});

const alias = (SetIdentifier: string, Weight: number, more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  Name: name('app'),
  Type: 'A',
  SetIdentifier,
  Weight,
  AliasTarget: {
    HostedZoneId: 'Z215JYRZR1TBD5',
    DNSName: `${SetIdentifier}.eu-central-1.elb.amazonaws.com.`,
    EvaluateTargetHealth: true,
  },
  ...more,
});

const create = (ResourceRecordSet: ResourceRecordSet): Change => ({ Action: 'CREATE', ResourceRecordSet });
const upsert = (ResourceRecordSet: ResourceRecordSet): Change => ({ Action: 'UPSERT', ResourceRecordSet });
const remove = (ResourceRecordSet: ResourceRecordSet): Change => ({ Action: 'DELETE', ResourceRecordSet });

async function weights(): Promise<Record<string, number | undefined>> {
  const { ResourceRecordSets } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
  return Object.fromEntries(
    ResourceRecordSets!.flatMap(({ SetIdentifier, Weight }) =>
      SetIdentifier === undefined ? [] : [[SetIdentifier, Weight]],
    ),
  );
}

describe('a batch', () => {
  it('swaps values by DELETE and CREATE, all of it or nothing', async () => {
    await change(create(alias('blue', 255)), create(alias('green', 0)));
    await change(
      remove(alias('blue', 255)),
      create(alias('blue', 200)),
      remove(alias('green', 0)),
      create(alias('green', 55)),
    );
    expect(await weights()).toEqual({ blue: 200, green: 55 });

    // Somebody has changed green meanwhile: blue must stay as it is too.
    const stale = change(
      remove(alias('blue', 200)),
      create(alias('blue', 0)),
      remove(alias('green', 0)),
      create(alias('green', 255)),
    );
    expect(await refusal(stale)).toEqual({
      name: 'InvalidChangeBatch',
      status: 400,
      message: `[Tried to delete resource record set [name='${name('app')}', type='A', set identifier='green'] but the values provided do not match the current values]`,
    });
    expect(await weights()).toEqual({ blue: 200, green: 55 });
  });

  it('is refused in the words of AWS when it does not fit what is there', async () => {
    await change(create(weighted('blue', 1)));
    const message = async (...changes: Change[]): Promise<string> => (await refusal(change(...changes))).message;
    const what = (id: string): string =>
      `resource record set [name='${name('app')}', type='A', set identifier='${id}']`;
    expect(await message(create(weighted('blue', 2)))).toBe(`[Tried to create ${what('blue')} but it already exists]`);
    expect(await message(remove(weighted('red', 2)))).toBe(`[Tried to delete ${what('red')} but it was not found]`);
    expect(await message(create(weighted('blue', 2)), remove(weighted('red', 2)))).toBe(
      `[Tried to create ${what('blue')} but it already exists, Tried to delete ${what('red')} but it was not found]`,
    );
  });

  it('keeps the rules between record sets that ministack does not know', async () => {
    const { SetIdentifier: _, Weight: __, ...simple } = weighted('', 0);
    await change(create(weighted('blue', 1)));
    const message = async (...changes: Change[]): Promise<string> => (await refusal(change(...changes))).message;
    expect(await message(create(simple))).toContain(
      'cannot be created as other RRSets exist with the same name and type.',
    );
    expect(await message(create(weighted('green', 1, { TTL: 300 })))).toContain(
      'cannot be created as weighted sets must contain the same TTL.',
    );
    expect(await message(create({ ...simple, Type: 'CNAME', ResourceRecords: [{ Value: 'x.test' }] }))).toContain(
      'RRSet of type CNAME',
    );
    expect(await message(create({ ...simple, Name: 'app.elsewhere.test' }))).toContain('is not permitted in zone');
    expect(await weights()).toEqual({ blue: 1 });
    // In one batch the policy of a name may change.
    await change(remove(weighted('blue', 1)), create(simple));
    expect(await weights()).toEqual({});
  });

  it('is refused when a change makes no sense by itself', async () => {
    const { TTL: _, ...withoutTtl } = weighted('blue', 1);
    const { SetIdentifier: __, ...withoutIdentifier } = weighted('blue', 1);
    const outcomes = [
      await refusal(change(create(withoutTtl))),
      await refusal(change(create(withoutIdentifier))),
      await refusal(change(create({ ...alias('blue', 1), TTL: 60 }))),
      await refusal(change(create(weighted('blue', 256)))),
      await refusal(change(create(weighted('blue', -1)))),
    ];
    expect(outcomes.map((outcome) => `${outcome.name} ${outcome.status}`)).toEqual(Array(5).fill('InvalidInput 400'));
    const found = `Change with [Action=CREATE, Name=${name('app')}, Type=A, SetIdentifier=`;
    const target =
      'Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found';
    expect(outcomes.slice(0, 3).map(({ message }) => message)).toEqual([
      `Invalid request: ${target} none in ${found}blue]`,
      `Invalid request: Missing field 'SetIdentifier' in ${found}null]`,
      `Invalid request: ${target} more than one in ${found}blue]`,
    ]);
  });

  it('has at most 1,000 elements, and an UPSERT counts twice', async () => {
    const many = (length: number): ResourceRecordSet[] =>
      Array.from({ length }, (_, i) => ({
        Name: name(`h${i}`),
        Type: 'A',
        TTL: 60,
        ResourceRecords: [{ Value: '192.0.2.1' }],
      }));
    expect(await refusal(change(...many(501).map(upsert)))).toMatchObject({
      name: 'InvalidChangeBatch',
      message: '[Number of records limit of 1000 exceeded.]',
    });
    await change(...many(500).map(upsert));
    // The zone is read whole again, over the page size of 300.
    await until(async () => aws.published.at(-1)?.records.length === 502, '500 records in sync');
  });

  it('is the only one of its zone that is worked on', async () => {
    const startedAt = performance.now();
    const first = change(create(weighted('blue', 1)));
    const second = change(create(weighted('green', 1)));
    const [one, two] = await Promise.allSettled([first, second]);
    // Work on a batch takes about 300 ms.
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    const refused = [one, two].filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason)).toMatchObject([
      { name: 'PriorRequestNotComplete', $metadata: { httpStatusCode: 400 } },
    ]);
    // One after the other is fine, without waiting for INSYNC.
    await change(upsert(weighted('blue', 2)));
    await change(upsert(weighted('green', 2)));
    expect(await weights()).toEqual({ blue: 2, green: 2 });
  });

  it('needs the rights for it, and a zone', async () => {
    const { key, arn } = await aws.gateway.createPrincipal(`reader-${zones}`, allow('route53:List*'));
    const { route53: reader } = aws.clients(key);
    const batch = { HostedZoneId: zoneId, ChangeBatch: { Changes: [create(weighted('blue', 1))] } };
    const denied = await refusal(reader.send(new ChangeResourceRecordSetsCommand(batch)));
    expect(denied).toMatchObject({ name: 'AccessDenied', status: 403, message: expect.stringContaining(arn) });
    const forged = aws.clients({ ...key, secretAccessKey: 'guessed' }).route53;
    expect(await refusal(forged.send(new ChangeResourceRecordSetsCommand(batch)))).toMatchObject({
      name: 'SignatureDoesNotMatch',
      status: 403,
    });
    // Who is not who he says learns nothing about the zone or the rules.
    const nonsense = { ...batch, ChangeBatch: { Changes: [create(weighted('blue', 256))] } };
    expect((await refusal(forged.send(new ChangeResourceRecordSetsCommand(nonsense)))).name).toBe(
      'SignatureDoesNotMatch',
    );
    const elsewhere = route53.send(new ChangeResourceRecordSetsCommand({ ...batch, HostedZoneId: 'Z0000000000000' }));
    expect(await refusal(elsewhere)).toMatchObject({ name: 'NoSuchHostedZone', status: 404 });
    expect(await weights()).toEqual({});
  });
});

describe('the list', () => {
  it('is by name with the labels reversed, then by type and set identifier, and goes on where a page ended', async () => {
    const text = { Type: 'TXT' as const, TTL: 60, ResourceRecords: [{ Value: '"<a> & b"' }] };
    await change(
      create(weighted('green', 0)),
      create(weighted('blue', 1)),
      create(alias('blue', 255, { Name: name('*.app'), Type: 'AAAA' })),
      create({ Name: name('app'), ...text }),
      create({ Name: name('app-b'), ...text }),
    );
    const pages: ResourceRecordSet[][] = [];
    let from: Partial<ListResourceRecordSetsResponse> | undefined = {};
    while (from) {
      const page: ListResourceRecordSetsResponse = await route53.send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: zoneId,
          MaxItems: 3,
          StartRecordName: from.NextRecordName,
          StartRecordType: from.NextRecordType,
          StartRecordIdentifier: from.NextRecordIdentifier,
        }),
      );
      expect(page.MaxItems).toBe(3);
      pages.push(page.ResourceRecordSets!);
      from = page.IsTruncated ? page : undefined;
    }
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(pages.flat().map((set) => `${set.Name} ${set.Type} ${set.SetIdentifier ?? ''}`.trim())).toEqual([
      `z${zones}.test. NS`,
      `z${zones}.test. SOA`,
      `${name('app-b')} TXT`,
      `${name('app')} A blue`,
      `${name('app')} A green`,
      `${name('app')} TXT`,
      String.raw`\052.${name('app')} AAAA blue`,
    ]);
    expect(pages.flat().find(({ Type }) => Type === 'TXT')).toEqual({ Name: name('app-b'), ...text });
    expect(pages.flat().find(({ SetIdentifier }) => SetIdentifier === 'blue')).toEqual(weighted('blue', 1));
    expect(pages.flat().at(-1)).toEqual({
      ...alias('blue', 255, { Name: String.raw`\052.${name('app')}`, Type: 'AAAA' }),
    });
  });

  it('needs the right for it, and a zone', async () => {
    const { key } = await aws.gateway.createPrincipal(`writer-${zones}`, allow('route53:Change*'));
    const list = new ListResourceRecordSetsCommand({ HostedZoneId: zoneId });
    expect(await refusal(aws.clients(key).route53.send(list))).toMatchObject({ name: 'AccessDenied', status: 403 });
    const nowhere = route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z0000000000000' }));
    expect(await refusal(nowhere)).toMatchObject({ name: 'NoSuchHostedZone', status: 404 });
  });
});

describe('a zone', () => {
  it('says how many record sets it has, and is not deleted with any of them', async () => {
    await change(create(weighted('blue', 1)));
    const { HostedZone } = await route53.send(new GetHostedZoneCommand({ Id: zoneId }));
    expect(HostedZone!.ResourceRecordSetCount).toBe(3);
    const { HostedZones } = await route53.send(new ListHostedZonesCommand({}));
    expect(HostedZones!.find(({ Id }) => Id === `/hostedzone/${zoneId}`)!.ResourceRecordSetCount).toBe(3);
    const gone = () => route53.send(new DeleteHostedZoneCommand({ Id: zoneId }));
    expect(await refusal(gone())).toMatchObject({ name: 'HostedZoneNotEmpty', status: 400 });
    await change(remove(weighted('blue', 1)));
    await gone();
    expect(await refusal(change(create(weighted('blue', 1))))).toMatchObject({ name: 'NoSuchHostedZone', status: 404 });
  });
});

describe('propagation', () => {
  it('is PENDING until INSYNC, and then the name servers get the whole zone as it was', async () => {
    const changes = [await change(create(alias('blue', 255))), await change(create(alias('green', 0)))];
    for (const { ChangeInfo: info } of changes) {
      expect(info!.Status).toBe('PENDING');
      const get = new GetChangeCommand({ Id: info!.Id });
      await until(async () => (await route53.send(get)).ChangeInfo!.Status === 'INSYNC', 'INSYNC');
    }
    const views = aws.published.filter(({ id }) => id === zoneId);
    expect(views.map(({ records }) => records.flatMap((record) => record.setIdentifier ?? []))).toEqual([
      [],
      ['blue'],
      ['blue', 'green'],
    ]);
    expect(views.at(-1)).toMatchObject({ name: `z${zones}.test.` });
    expect(views.at(-1)!.records.find(({ setIdentifier }) => setIdentifier === 'blue')).toEqual({
      name: name('app'),
      type: 'A',
      values: [],
      setIdentifier: 'blue',
      weight: 255,
      alias: {
        hostname: 'blue.eu-central-1.elb.amazonaws.com.',
        hostedZoneId: 'Z215JYRZR1TBD5',
        evaluateTargetHealth: true,
      },
    });
  });

  it('takes its time, and does not keep the next change waiting', async () => {
    const slow = await startTestGateway({ speed: 60 });
    try {
      const { route53: client } = slow.root;
      const { HostedZone } = await client.send(
        new CreateHostedZoneCommand({ Name: 'slow.test', CallerReference: 'slow' }),
      );
      const add = async (SetIdentifier: string): Promise<string> => {
        const Changes = [create(weighted(SetIdentifier, 1, { Name: 'app.slow.test' }))];
        const batch = { HostedZoneId: HostedZone!.Id, ChangeBatch: { Changes } };
        return (await client.send(new ChangeResourceRecordSetsCommand(batch))).ChangeInfo!.Id!;
      };
      const status = async (Id: string) => (await client.send(new GetChangeCommand({ Id }))).ChangeInfo!.Status;
      const first = await add('blue');
      const second = await add('green');
      expect([await status(first), await status(second), await status(second)]).toEqual([
        'PENDING',
        'PENDING',
        'PENDING',
      ]);
      expect(slow.published.flatMap(({ records }) => records.flatMap((record) => record.setIdentifier ?? []))).toEqual(
        [],
      );
      await until(async () => (await status(second)) === 'INSYNC', 'INSYNC');
    } finally {
      await slow.stop();
    }
  });
});

describe('the account', () => {
  it('is shared by the writers of many zones in two workers: all get on alike, and nobody hears of it', async () => {
    const fresh = await startTestGateway();
    const env = { ...process.env };
    try {
      const { accessKeyId, secretAccessKey } = fresh.gateway.rootKey;
      Object.assign(process.env, {
        AWS_ENDPOINT_URL: fresh.gateway.url,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      });
      const workers = [createRoute53(), createRoute53()];
      const zoneIds: string[] = [];
      for (let number = 0; number < 12; number += 1) {
        const Name = `many${number}.test`;
        const made = await fresh.root.route53.send(new CreateHostedZoneCommand({ Name, CallerReference: Name }));
        zoneIds.push(made.HostedZone!.Id!.replace('/hostedzone/', ''));
      }
      const rounds = zoneIds.map(() => 0);
      let furthestApart = 0;
      const write = async (id: string, index: number): Promise<void> => {
        const host = `app.many${index}.test`;
        const record = (weight: number) =>
          toRecordSet(host, {
            type: 'A',
            setIdentifier: 'blue',
            weight,
            target: { hostname: 'blue.elb.test', hostedZoneId: 'ZLB' },
            evaluateTargetHealth: false,
          });
        for (let weight = 1; weight <= 4; weight += 1) {
          const there = (await workers[index % 2]!.recordsOfAll({ id }, [host])).get(host)!;
          const old = there.map((one) => ({ action: 'DELETE' as const, record: record(one.weight!) }));
          const changes = [...old, { action: 'CREATE' as const, record: record(weight) }];
          await workers[index % 2]!.change({ id }, changes);
          rounds[index]! += 1;
          furthestApart = Math.max(furthestApart, Math.max(...rounds) - Math.min(...rounds));
        }
      };
      await Promise.all(zoneIds.map(write));
      expect(rounds).toEqual(zoneIds.map(() => 4));
      expect(furthestApart).toBeLessThanOrEqual(2);
    } finally {
      process.env = env;
      await fresh.stop();
    }
  });

  it('has a burst of 50 calls, whatever they are', async () => {
    const fresh = await startTestGateway();
    try {
      const { key } = await fresh.gateway.createPrincipal('lister', allow('route53:ListHostedZones'));
      const clients = [fresh.root.route53, fresh.clients(key).route53];
      const outcomes = await Promise.allSettled(
        Array.from({ length: 120 }, (_, i) => clients[i % 2]!.send(new ListHostedZonesCommand({}))),
      );
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(outcomes.length - failures.length).toBeGreaterThanOrEqual(50);
      expect(failures.length).toBeGreaterThan(0);
      expect(failures[0]).toMatchObject({
        name: 'Throttling',
        message: 'Rate exceeded',
        $metadata: { httpStatusCode: 400 },
      });
    } finally {
      await fresh.stop();
    }
  });
});
