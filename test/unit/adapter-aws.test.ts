// What the adapters ask of AWS: how a failure names it, and that the worker has the right to it and no other.
import { readdirSync, readFileSync } from 'node:fs';
import { DescribeTagsCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WORKER_POLICY } from '../../sandbox/policies.ts';
import { createAws } from '../../src/adapters/aws.ts';
import { createElb } from '../../src/adapters/elb.ts';
import { createRoute53 } from '../../src/adapters/route53.ts';

const ADAPTERS = new URL('../../src/adapters/', import.meta.url);

describe('an error of AWS', () => {
  const aws = () => createAws()('eu-central-1');
  const NO_KEY = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: 'nobody' };
  const KEY = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const NOBODY_THERE = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' };

  const stub = (env: Record<string, string | undefined>): void => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  };
  afterEach(() => vi.unstubAllEnvs());

  it.each<[string, () => Promise<unknown>]>([
    ['EKS DescribeCluster', () => aws().eks.findCluster('green')],
    ['EKS ListAddons', () => aws().eks.listAddons('green')],
    ['IAM ListOpenIDConnectProviders', () => aws().iam.findOidcProvider('https://oidc.example.test/green')],
    ['SSM GetParameter', () => aws().ssm.readParameter('/live')],
    ['STS GetCallerIdentity', () => aws().sts.account()],
    ['ElasticLoadBalancingV2 DescribeLoadBalancers', () => aws().elb.loadBalancersOf('green')],
    ['EC2 DescribeSecurityGroups', () => aws().ec2.securityGroupsOf('green')],
    ['Route53 GetHostedZone', () => createRoute53().zone({ id: 'Z1' })],
  ])('says that it was %s', async (asked, ask) => {
    stub({ ...KEY, ...NOBODY_THERE });
    await expect(ask()).rejects.toMatchObject({ asked, code: 'ECONNREFUSED' });
  });

  it('says so also when there are no credentials to ask with', async () => {
    stub({ ...NOBODY_THERE, ...NO_KEY, AWS_EC2_METADATA_DISABLED: 'true' });
    await expect(aws().eks.findCluster('green')).rejects.toMatchObject({
      asked: 'EKS DescribeCluster',
      name: 'CredentialsProviderError',
    });
  });
});

describe('load balancers of a cluster', () => {
  /** ELBv2 that lists these, and has the tags of these. */
  const elbWith = (listed: readonly string[], tagged: Readonly<Record<string, string>>) => {
    const send = async (command: object) => {
      if (!(command instanceof DescribeTagsCommand))
        return { LoadBalancers: listed.map((LoadBalancerArn) => ({ LoadBalancerArn })) };
      const arns = command.input.ResourceArns ?? [];
      if (!arns.every((arn) => arn in tagged))
        throw Object.assign(new Error('not found'), { name: 'LoadBalancerNotFoundException' });
      return {
        TagDescriptions: arns.map((ResourceArn) => ({
          ResourceArn,
          Tags: [{ Key: 'elbv2.k8s.aws/cluster', Value: tagged[ResourceArn] }],
        })),
      };
    };
    return createElb(Object.assign(new ElasticLoadBalancingV2Client({ region: 'eu-central-1' }), { send }));
  };

  it('are those with its tag, also when another one goes between the list and the look at the tags', async () => {
    const elb = elbWith(['arn:1', 'arn:gone', 'arn:2', 'arn:3'], {
      'arn:1': 'green',
      'arn:2': 'blue',
      'arn:3': 'green',
    });
    expect(await elb.loadBalancersOf('green')).toEqual(['arn:1', 'arn:3']);
    expect(await elbWith(['arn:gone'], {}).loadBalancersOf('green')).toEqual([]);
  });
});

describe('the rights of the worker', () => {
  /** As IAM calls the services of the SDK's packages. */
  const SERVICES: Record<string, string> = {
    cloudwatch: 'cloudwatch',
    ec2: 'ec2',
    eks: 'eks',
    'elastic-load-balancing-v2': 'elasticloadbalancing',
    iam: 'iam',
    'route-53': 'route53',
    ssm: 'ssm',
    sts: 'sts',
  };
  /** AWS lets everybody ask who they are. */
  const FREE = new Set(['sts:GetCallerIdentity']);
  /** Asked for besides: to hand roles to EKS, which has its own looked up, and to tag what is made. */
  const BESIDES = ['iam:PassRole', 'iam:GetRole', 'eks:TagResource', 'iam:TagOpenIDConnectProvider'];

  /** `eks:CreateCluster` for each command, and each list by pages, that a file takes from the SDK. */
  const actionsOf = (file: string): string[] => {
    const source = readFileSync(new URL(file, ADAPTERS), 'utf8');
    const imports = [...source.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g)];
    return imports.flatMap(([, names = '', client = '']) =>
      names.split(',').flatMap((name) => {
        const operation = /^(?:(\w+)Command|paginate(\w+))$/.exec(name.trim())?.slice(1).join('');
        return operation === undefined ? [] : [`${SERVICES[client]}:${operation}`];
      }),
    );
  };

  it('are what the adapters ask for, and nothing else', () => {
    const asked = readdirSync(ADAPTERS).flatMap(actionsOf);
    const allowed = WORKER_POLICY.Statement.flatMap(({ Action }) => Action);
    const needed = new Set([...asked.filter((action) => !FREE.has(action)), ...BESIDES]);
    expect(allowed.toSorted()).toEqual([...needed].toSorted());
  });
});
