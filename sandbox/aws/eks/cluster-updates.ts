import { randomUUID } from 'node:crypto';
import { AWS_SECONDS } from './durations.ts';
import { invalidParameter, notFound } from './errors.ts';
import { clientRequest, replayed } from './idempotency.ts';
import { epochSeconds, requireActive, requireCluster } from './lookup.ts';
import type { Cluster, ClusterConfig, EksContext, EksRequest, Handlers, Update } from './model.ts';
import { pageOfNames } from './paging.ts';
import { parse, updateClusterConfig } from './requests.ts';

export const clusterUpdateHandlers = (context: EksContext): Handlers => ({
  UpdateClusterConfig: (request) => ({ update: view(update(context, request)) }),
  DescribeUpdate: ({ labels }) => {
    const { updates } = requireCluster(context, labels['name']);
    const found = updates.get(labels['updateId'] ?? '');
    if (!found) throw notFound(`No update found for ID: ${labels['updateId']}`, { clusterName: labels['name'] ?? '' });
    return { update: view(found) };
  },
  ListUpdates: ({ labels, query }) => {
    const { items, more } = pageOfNames(requireCluster(context, labels['name']).updates.keys(), query);
    return { updateIds: items, ...more };
  },
});

function update(context: EksContext, { labels, body }: EksRequest): Update {
  const cluster = requireCluster(context, labels['name']);
  const asked = parse(updateClusterConfig, body);
  const request = clientRequest(asked);
  const earlier = replayed(cluster.updates.values(), request);
  if (earlier) return earlier;
  const { type, params, change } = changeOf(asked);
  requireActive(cluster, type);
  const made: Update = {
    id: randomUUID(),
    type,
    params: [params],
    createdAt: Date.now(),
    request,
    status: 'InProgress',
  };
  cluster.updates.set(made.id, made);
  cluster.status = 'UPDATING';
  finishLater(context, cluster, made, change);
  return made;
}

interface Change {
  readonly type: string;
  readonly params: { readonly type: string; readonly value: string };
  readonly change: Partial<ClusterConfig>;
}

function changeOf({
  deletionProtection,
  upgradePolicy,
  accessConfig,
}: ReturnType<typeof updateClusterConfig.parse>): Change {
  const changes: Change[] = [];
  if (deletionProtection !== undefined) {
    changes.push({
      type: 'DeletionProtectionUpdate',
      params: { type: 'DeletionProtection', value: String(deletionProtection) },
      change: { deletionProtection },
    });
  }
  if (upgradePolicy) {
    changes.push({
      type: 'UpgradePolicyUpdate',
      params: { type: 'UpgradePolicy', value: upgradePolicy.supportType },
      change: upgradePolicy,
    });
  }
  if (accessConfig) {
    changes.push({
      type: 'AccessConfigUpdate',
      params: { type: 'AuthenticationMode', value: accessConfig.authenticationMode },
      change: accessConfig,
    });
  }
  const [only, ...others] = changes;
  if (!only || others.length > 0) throw invalidParameter('Only one type of update can be allowed.');
  return only;
}

function finishLater(context: EksContext, cluster: Cluster, made: Update, change: Partial<ClusterConfig>): void {
  context.lifecycle.start({
    awsSeconds: AWS_SECONDS.updateCluster,
    work: () => Promise.resolve(),
    done: () => {
      cluster.config = { ...cluster.config, ...change };
      cluster.status = 'ACTIVE';
      made.status = 'Successful';
    },
    failed: () => undefined,
  });
}

const view = ({ id, type, status, params, createdAt }: Update): object => ({
  id,
  type,
  status,
  params,
  createdAt: epochSeconds(createdAt),
  errors: [],
});
