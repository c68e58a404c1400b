// The three kinds of workload that change hands, as one: read, patched, made anew, and of what size they are.
import {
  AppsV1Api,
  BatchV1Api,
  PatchStrategy,
  setHeaderOptions,
  type V1CronJob,
  type V1Deployment,
  type V1ObjectMeta,
  type V1StatefulSet,
} from '@kubernetes/client-node';
import type { HandoverWorkload } from '../domain/environment.ts';
import type { MakeApi } from './kube-connections.ts';
import { nullWhenMissing } from './kube-error.ts';

export type Live =
  | { readonly kind: 'CronJob'; readonly object: V1CronJob }
  | { readonly kind: 'Deployment'; readonly object: V1Deployment }
  | { readonly kind: 'StatefulSet'; readonly object: V1StatefulSet };

export const MANAGER = 'eksodus';
/** Written by others for the object that they know; a copy is another one. */
const NOT_COPIED =
  /^(?:argocd\.argoproj\.io|deployment\.kubernetes\.io|eksodus\.dev)\/|^kubectl\.kubernetes\.io\/last-applied-configuration$/;

export const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

export async function read(api: MakeApi, { kind, namespace, name }: HandoverWorkload): Promise<Live | null> {
  const which = { namespace, name };
  switch (kind) {
    case 'CronJob': {
      const object = await nullWhenMissing(api(BatchV1Api).readNamespacedCronJob(which));
      return object && { kind, object };
    }
    case 'Deployment': {
      const object = await nullWhenMissing(api(AppsV1Api).readNamespacedDeployment(which));
      return object && { kind, object };
    }
    case 'StatefulSet': {
      const object = await nullWhenMissing(api(AppsV1Api).readNamespacedStatefulSet(which));
      return object && { kind, object };
    }
  }
}

export function patch(api: MakeApi, { kind, namespace, name }: HandoverWorkload, body: object): Promise<unknown> {
  const request = { namespace, name, body, fieldManager: MANAGER };
  switch (kind) {
    case 'CronJob':
      return api(BatchV1Api).patchNamespacedCronJob(request, mergePatch);
    case 'Deployment':
      return api(AppsV1Api).patchNamespacedDeployment(request, mergePatch);
    case 'StatefulSet':
      return api(AppsV1Api).patchNamespacedStatefulSet(request, mergePatch);
  }
}

/** Makes a copy that does not run. */
export function createStopped(api: MakeApi, workload: HandoverWorkload, { kind, object }: Live): Promise<unknown> {
  const { namespace } = workload;
  const metadata = copied(workload, object.metadata);
  switch (kind) {
    case 'CronJob':
      return api(BatchV1Api).createNamespacedCronJob({
        namespace,
        fieldManager: MANAGER,
        body: { metadata, spec: Object.assign({}, object.spec, { suspend: true }) },
      });
    case 'Deployment':
      return api(AppsV1Api).createNamespacedDeployment({
        namespace,
        fieldManager: MANAGER,
        body: { metadata, ...(object.spec && { spec: Object.assign({}, object.spec, { replicas: 0 }) }) },
      });
    case 'StatefulSet':
      return api(AppsV1Api).createNamespacedStatefulSet({
        namespace,
        fieldManager: MANAGER,
        body: { metadata, ...(object.spec && { spec: Object.assign({}, object.spec, { replicas: 0 }) }) },
      });
  }
}

function copied({ namespace, name }: HandoverWorkload, original: V1ObjectMeta | undefined): V1ObjectMeta {
  const annotations = Object.entries(original?.annotations ?? {}).filter(([key]) => !NOT_COPIED.test(key));
  return { namespace, name, labels: original?.labels ?? {}, annotations: Object.fromEntries(annotations) };
}

/** The field that Argo CD is told to leave alone. */
export const sized = ({ kind }: HandoverWorkload, size: number): object =>
  kind === 'CronJob' ? { suspend: size === 0 } : { replicas: size };

export function sizeOf(live: Live): number {
  return live.kind === 'CronJob' ? (live.object.spec.suspend === true ? 0 : 1) : (live.object.spec?.replicas ?? 1);
}
