// The environment file, as a person writes it, and how it becomes an Environment.
import { z } from 'zod';
import { analyses, condition, metricSource, query, sourcesAreThere, toSource } from './analyses.ts';
import { catalogue } from './catalogue.ts';
import type { AppHost, Environment, Handover, HostedZone, HttpCheck } from '../src/domain/environment.ts';
import {
  dnsName,
  duration,
  labelName,
  labels,
  list,
  listOfSome,
  nameServer,
  oneOf,
  pattern,
  tags,
  text,
  wholeNumber,
} from './fields.ts';
import { deadline } from './deadline.ts';
import * as rules from './rules.ts';
import { window } from './window.ts';

const PORTS = { http: 80, https: 443 } as const;
const CLUSTER_NAME = /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/;

const name = (what: string) =>
  pattern(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, `${what}: at most 40 lower-case letters, digits and "-"`);
const roleArn = (what: string) =>
  pattern(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, `${what}, such as arn:aws:iam::123456789012:role/eks-cluster`);

const withoutQuotes = (input: unknown): string | undefined => {
  if (typeof input !== 'number') return undefined;
  // EKS has two-digit minor versions only: who wrote 1.30 is told "1.30".
  const [major, minor = ''] = String(input).split('.');
  return `Without quotes YAML reads a number, and 1.30 is the number 1.3: write "${major}.${minor.padEnd(2, '0')}".`;
};
const leadingZeros = (input: unknown): string | undefined =>
  typeof input === 'number' ? 'Without quotes YAML reads a number, which loses zeros at the beginning.' : undefined;

const zone = z
  .strictObject({
    id: pattern(/^Z[0-9A-Z]+$/, 'the id of a Route 53 hosted zone, such as Z0123456789ABCDEFGHIJ'),
    name: dnsName('the name of the hosted zone'),
    private: z.boolean().default(false),
    nameServers: listOfSome(nameServer, 'at least one DNS server that answers for the zone').exactOptional(),
    roleArn: roleArn('the ARN of the role by which the zone is read and written').exactOptional(),
    externalId: text("what the role's trust policy asks for").exactOptional(),
    without: list(dnsName('a host that is in the other zone of this name only'), 'hosts').default([]),
  })
  .superRefine(rules.privateZonesCanBeAsked, rules.sound('private', 'nameServers'))
  .superRefine(rules.externalIdNeedsARole, rules.sound('roleArn', 'externalId'));

const accessEntry = z.strictObject({
  principalArn: pattern(/^arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/.+$/, 'the ARN of an IAM role or user'),
  policies: list(
    pattern(/^AmazonEKS\w+$/, 'the name of an EKS access policy, such as AmazonEKSClusterAdminPolicy'),
    'EKS access policies',
  ).default([]),
  kubernetesGroups: list(text('the name of a Kubernetes group'), 'Kubernetes groups').default([]),
});

