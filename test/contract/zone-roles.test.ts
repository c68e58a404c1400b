// Zones that are reached by a role of their own: real signatures, sessions and policies.
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRoute53, type ZoneRecord } from '../../src/adapters/route53.ts';
import { zoneConnections } from '../../src/adapters/zone-access.ts';
import type { HostedZone } from '../../src/domain/environment.ts';
import { failureOf, prepare, run } from '../activity/fakes.ts';
import { ACCOUNT, allow, makeRole, startTestGateway, type TestGateway } from '../support/gateway.ts';

let aws: TestGateway;
let zone: HostedZone;
let worker: string;

const NAME = 'roles.test';
const trustsAccount = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
const DNS = ['route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets', 'route53:GetChange'];

beforeAll(async () => {
  aws = await startTestGateway();
  const made = await aws.root.route53.send(new CreateHostedZoneCommand({ Name: NAME, CallerReference: NAME }));
  zone = { id: made.HostedZone!.Id!.replace('/hostedzone/', ''), name: NAME };
  const { arn, key } = await aws.gateway.createPrincipal('worker', allow('sts:AssumeRole'));
  worker = arn;
  vi.stubEnv('AWS_ENDPOINT_URL', aws.gateway.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', key.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', key.secretAccessKey);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

async function zoneBy(roleName: string, ...actions: string[]): Promise<HostedZone> {
  const roleArn = await makeRole(aws.root.iam, roleName, trustsAccount);
  const policy = { RoleName: roleName, PolicyName: 'dns', PolicyDocument: JSON.stringify(allow(...actions)) };
  await aws.root.iam.send(new PutRolePolicyCommand(policy));
  return { ...zone, roleArn };
}

const text: ZoneRecord = {
  name: `a-app.${NAME}`,
  type: 'TXT',
  setIdentifier: 'blue',
  weight: 100,
  ttlSeconds: 300,
  alias: null,
  values: ['"heritage=external-dns"'],
  healthChecked: false,
};

describe('a zone with a role', () => {
  it('is read and written by it, and by nobody without it', async () => {
    const route53 = createRoute53();
    const reached = await zoneBy('dns', ...DNS);
    const change = await route53.change(reached, [{ action: 'CREATE', record: text }]);
    await vi.waitFor(async () => expect(await route53.isInSync(reached, change)).toBe(true), { timeout: 10_000 });
    expect(await route53.recordsOf(reached, text.name)).toEqual([text]);
    await expect(route53.recordsOf(zone, text.name)).rejects.toMatchObject({
      message: expect.stringContaining(`${worker} is not authorized to perform: route53:ListResourceRecordSets`),
    });
  });

  it('shares Route 53’s limits with the zones of its account, and with no other', async () => {
    const connection = zoneConnections('us-east-1', () => new Route53Client({}));
    const shareOf = async (roleArn?: string) => (await connection(roleArn ? { ...zone, roleArn } : zone)).share;
    const own = await shareOf();
    expect(await shareOf(`arn:aws:iam::${ACCOUNT}:role/dns`)).toBe(own);
    const other = await shareOf('arn:aws:iam::444455556666:role/dns');
    expect(other).not.toBe(own);
    expect(await shareOf('arn:aws:iam::444455556666:role/other')).toBe(other);
  });

  it('says which role lacks which permission', async () => {
    const reached = await zoneBy('dns-reader', 'route53:ListResourceRecordSets');
    const route53 = createRoute53();
    const write = route53.change(reached, [{ action: 'DELETE', record: text }]);
    await expect(write).rejects.toMatchObject({ role: reached.roleArn });
    const other = await zoneBy('dns-nothing', 'route53:GetChange');
    const read = run({ ...prepare({}), route53 }, 'readRecords', { zone: other, host: text.name });
    const failure = await failureOf(read);
    expect(failure).toMatchObject({ type: 'cloud.denied', nonRetryable: true });
    expect(failure.message).toContain(`assumed-role/dns-nothing/eksodus-zone-${zone.id} is not authorized to perform`);
    expect(failure.message).toContain('route53:ListResourceRecordSets');
    expect(failure.details).toMatchObject([{ hint: expect.stringContaining(`reached by ${other.roleArn}`) }]);
  });

  it('says so when the role may not be assumed', async () => {
    const roleArn = await makeRole(aws.root.iam, 'dns-of-others', { Service: 'eks.amazonaws.com' });
    const route53 = createRoute53();
    const failure = await failureOf(
      run({ ...prepare({}), route53 }, 'readRecords', { zone: { ...zone, roleArn }, host: text.name }),
    );
    expect(failure).toMatchObject({ type: 'cloud.denied', nonRetryable: true });
    expect(failure.message).toMatch(/^STS AssumeRole: /);
    expect(failure.message).toContain('sts:AssumeRole');
    expect(failure.message).toContain(roleArn);
  });
});
