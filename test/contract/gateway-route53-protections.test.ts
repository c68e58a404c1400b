import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  CreateResourceRecordSetProtectionsCommand,
  DeleteHostedZoneCommand,
  DeleteResourceRecordSetProtectionsCommand,
  InvalidResourceRecordSetProtectionBatch,
  ListResourceRecordSetProtectionsCommand,
  ListResourceRecordSetsCommand,
  paginateListResourceRecordSetProtections,
  ProtectionAlreadyExists,
  type ChangeAction,
  type ListResourceRecordSetProtectionsRequest,
  type ProtectionError,
  type ResourceRecordSetProtectionConfig,
  type ResourceRecordSetProtectionKey,
  type Route53Client,
  type RRType,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { allow, refusal, startTestGateway, until } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';

let aws: TestGateway;
let route53: Route53Client;
let zoneId: string;
let zones = 0;

/** One for each group, so that no group makes more than the 50 calls that an account may make at once. */
function useGateway(): void {
  beforeAll(async () => {
    aws = await startTestGateway();
    route53 = aws.root.route53;
  });
  afterAll(() => aws.stop());
  beforeEach(async () => {
    zones += 1;
    const Name = `p${zones}.test`;
    const made = await route53.send(new CreateHostedZoneCommand({ Name, CallerReference: Name }));
    zoneId = made.HostedZone!.Id!.replace('/hostedzone/', '');
  });
}

const name = (label: string): string => `${label}.p${zones}.test.`;
const key = (label: string, RecordType: RRType = 'A'): ResourceRecordSetProtectionKey => ({
  RecordName: name(label),
  RecordType,
});

const protect = (...Protections: ResourceRecordSetProtectionConfig[]) =>
  route53.send(new CreateResourceRecordSetProtectionsCommand({ HostedZoneId: zoneId, Protections }));
const unprotect = (...Protections: ResourceRecordSetProtectionKey[]) =>
  route53.send(new DeleteResourceRecordSetProtectionsCommand({ HostedZoneId: zoneId, Protections }));
const list = (more: Partial<ListResourceRecordSetProtectionsRequest> = {}) =>
  route53.send(new ListResourceRecordSetProtectionsCommand({ HostedZoneId: zoneId, ...more }));
const listed = async (): Promise<string[]> =>
  (await list()).ResourceRecordSetProtections!.map(({ RecordName, RecordType }) => `${RecordName} ${RecordType}`);

const a = (Name: string, SetIdentifier?: string) => ({
  Name,
  Type: 'A' as const,
  TTL: 60,
  ResourceRecords: [{ Value: '192.0.2.1' }],
  ...(SetIdentifier === undefined ? {} : { SetIdentifier, Weight: 1 }),
});
const change = (...changes: [ChangeAction, ReturnType<typeof a>][]) =>
  route53.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      ChangeBatch: { Changes: changes.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet })) },
    }),
  );
const records = async (): Promise<string[]> => {
  const { ResourceRecordSets } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
  return ResourceRecordSets!.filter(({ Type }) => Type === 'A').map((set) => set.SetIdentifier ?? set.Name!);
};

/** What a refused request says about its entries. */
async function failuresOf(request: Promise<unknown>): Promise<{ error: string; entries: string[] }> {
  const error: unknown = await request.then(() => undefined).catch((thrown: unknown) => thrown);
  if (error instanceof InvalidResourceRecordSetProtectionBatch || error instanceof ProtectionAlreadyExists) {
    const entry = ({ RecordName, RecordType, Code }: ProtectionError): string => `${RecordName} ${RecordType} ${Code}`;
    return { error: `${error.name} ${error.$metadata.httpStatusCode}`, entries: error.Errors!.map(entry) };
  }
  throw new Error(`expected a refusal with entries, got ${String(error)}`);
}

