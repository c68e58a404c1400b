// An independent look at the world after a rehearsal: by other code than the product's, with the account's root key.
import { DescribeNetworkInterfacesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeClusterCommand, EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient, ListOpenIDConnectProvidersCommand } from '@aws-sdk/client-iam';
import {
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { ApisApi, CoreV1Api, CustomObjectsApi, VersionApi } from '@kubernetes/client-node';
import { z } from 'zod';
import { ARGO } from '../../src/domain/ids.ts';
import { DEVELOPERS_APPS } from '../gitops/catalog.ts';
import { kubeConfigFor } from '../cluster/kube-client.ts';
import type { ControlPlane } from '../contracts.ts';
import { given } from '../given.ts';
import { ZONE, type Sandbox } from '../sandbox.ts';
import type { ClusterReport, RehearsalReport } from './report.ts';

const REMOVED_API = 'admissionregistration.k8s.io/v1beta1';

/** What the cluster's own API says of itself. */
export async function askCluster(name: string, controlPlane: ControlPlane | undefined): Promise<ClusterReport> {
  if (!controlPlane) return { name, version: null, servesRemovedApi: null };
  const config = kubeConfigFor(controlPlane);
  const version = await config.makeApiClient(VersionApi).getCode();
  const { groups } = await config.makeApiClient(ApisApi).getAPIVersions();
  const served = groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion));
  // An emulating server names its own version first, and the one that it serves beside it.
  return {
    name,
    version: `${version.major}.${version.emulationMinor ?? version.minor}`,
    servesRemovedApi: served.includes(REMOVED_API),
  };
}

export async function isReady(controlPlane: ControlPlane | undefined): Promise<boolean> {
  if (!controlPlane) return false;
  const { items } = await kubeConfigFor(controlPlane).makeApiClient(CoreV1Api).listNode();
  return (
    items.length > 0 &&
    items.every((node) => node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
  );
}

const applications = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
      status: z
        .object({
          sync: z.object({ status: z.string() }).optional(),
          health: z.object({ status: z.string() }).optional(),
        })
        .optional(),
    }),
  ),
});

export async function askArgoCd(manager: ControlPlane): Promise<RehearsalReport['argocd']> {
  const api = kubeConfigFor(manager).makeApiClient(CustomObjectsApi);
  const answer: unknown = await api.listNamespacedCustomObject({
    group: 'argoproj.io',
    version: 'v1alpha1',
    namespace: 'argocd',
    plural: 'applications',
  });
  return applications.parse(answer).items.map(({ metadata, status }) => ({
    app: metadata.labels[ARGO.app] ?? '',
    cluster: metadata.labels[ARGO.cluster] ?? '',
    sync: status?.sync?.status ?? 'Unknown',
    health: status?.health?.status ?? 'Unknown',
  }));
}

/** All of the zone's records. */
export async function readZone(sandbox: Sandbox): Promise<ResourceRecordSet[]> {
  const route53 = new Route53Client(rootClient(sandbox));
  const { HostedZones } = await route53.send(new ListHostedZonesCommand({}));
  const HostedZoneId = given(HostedZones?.[0]?.Id, 'hosted zone');
  const { ResourceRecordSets } = await route53.send(new ListResourceRecordSetsCommand({ HostedZoneId, MaxItems: 300 }));
  route53.destroy();
  return ResourceRecordSets ?? [];
}

/** Of each app's name, by cluster. */
export async function readWeights(sandbox: Sandbox): Promise<RehearsalReport['weights']> {
  const records = await readZone(sandbox);
  const weightsOf = (app: string): Record<string, number> =>
    Object.fromEntries(
      records
        .filter(({ Name, Type }) => Name === `${app}.${ZONE}.` && Type === 'A')
        .map(({ SetIdentifier = '', Weight = 0 }) => [SetIdentifier, Weight]),
    );
  return Object.fromEntries(DEVELOPERS_APPS.map(({ name }) => [name, weightsOf(name)]));
}

/** Everything that still names the cluster, anywhere in the account, in Argo CD, and among our processes. */
export async function findLeftovers(sandbox: Sandbox, cluster: string, issuer: string | undefined): Promise<string[]> {
  const client = rootClient(sandbox);
  const [eks, elb, iam, ec2] = [
    new EKSClient(client),
    new ElasticLoadBalancingV2Client(client),
    new IAMClient(client),
    new EC2Client(client),
  ];
  const found: string[] = [];
  const { clusters = [] } = await eks.send(new ListClustersCommand({}));
  if (clusters.includes(cluster))
    found.push(
      `EKS cluster ${cluster} (${(await eks.send(new DescribeClusterCommand({ name: cluster }))).cluster?.status ?? '?'})`,
    );

  const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
  const { TargetGroups = [] } = await elb.send(new DescribeTargetGroupsCommand({}));
  const arns = [
    ...LoadBalancers.map(({ LoadBalancerArn }) => LoadBalancerArn),
    ...TargetGroups.map(({ TargetGroupArn }) => TargetGroupArn),
  ].filter((arn) => arn !== undefined);
  for (let start = 0; start < arns.length; start += 20) {
    const { TagDescriptions = [] } = await elb.send(
      new DescribeTagsCommand({ ResourceArns: arns.slice(start, start + 20) }),
    );
    for (const { ResourceArn, Tags = [] } of TagDescriptions)
      if (Tags.some(({ Value }) => Value === cluster)) found.push(`ELBv2 ${ResourceArn ?? ''}`);
  }
  if (issuer !== undefined) {
    const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    const path = issuer.replace('https://', '');
    found.push(
      ...OpenIDConnectProviderList.filter(({ Arn }) => Arn?.endsWith(path)).map(
        ({ Arn }) => `OIDC provider ${Arn ?? ''}`,
      ),
    );
  }
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  found.push(
    ...NetworkInterfaces.filter((one) => JSON.stringify(one).includes(cluster)).map(
      ({ NetworkInterfaceId }) => `network interface ${NetworkInterfaceId ?? ''}`,
    ),
  );
  for (const record of await readZone(sandbox))
    if (JSON.stringify(record).includes(cluster))
      found.push(`record ${record.Name ?? ''} ${record.Type ?? ''} ${record.SetIdentifier ?? ''}`);

  const { items } = await kubeConfigFor(sandbox.manager)
    .makeApiClient(CoreV1Api)
    .listNamespacedSecret({ namespace: 'argocd' });
  found.push(
    ...items
      .filter(({ metadata }) => metadata?.name?.endsWith(cluster))
      .map(({ metadata }) => `Argo CD cluster Secret ${metadata?.name ?? ''}`),
  );
  found.push(
    ...(await askArgoCd(sandbox.manager))
      .filter((one) => one.cluster === cluster)
      .map(({ app }) => `Argo CD Application ${app}`),
  );
  found.push(
    ...sandbox.processes.running.filter(({ name }) => name.includes(cluster)).map(({ name }) => `process ${name}`),
  );
  for (const one of [eks, elb, iam, ec2]) one.destroy();
  return found;
}

const rootClient = ({ gateway, settings }: Sandbox) => ({
  endpoint: gateway.url,
  region: settings.region,
  credentials: gateway.rootKey,
});
