import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { CreateClusterCommand, DescribeClusterCommand, ListClustersCommand } from '@aws-sdk/client-eks';
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetUserCommand } from '@aws-sdk/client-iam';
import { ListHostedZonesCommand } from '@aws-sdk/client-route-53';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultKind } from '../../sandbox/aws/faults.ts';
import { ACCOUNT, allow, clusterRequest, refusal, REGION, seedGround, startTestGateway } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';

let aws: TestGateway;

beforeAll(async () => {
  aws = await startTestGateway();
});

afterAll(() => aws.stop());

const configOf = ({ gateway }: TestGateway) => ({
  endpoint: gateway.url,
  region: REGION,
  credentials: gateway.rootKey,
  maxAttempts: 1,
});

describe('what is passed on', () => {
  it('reaches ministack, which verifies signatures and policies', async () => {
    const { key, arn } = await aws.gateway.createPrincipal('vpcs', allow('ec2:DescribeVpcs', 'ssm:*'));
    const { ec2, iam, sts } = aws.clients(key);
    expect(await sts.send(new GetCallerIdentityCommand())).toMatchObject({ Arn: arn, Account: ACCOUNT });
    expect((await ec2.send(new DescribeVpcsCommand())).Vpcs).toBeInstanceOf(Array);
    expect(await refusal(iam.send(new GetUserCommand({ UserName: 'vpcs' })))).toMatchObject({
      status: 403,
      message: expect.stringContaining('iam:GetUser'),
    });
    const forged = aws.clients({ ...key, secretAccessKey: 'guessed' });
    expect((await refusal(forged.sts.send(new GetCallerIdentityCommand()))).name).toBe('SignatureDoesNotMatch');
    // ministack would take both of these for root.
    const impostors = [
      { ...aws.gateway.rootKey, secretAccessKey: 'guessed' },
      { accessKeyId: '000000000000', secretAccessKey: 'guessed' },
    ].map((credentials) => refusal(aws.clients(credentials).ec2.send(new DescribeVpcsCommand())));
    expect((await Promise.all(impostors)).map(({ name }) => name)).toEqual([
      'SignatureDoesNotMatch',
      'InvalidClientTokenId',
    ]);
    const ssm = new SSMClient({ ...configOf(aws), credentials: key });
    await ssm.send(new PutParameterCommand({ Name: '/live', Value: 'blue', Type: 'String' }));
    expect((await ssm.send(new GetParameterCommand({ Name: '/live' }))).Parameter!.Value).toBe('blue');
  });
});

describe('the record of calls', () => {
  it('has every call under its AWS name, with its outcome and caller', async () => {
    const before = aws.gateway.calls.length;
    const { key } = await aws.gateway.createPrincipal('recorded', allow('eks:ListClusters'));
    const { eks, route53 } = aws.clients(key);
    await eks.send(new ListClustersCommand({}));
    await refusal(eks.send(new DescribeClusterCommand({ name: 'nowhere' })));
    await refusal(route53.send(new ListHostedZonesCommand({})));
    await new ElasticLoadBalancingV2Client(configOf(aws)).send(new DescribeLoadBalancersCommand({}));
    await refusal(new SSMClient(configOf(aws)).send(new GetParameterCommand({ Name: '/nothing' })));
    await refusal(aws.root.iam.send(new GetUserCommand({ UserName: 'nobody' })));
    await aws.root.ec2.send(new DescribeVpcsCommand());
    const principal = key.accessKeyId;
    const at = expect.any(String);
    expect(aws.gateway.calls.slice(before)).toEqual([
      { at, service: 'eks', operation: 'ListClusters', status: 200, principal },
      { at, service: 'eks', operation: 'DescribeCluster', status: 403, error: 'AccessDeniedException', principal },
      { at, service: 'route53', operation: 'ListHostedZones', status: 403, error: 'AccessDenied', principal },
      { at, service: 'elasticloadbalancing', operation: 'DescribeLoadBalancers', status: 200, principal: 'test' },
      { at, service: 'ssm', operation: 'GetParameter', status: 400, error: 'ParameterNotFound', principal: 'test' },
      { at, service: 'iam', operation: 'GetUser', status: 404, error: 'NoSuchEntity', principal: 'test' },
      { at, service: 'ec2', operation: 'DescribeVpcs', status: 200, principal: 'test' },
    ]);
    expect(Date.parse(aws.gateway.calls.at(-1)!.at)).not.toBeNaN();
  });
});

