// The environment file of the rehearsal: what an SRE would write, with durations at the sandbox's speed.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { CLUSTER_LABELS } from './argocd/application-sets.ts';
import { DEVELOPERS_APPS } from './gitops/catalog.ts';
import type { Account } from './seed/account.ts';
import type { SandboxSettings } from './contracts.ts';

export interface EnvironmentFile {
  readonly file: string;
  readonly settings: SandboxSettings;
  readonly account: Account;
  readonly name: string;
  readonly zone: string;
  readonly liveParameter: string;
  readonly targetVersion: string;
  readonly manager: string;
  readonly principals: readonly string[];
  readonly nameServer: string;
  readonly appPort: number;
  readonly prometheusUrl: string;
  readonly amend?: (environment: SandboxEnvironment) => object;
}

/** Enough for the resolutions that a rehearsal counts in each step, whatever the speed. */
const SHORTEST_BAKE_SECONDS = 10;

/** Prometheus is asked no more often than it has something new to tell. */
const LOOK_EVERY_AT_LEAST_SECONDS = 2;
/** Of several scrapes, so that a share is one of many requests. */
const SHORTEST_WINDOW_SECONDS = 6;

/** What each app is asked before and while it has traffic. */
export const CHECK = { everySeconds: 0.5, timeoutSeconds: 2, failures: 3 } as const;

const OF_ONE = 'cluster="{cluster}",host="{host}"';
const ALL = `sum(increase(alb_requests_total{${OF_ONE}}[{window}]))`;
const FAILED = `sum(increase(alb_requests_total{${OF_ONE},code="5xx"}[{window}]))`;

/** The content, before a scenario amends it. */
export type SandboxEnvironment = ReturnType<typeof environmentOf>;

export function writeEnvironmentFile(of: EnvironmentFile): void {
  const environment = environmentOf(of);
  writeFileSync(of.file, stringify(of.amend?.(environment) ?? environment));
}

function environmentOf(of: Omit<EnvironmentFile, 'amend'>) {
  const { settings, account } = of;
  const duration = (awsSeconds: number, leastSeconds = 1): string =>
    `${Math.max(leastSeconds, Math.round(settings.speed.ms(awsSeconds) / 1000))}s`;
  const bake = duration(600, SHORTEST_BAKE_SECONDS);
  const looks = { every: duration(60, LOOK_EVERY_AT_LEAST_SECONDS), window: duration(300, SHORTEST_WINDOW_SECONDS) };
  return {
    name: of.name,
    account: settings.account,
    region: settings.region,
    zones: [{ id: account.zoneId, name: of.zone, nameServers: [of.nameServer] }],
    live: { parameter: of.liveParameter },
    target: { version: of.targetVersion },
    naming: { green: '{environment}-{version}' },
    cluster: {
      roleArn: account.clusterRoleArn,
      subnetIds: account.subnetIds,
      accessEntries: of.principals.map((principalArn) => ({ principalArn, policies: ['AmazonEKSClusterAdminPolicy'] })),
      tags: { team: 'sre' },
    },
    nodeGroups: [
      {
        name: 'general',
        nodeRoleArn: account.nodeRoleArn,
        instanceTypes: ['m7i.large'],
        capacityType: 'ON_DEMAND',
        minSize: 1,
        desiredSize: 3,
        maxSize: 6,
      },
      {
        name: 'spot',
        nodeRoleArn: account.nodeRoleArn,
        instanceTypes: ['m7i.large', 'm6i.large'],
        capacityType: 'SPOT',
        minSize: 0,
        desiredSize: 2,
        maxSize: 6,
        labels: { 'eksodus.dev/pool': 'spot' },
      },
    ],
    addons: [
      { name: 'vpc-cni', order: 'before-nodes' },
      { name: 'kube-proxy', order: 'before-nodes' },
      { name: 'coredns', order: 'after-nodes' },
    ],
    argocd: { cluster: of.manager, labels: { [CLUSTER_LABELS.environment]: of.name } },
    steps: [
      { green: 5, bake },
      { green: 25, bake },
      { green: 50, bake },
      { green: 100, bake },
    ],
    apps: DEVELOPERS_APPS.map(({ name, team }) => ({
      name,
      team,
      hosts: [`${name}.${of.zone}`],
      application: `${name}-{cluster}`,
      ingress: { namespace: name, name },
      checks: [
        {
          scheme: 'http',
          path: '/healthz',
          port: of.appPort,
          every: `${CHECK.everySeconds}s`,
          timeout: `${CHECK.timeoutSeconds}s`,
          failures: CHECK.failures,
        },
      ],
    })),
    metrics: [{ name: 'load-balancers', prometheus: { url: of.prometheusUrl } }],
    analyses: [
      {
        name: 'errors',
        source: 'load-balancers',
        query: `${FAILED} / ${ALL}`,
        samples: ALL,
        success: 'result <= 0.05',
        minSamples: 20,
        ...looks,
      },
      {
        name: 'errors-beside-blue',
        source: 'load-balancers',
        compare: { failed: FAILED, total: ALL },
        minSamples: 30,
        ...looks,
      },
    ],
    approvals: ['decommission'],
    onGateFailure: 'hold',
    drain: duration(30),
    soak: duration(300),
    resolvers: [of.nameServer],
  };
}
