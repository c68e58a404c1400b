// The public names of the apps, pointing at the live cluster as its SREs once made them: weighted alias records.
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
  type LoadBalancer,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { NetworkingV1Api } from '@kubernetes/client-node';
import { kubeConfigFor } from '../cluster/kube-client.ts';
import type { AwsGateway, ControlPlane, SandboxSettings } from '../contracts.ts';
import { given } from '../given.ts';
import { waitUntil } from '../process/ready.ts';

const WITHIN_MS = 10 * 60_000;

export async function seedLiveRecords(
  gateway: AwsGateway,
  settings: SandboxSettings,
  live: {
    readonly cluster: ControlPlane;
    readonly zoneId: string;
    readonly zone: string;
    readonly apps: readonly string[];
    /** External-dns makes theirs. */
    readonly annotated: readonly string[];
  },
): Promise<void> {
  const client = { endpoint: gateway.url, region: settings.region, credentials: gateway.rootKey };
  const [route53, elb] = [new Route53Client(client), new ElasticLoadBalancingV2Client(client)];
  const networking = kubeConfigFor(live.cluster).makeApiClient(NetworkingV1Api);
  const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
  const ours = live.apps.filter((app) => !live.annotated.includes(app));
  const changes = await Promise.all(
    ours.map(async (app) => {
      const ingress = await networking.readNamespacedIngress({ name: app, namespace: app });
      const hostname = given(ingress.status?.loadBalancer?.ingress?.[0]?.hostname, `load balancer of ${app}`);
      const balancer: LoadBalancer = given(
        LoadBalancers.find(({ DNSName }) => DNSName === hostname),
        `ELBv2 entry of ${hostname}`,
      );
      return (['A', 'AAAA'] as const).map((Type) => ({
        Action: 'CREATE' as const,
        ResourceRecordSet: {
          Name: `${app}.${live.zone}`,
          Type,
          SetIdentifier: live.cluster.name,
          Weight: 100,
          AliasTarget: {
            DNSName: hostname,
            HostedZoneId: given(balancer.CanonicalHostedZoneId, 'zone of a load balancer'),
            EvaluateTargetHealth: false,
          },
        },
      }));
    }),
  );
  const { ChangeInfo } = await route53.send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId: live.zoneId, ChangeBatch: { Changes: changes.flat() } }),
  );
  const Id = given(ChangeInfo?.Id, 'id of the change');
  await waitUntil(async () => (await route53.send(new GetChangeCommand({ Id }))).ChangeInfo?.Status === 'INSYNC', {
    what: 'live records in sync',
    withinMs: WITHIN_MS,
  });
  await waitUntil(
    async () => {
      if (live.annotated.length === 0) return true;
      const answer = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId: live.zoneId }));
      const names = new Set((answer.ResourceRecordSets ?? []).map(({ Name, Type }) => `${Type} ${Name}`));
      return live.annotated.every((app) => names.has(`AAAA ${app}.${live.zone}.`));
    },
    { what: 'live records of external-dns', withinMs: WITHIN_MS },
  );
  for (const one of [route53, elb]) one.destroy();
}
