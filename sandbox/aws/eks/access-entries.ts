import { defaultUsername, iamArn } from '../arns.ts';
import { inUse, invalidParameter, invalidRequest, notFound } from './errors.ts';
import { clientRequest, replayed } from './idempotency.ts';
import { epochSeconds, requireCluster, uniqueArn } from './lookup.ts';
import type { AccessEntry, AssociatedPolicy, Cluster, EksContext, EksRequest, Handlers } from './model.ts';
import { pageOf, pageOfNames } from './paging.ts';
import { associateAccessPolicy, createAccessEntry, parse } from './requests.ts';

const POLICY_PREFIX = 'arn:aws:eks::aws:cluster-access-policy/';

/** The Kubernetes group that stands for each access policy; the control planes bind these groups. */
const POLICY_GROUPS: Readonly<Record<string, string>> = {
  AmazonEKSAdminPolicy: 'eks:policy:admin',
  AmazonEKSClusterAdminPolicy: 'system:masters',
  AmazonEKSEditPolicy: 'eks:policy:edit',
  AmazonEKSViewPolicy: 'eks:policy:view',
};

export const accessEntryHandlers = (context: EksContext): Handlers => ({
  ListAccessPolicies: ({ query }) => {
    const names = Object.keys(POLICY_GROUPS).map((name) => ({ name, arn: POLICY_PREFIX + name }));
    const { items, more } = pageOf(names, query, ({ name }) => name);
    return { accessPolicies: items, ...more };
  },
  CreateAccessEntry: async (request) => ({ accessEntry: await create(context, request) }),
  DescribeAccessEntry: ({ labels }) => {
    const cluster = requireApiMode(context, labels);
    return { accessEntry: view(cluster, requireEntry(cluster, labels)) };
  },
  ListAccessEntries: ({ labels, query }) => {
    const policyArn = query.get('associatedPolicyArn');
    const entries = [...requireApiMode(context, labels).accessEntries.values()].filter(
      ({ policies }) => policyArn === null || policies.has(policyArn),
    );
    const { items, more } = pageOfNames(
      entries.map(({ principalArn }) => principalArn),
      query,
    );
    return { accessEntries: items, ...more };
  },
  DeleteAccessEntry: ({ labels }) => {
    const cluster = requireApiMode(context, labels);
    cluster.accessEntries.delete(requireEntry(cluster, labels).principalArn);
    return {};
  },
  AssociateAccessPolicy: ({ labels, body }) => {
    const cluster = requireApiMode(context, labels);
    const entry = requireEntry(cluster, labels);
    const { policyArn, accessScope: scope } = parse(associateAccessPolicy, body);
    if (!(policyName(policyArn) in POLICY_GROUPS))
      throw invalidParameter(`The policyArn parameter is not valid: ${policyArn}`);
    const policy: AssociatedPolicy = { policyArn, scope, associatedAt: Date.now() };
    entry.policies.set(policyArn, policy);
    return { clusterName: cluster.name, principalArn: entry.principalArn, associatedAccessPolicy: policyView(policy) };
  },
  ListAssociatedAccessPolicies: ({ labels, query }) => {
    const cluster = requireApiMode(context, labels);
    const entry = requireEntry(cluster, labels);
    const inOrder = [...entry.policies.values()].toSorted((a, b) => a.policyArn.localeCompare(b.policyArn));
    const { items, more } = pageOf(inOrder, query, ({ policyArn }) => policyArn);
    const associatedAccessPolicies = items.map(policyView);
    return { clusterName: cluster.name, principalArn: entry.principalArn, associatedAccessPolicies, ...more };
  },
  DisassociateAccessPolicy: ({ labels }) => {
    const entry = requireEntry(requireApiMode(context, labels), labels);
    const policyArn = labels['policyArn'] ?? '';
    if (!entry.policies.delete(policyArn))
      throw notFound(`No policy ${policyArn} is associated with ${entry.principalArn}`);
    return {};
  },
});

