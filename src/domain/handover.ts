// How workloads that may run in one cluster only change hands. Pure: what was seen of both sides gives the next act.
import type { HandoverWorkload } from './environment.ts';

/** One workload in one cluster, as it was seen. */
export interface WorkloadState {
  readonly workload: HandoverWorkload;
  /** The object's resourceVersion. Null: the cluster has no such object. */
  readonly version: string | null;
  /** Replicas that are asked for; of a CronJob 1, and 0 while it is suspended. */
  readonly size: number;
  /** How many of them work; of a CronJob as its size. */
  readonly ready: number;
  /** What of it still runs, such as `Job report-29000000`. */
  readonly active: readonly string[];
  /** The latest minute for which a CronJob ran, and when it last succeeded. */
  readonly lastRunAt: string | null;
  readonly lastSuccessAt: string | null;
  /** We stopped it and nothing was started since. `was`: its size before; `at`: ISO 8601. */
  readonly stopped: { readonly was: number; readonly at: string } | null;
  readonly seenAt: string;
}

export type Side = readonly WorkloadState[];

/** Both sides, with the same workloads in the same order. */
export interface Sides {
  readonly from: Side;
  readonly to: Side;
}

/** What one workload is to be on the side that takes over. */
export interface Start {
  readonly workload: HandoverWorkload;
  /** The object as it was seen: when it has changed since, it is not started. */
  readonly version: string;
  readonly size: number;
  /** A CronJob counts the runs of the other side as its own, so it runs what was missed and nothing twice. */
  readonly lastRunAt: string | null;
  readonly lastSuccessAt: string | null;
}

export type Next =
  /** The side that is to take over lacks something. Nothing may be stopped for it. */
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'stop' }
  | { readonly kind: 'await-idle'; readonly because: string }
  | { readonly kind: 'start'; readonly starts: readonly Start[] }
  | { readonly kind: 'await-running'; readonly because: string }
  /** All is as wished but for the notes of the stop. */
  | { readonly kind: 'clear-notes' }
  | { readonly kind: 'done' };

/** A controller may act for a moment on what it knew before a CronJob was suspended. */
export const CONTROLLER_LAG_SECONDS = 5;

/** What whoever asks has made sure of beside what was seen. */
export interface Known {
  /** It has stopped the other side. One that only looks stopped may be about to start, by an act that is still on its way. */
  readonly fenced: boolean;
  /** Since then the app's own queries said that nothing is left to do; or it has none. */
  readonly drained: boolean;
}

/** Only ever `start` when nothing of the other side runs or may begin to. */
export function nextHandover({ from, to }: Sides, { fenced, drained }: Known): Next {
  const pairs = to.map((mine) => ({ mine, other: from.find(({ workload }) => isSame(workload, mine.workload)) }));
  const lacking = pairs.filter(({ mine, other }) => mine.version === null && wantedSize(mine, other) > 0);
  if (lacking.length > 0)
    return { kind: 'refused', because: `there is no ${lacking.map(({ mine }) => nameOf(mine.workload)).join(', ')}` };
  if (from.some(({ size }) => size > 0)) return { kind: 'stop' };
  const busy = whyBusy(from);
  if (busy !== undefined) return { kind: 'await-idle', because: busy };
  const starts = pairs.flatMap(({ mine, other }) => startOf(mine, other) ?? []);
  if (starts.length > 0 && !fenced) return { kind: 'stop' };
  if (starts.length > 0 && !drained)
    return { kind: 'await-idle', because: 'its queries do not say yet that it is idle' };
  if (starts.length > 0) return { kind: 'start', starts };
  const waiting = pairs.filter(({ mine }) => mine.size > 0 && mine.ready === 0).map(({ mine }) => mine.workload);
  if (waiting.length > 0)
    return { kind: 'await-running', because: `nothing works yet of ${waiting.map(nameOf).join(', ')}` };
  return [...from, ...to].some(({ stopped }) => stopped) ? { kind: 'clear-notes' } : { kind: 'done' };
}

/** Undefined: nothing of it runs, and nothing can begin to. */
export function whyBusy(side: Side): string | undefined {
  const reasons = side.flatMap(({ workload, size, active, stopped, seenAt }) => {
    if (size > 0) return [`${nameOf(workload)} is not stopped`];
    if (active.length > 0) return active;
    const lagging =
      workload.kind === 'CronJob' &&
      stopped !== null &&
      Date.parse(seenAt) - Date.parse(stopped.at) < CONTROLLER_LAG_SECONDS * 1000;
    return lagging ? [`${nameOf(workload)} was suspended a moment ago`] : [];
  });
  return reasons.length === 0 ? undefined : reasons.join(', ');
}

/** Undefined: all of it that is to run works. */
export function whyNotRunning(side: Side): string | undefined {
  const waiting = side.filter(({ size, ready }) => size > 0 && ready === 0).map(({ workload }) => nameOf(workload));
  return waiting.length === 0 ? undefined : `nothing works yet of ${waiting.join(', ')}`;
}

/** Since when neither side runs, by the notes of the stop; undefined while none was stopped. */
export function neitherSince({ from, to }: Sides): string | undefined {
  return [...from, ...to]
    .flatMap(({ stopped }) => (stopped && stopped.was > 0 ? [stopped.at] : []))
    .toSorted((a, b) => Date.parse(a) - Date.parse(b))[0];
}

/** Of the longest gap, in seconds: by when one side must be proved idle, and the other be seen to run, before it is given up. */
export function limitsOf(maxGapSeconds: number): { readonly idleSeconds: number; readonly runningSeconds: number } {
  const reserve = Math.min(30, maxGapSeconds / 3);
  return { idleSeconds: maxGapSeconds - reserve, runningSeconds: maxGapSeconds - reserve / 2 };
}

export const nameOf = ({ kind, namespace, name }: HandoverWorkload): string => `${kind} ${namespace}/${name}`;

export const isSame = (a: HandoverWorkload, b: HandoverWorkload): boolean => nameOf(a) === nameOf(b);

/** What was stopped last tells the size. What its owner had switched off before was never stopped by us, and stays off. */
function wantedSize(mine: WorkloadState, other: WorkloadState | undefined): number {
  const notes = [mine.stopped, other?.stopped ?? null].filter((note) => note !== null);
  const latest = notes.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
  return Math.max(mine.size, other?.size ?? 0, latest?.was ?? 0);
}

function startOf(mine: WorkloadState, other: WorkloadState | undefined): Start | undefined {
  const size = wantedSize(mine, other);
  if (mine.version === null || mine.size > 0 || size === 0) return undefined;
  const { workload, version } = mine;
  // One that never ran has missed only what was due since it was stopped.
  const ran = latestOf(mine.lastRunAt, other?.lastRunAt) ?? other?.stopped?.at ?? null;
  return { workload, version, size, lastRunAt: ran, lastSuccessAt: latestOf(mine.lastSuccessAt, other?.lastSuccessAt) };
}

function latestOf(...moments: readonly (string | null | undefined)[]): string | null {
  const known = moments.filter((moment) => moment !== null && moment !== undefined);
  return known.toSorted((a, b) => Date.parse(b) - Date.parse(a))[0] ?? null;
}
