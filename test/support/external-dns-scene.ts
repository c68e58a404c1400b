// A cluster with the real external-dns, whose records are in a zone of the gateway and on a real name server.
import { mkdtempSync, rmSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { AppsV1Api, CoreV1Api, NetworkingV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { startAwsGateway } from '../../sandbox/aws/gateway.ts';
import { KubernetesControlPlanes } from '../../sandbox/cluster/control-planes.ts';
import { startEtcd } from '../../sandbox/cluster/etcd.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import { Speed, type SandboxSettings } from '../../sandbox/contracts.ts';
import { startNameServer } from '../../sandbox/dns/name-server.ts';
import { LoadBalancers } from '../../sandbox/edge/load-balancers.ts';
import { ExternalDnsRunner } from '../../sandbox/external-dns/runner.ts';
import { freePort } from '../../sandbox/process/ports.ts';
import { Processes } from '../../sandbox/process/processes.ts';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { createKube } from '../../src/adapters/kube.ts';
import { createRoute53, type ZoneRecord } from '../../src/adapters/route53.ts';
import type { HostedZone } from '../../src/domain/environment.ts';

export const BLUE = 'stg-1-33';
export const ANNOTATION = 'external-dns.alpha.kubernetes.io/';
const ZONE_NAME = 'example.test';
const REGION = 'ap-northeast-1';
const WITHIN_MS = 90_000;
const SAMPLE_EVERY_MS = 50;
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

type Annotations = Readonly<Record<string, string | null>>;

export async function externalDnsScene(args: readonly string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'eksodus-external-dns-'));
  const processes = new Processes({ logDir: join(dir, 'log') });
  const settings: SandboxSettings = { dir, speed: new Speed(60), account: '123456789012', region: REGION };
  const names = await startNameServer({ zoneTtl: (seconds) => seconds / 60 });
  const planes: { current?: KubernetesControlPlanes } = {};
  const [etcd, gateway] = await Promise.all([
    startEtcd({ dir, processes }),
    startAwsGateway({
      settings,
      processes,
      controlPlanes: () => planes.current!,
      onInSync: (published) => names.setZone(published),
    }),
  ]);
  planes.current = new KubernetesControlPlanes({
    dir,
    processes,
    etcdUrl: etcd.url,
    region: REGION,
    tokenWebhookUrl: (cluster) => gateway.tokenWebhookUrl(cluster),
  });
  const plane = await planes.current.boot({ name: BLUE, version: '1.33' });
  await planes.current.addNodes(BLUE, [
    { name: 'node-1', labels: {}, kubeletVersion: 'v1.33.0', providerId: 'aws:///ap-northeast-1a/i-1' },
  ]);
  const aws = { gatewayUrl: gateway.url, key: gateway.rootKey };
  const log = (message: string): void => void process.stderr.write(`${message}\n`);
  const balancers = new LoadBalancers({
    ...aws,
    settings,
    nameServer: names,
    port: await freePort(),
    vpcId: 'vpc-1',
    subnetIds: ['subnet-1', 'subnet-2'],
    log,
  });
  const runner = new ExternalDnsRunner({ ...aws, settings, processes, log });
  balancers.watchCluster(plane);
  runner.watchCluster(plane);

  const root = new Route53Client({ endpoint: gateway.url, region: REGION, credentials: gateway.rootKey });
  const { HostedZone } = await root.send(new CreateHostedZoneCommand({ Name: ZONE_NAME, CallerReference: ZONE_NAME }));
  const zone: HostedZone = {
    id: HostedZone!.Id!.replace('/hostedzone/', ''),
    name: ZONE_NAME,
    nameServers: [names.address],
  };

  const core = kubeConfigFor(plane).makeApiClient(CoreV1Api);
  const apps = kubeConfigFor(plane).makeApiClient(AppsV1Api);
  const networking = kubeConfigFor(plane).makeApiClient(NetworkingV1Api);
  const route53 = createRoute53();

  async function installExternalDns(): Promise<void> {
    const labels = { 'app.kubernetes.io/name': 'external-dns' };
    const image = 'registry.k8s.io/external-dns/external-dns:v0.20.0';
    await core.createNamespace({ body: { metadata: { name: 'external-dns' } } });
    await apps.createNamespacedDeployment({
      namespace: 'external-dns',
      body: {
        metadata: { name: 'external-dns' },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: 'external-dns', image, args: [...args] }] },
          },
        },
      },
    });
    await waitUntil(
      async () =>
        (await apps.readNamespacedDeploymentStatus({ namespace: 'external-dns', name: 'external-dns' })).status
          ?.readyReplicas === 1,
      { what: 'external-dns ready', withinMs: WITHIN_MS },
    );
  }
  await installExternalDns();

  const recordsOf = (name: string): Promise<readonly ZoneRecord[]> => route53.recordsOf(zone, name);
  async function resolve(host: string): Promise<string[]> {
    const resolver = new Resolver();
    resolver.setServers([names.address]);
    return resolver.resolve4(host);
  }

  return {
    zone,
    route53,
    recordsOf,
    kube: createKube({ use: (_at, run) => run((api) => kubeConfigFor(plane).makeApiClient(api)) }),
    resolve,

    /** An app with an Ingress that external-dns publishes; waits until it has. Returns its load balancer's address. */
    async publish(app: string, annotations: Annotations): Promise<string> {
      await core.createNamespace({ body: { metadata: { name: app } } });
      const host = `${app}.${ZONE_NAME}`;
      const metadata = {
        name: app,
        annotations: { [`${ANNOTATION}hostname`]: host, ...annotations } as Record<string, string>,
      };
      const backend = { service: { name: app, port: { name: 'http' } } };
      const rules = [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
      const body = { metadata, spec: { ingressClassName: 'alb', rules } };
      await networking.createNamespacedIngress({ namespace: app, body });
      await waitUntil(async () => (await resolve(host).catch(() => [])).length > 0, {
        what: `${host} on the name server`,
        withinMs: WITHIN_MS,
      });
      return (await resolve(host))[0] ?? '';
    },

    async annotate(app: string, annotations: Annotations): Promise<void> {
      await networking.patchNamespacedIngress(
        { namespace: app, name: app, body: { metadata: { annotations } } },
        MERGE,
      );
    },

    /** Asks the name server all the time while something happens: every answer that it gave, or why it gave none. */
    async sampling<T>(host: string, body: () => Promise<T>): Promise<{ result: T; answers: Map<string, number> }> {
      const answers = new Map<string, number>();
      const ends = new AbortController();
      const sampled = (async () => {
        while (!ends.signal.aborted) {
          const answer = await resolve(host).then(
            (addresses) => addresses.join(' '),
            (error: unknown) => String(error),
          );
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
          await new Promise((done) => setTimeout(done, SAMPLE_EVERY_MS));
        }
      })();
      try {
        return { result: await body(), answers };
      } finally {
        ends.abort();
        await sampled;
      }
    },

    gateway,
    async stop(): Promise<void> {
      await balancers.stop();
      await runner.stop();
      await gateway.stop();
      await names.stop();
      await processes.stopAll();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type ExternalDnsScene = Awaited<ReturnType<typeof externalDnsScene>>;
