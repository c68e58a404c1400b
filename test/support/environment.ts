import type { App, Environment } from '../../src/domain/environment.ts';

export const ZONE = { id: 'Z0123456789', name: 'example.test' } as const;

export function app(name: string, change: Partial<App> = {}): App {
  return {
    name,
    team: `team-${name}`,
    hosts: [{ name: `${name}.example.test`, zoneId: ZONE.id }],
    application: `${name}-{cluster}`,
    ingress: { namespace: name, name },
    checks: [
      {
        scheme: 'http',
        port: 80,
        path: '/healthz',
        expectStatus: 200,
        everySeconds: 1,
        timeoutSeconds: 1,
        failures: 3,
      },
    ],
    start: 'with-upgrade',
    dependsOn: [],
    steps: [
      { greenPercent: 10, bakeSeconds: 0 },
      { greenPercent: 50, bakeSeconds: 0 },
      { greenPercent: 100, bakeSeconds: 0 },
    ],
    revision: 'same',
    ...change,
  };
}

/** A small environment whose waits are zero, so that a test waits for what happens and not for the clock. */
export function environment(change: Partial<Environment> = {}): Environment {
  return {
    name: 'stg',
    account: '123456789012',
    region: 'ap-northeast-1',
    zones: [ZONE],
    live: { parameter: '/stg/live-cluster' },
    target: { version: '1.36' },
    naming: { green: '{environment}-{version}' },
    cluster: {
      roleArn: 'arn:aws:iam::123456789012:role/eks-cluster',
      subnetIds: ['subnet-a', 'subnet-b'],
      securityGroupIds: [],
      deletionProtection: true,
      oidcProvider: true,
      accessEntries: [],
      tags: {},
    },
    nodeGroups: [
      {
        name: 'general',
        nodeRoleArn: 'arn:aws:iam::123456789012:role/eks-node',
        instanceTypes: ['m7i.large'],
        capacityType: 'ON_DEMAND',
        minSize: 1,
        desiredSize: 2,
        maxSize: 3,
        labels: {},
      },
    ],
    addons: [
      { name: 'vpc-cni', version: 'default', order: 'before-nodes' },
      { name: 'coredns', version: 'default', order: 'after-nodes' },
    ],
    argocd: {
      cluster: 'manager',
      namespace: 'argocd',
      labels: {},
      platformLabel: 'eksodus.dev/platform',
      appsLabel: 'eksodus.dev/apps',
    },
    apps: [app('messages'), app('files')],
    approvals: ['decommission'],
    metrics: [],
    analyses: [],
    onGateFailure: 'hold',
    stopAfterFailedApps: 2,
    externalDnsOwner: '{cluster}',
    drainSeconds: 0,
    soakSeconds: 0,
    prescale: { enabled: true },
    ...change,
  };
}