describe('a protected name and type', () => {
  useGateway();

  it('cannot be changed, whatever the set identifier, and neither can the rest of the batch', async () => {
    await change(['CREATE', a(name('app'), 'blue')]);
    await protect({ ...key('APP'), Comment: 'moved by <hand> & only in May' });
    for (const [action, set] of [
      ['CREATE', a(name('app'), 'green')],
      ['UPSERT', a(name('app'), 'blue')],
      ['DELETE', a(name('app'), 'blue')],
    ] as const) {
      expect(await refusal(change(['CREATE', a(name('free'))], [action, set]))).toEqual({
        name: 'InvalidChangeBatch',
        status: 400,
        message: `[Resource record set [name='${name('app')}', type='A'] is protected from changes: moved by <hand> & only in May]`,
      });
    }
    expect(aws.gateway.calls.at(-1)).toMatchObject({
      operation: 'ChangeResourceRecordSets',
      error: 'InvalidChangeBatch',
    });
    expect(await records()).toEqual(['blue']);
    // Other types and other names are free.
    await protect(key('free', 'AAAA'));
    await change(['CREATE', a(name('free'))]);
    await unprotect(key('app'));
    await change(['DELETE', a(name('app'), 'blue')]);
    expect(await records()).toEqual([name('free')]);
  });

  it('needs no record, and is refused in either spelling of a wildcard', async () => {
    await protect({ RecordName: name(String.raw`\052`), RecordType: 'A' });
    for (const label of ['*', String.raw`\052`]) {
      expect((await refusal(change(['CREATE', a(name(label))]))).name).toBe('InvalidChangeBatch');
    }
    expect(await listed()).toEqual([`${name(String.raw`\052`)} A`]);
    await unprotect({ RecordName: name('*'), RecordType: 'A' });
    await change(['CREATE', a(name('*'))]);
    expect(await records()).toEqual([name(String.raw`\052`)]);
  });

  it('keeps its zone from being deleted', async () => {
    await protect(key('app'));
    const gone = () => route53.send(new DeleteHostedZoneCommand({ Id: zoneId }));
    expect(await refusal(gone())).toMatchObject({ name: 'HostedZoneNotEmpty', status: 400 });
    await unprotect(key('app'));
    await gone();
    expect(await refusal(list())).toMatchObject({ name: 'NoSuchHostedZone', status: 404 });
  });
});

describe('a request', () => {
  useGateway();

  it('protects all of its entries or none', async () => {
    await protect(key('one'));
    expect(await failuresOf(protect(key('two'), key('one')))).toEqual({
      error: 'InvalidResourceRecordSetProtectionBatch 400',
      entries: [`${name('one')} A ProtectionAlreadyExists`],
    });
    expect(await failuresOf(protect({ ...key('one'), Comment: 'again' }))).toEqual({
      error: 'ProtectionAlreadyExists 409',
      entries: [`${name('one')} A ProtectionAlreadyExists`],
    });
    expect(aws.gateway.calls.at(-1)).toMatchObject({
      operation: 'CreateResourceRecordSetProtections',
      error: 'ProtectionAlreadyExists',
    });
    expect(await listed()).toEqual([`${name('one')} A`]);
    expect(await failuresOf(unprotect(key('one'), key('two')))).toEqual({
      error: 'InvalidResourceRecordSetProtectionBatch 400',
      entries: [`${name('two')} A ProtectionNotFound`],
    });
    expect(await listed()).toEqual([`${name('one')} A`]);
  });

  it('is told of its invalid entries only, while there are any', async () => {
    await protect(key('one'));
    const wrong = [
      { RecordName: `notp${zones}.test`, RecordType: 'A' as const },
      { RecordName: name('type'), RecordType: 'DNAME' as RRType },
      { ...key('long'), Comment: 'x'.repeat(257) },
    ];
    expect(await failuresOf(protect(key('one'), key('two'), key('TWO'), ...wrong))).toEqual({
      error: 'InvalidResourceRecordSetProtectionBatch 400',
      entries: [
        `${name('two')} A InvalidInput`,
        `notp${zones}.test. A InvalidInput`,
        `${name('type')} DNAME InvalidInput`,
        `${name('long')} A InvalidInput`,
      ],
    });
    expect(await listed()).toEqual([`${name('one')} A`]);
  });

  it('has 1 to 100 entries', async () => {
    const many = (length: number) => Array.from({ length }, (_, i) => key(`h${i}`));
    expect(await refusal(protect(...many(101)))).toMatchObject({ name: 'InvalidInput', status: 400 });
    expect(await refusal(protect())).toMatchObject({ name: 'InvalidInput', status: 400 });
    await protect(...many(100));
    expect(await listed()).toHaveLength(100);
    await unprotect(...many(100));
    expect(await listed()).toEqual([]);
  });

  it('is refused while a batch of its zone is worked on', async () => {
    const batch = change(['CREATE', a(name('app'))]);
    await until(async () => (await records()).length === 1, 'the record');
    const meanwhile = await refusal(protect(key('other')));
    expect(meanwhile).toMatchObject({ name: 'PriorRequestNotComplete', status: 400 });
    await batch;
    await protect(key('other'));
    expect(await listed()).toEqual([`${name('other')} A`]);
  });

  it('needs the right for it on the zone, and a zone', async () => {
    const zone = { HostedZoneId: zoneId };
    const { key: credentials, arn } = await aws.gateway.createPrincipal('looker', allow('route53:List*'));
    const { route53: looker } = aws.clients(credentials);
    await looker.send(new ListResourceRecordSetProtectionsCommand(zone));
    const batch = { ...zone, Protections: [key('app')] };
    const create = new CreateResourceRecordSetProtectionsCommand(batch);
    expect(await refusal(looker.send(create))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
      message: expect.stringMatching(
        new RegExp(`${arn}.*route53:CreateResourceRecordSetProtections .*hostedzone/${zoneId}`),
      ),
    });
    const remove = new DeleteResourceRecordSetProtectionsCommand(batch);
    expect((await refusal(looker.send(remove))).name).toBe('AccessDenied');
    expect((await refusal(looker.send(new DeleteHostedZoneCommand({ Id: zoneId })))).name).toBe('AccessDenied');
    const forged = aws.clients({ ...credentials, secretAccessKey: 'guessed' }).route53;
    expect((await refusal(forged.send(create))).name).toBe('SignatureDoesNotMatch');
    const elsewhere = new CreateResourceRecordSetProtectionsCommand({ ...batch, HostedZoneId: 'Z0000000000000' });
    expect(await refusal(route53.send(elsewhere))).toMatchObject({ name: 'NoSuchHostedZone', status: 404 });
    expect(await listed()).toEqual([]);
  });
});