/** The entry that bootstrapClusterCreatorAdminPermissions makes. */
export function creatorEntry(context: EksContext, cluster: Cluster, caller: string): AccessEntry {
  const principalArn = iamArn(caller);
  const policyArn = `${POLICY_PREFIX}AmazonEKSClusterAdminPolicy`;
  const createdAt = Date.now();
  return {
    principalArn,
    arn: uniqueArn(context, 'access-entry', `${cluster.name}/${pathOf(principalArn)}`),
    createdAt,
    request: { parameters: {} },
    username: defaultUsername(principalArn),
    spec: parse(createAccessEntry, { principalArn }),
    tags: {},
    policies: new Map([
      [policyArn, { policyArn, scope: { type: 'cluster', namespaces: [] }, associatedAt: createdAt }],
    ]),
  };
}

/**
 * The Kubernetes groups of an entry: its own, and one for each access policy. A policy scoped to a namespace gives a
 * group of its own for that namespace, which nothing in the sandbox grants anything.
 */
export function groupsOf({ spec, policies }: AccessEntry): readonly string[] {
  const fromPolicies = [...policies.values()].flatMap(({ policyArn, scope }) => {
    const group = POLICY_GROUPS[policyName(policyArn)] ?? [];
    if (scope.type === 'cluster') return group;
    return scope.namespaces.map((namespace) => `eks:namespace:${namespace}:${policyName(policyArn)}`);
  });
  return [...spec.kubernetesGroups, ...fromPolicies];
}

async function create(context: EksContext, { labels, body }: EksRequest): Promise<object> {
  const spec = parse(createAccessEntry, body);
  const { principalArn } = spec;
  await context.placement.requirePrincipal(principalArn);

  const cluster = requireApiMode(context, labels);
  const request = clientRequest(spec);
  const earlier = replayed(cluster.accessEntries.values(), request);
  if (earlier) return view(cluster, earlier);
  if (cluster.accessEntries.has(principalArn)) {
    throw inUse('The specified access entry resource is already in use on this cluster.', {
      clusterName: cluster.name,
    });
  }
  const entry: AccessEntry = {
    principalArn,
    arn: uniqueArn(context, 'access-entry', `${cluster.name}/${pathOf(principalArn)}`),
    createdAt: Date.now(),
    request,
    spec,
    tags: spec.tags,
    username: spec.username ?? defaultUsername(principalArn),
    policies: new Map(),
  };
  cluster.accessEntries.set(principalArn, entry);
  return view(cluster, entry);
}

function requireApiMode(context: EksContext, labels: EksRequest['labels']): Cluster {
  const cluster = requireCluster(context, labels['clusterName']);
  if (cluster.config.authenticationMode === 'CONFIG_MAP') {
    throw invalidRequest(
      "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
      { clusterName: cluster.name },
    );
  }
  return cluster;
}

function requireEntry(cluster: Cluster, labels: EksRequest['labels']): AccessEntry {
  const principalArn = labels['principalArn'] ?? '';
  const entry = cluster.accessEntries.get(principalArn);
  if (!entry) {
    throw notFound(
      `The specified principalArn could not be found. You can view your available access entries with 'list access entries': ${principalArn}`,
      { clusterName: cluster.name },
    );
  }
  return entry;
}

const policyName = (arn: string): string => (arn.startsWith(POLICY_PREFIX) ? arn.slice(POLICY_PREFIX.length) : '');

/** As the ARN of an entry names its principal: `user/123456789012/name`. */
const pathOf = (principalArn: string): string => {
  const [, , , , account, path = ''] = principalArn.split(':');
  return path.replace('/', `/${account}/`);
};

function view(cluster: Cluster, entry: AccessEntry): object {
  return {
    clusterName: cluster.name,
    principalArn: entry.principalArn,
    kubernetesGroups: entry.spec.kubernetesGroups,
    accessEntryArn: entry.arn,
    createdAt: epochSeconds(entry.createdAt),
    modifiedAt: epochSeconds(entry.createdAt),
    tags: entry.tags,
    username: entry.username,
    type: entry.spec.type,
  };
}

const policyView = ({ policyArn, scope, associatedAt }: AssociatedPolicy): object => ({
  policyArn,
  accessScope: scope,
  associatedAt: epochSeconds(associatedAt),
  modifiedAt: epochSeconds(associatedAt),
});