const cluster = z.strictObject({
  roleArn: roleArn("the ARN of the cluster's IAM role"),
  subnetIds: listOfSome(
    pattern(/^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet, such as subnet-0a1b2c3d4e5f60718'),
    'at least two subnets, in different zones',
    2,
  ),
  securityGroupIds: list(
    pattern(/^sg-[0-9a-f]{8,17}$/, 'the id of a security group, such as sg-0a1b2c3d4e5f60718'),
    'security groups',
  ).default([]),
  deletionProtection: z.boolean().default(true),
  oidcProvider: z.boolean().default(true),
  accessEntries: list(accessEntry, 'access entries').default([]),
  tags: tags.default({}),
});

const size = (what: string, min: number) => wholeNumber(what, { min, max: 1000 });
const nodeGroup = z
  .strictObject({
    name: pattern(
      /^[0-9A-Za-z][A-Za-z0-9_-]{0,62}$/,
      'the name of the node group: at most 63 letters, digits, "-", "_"',
    ),
    nodeRoleArn: roleArn("the ARN of the nodes' IAM role"),
    instanceTypes: listOfSome(
      pattern(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance type, such as m7i.large'),
      'at least one instance type',
    ),
    capacityType: oneOf(['ON_DEMAND', 'SPOT'], 'the kind of capacity').default('ON_DEMAND'),
    minSize: size('the least number of nodes', 0),
    desiredSize: size('the number of nodes to begin with', 0),
    maxSize: size('the greatest number of nodes', 1),
    labels: labels.default({}),
  })
  .superRefine(rules.sizesInOrder, rules.sound('minSize', 'desiredSize', 'maxSize'));

const addon = z.strictObject({
  name: pattern(/^[a-z0-9][a-z0-9_-]*$/, 'the name of an EKS add-on, such as vpc-cni'),
  version: pattern(
    /^(?:default|v\d\S*)$/,
    'default (what EKS recommends for the target version) or a version such as v1.20.1-eksbuild.1',
  ).default('default'),
  order: oneOf(['before-nodes', 'after-nodes'], 'when the add-on is installed').default('after-nodes'),
});

const argocd = z.strictObject({
  cluster: pattern(CLUSTER_NAME, 'the EKS name of the cluster in which Argo CD runs'),
  namespace: name("Argo CD's namespace").default('argocd'),
  labels: labels.default({}),
  platformLabel: labelName("what the platform's ApplicationSets select clusters by").default('eksodus.dev/platform'),
  appsLabel: labelName("what the developers' ApplicationSets select clusters by").default('eksodus.dev/apps'),
});

const step = z.strictObject({
  green: wholeNumber("green's share in percent", {
    min: 1,
    max: 100,
    advice: 'Steps go up to 100, and the last one is 100.',
  }),
  bake: duration('how long the step is watched'),
});
const steps = listOfSome(step, 'steps, such as - { green: 50, bake: 10m }').superRefine(
  rules.stepsGoUpTo100,
  rules.sound('green'),
);

const check = z
  .strictObject({
    path: pattern(/^\/\S*$/, 'the path that is asked, beginning with "/"'),
    scheme: oneOf(['https', 'http'], 'how the load balancer is asked').default('https'),
    port: wholeNumber('the port that is asked', { min: 1, max: 65_535 }).exactOptional(),
    status: wholeNumber('the HTTP status of a healthy answer', { min: 100, max: 599 }).default(200),
    every: duration('the time between two checks', { moreThanZero: true }).prefault('5s'),
    timeout: duration('how long an answer may take', { moreThanZero: true }).prefault('2s'),
    failures: wholeNumber('how many failures in a row fail the gate', { min: 1, max: 100 }).default(3),
  })
  .transform(({ scheme, port, path, status, every, timeout, failures }): HttpCheck => ({
    scheme,
    port: port ?? PORTS[scheme],
    path,
    expectStatus: status,
    everySeconds: every,
    timeoutSeconds: timeout,
    failures,
  }));

const workload = z.strictObject({
  kind: oneOf(['CronJob', 'Deployment', 'StatefulSet'], 'what kind of workload it is'),
  namespace: text('the namespace of the workload'),
  name: text('the name of the workload'),
});

const handover = z
  .strictObject({
    maxGap: duration('how long at most neither cluster runs the workloads'),
    workloads: listOfSome(workload, 'at least one workload that runs in one cluster only'),
    idle: list(
      z.strictObject({
        source: text('the name of a source of metrics'),
        query: query('what is left to do, once the workloads have ended'),
        when: condition('when nothing is'),
      }),
      'queries that must hold before the other cluster takes over',
    ).default([]),
  })
  .superRefine(rules.gapIsLongEnough, rules.sound('maxGap'))
  .superRefine(rules.workloadsChangeHandsOnce, rules.sound('workloads'))
  .transform(({ maxGap, ...given }): Handover => ({ maxGapSeconds: maxGap, ...given }));

const app = z.strictObject({
  name: name('the name of the app'),
  team: text('the team that owns the app'),
  hosts: list(dnsName('a host name of the app'), 'host names, or none with handover').default([]),
  application: pattern(/\{cluster\}/, "the app's Argo CD Application, with {cluster} where the cluster's name stands"),
  ingress: z
    .strictObject({
      namespace: text("the namespace of the app's Ingress"),
      name: text("the name of the app's Ingress"),
    })
    .exactOptional(),
  handover: handover.exactOptional(),
  checks: list(check, 'checks: they are what tells that green does not work').default([]),
  analyses: analyses.exactOptional(),
  dependsOn: list(name('the name of another app'), 'apps that move before it').default([]),
  start: oneOf(['with-upgrade', 'owner'], 'when the app begins to move').default('with-upgrade'),
  steps: steps.exactOptional(),
  deadline: deadline.exactOptional(),
  revision: oneOf(['same', 'any'], 'which revision green must be at before it gets traffic').default('same'),
});

const prescale = z.strictObject({
  enabled: z.boolean().default(true),
  maxReplicas: wholeNumber('the most replicas that a workload is raised to', { min: 1, max: 10_000 }).exactOptional(),
});

const DEFAULT_STEPS = [5, 25, 50, 100].map((green) => ({ green, bake: '10m' }));

const file = z.strictObject({
  name: name('the name of the environment'),
  account: pattern(/^\d{12}$/, 'the AWS account: twelve digits in quotes', leadingZeros),
  region: pattern(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'an AWS region, such as ap-northeast-1'),
  live: z.strictObject({
    parameter: pattern(/^[\w./-]+$/, "the SSM parameter that holds the live cluster's name, such as /stg/live-cluster"),
  }),
  target: z.strictObject({
    version: pattern(/^\d+\.\d+$/, 'a minor version in quotes, such as "1.36"', withoutQuotes),
  }),
  naming: z
    .strictObject({
      green: pattern(
        /^(?:\{environment\}|[\w-])*\{version\}(?:\{environment\}|\{version\}|[\w-])*$/,
        'a pattern for the new cluster\'s name that holds {version}, such as "{environment}-{version}"',
      ),
    })
    .prefault({ green: '{environment}-{version}' }),
  zones: listOfSome(zone, 'at least one hosted zone')
    .superRefine(rules.oneZoneOfAKind, rules.sound('name', 'private'))
    .superRefine(rules.uniqueIds, rules.sound('id')),
  cluster,
  nodeGroups: listOfSome(nodeGroup, 'at least one node group').superRefine(rules.uniqueNames, rules.sound('name')),
  addons: list(addon, 'add-ons').superRefine(rules.uniqueNames, rules.sound('name')).default([]),
  argocd,
  externalDnsOwner: pattern(
    /\{cluster\}/,
    "the owner id of a cluster's external-dns, with {cluster} where the cluster's name stands",
  ).default('{cluster}'),
  steps: steps.prefault(DEFAULT_STEPS),
  apps: listOfSome(app, 'at least one app').superRefine(rules.uniqueNames, rules.sound('name')),
  metrics: list(metricSource, 'sources of metrics').superRefine(rules.uniqueNames, rules.sound('name')).default([]),
  analyses: analyses.default([]),
  catalogue: catalogue.exactOptional(),
  maxMoving: wholeNumber('how many apps may move at a time', { min: 1, max: 1000 }).exactOptional(),
  approvals: list(
    oneOf(['migrate', 'decommission'], 'a point at which a person must approve'),
    'points at which a person must approve',
  ).default(['decommission']),
  window: window.exactOptional(),
  deadline: deadline.exactOptional(),
  onGateFailure: oneOf(['hold', 'rollback'], 'what a failed gate does').default('hold'),
  stopAfterFailedApps: wholeNumber('after how many apps whose gates failed no new step begins', {
    min: 1,
    max: 1000,
  }).default(2),
  drain: duration('the wait after the TTL for open connections').prefault('30s'),
  soak: duration("the wait between the last step and the old cluster's end").prefault('1h'),
  prescale: prescale.prefault({}),
  resolvers: listOfSome(nameServer, 'at least one DNS server').exactOptional(),
});

const toZone = ({ private: isPrivate, without: _without, ...rest }: z.output<typeof zone>): HostedZone => ({
  ...rest,
  ...(isPrivate ? { private: true } : {}),
});

/** Turns a parsed YAML file into an Environment. Every message is a whole sentence of found and expected. */
export const environmentSchema = file
  .superRefine(rules.greenHasAName, rules.sound('name', 'naming', 'target'))
  .superRefine(rules.hostsHaveAZone, rules.sound('zones', 'apps.hosts'))
  .superRefine(rules.exceptionsAreHosts, rules.sound('zones', 'apps.hosts'))
  .superRefine(rules.hostsMoveOnce, rules.sound('apps.hosts'))
  .superRefine(
    rules.appsCanMove,
    rules.sound('apps.hosts', 'apps.checks', 'apps.steps', 'apps.ingress', 'apps.handover'),
  )
  .superRefine(rules.appsCanWait, rules.sound('apps.name', 'apps.dependsOn'))
  .superRefine(sourcesAreThere, rules.sound('metrics', 'analyses', 'apps.analyses', 'apps.handover'))
  .transform(({ steps: common, deadline: forAll, metrics, drain, soak, ...given }): Environment => {
    const toSteps = (some: typeof common) =>
      some.map(({ green, bake }) => ({ greenPercent: green, bakeSeconds: bake }));
    const toHosts = (hosts: readonly string[]): AppHost[] =>
      // A host without a zone was refused by the rule above.
      hosts.flatMap((host) => rules.zonesOf(host, given.zones).map(({ id }) => ({ name: host, zoneId: id })));
    return {
      ...given,
      metrics: metrics.map((source) => toSource(source, given.region)),
      zones: given.zones.map(toZone),
      apps: given.apps.map((one) => ({
        ...(forAll ? { deadline: forAll } : {}),
        ...one,
        hosts: toHosts(one.hosts),
        // What runs in one cluster at a time has no shares.
        steps: toSteps(one.hosts.length === 0 ? [{ green: 100, bake: 0 }] : (one.steps ?? common)),
      })),
      drainSeconds: drain,
      soakSeconds: soak,
    };
  });
