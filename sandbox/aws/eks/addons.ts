import { needsNodes, requireAddonVersion } from './addon-catalogue.ts';
import { AWS_SECONDS } from './durations.ts';
import { inUse, notFound } from './errors.ts';
import { clientRequest, replayed } from './idempotency.ts';
import { epochSeconds, requireActive, requireCluster, uniqueArn } from './lookup.ts';
import type { Addon, Cluster, EksContext, EksRequest, Handlers } from './model.ts';
import { pageOfNames } from './paging.ts';
import { createAddon, parse } from './requests.ts';

export const addonHandlers = (context: EksContext): Handlers => ({
  CreateAddon: (request) => ({ addon: create(context, request) }),
  DescribeAddon: ({ labels }) => {
    const cluster = requireCluster(context, labels['clusterName']);
    return { addon: view(cluster, requireAddon(cluster, labels['addonName'])) };
  },
  ListAddons: ({ labels, query }) => {
    const { items, more } = pageOfNames(requireCluster(context, labels['clusterName']).addons.keys(), query);
    return { addons: items, ...more };
  },
  DeleteAddon: ({ labels }) => ({ addon: remove(context, labels) }),
});

function create(context: EksContext, { labels, body }: EksRequest): object {
  const spec = parse(createAddon, body);
  const cluster = requireCluster(context, labels['clusterName']);
  const request = clientRequest(spec);
  const earlier = replayed(cluster.addons.values(), request);
  if (earlier) return view(cluster, earlier);
  requireActive(cluster, 'CreateAddon');
  if (cluster.addons.has(spec.addonName)) {
    throw inUse('Addon already exists.', { clusterName: cluster.name, addonName: spec.addonName });
  }
  const addon: Addon = {
    name: spec.addonName,
    version: requireAddonVersion(spec.addonName, cluster.version, spec.addonVersion),
    arn: uniqueArn(context, 'addon', `${cluster.name}/${spec.addonName}`),
    spec,
    request,
    createdAt: Date.now(),
    tags: spec.tags,
    phase: 'CREATING',
  };
  cluster.addons.set(addon.name, addon);
  afterAwsTime(context, AWS_SECONDS.createAddon, () => {
    addon.phase = 'INSTALLED';
  });
  return view(cluster, addon);
}

function remove(context: EksContext, labels: EksRequest['labels']): object {
  const cluster = requireCluster(context, labels['clusterName']);
  const addon = requireAddon(cluster, labels['addonName']);
  if (addon.phase === 'CREATING') {
    throw inUse(`Addon ${addon.name} cannot be deleted as it is currently in CREATING state`, {
      clusterName: cluster.name,
      addonName: addon.name,
    });
  }
  if (addon.phase === 'DELETING') return view(cluster, addon);
  addon.phase = 'DELETING';
  afterAwsTime(context, AWS_SECONDS.deleteAddon, () => cluster.addons.delete(addon.name));
  return view(cluster, addon);
}

/** An add-on's pods are nobody's concern here: only its time passes. */
function afterAwsTime(context: EksContext, awsSeconds: number, done: () => void): void {
  context.lifecycle.start({ awsSeconds, work: () => Promise.resolve(), done, failed: () => undefined });
}

function requireAddon(cluster: Cluster, addonName: string | undefined): Addon {
  const addon = cluster.addons.get(addonName ?? '');
  if (!addon)
    throw notFound(`No addon: ${addonName} found in cluster: ${cluster.name}`, {
      clusterName: cluster.name,
      addonName: addonName ?? '',
    });
  return addon;
}

function view(cluster: Cluster, addon: Addon): object {
  const isDegraded = addon.phase === 'INSTALLED' && needsNodes(addon.name) && !hasNodes(cluster);
  const status = isDegraded ? 'DEGRADED' : addon.phase === 'INSTALLED' ? 'ACTIVE' : addon.phase;
  return {
    addonName: addon.name,
    clusterName: cluster.name,
    status,
    addonVersion: addon.version,
    health: { issues: isDegraded ? [NO_REPLICAS] : [] },
    addonArn: addon.arn,
    createdAt: epochSeconds(addon.createdAt),
    modifiedAt: epochSeconds(addon.createdAt),
    serviceAccountRoleArn: addon.spec.serviceAccountRoleArn,
    configurationValues: addon.spec.configurationValues,
    tags: addon.tags,
  };
}

const NO_REPLICAS = {
  code: 'InsufficientNumberOfReplicas',
  message: "The add-on is unhealthy because it doesn't have the desired number of replicas.",
  resourceIds: [],
};

const hasNodes = (cluster: Cluster): boolean =>
  [...cluster.nodeGroups.values()].some(
    ({ status, spec }) => status === 'ACTIVE' && spec.scalingConfig.desiredSize > 0,
  );