describe('injected faults', () => {
  const vpcs = () => aws.root.ec2.send(new DescribeVpcsCommand());
  const zones = () => aws.root.route53.send(new ListHostedZonesCommand({}));
  const clusters = () => aws.root.eks.send(new ListClustersCommand({}));
  const parameter = () => new SSMClient(configOf(aws)).send(new GetParameterCommand({ Name: '/live' }));

  it.each<[string, FaultKind, () => Promise<unknown>, { name: string; status: number }]>([
    ['eks ListClusters', 'throttle', clusters, { name: 'ThrottlingException', status: 429 }],
    ['route53 ListHostedZones', 'throttle', zones, { name: 'Throttling', status: 400 }],
    ['ec2 DescribeVpcs', 'throttle', vpcs, { name: 'RequestLimitExceeded', status: 503 }],
    ['ssm GetParameter', 'throttle', parameter, { name: 'ThrottlingException', status: 400 }],
    ['eks ListClusters', '5xx', clusters, { name: 'ServerException', status: 500 }],
    ['route53 ListHostedZones', '5xx', zones, { name: 'InternalFailure', status: 500 }],
  ])('on %s: %s', async (what, kind, call, expected) => {
    const [service = '', operation = ''] = what.split(' ');
    aws.gateway.faults.add({ service, operation, times: 2, kind });
    expect(await refusal(call())).toMatchObject(expected);
    expect(await refusal(call())).toMatchObject(expected);
    await call();
  });

  it('reset cuts the connection before anything is done', async () => {
    aws.gateway.faults.add({ service: 'eks', operation: 'ListClusters', times: 1, kind: 'reset' });
    expect(await refusal(clusters())).toMatchObject({
      status: 0,
      message: expect.stringMatching(/ECONNRESET|socket hang up/),
    });
    expect(aws.gateway.calls.at(-1)).toMatchObject({ status: 0, error: 'InjectedReset' });
    await clusters();
  });

  it('timeout does what was asked, and never says so', async () => {
    const ground = await seedGround(aws);
    aws.gateway.faults.add({ service: 'eks', operation: 'CreateCluster', times: 1, kind: 'timeout' });
    const request = clusterRequest(ground, 'unheard', { clientRequestToken: 'unheard' });
    const abort = new AbortController();
    const unanswered = aws.root.eks.send(new CreateClusterCommand(request), { abortSignal: abort.signal });
    const outcome = refusal(unanswered);
    await expect
      .poll(() => aws.gateway.calls.at(-1))
      .toMatchObject({ operation: 'CreateCluster', status: 200, error: 'InjectedTimeout' });
    abort.abort();
    expect((await outcome).name).toBe('AbortError');
    const { cluster } = await aws.root.eks.send(new CreateClusterCommand(request));
    expect(cluster).toMatchObject({ name: 'unheard' });
    expect(aws.controlPlanes.boots.filter((name) => name === 'unheard')).toHaveLength(1);
  });
});

describe('the gateway', () => {
  it('listens on loopback only, ministack too, and leaves nothing behind', async () => {
    const own = await startTestGateway();
    const pids = own.processes.running.map(({ pid }) => pid);
    expect(pids).toHaveLength(1);
    const listening = [...listeningAddresses('/proc/net/tcp'), ...listeningAddresses('/proc/net/tcp6')];
    const ports = [own.gateway.url, own.gateway.tokenWebhookUrl('x')].map((url) => Number(new URL(url).port));
    for (const port of ports) {
      expect(listening.filter((socket) => socket.port === port).map(({ address }) => address)).toEqual(['0100007F']);
    }
    const inodes = socketsOf(pids[0]!);
    const emulator = listening.filter(({ inode }) => inodes.has(inode));
    expect(emulator.map(({ address }) => address)).toEqual(['0100007F']);
    await own.stop();
    expect(own.processes.running).toEqual([]);
    await expect(fetch(own.gateway.url)).rejects.toThrow('fetch failed');
    await expect(fetch(own.gateway.tokenWebhookUrl('x'))).rejects.toThrow('fetch failed');
  });
});

const LISTEN = '0A';

function listeningAddresses(table: string): { address: string; port: number; inode: string }[] {
  const rows = readFileSync(table, 'utf8').trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    return state === LISTEN ? [{ address, port: Number.parseInt(port, 16), inode }] : [];
  });
}

/** Inodes of the sockets of a process. */
function socketsOf(pid: number): Set<string> {
  const dir = `/proc/${pid}/fd`;
  const targets = readdirSync(dir).map((fd) => readlinkSync(`${dir}/${fd}`));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}
