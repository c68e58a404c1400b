// How ELBv2's answers about targets are counted, and which target groups of a load balancer are an app's.
import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import { createElb } from '../../src/adapters/elb.ts';
import { toTargetGroup } from '../../src/adapters/elb-targets.ts';

const HOSTNAME = 'internal-k8s-web-web-0123456789-1234567890.eu-central-1.elb.amazonaws.com';
const INGRESS = { namespace: 'web', name: 'web' };
const NOT_FOUND = Object.assign(new Error('not found'), { name: 'LoadBalancerNotFoundException' });

/** ELBv2 with one load balancer; target groups by ARN, with whose they are (null: nobody says). */
function elbWith(groups: Readonly<Record<string, string | null>>, { gone = '' } = {}) {
  const asked: string[] = [];
  const send = async (command: object) => {
    if (command instanceof DescribeLoadBalancersCommand) {
      const { Names } = command.input;
      asked.push(`load balancers ${Names?.join() ?? 'all'}`);
      if (Names && !HOSTNAME.includes(`${Names[0]}-`)) throw NOT_FOUND;
      return { LoadBalancers: [{ LoadBalancerArn: 'arn:lb', DNSName: HOSTNAME, CanonicalHostedZoneId: 'ZLB' }] };
    }
    if (command instanceof DescribeTargetGroupsCommand) {
      asked.push(`target groups of ${command.input.LoadBalancerArn}`);
      return {
        TargetGroups: Object.keys(groups).map((arn) => ({
          TargetGroupArn: arn,
          TargetGroupName: arn,
          TargetType: 'ip',
        })),
      };
    }
    if (command instanceof DescribeTagsCommand) {
      asked.push('tags');
      return {
        TagDescriptions: (command.input.ResourceArns ?? []).map((ResourceArn) => ({
          ResourceArn,
          Tags: groups[ResourceArn] ? [{ Key: 'ingress.k8s.aws/resource', Value: groups[ResourceArn] }] : [],
        })),
      };
    }
    if (!(command instanceof DescribeTargetHealthCommand)) throw new Error('asked for something else');
    asked.push(`targets of ${command.input.TargetGroupArn}`);
    if (command.input.TargetGroupArn === gone)
      throw Object.assign(new Error('gone'), { name: 'TargetGroupNotFoundException' });
    return { TargetHealthDescriptions: [{ TargetHealth: { State: 'healthy' } }] };
  };
  const client = Object.assign(Object.create(ElasticLoadBalancingV2Client.prototype), { send });
  return { elb: createElb(client), asked };
}

describe('the targets behind a load balancer', () => {
  const namesOf = async ({ elb }: ReturnType<typeof elbWith>, hostname = HOSTNAME) =>
    (await elb.targetsBehind(hostname, INGRESS))?.targetGroups.map(({ name }) => name);

  it('take three small requests, whatever else the account has', async () => {
    const made = elbWith({ one: null });
    expect(await namesOf(made, `dualstack.${HOSTNAME}`)).toEqual(['one']);
    expect(made.asked).toEqual(['load balancers k8s-web-web-0123456789', 'target groups of arn:lb', 'targets of one']);
  });

  it('are those of the app alone where Ingresses share the load balancer', async () => {
    const made = elbWith({
      mine: 'web/web-web:80',
      theirs: 'files/files-files:80',
      alike: 'web/web2-web:80',
      nobodys: null,
    });
    expect(await namesOf(made)).toEqual(['mine', 'nobodys']);
    expect(made.asked.filter((line) => line === 'tags')).toHaveLength(1);
  });

  it('are those of all Ingresses for who asks for the load balancer as a whole', async () => {
    const made = elbWith({ mine: 'web/web-web:80', theirs: 'files/files-files:80' });
    const all = await made.elb.targetsBehind(HOSTNAME, null);
    expect(all?.targetGroups.map(({ name }) => name)).toEqual(['mine', 'theirs']);
    expect(made.asked).not.toContain('tags');
  });

  it('do not need a group that goes meanwhile', async () => {
    expect(await namesOf(elbWith({ one: null, two: null }, { gone: 'one' }))).toEqual(['two']);
  });

  it('are searched among all when the host name says no name that ELBv2 knows', async () => {
    const made = elbWith({});
    expect(await made.elb.findByHostname('other-12345678.eu-central-1.elb.amazonaws.com')).toBeNull();
    expect(await made.elb.findByHostname('lb.example.test')).toBeNull();
    expect(made.asked).toEqual(['load balancers other', 'load balancers all', 'load balancers all']);
  });
});

describe('target states', () => {
  it('are counted by what they mean for users', () => {
    const states = [
      'healthy',
      'unavailable',
      'initial',
      'unhealthy',
      'unused',
      'draining',
      'unhealthy.draining',
      'new',
    ];
    const targets = states.map((State) => ({ TargetHealth: { State: State as 'healthy' } }));
    expect(toTargetGroup({ TargetGroupName: 'web', TargetType: 'ip' }, [...targets, {}])).toEqual({
      name: 'web',
      targetType: 'ip',
      healthy: 2,
      initial: 1,
      unhealthy: 4,
      draining: 2,
      because: ['initial', 'unhealthy', 'unused', 'draining', 'unhealthy.draining', 'new', ''],
    });
  });

  it('come with why, each once', () => {
    const Description = 'Health checks failed with these codes: [503]';
    const target = {
      TargetHealth: { State: 'unhealthy' as const, Reason: 'Target.ResponseCodeMismatch' as const, Description },
    };
    expect(toTargetGroup({}, [target, target])).toMatchObject({ targetType: 'instance', because: [Description] });
  });
});
