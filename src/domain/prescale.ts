// How many replicas an app needs on green before it gets traffic, and what has to be raised for that. Pure.
import { leavesAlone } from './ignored-differences.ts';
import {
  textOf,
  type ApplicationFacts,
  type AutoscalerFacts,
  type ObjectName,
  type ReadinessFacts,
  type WorkloadFacts,
  type WorkloadsFacts,
} from './readiness-facts.ts';

/** A cut-over meets cold caches, and an autoscaler that has seen no load yet: so green begins as big as blue is. */
export interface Prescale {
  readonly enabled: boolean;
  /** No workload is raised beyond it. Absent: to what blue has. */
  readonly maxReplicas?: number;
}

/** One number to raise: an autoscaler's `minReplicas`, or the replicas of a workload that has none. */
export interface Raise {
  readonly object: ObjectName;
  readonly from: number;
  readonly to: number;
  /** What it was before it was first raised, to be given back. */
  readonly original: number;
}

/** What cannot be raised, and what a person has to do instead. */
export interface Obstacle {
  readonly object: ObjectName;
  readonly observed: string;
  readonly expected: string;
  readonly todo: string;
}

export interface PrescalePlan {
  readonly raises: readonly Raise[];
  readonly obstacles: readonly Obstacle[];
}

/**
 * The replicas that a workload of green must have ready: as many as blue's, within the ceiling, and never less than it
 * was raised to before. Blue shrinks as its traffic goes; what green was given, it keeps. Null: it is not measured.
 */
export function neededReplicas(
  workload: WorkloadFacts,
  { here, blue, prescale }: { here: WorkloadsFacts; blue: WorkloadsFacts; prescale: Prescale },
): number | null {
  if (!prescale.enabled) return null;
  const there = blue.workloads.find(
    ({ namespace, name }) => namespace === workload.namespace && name === workload.name,
  );
  const ofBlue = Math.min(there?.ready ?? 0, prescale.maxReplicas ?? Number.POSITIVE_INFINITY);
  return Math.max(ofBlue, raisedOf(workload, here)?.to ?? 0);
}

const raisedOf = (workload: WorkloadFacts, { autoscalers }: WorkloadsFacts): WorkloadFacts['raised'] =>
  (autoscalerOf(workload, autoscalers) ?? workload).raised;

export const autoscalerOf = (
  { kind, namespace, name }: ObjectName,
  autoscalers: readonly AutoscalerFacts[],
): AutoscalerFacts | undefined =>
  autoscalers.find((one) => one.namespace === namespace && one.target.kind === kind && one.target.name === name);

/** Nothing is raised of what was not seen, and nothing is ever lowered. */
export function planPrescale(green: ReadinessFacts, blue: ReadinessFacts, prescale: Prescale): PrescalePlan {
  if (!('seen' in green.workloads) || !('seen' in blue.workloads)) return { raises: [], obstacles: [] };
  const here = green.workloads.seen;
  const sizes = { here, blue: blue.workloads.seen, prescale };
  const application = 'seen' in green.application ? green.application.seen : null;
  const plans = here.workloads.map((workload) =>
    planOne(workload, { here, application, needed: neededReplicas(workload, sizes) ?? 0 }),
  );
  return {
    raises: plans.flatMap(({ raises }) => raises),
    obstacles: plans.flatMap(({ obstacles }) => obstacles),
  };
}

function planOne(
  workload: WorkloadFacts,
  { here, application, needed }: { here: WorkloadsFacts; application: ApplicationFacts | null; needed: number },
): PrescalePlan {
  const autoscaler = autoscalerOf(workload, here.autoscalers);
  const raise = autoscaler
    ? {
        object: objectOf(autoscaler),
        from: autoscaler.min,
        to: Math.min(needed, autoscaler.max),
        original: autoscaler.raised?.from ?? autoscaler.min,
      }
    : {
        object: nameOf(workload),
        from: workload.desired,
        to: needed,
        original: workload.raised?.from ?? workload.desired,
      };
  // A workload of no replicas was switched off by somebody, and an autoscaler leaves it so.
  const isNeeded = raise.to > raise.from && workload.desired > 0;
  const obstacle = isNeeded ? (keptByOther(raise, autoscaler) ?? undone(raise, application)) : undefined;
  const ceiling = autoscaler && autoscaler.max < needed ? [tooLow(autoscaler, needed)] : [];
  return {
    raises: isNeeded && !obstacle ? [raise] : [],
    obstacles: [...(obstacle ? [obstacle] : []), ...ceiling],
  };
}

const nameOf = ({ kind, namespace, name }: ObjectName): ObjectName => ({ kind, namespace, name });
const objectOf = ({ namespace, name }: AutoscalerFacts): ObjectName => ({ kind: AUTOSCALER, namespace, name });
export const AUTOSCALER = 'HorizontalPodAutoscaler';

function tooLow({ namespace, name, max }: AutoscalerFacts, needed: number): Obstacle {
  return {
    object: { kind: AUTOSCALER, namespace, name },
    observed: `maxReplicas ${max}`,
    expected: `room for the ${needed} that blue has ready`,
    todo: `raise maxReplicas in Git to ${needed} or more and sync`,
  };
}

function keptByOther({ object, from, to }: Raise, autoscaler: AutoscalerFacts | undefined): Obstacle | undefined {
  if (!autoscaler || autoscaler.keptBy === null) return undefined;
  return {
    object,
    observed: `minReplicas ${from}, kept so by ${autoscaler.keptBy}`,
    expected: `minReplicas ${to}`,
    todo: `raise the least replicas of ${autoscaler.keptBy} to ${to} while the app moves`,
  };
}

/** What self-heal would take back within a second is not begun: a person tells Argo CD first to leave it alone. */
function undone({ object, from, to }: Raise, application: ApplicationFacts | null): Obstacle | undefined {
  const path = object.kind === AUTOSCALER ? '/spec/minReplicas' : '/spec/replicas';
  if (!application?.selfHeals) return undefined;
  if (application.respectsIgnored && isIgnored(object, path, application)) return undefined;
  return {
    object,
    observed: `${path.slice('/spec/'.length)} ${from}, and self-heal of Application ${application.name} undoes a change of it`,
    expected: `${to}, left alone by Argo CD`,
    todo: `add to ${application.name}'s spec, where it is generated: ${snippet(object, path)}`,
  };
}

const isIgnored = (object: ObjectName, path: string, { ignored }: ApplicationFacts): boolean =>
  ignored.some((entry) => leavesAlone(entry, { ...object, group: groupOf(object), path }));

const GROUPS: Readonly<Record<string, string>> = { [AUTOSCALER]: 'autoscaling', Rollout: 'argoproj.io' };

const groupOf = ({ kind }: ObjectName): string => GROUPS[kind] ?? 'apps';

const snippet = (object: ObjectName, path: string): string =>
  `ignoreDifferences: [{ group: ${groupOf(object)}, kind: ${object.kind}, jsonPointers: [${path}] }], ` +
  'and in syncPolicy: syncOptions: [RespectIgnoreDifferences=true]';

/** What we raised shows in Argo CD as a difference, and is none that anybody else made. */
export function raisedObjects({ workloads, autoscalers }: WorkloadsFacts): ReadonlySet<string> {
  const raised = [
    ...workloads.filter((one) => one.raised !== null).map(textOf),
    ...autoscalers.filter((one) => one.raised !== null).map((one) => textOf(objectOf(one))),
  ];
  return new Set(raised);
}