describe('the list', () => {
  useGateway();

  it('is in the order of names, then types, and comes in pages', async () => {
    await protect(key('b'), { ...key('a', 'AAAA'), Comment: 'why' }, key('a'), key('x.a'), key('a-b'));
    const inOrder = ['a A', 'a AAAA', 'x.a A', 'a-b A', 'b A'].map((text) => text.replace(' ', `.p${zones}.test. `));
    expect(await listed()).toEqual(inOrder);
    const pages: string[][] = [];
    for await (const page of paginateListResourceRecordSetProtections(
      { client: route53, pageSize: 2 },
      { HostedZoneId: zoneId },
    )) {
      pages.push(page.ResourceRecordSetProtections!.map((one) => `${one.RecordName} ${one.RecordType}`));
    }
    expect(pages).toEqual([inOrder.slice(0, 2), inOrder.slice(2, 4), inOrder.slice(4)]);
    const { ResourceRecordSetProtections: some, NextToken } = await list({
      StartRecordName: name('a'),
      StartRecordType: 'AAAA',
      MaxResults: 1,
    });
    expect(some).toEqual([{ ...key('a', 'AAAA'), Comment: 'why' }]);
    // Where to start is the token's alone.
    const next = await list({ NextToken, StartRecordName: name('b'), MaxResults: 1 });
    expect(next.ResourceRecordSetProtections).toEqual([key('x.a')]);
  });

  it('has at most 300 on a page, whatever is asked for', async () => {
    for (const round of [1, 2, 3, 4]) await protect(...Array.from({ length: 100 }, (_, i) => key(`h${i}.r${round}`)));
    const first = await list({ MaxResults: 1_000 });
    expect(first.ResourceRecordSetProtections).toHaveLength(300);
    const { ResourceRecordSetProtections: rest, NextToken } = await list({ NextToken: first.NextToken });
    expect([rest!.length, NextToken]).toEqual([100, undefined]);
  });

  it('is refused from nowhere', async () => {
    expect(await refusal(list({ NextToken: 'bm90aGluZw' }))).toMatchObject({ name: 'InvalidPaginationToken' });
    expect(await refusal(list({ StartRecordType: 'A' }))).toMatchObject({ name: 'InvalidInput' });
    expect(await refusal(list({ MaxResults: 0 }))).toMatchObject({ name: 'InvalidInput' });
  });
});
