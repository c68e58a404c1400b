// Brings all parts up in the order in which they need each other, and a live environment at blue's version on them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CLUSTER_LABELS } from './argocd/application-sets.ts';
import { startArgoCd, type ArgoCd } from './argocd/argo-cd.ts';
import { registerCluster, syncAll } from './argocd/seed.ts';
import { startAwsGateway } from './aws/gateway.ts';
import { KubernetesControlPlanes } from './cluster/control-planes.ts';
import { startEtcd } from './cluster/etcd.ts';
import type { AccessKey, AwsGateway, ControlPlane, NameServer, OnInSync, SandboxSettings, Speed } from './contracts.ts';
import { startNameServer } from './dns/name-server.ts';
import { LoadBalancers } from './edge/load-balancers.ts';
import { serveMetrics } from './edge/metrics-endpoint.ts';
import { ControlPlanesWithEdge } from './edge-of-clusters.ts';
import { writeEnvironmentFile, type SandboxEnvironment } from './environment-file.ts';
import { ExternalDnsRunner } from './external-dns/runner.ts';
import { DEVELOPERS_APPS, PLATFORM_APPS, type AnnotatedApps, type GitOpsApp } from './gitops/catalog.ts';
import { makeGitOpsRepository } from './gitops/repository.ts';
import { given } from './given.ts';
import { ARGOCD_POLICY, EXTERNAL_DNS_POLICY, WORKER_POLICY } from './policies.ts';
import { freePort } from './process/ports.ts';
import { Processes } from './process/processes.ts';
import { startPrometheus } from './prometheus.ts';
import { seedAccount } from './seed/account.ts';
import { seedCluster } from './seed/clusters.ts';
import { seedLiveRecords } from './seed/live-records.ts';
import { startTemporal, type Temporal } from './temporal.ts';
import { planWaves } from '../src/domain/waves.ts';

export const ENVIRONMENT = 'stg';
export const ZONE = 'example.test';
export const BLUE = { name: 'stg-1-33', version: '1.33' } as const;
export const GREEN = { name: 'stg-1-36', version: '1.36' } as const;
export const MANAGER = { name: 'manager', version: '1.36' } as const;
export const LIVE_PARAMETER = `/${ENVIRONMENT}/eks/live-cluster`;

/** How often external-dns compares, in seconds of AWS. It stays above what Route 53's rate limits leave room for. */
const EXTERNAL_DNS_INTERVAL_SECONDS = 60;
const SHORTEST_EXTERNAL_DNS_INTERVAL_MS = 3_000;

export interface SandboxOptions {
  readonly dir: string;
  readonly speed: Speed;
  /** Gives the environment file's content as it is to be; as it is where this is left out. */
  readonly amend?: (environment: SandboxEnvironment) => object;
  /** Developers' apps of the GitOps repository that are on blue too; in the environment file they are by `amend` only. */
  readonly alsoApps?: readonly GitOpsApp[];
  /** Apps whose public names are external-dns's. */
  readonly annotated?: AnnotatedApps;
  /** Aborted: what is starting stops, and nothing more starts. */
  readonly signal: AbortSignal;
  /** Told as each part comes up. */
  readonly announce: (line: string) => void;
}

