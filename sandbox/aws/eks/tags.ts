import { notFound } from './errors.ts';
import type { Cluster, EksContext, EksRequest, Handlers, Resource } from './model.ts';
import { parse, tagResource } from './requests.ts';

export const tagHandlers = (context: EksContext): Handlers => ({
  ListTagsForResource: ({ labels }) => ({ tags: requireResource(context, labels).tags }),
  TagResource: ({ labels, body }) => {
    const resource = requireResource(context, labels);
    const { tags } = parse(tagResource, { tags: { ...resource.tags, ...parse(tagResource, body).tags } });
    resource.tags = tags;
    return {};
  },
  UntagResource: ({ labels, query }) => {
    const resource = requireResource(context, labels);
    const removed = query.getAll('tagKeys');
    resource.tags = Object.fromEntries(Object.entries(resource.tags).filter(([key]) => !removed.includes(key)));
    return {};
  },
});

function requireResource(context: EksContext, labels: EksRequest['labels']): Resource {
  const arn = labels['resourceArn'];
  for (const cluster of context.clusters.values()) {
    const found = resourcesOf(cluster).find((resource) => resource.arn === arn);
    if (found) return found;
  }
  throw notFound(`Resource not found: ${arn}`);
}

const resourcesOf = (cluster: Cluster): readonly Resource[] => [
  cluster,
  ...cluster.nodeGroups.values(),
  ...cluster.addons.values(),
  ...cluster.accessEntries.values(),
];
