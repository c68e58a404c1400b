// What API servers answer of workloads, Rollouts and autoscalers, in the words of the domain.
import { z } from 'zod';
import type { AutoscalerFacts, CanaryFacts, Raised, ScalableKind, WorkloadFacts } from '../domain/readiness-facts.ts';

/** What a workload or an autoscaler was raised from and to: `from 2 to 5`. */
export const RAISED = 'eksodus.dev/raised';

export const raisedText = ({ from, to }: Raised): string => `from ${from} to ${to}`;

function toRaised(annotations: Readonly<Record<string, string>> | null | undefined): Raised | null {
  const found = /^from (?<from>\d+) to (?<to>\d+)$/.exec(annotations?.[RAISED] ?? '')?.groups;
  return found ? { from: Number(found['from']), to: Number(found['to']) } : null;
}

const Metadata = z.object({
  name: z.string(),
  namespace: z.string().nullish(),
  generation: z.number().nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  ownerReferences: z
    .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() }))
    .nullish(),
});

const count = z.number().nullish();

const Workload = z.object({
  metadata: Metadata,
  spec: z
    .object({
      replicas: count,
      paused: z.boolean().nullish(),
      workloadRef: z.object({ kind: z.string().nullish(), name: z.string().nullish() }).nullish(),
    })
    .nullish(),
  status: z
    .object({
      // Argo Rollouts writes a text, and once wrote a hash.
      observedGeneration: z.union([z.number(), z.string()]).nullish(),
      replicas: count,
      readyReplicas: count,
      updatedReplicas: count,
      phase: z.string().nullish(),
      message: z.string().nullish(),
      pauseConditions: z.array(z.object({ reason: z.string() })).nullish(),
      controllerPause: z.boolean().nullish(),
      abort: z.boolean().nullish(),
      stableRS: z.string().nullish(),
      currentPodHash: z.string().nullish(),
    })
    .nullish(),
});
type Workload = z.infer<typeof Workload>;

export interface Listed {
  readonly workload: WorkloadFacts;
  /** Of a Rollout: the workload that it takes its pods' template from, such as `Deployment web`. */
  readonly template: string | null;
}

export function toWorkloads(kind: ScalableKind, objects: readonly unknown[]): Listed[] {
  return objects.map((object) => {
    const parsed = Workload.parse(object);
    const { kind: refKind, name } = parsed.spec?.workloadRef ?? {};
    return { workload: toWorkload(kind, parsed), template: refKind && name ? `${refKind} ${name}` : null };
  });
}

/** A Deployment whose template a Rollout runs has no pods of its own: the Rollout keeps it at zero. */
export function withoutReferenced(listed: readonly Listed[]): WorkloadFacts[] {
  const templates = new Set(listed.map(({ workload: { namespace }, template }) => `${namespace} ${template}`));
  return listed
    .map(({ workload }) => workload)
    .filter(({ kind, namespace, name }) => !templates.has(`${namespace} ${kind} ${name}`));
}

function toWorkload(kind: ScalableKind, { metadata, spec, status }: Workload): WorkloadFacts {
  const { replicas, readyReplicas, updatedReplicas, observedGeneration } = status ?? {};
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    desired: spec?.replicas ?? 1,
    ready: readyReplicas ?? 0,
    // A StatefulSet that has settled may leave it out.
    updated: updatedReplicas ?? (kind === 'StatefulSet' ? (replicas ?? 0) : 0),
    observed: Number(observedGeneration ?? 0) >= (metadata.generation ?? 0),
    raised: toRaised(metadata.annotations),
    canary: kind === 'Rollout' ? toCanary({ spec, status }) : null,
  };
}

function toCanary({ spec, status }: Pick<Workload, 'spec' | 'status'>): CanaryFacts {
  const pauses = [
    ...(spec?.paused ? ['spec.paused'] : []),
    ...(status?.pauseConditions ?? []).map(({ reason }) => reason),
  ];
  return {
    // Before its controller has seen it, it has none.
    phase: status?.phase ?? 'Progressing',
    message: status?.message ?? '',
    // Paused by the controller and let go of by a person: on its way to the next step.
    pauses,
    aborted: status?.abort === true,
    stable:
      status?.stableRS !== undefined &&
      status.stableRS !== null &&
      status.stableRS === status.currentPodHash &&
      !(status.controllerPause === true && pauses.length === 0),
  };
}

const Autoscaler = z.object({
  metadata: Metadata,
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: count,
    maxReplicas: z.number(),
  }),
  status: z
    .object({ currentReplicas: count, desiredReplicas: count, conditions: z.array(z.unknown()).nullish() })
    .nullish(),
});

export function toAutoscaler(object: unknown): AutoscalerFacts {
  const { metadata, spec, status } = Autoscaler.parse(object);
  const hasLooked = (status?.conditions ?? []).length > 0;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    target: spec.scaleTargetRef,
    min: spec.minReplicas ?? 1,
    max: spec.maxReplicas,
    current: hasLooked ? (status?.currentReplicas ?? 0) : null,
    desired: hasLooked ? (status?.desiredReplicas ?? 0) : null,
    raised: toRaised(metadata.annotations),
    keptBy: owner ? `${owner.kind} ${owner.name}` : null,
  };
}
