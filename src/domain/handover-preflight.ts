// What would let a handover fail, or have workloads run in both clusters, found before anything is made. Pure.
import type { Environment, Handover, HandoverWorkload } from './environment.ts';
import { isSame, nameOf } from './handover.ts';
import { leavesAlone, type IgnoredDifference } from './ignored-differences.ts';

/** Of one app with a handover, as it is on blue. */
export interface HandoverFacts {
  readonly app: string;
  /** Null: Argo CD has none, which is a finding of its own. */
  readonly application: {
    readonly name: string;
    readonly ignored: readonly IgnoredDifference[];
    readonly syncOptions: readonly string[];
  } | null;
  readonly workloads: readonly {
    readonly workload: HandoverWorkload;
    readonly found: boolean;
    /** Of a CronJob: how late a run that is due may still begin; null: at any time. */
    readonly startingDeadlineSeconds: number | null;
    readonly schedule: string | null;
    /** What the worker may not do with it, such as `patch cronjobs/status`. */
    readonly denied: readonly string[];
  }[];
}

/** `id` as preflight names findings. */
type Add = (id: string, subject: string, what: string, todo: string) => void;

const RESPECT = 'RespectIgnoreDifferences=true';
const FIELDS: Readonly<Record<HandoverWorkload['kind'], { readonly group: string; readonly path: string }>> = {
  CronJob: { group: 'batch', path: '/spec/suspend' },
  Deployment: { group: 'apps', path: '/spec/replicas' },
  StatefulSet: { group: 'apps', path: '/spec/replicas' },
};

export function judgeHandovers({ apps }: Pick<Environment, 'apps'>, facts: readonly HandoverFacts[], add: Add): void {
  for (const { app, application, workloads } of facts) {
    const handover = apps.find(({ name }) => name === app)?.handover;
    if (!handover) continue;
    for (const { workload, found, denied } of workloads) {
      if (denied.length > 0)
        add(
          'handover.denied',
          app,
          `the worker may not ${denied.join(', ')} in namespace ${workload.namespace} of the live cluster`,
          'bind a Role with these rights to the group of its access entry there',
        );
      if (!found)
        add(
          'handover.missing',
          app,
          `the live cluster has no ${nameOf(workload)}`,
          'correct apps[].handover.workloads, or bring it up there first',
        );
    }
    judgeRuns(app, handover, workloads, add);
    if (!application) continue;
    const healed = handover.workloads.filter(
      (one) => !application.ignored.some((ignored) => leavesAlone(ignored, { ...one, ...FIELDS[one.kind] })),
    );
    if (healed.length > 0 || !application.syncOptions.includes(RESPECT))
      add(
        'handover.healed',
        application.name,
        `Argo CD would undo what stops and starts ${(healed.length > 0 ? healed : handover.workloads).map(nameOf).join(', ')}`,
        `give the Application, in its ApplicationSet, ${snippetOf(handover)}`,
      );
  }
}

/** Whatever Argo CD brings to green runs there at once, beside blue. */
export function judgeCronJobs(
  { apps }: Pick<Environment, 'apps'>,
  running: readonly HandoverWorkload[],
  add: Add,
): void {
  const named = apps.flatMap(({ handover }) => handover?.workloads ?? []);
  const unnamed = running.filter((one) => !named.some((other) => isSame(one, other)));
  if (unnamed.length > 0)
    add(
      'handover.unnamed',
      unnamed.map(({ namespace, name }) => `${namespace}/${name}`).join(', '),
      'CronJobs of the live cluster that are in no handover: what of them Git brings to the new cluster runs in both, from bootstrap on',
      'name those that must not run twice in apps[].handover.workloads',
    );
}

function judgeRuns(app: string, { maxGapSeconds }: Handover, workloads: HandoverFacts['workloads'], add: Add): void {
  for (const { workload, startingDeadlineSeconds, schedule } of workloads) {
    if (startingDeadlineSeconds !== null && startingDeadlineSeconds <= maxGapSeconds)
      add(
        'handover.deadline',
        app,
        `${nameOf(workload)} begins no run that is ${startingDeadlineSeconds} s late, and neither cluster may run it for ${maxGapSeconds} s: a run could be lost`,
        `make its startingDeadlineSeconds more than ${maxGapSeconds}, or maxGap less than ${startingDeadlineSeconds}s`,
      );
    const period = schedule === null ? undefined : shortestPeriodSeconds(schedule);
    if (period !== undefined && period < maxGapSeconds)
      add(
        'handover.runs-in-gap',
        app,
        `${nameOf(workload)} may be due every ${period} s, and neither cluster may run it for ${maxGapSeconds} s: Kubernetes makes up for one run, and the others of that time would be lost`,
        `make maxGap ${period}s or less, if none may be lost`,
      );
  }
}

/** What an Application must say so that Argo CD leaves alone what stops and starts these workloads. */
export function snippetOf({ workloads }: Pick<Handover, 'workloads'>): string {
  const entries = workloads.map(
    ({ kind }) => `{ group: ${FIELDS[kind].group}, kind: ${kind}, jsonPointers: [${FIELDS[kind].path}] }`,
  );
  return `spec.ignoreDifferences: [${[...new Set(entries)].join(', ')}] and spec.syncPolicy.syncOptions: [${RESPECT}]`;
}

/**
 * The shortest time that may lie between two runs, in seconds, by the minutes of a schedule alone: hours and days can only
 * make it longer. Undefined for what is no schedule of five fields, such as `@daily`: those are far apart.
 */
export function shortestPeriodSeconds(schedule: string): number | undefined {
  const fields = schedule.trim().split(/\s+/);
  const [minutes = ''] = fields;
  if (fields.length !== 5) return undefined;
  const due = new Set(minutes.split(',').flatMap(minutesOf));
  const ordered = [...due].toSorted((a, b) => a - b);
  const [first] = ordered;
  if (first === undefined) return undefined;
  const gaps = ordered.map((minute, index) => (ordered[index + 1] ?? first + 60) - minute);
  return Math.min(...gaps) * 60;
}

/** `*`, `5`, `10-20`, each with a step such as `/5`; nothing for what cannot be read. */
function minutesOf(part: string): number[] {
  const read = /^(?:\*|(?<from>\d+)(?:-(?<to>\d+))?)(?:\/(?<step>\d+))?$/.exec(part)?.groups;
  if (!read) return [];
  const { from, to, step } = read;
  const every = Math.max(1, Number(step ?? 1));
  const [first, last] = from === undefined ? [0, 59] : [Number(from), Number(to ?? (step === undefined ? from : 59))];
  return Array.from(
    { length: Math.max(0, Math.floor((last - first) / every) + 1) },
    (_, index) => first + index * every,
  );
}
