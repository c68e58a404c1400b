// The workloads of apps and their autoscalers, read and raised. All of them by one API: they differ in names only.
import { CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { z } from 'zod';
import {
  SCALABLE,
  textOf,
  type ObjectName,
  type Raised,
  type ScalableKind,
  type WorkloadsFacts,
} from '../domain/readiness-facts.ts';
import type { ClusterAddress, KubeConnections, MakeApi } from './kube-connections.ts';
import { nullWhenMissing } from './kube-error.ts';
import { RAISED, raisedText, toAutoscaler, toWorkloads, withoutReferenced } from './replica-facts.ts';

export interface Replicas {
  /** The workloads among these objects, and the autoscalers of them. A kind that the cluster does not know has none. */
  read(at: ClusterAddress, objects: readonly ObjectName[]): Promise<WorkloadsFacts>;
  /** Notes on the object what it is raised from and to, then raises it. `from` is that of before the first time. */
  raise(at: ClusterAddress, object: ObjectName, raised: Raised): Promise<void>;
  /** Gives it back the number of before, or leaves it at what it has; either way the note goes. */
  restore(at: ClusterAddress, object: ObjectName, to: number | null): Promise<void>;
}

interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

const AUTOSCALERS: Resource = { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers' };
const RESOURCES: Readonly<Record<ScalableKind, Resource>> = {
  Deployment: { group: 'apps', version: 'v1', plural: 'deployments' },
  StatefulSet: { group: 'apps', version: 'v1', plural: 'statefulsets' },
  Rollout: { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts' },
};
const Items = z.object({ items: z.array(z.unknown()) });
const MANAGER = 'eksodus';
const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

export function createReplicas(connections: KubeConnections): Replicas {
  return {
    read: (at, objects) =>
      connections.use(at, async (api) => {
        const mine = objects.filter(({ kind }) => SCALABLE.some((one) => one === kind));
        const namespaces = [...new Set(mine.map(({ namespace }) => namespace))];
        const parts = await Promise.all(namespaces.map((namespace) => readNamespace(api, namespace, mine)));
        return {
          workloads: parts.flatMap(({ workloads }) => workloads),
          autoscalers: parts.flatMap(({ autoscalers }) => autoscalers),
        };
      }),

    raise: (at, object, raised) =>
      connections.use(at, async (api) => {
        const annotations = { [RAISED]: raisedText(raised) };
        await (isAutoscaler(object)
          ? patch(api, object, { metadata: { annotations }, spec: { minReplicas: raised.to } })
          : patch(api, object, { metadata: { annotations } }).then(() => scale(api, object, raised.to)));
      }),

    restore: (at, object, to) =>
      connections.use(at, async (api) => {
        const metadata = { annotations: { [RAISED]: null } };
        if (to !== null && !isAutoscaler(object)) await scale(api, object, to);
        const spec = to !== null && isAutoscaler(object) ? { spec: { minReplicas: to } } : {};
        await patch(api, object, { metadata, ...spec });
      }),
  };
}

/** One list of each kind, however many workloads there are. */
async function readNamespace(api: MakeApi, namespace: string, all: readonly ObjectName[]): Promise<WorkloadsFacts> {
  const objects = all.filter((one) => one.namespace === namespace);
  const kinds = SCALABLE.filter((kind) => objects.some((one) => one.kind === kind));
  const [scalers, ...listed] = await Promise.all([
    list(api, AUTOSCALERS, namespace),
    ...kinds.map(async (kind) => ({ kind, items: await list(api, RESOURCES[kind], namespace) })),
  ]);
  const names = new Set(objects.map(textOf));
  const workloads = withoutReferenced(listed.flatMap(({ kind, items }) => toWorkloads(kind, items))).filter((one) =>
    names.has(textOf(one)),
  );
  const autoscalers = scalers
    .map(toAutoscaler)
    .filter(({ target }) => workloads.some(({ kind, name }) => kind === target.kind && name === target.name));
  return { workloads, autoscalers };
}

async function list(api: MakeApi, resource: Resource, namespace: string): Promise<readonly unknown[]> {
  const answer: unknown = await nullWhenMissing(
    api(CustomObjectsApi).listNamespacedCustomObject({ ...resource, namespace }),
  );
  return answer === null ? [] : Items.parse(answer).items;
}

const isAutoscaler = ({ kind }: ObjectName): boolean => kind === 'HorizontalPodAutoscaler';

function requestFor({ kind, namespace, name }: ObjectName): Resource & { namespace: string; name: string } {
  const scalable = SCALABLE.find((one) => one === kind);
  return { ...(scalable ? RESOURCES[scalable] : AUTOSCALERS), namespace, name };
}

async function patch(api: MakeApi, object: ObjectName, body: object): Promise<void> {
  const request = { ...requestFor(object), body, fieldManager: MANAGER };
  await api(CustomObjectsApi).patchNamespacedCustomObject(request, mergePatch);
}

async function scale(api: MakeApi, object: ObjectName, replicas: number): Promise<void> {
  const request = { ...requestFor(object), body: { spec: { replicas } }, fieldManager: MANAGER };
  await api(CustomObjectsApi).patchNamespacedCustomObjectScale(request, mergePatch);
}