export interface Sandbox {
  readonly settings: SandboxSettings;
  readonly processes: Processes;
  readonly gateway: AwsGateway;
  readonly temporal: Temporal;
  readonly nameServer: NameServer;
  readonly loadBalancers: LoadBalancers;
  /** It scrapes what the load balancers count. */
  readonly prometheusUrl: string;
  readonly manager: ControlPlane;
  readonly environmentFile: string;
  /** All load balancers listen on this port, each on an address of its own. */
  readonly appPort: number;
  /** What the worker gets in its environment: who it is, and where AWS is. */
  readonly workerEnv: Readonly<Record<string, string>>;
  controlPlane(name: string): ControlPlane | undefined;
  /** Told of every state of a hosted zone from now on, as soon as the name servers answer by it. */
  watchZones(watcher: OnInSync): void;
  stop(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dir, speed, amend, alsoApps = [], annotated, signal, announce } = options;
  const began = Date.now();
  const tell = (what: string): void => announce(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)}s  ${what}`);
  const settings: SandboxSettings = { dir, speed, account: '000000000000', region: 'ap-northeast-1' };
  const part = (name: string): string => {
    mkdirSync(join(dir, name), { recursive: true });
    return join(dir, name);
  };
  const processes = new Processes({ logDir: part('logs') });
  // Interrupted while it comes up, whatever waits for a part ends at once. Once it is up, `stop` goes in good order.
  const stopParts = (): void => void processes.stopAll();
  signal.addEventListener('abort', stopParts, { once: true });
  const undo: (() => Promise<void>)[] = [() => processes.stopAll()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed())
      await step().catch((error: unknown) => (signal.aborted ? undefined : tell(`while stopping: ${String(error)}`)));
  };

  const zoneWatchers: OnInSync[] = [];

  try {
    const nameServer = await startNameServer({ zoneTtl: (seconds) => speed.ms(seconds) / 1000 });
    undo.push(() => nameServer.stop());
    const [temporal, etcd] = await Promise.all([
      startTemporal({ dir: part('temporal'), processes }),
      startEtcd({ dir: part('etcd'), processes }),
    ]);
    tell(`Temporal at ${temporal.address}, page at ${temporal.pageUrl}`);

    const inner = new KubernetesControlPlanes({
      dir: part('clusters'),
      processes,
      etcdUrl: etcd.url,
      region: settings.region,
      tokenWebhookUrl: (cluster) => gateway.tokenWebhookUrl(cluster),
    });
    // The manager has no apps of its own to serve.
    const controlPlanes = new ControlPlanesWithEdge(inner, (cluster) =>
      cluster === MANAGER.name ? [] : [loadBalancers, externalDnsRunner],
    );
    const gateway: AwsGateway & { faults: unknown } = await startAwsGateway({
      settings,
      processes,
      controlPlanes: () => controlPlanes,
      onInSync: (zone) => {
        nameServer.setZone(zone);
        for (const watcher of zoneWatchers) watcher(zone);
      },
      // Nobody asks before they are there.
      targetHealth: (targetGroupArn) => loadBalancers.targetHealth(targetGroupArn),
    });
    undo.push(
      () => controlPlanes.stopAll(),
      () => gateway.stop(),
    );
    tell(`AWS gateway at ${gateway.url}`);

    const [account, worker, argocd, externalDns] = await Promise.all([
      seedAccount(gateway, settings, ZONE),
      gateway.createPrincipal('eksodus-worker', WORKER_POLICY),
      gateway.createPrincipal('argocd', ARGOCD_POLICY),
      gateway.createPrincipal('external-dns', EXTERNAL_DNS_POLICY),
    ]);
    const appPort = await freePort();
    const edge = { settings, gatewayUrl: gateway.url, log: tell };
    const loadBalancers = new LoadBalancers({
      ...edge,
      key: gateway.rootKey,
      nameServer,
      port: appPort,
      vpcId: account.vpcId,
      subnetIds: account.subnetIds,
    });
    undo.push(() => loadBalancers.stop());
    const endpoint = await serveMetrics(() => loadBalancers.metrics);
    undo.push(() => endpoint.stop());
    const prometheus = await startPrometheus({ dir: part('prometheus'), processes, target: endpoint.address });
    tell(`Prometheus at ${prometheus.url}`);

    const repository = await makeGitOpsRepository({
      dir: join(dir, 'gitops'),
      environments: [
        {
          name: ENVIRONMENT,
          region: settings.region,
          zone: ZONE,
          externalDnsIntervalMs: Math.max(SHORTEST_EXTERNAL_DNS_INTERVAL_MS, speed.ms(EXTERNAL_DNS_INTERVAL_SECONDS)),
          annotated: { apps: annotated?.apps ?? [], live: BLUE.name },
        },
      ],
    });
    tell(`Git repository at ${repository.url}`);

    const externalDnsRunner = new ExternalDnsRunner({ ...edge, processes, key: externalDns.key });
    undo.push(() => externalDnsRunner.stop());

    const principals = [worker.arn, argocd.arn];
    const argoCdOnItsCluster = async (): Promise<{ manager: ControlPlane; argo: ArgoCd }> => {
      await seedCluster(gateway, settings, account, { ...MANAGER, principals, nodes: 0, addons: [] });
      const manager = given(controlPlanes.get(MANAGER.name), `control plane of ${MANAGER.name}`);
      const aws = { region: settings.region, key: argocd.key };
      const argo = await startArgoCd({
        dir: part('argocd'),
        processes,
        manager,
        aws,
        repositoryUrl: repository.url,
        environment: ENVIRONMENT,
        alsoApps,
        annotated,
      });
      return { manager, argo };
    };
    const [{ manager, argo }] = await Promise.all([
      argoCdOnItsCluster(),
      seedCluster(gateway, settings, account, {
        ...BLUE,
        principals,
        nodes: 4,
        addons: ['vpc-cni', 'kube-proxy', 'coredns'],
      }),
    ]);
    undo.push(() => argo.stop());
    tell(`Argo CD, and cluster ${BLUE.name} at ${BLUE.version}`);

    const blue = given(controlPlanes.get(BLUE.name), `control plane of ${BLUE.name}`);
    const labels = {
      [CLUSTER_LABELS.environment]: ENVIRONMENT,
      [CLUSTER_LABELS.platform]: 'enabled',
      [CLUSTER_LABELS.apps]: 'enabled',
    };
    await registerCluster(manager, { ...blue, labels });
    const waves = [
      ...planWaves(PLATFORM_APPS.map(({ name, needs }) => ({ app: name, needs }))),
      [...DEVELOPERS_APPS, ...alsoApps].map(({ name }) => name),
    ];
    await syncAll(manager, { cluster: BLUE.name, waves });
    tell(
      `${PLATFORM_APPS.length} platform apps and ${DEVELOPERS_APPS.length + alsoApps.length} developers’ apps on ${BLUE.name}`,
    );

    await seedLiveRecords(gateway, settings, {
      cluster: blue,
      zoneId: account.zoneId,
      zone: ZONE,
      apps: DEVELOPERS_APPS.map(({ name }) => name),
      annotated: annotated?.apps ?? [],
    });
    await writeLiveParameter(gateway, settings);
    const environmentFile = join(dir, `${ENVIRONMENT}.yaml`);
    writeEnvironmentFile({
      file: environmentFile,
      settings,
      account,
      name: ENVIRONMENT,
      zone: ZONE,
      liveParameter: LIVE_PARAMETER,
      targetVersion: GREEN.version,
      manager: MANAGER.name,
      principals: [argocd.arn],
      nameServer: nameServer.address,
      appPort,
      prometheusUrl: prometheus.url,
      ...(amend ? { amend } : {}),
    });
    tell(`live environment ${ENVIRONMENT} described in ${environmentFile}`);

    signal.removeEventListener('abort', stopParts);
    const workerEnv = {
      ...credentials(worker.key),
      AWS_REGION: settings.region,
      AWS_ENDPOINT_URL: gateway.url,
      TEMPORAL_ADDRESS: temporal.address,
    };
    return {
      settings,
      processes,
      gateway,
      temporal,
      nameServer,
      loadBalancers,
      prometheusUrl: prometheus.url,
      manager,
      environmentFile,
      appPort,
      workerEnv,
      controlPlane: (name) => controlPlanes.get(name),
      watchZones: (watcher) => void zoneWatchers.push(watcher),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const credentials = ({ accessKeyId, secretAccessKey }: AccessKey): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

async function writeLiveParameter(gateway: AwsGateway, settings: SandboxSettings): Promise<void> {
  const ssm = new SSMClient({ endpoint: gateway.url, region: settings.region, credentials: gateway.rootKey });
  await ssm.send(new PutParameterCommand({ Name: LIVE_PARAMETER, Value: BLUE.name, Type: 'String' }));
  ssm.destroy();
}
