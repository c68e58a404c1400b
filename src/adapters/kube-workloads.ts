// Workloads that run in one cluster only: stopped and started by the one field that Argo CD is told to leave alone.
import {
  ApiException,
  AuthorizationV1Api,
  BatchV1Api,
  CoreV1Api,
  type V1CronJob,
  type V1Job,
  type V1LabelSelector,
} from '@kubernetes/client-node';
import { z } from 'zod';
import type { HandoverWorkload } from '../domain/environment.ts';
import type { Start, WorkloadState } from '../domain/handover.ts';
import { HANDOVER } from '../domain/ids.ts';
import type { Clock } from './clock.ts';
import type { ClusterAddress, KubeConnections, MakeApi } from './kube-connections.ts';
import { nullWhenMissing } from './kube-error.ts';
import { createStopped, MANAGER, mergePatch, patch, read, sized, sizeOf, type Live } from './kube-workload-objects.ts';

export interface KubeWorkloads {
  look(at: ClusterAddress, workload: HandoverWorkload): Promise<WorkloadState>;
  /** Leaves a note of its size. One that does not run is only touched: a start that was asked for before then fails. */
  stop(at: ClusterAddress, workload: HandoverWorkload): Promise<void>;
  /** False, and nothing started: the object is not any more as it was seen. */
  start(at: ClusterAddress, start: Start): Promise<boolean>;
  clearNotes(at: ClusterAddress, workload: HandoverWorkload): Promise<void>;
  /** Makes it in the other cluster, stopped, unless it is there. Null: there is none to copy. */
  copyStopped(from: ClusterAddress, to: ClusterAddress, workload: HandoverWorkload): Promise<'copied' | 'there' | null>;
  /** Of a CronJob, when its runs are due; null for one of another kind, or that is not there. */
  timing(at: ClusterAddress, workload: HandoverWorkload): Promise<CronTiming | null>;
  /** All that are not suspended. */
  cronJobs(at: ClusterAddress): Promise<readonly HandoverWorkload[]>;
  /** What we may not do there, such as `patch cronjobs/status`, of all that a handover needs. */
  denied(at: ClusterAddress, workload: HandoverWorkload): Promise<readonly string[]>;
}

/** What is asked of a cluster for one workload, as a Role would say it. */
const NEEDED: Readonly<Record<HandoverWorkload['kind'], readonly (readonly [verb: string, resource: string])[]>> = {
  CronJob: [
    ['get', 'batch/cronjobs'],
    ['patch', 'batch/cronjobs'],
    ['patch', 'batch/cronjobs/status'],
    ['list', 'batch/jobs'],
  ],
  Deployment: [
    ['get', 'apps/deployments'],
    ['patch', 'apps/deployments'],
    ['list', '/pods'],
  ],
  StatefulSet: [
    ['get', 'apps/statefulsets'],
    ['patch', 'apps/statefulsets'],
    ['list', '/pods'],
  ],
};

export interface CronTiming {
  readonly schedule: string;
  /** How late a run may still begin; null: at any time. */
  readonly startingDeadlineSeconds: number | null;
}

/** When a Job of a CronJob was due: the controller writes it on each. */
const DUE = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
export function createKubeWorkloads(connections: KubeConnections, clock: Clock): KubeWorkloads {
  const now = (): string => new Date(clock.now()).toISOString();
  return {
    look: (at, workload) =>
      connections.use(at, async (api) => {
        const live = await read(api, workload);
        return live ? stateOf(api, workload, { live, seenAt: now() }) : absent(workload, now());
      }),

    stop: (at, workload) =>
      connections.use(at, async (api) => {
        const live = await read(api, workload);
        if (!live) return;
        const was = sizeOf(live);
        const { resourceVersion } = live.object.metadata ?? {};
        const body =
          was > 0
            ? {
                metadata: { resourceVersion, annotations: { [HANDOVER.stopped]: JSON.stringify({ was, at: now() }) } },
                spec: sized(workload, 0),
              }
            : { metadata: { annotations: { [HANDOVER.fence]: now() } } };
        await patch(api, workload, body);
      }),

    start: (at, start) =>
      connections.use(at, async (api) => {
        const { workload, version, size, lastRunAt, lastSuccessAt } = start;
        try {
          const seen =
            workload.kind === 'CronJob' && lastRunAt !== null
              ? await inherit(api, workload, { version, lastRunAt, lastSuccessAt })
              : version;
          const annotations = { [HANDOVER.stopped]: null, [HANDOVER.fence]: null };
          await patch(api, workload, {
            metadata: { resourceVersion: seen, annotations },
            spec: sized(workload, size),
          });
          return true;
        } catch (error) {
          if (!(error instanceof ApiException) || error.code !== 409) throw error;
          // An attempt before this one may have started it, and not have lived to say so.
          const live = await read(api, workload);
          return live !== null && sizeOf(live) > 0;
        }
      }),

    clearNotes: (at, workload) =>
      connections.use(at, async (api) => {
        const annotations = { [HANDOVER.stopped]: null, [HANDOVER.fence]: null };
        await nullWhenMissing(patch(api, workload, { metadata: { annotations } }));
      }),

    async copyStopped(from, to, workload) {
      const original = await connections.use(from, (api) => read(api, workload));
      if (!original) return null;
      return connections.use(to, async (api) => {
        if (await read(api, workload)) return 'there';
        const { namespace } = workload;
        await unlessThere(api(CoreV1Api).createNamespace({ body: { metadata: { name: namespace } } }));
        await unlessThere(createStopped(api, workload, original));
        return 'copied';
      });
    },

    timing: (at, workload) =>
      connections.use(at, async (api) => {
        const live = await read(api, workload);
        if (live?.kind !== 'CronJob') return null;
        const { schedule, startingDeadlineSeconds = null } = live.object.spec;
        return { schedule, startingDeadlineSeconds };
      }),

    cronJobs: (at) =>
      connections.use(at, async (api) => {
        const { items } = await api(BatchV1Api).listCronJobForAllNamespaces();
        return items
          .filter(({ spec }) => spec.suspend !== true)
          .map(({ metadata }) => ({
            kind: 'CronJob',
            namespace: metadata?.namespace ?? '',
            name: metadata?.name ?? '',
          }));
      }),

    denied: (at, { kind, namespace }) =>
      connections.use(at, async (api) => {
        const asked = NEEDED[kind].map(async ([verb, path]) => {
          const [group = '', resource = '', subresource = ''] = path.split('/');
          const resourceAttributes = { namespace, verb, group, resource, subresource };
          const body = { spec: { resourceAttributes } };
          const { status } = await api(AuthorizationV1Api).createSelfSubjectAccessReview({ body });
          return status?.allowed === true ? [] : [`${verb} ${path.slice(path.indexOf('/') + 1)}`];
        });
        return (await Promise.all(asked)).flat();
      }),
  };
}

/** The CronJob takes the other side's runs for its own. Resolves to the version that it then has. */
async function inherit(
  api: MakeApi,
  { namespace, name }: HandoverWorkload,
  seen: Pick<Start, 'version' | 'lastRunAt' | 'lastSuccessAt'>,
): Promise<string> {
  const body = {
    metadata: { resourceVersion: seen.version },
    status: { lastScheduleTime: seen.lastRunAt, lastSuccessfulTime: seen.lastSuccessAt },
  };
  const request = { namespace, name, body, fieldManager: MANAGER };
  const { metadata } = await api(BatchV1Api).patchNamespacedCronJobStatus(request, mergePatch);
  return metadata?.resourceVersion ?? '';
}

async function unlessThere(making: Promise<unknown>): Promise<void> {
  try {
    await making;
  } catch (error) {
    if (!(error instanceof ApiException) || error.code !== 409) throw error;
  }
}

const absent = (workload: HandoverWorkload, seenAt: string): WorkloadState => ({
  workload,
  version: null,
  size: 0,
  ready: 0,
  active: [],
  lastRunAt: null,
  lastSuccessAt: null,
  stopped: null,
  seenAt,
});

async function stateOf(
  api: MakeApi,
  workload: HandoverWorkload,
  { live, seenAt }: { readonly live: Live; readonly seenAt: string },
): Promise<WorkloadState> {
  const { metadata } = live.object;
  const known = {
    ...absent(workload, seenAt),
    version: metadata?.resourceVersion ?? '',
    size: sizeOf(live),
    stopped: noteOf(metadata?.annotations?.[HANDOVER.stopped]),
  };
  if (live.kind === 'CronJob') {
    const jobs = await jobsOf(api, live.object);
    const due = jobs.flatMap(({ metadata: of }) => of?.annotations?.[DUE] ?? []).map((text) => new Date(text));
    const { lastScheduleTime, lastSuccessfulTime } = live.object.status ?? {};
    return {
      ...known,
      ready: known.size,
      active: jobs.filter((job) => !isFinished(job)).map((job) => `Job ${job.metadata?.name ?? ''} runs`),
      lastRunAt: latest(lastScheduleTime, ...due),
      lastSuccessAt: latest(lastSuccessfulTime),
    };
  }
  const { status, spec } = live.object;
  const isObserved = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  // Of one that runs nobody asks for its pods.
  const pods = known.size > 0 ? [] : await podsOf(api, workload.namespace, spec?.selector);
  return {
    ...known,
    ready: isObserved ? (status?.availableReplicas ?? 0) : 0,
    active: [
      ...pods,
      ...(isObserved ? [] : [`the controller of ${workload.name} has not seen yet that it is stopped`]),
    ],
  };
}

async function jobsOf(api: MakeApi, { metadata }: V1CronJob): Promise<V1Job[]> {
  const { items } = await api(BatchV1Api).listNamespacedJob({ namespace: metadata?.namespace ?? '' });
  return items.filter((job) => job.metadata?.ownerReferences?.some(({ uid }) => uid === metadata?.uid));
}

const isFinished = ({ status }: V1Job): boolean =>
  status?.conditions?.some(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True') ??
  false;

/** Those that are being ended are there until they are gone. */
async function podsOf(api: MakeApi, namespace: string, selector: V1LabelSelector | undefined): Promise<string[]> {
  const { items } = await api(CoreV1Api).listNamespacedPod({ namespace, labelSelector: selectorText(selector) });
  return items
    .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    .map(({ metadata }) => `Pod ${metadata?.name ?? ''} is there`);
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector = {}): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...equal, ...others].join(',');
}

const Note = z.object({ was: z.int(), at: z.iso.datetime() });

/** A note that somebody else has changed beyond recognition counts as none. */
function noteOf(text: string | undefined): WorkloadState['stopped'] {
  if (text === undefined) return null;
  try {
    return Note.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function latest(...moments: readonly (Date | undefined)[]): string | null {
  const known = moments.filter((moment) => moment !== undefined).map((moment) => moment.getTime());
  return known.length === 0 ? null : new Date(Math.max(...known)).toISOString();
}
