// Every run of a CronJob in any cluster, as the Jobs tell. A Job's name ends with the minute for which it ran, counted from
// the epoch, so the same run in two clusters has the same name.
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchV1Api } from '@kubernetes/client-node';
import { kubeConfigFor } from '../cluster/kube-client.ts';
import type { ControlPlane } from '../contracts.ts';

export interface CronRun {
  readonly cluster: string;
  /** Minutes since the epoch. */
  readonly minute: number;
}

/** A CronJob keeps its last three Jobs, and makes one a minute. */
const LOOK_EVERY_MS = 1_000;

/** Notes all runs in `seen` until aborted. `clusters`: those that are there now. */
export async function recordRuns(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  clusters: () => readonly ControlPlane[],
  { seen, signal }: { readonly seen: Map<string, CronRun>; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await Promise.all(
      clusters().map(async (cluster) => {
        // A cluster that comes or goes does not answer for a while; the next look will tell.
        const jobs = await kubeConfigFor(cluster)
          .makeApiClient(BatchV1Api)
          .listNamespacedJob({ namespace })
          .catch(() => undefined);
        for (const { metadata } of jobs?.items ?? []) {
          const minute = Number(metadata?.name?.slice(name.length + 1));
          if (metadata?.name?.startsWith(`${name}-`) && Number.isInteger(minute))
            seen.set(`${cluster.name}/${minute}`, { cluster: cluster.name, minute });
        }
      }),
    );
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** What is wrong with the runs of a CronJob of every minute: minutes without a run, and minutes with more than one. Pure. */
export function judgeRuns(runs: readonly CronRun[]): string[] {
  const byMinute = Map.groupBy(runs, ({ minute }) => minute);
  const minutes = [...byMinute.keys()];
  const [first, last] = [Math.min(...minutes), Math.max(...minutes)];
  const problems: string[] = [];
  for (let minute = first; minute <= last; minute += 1) {
    const clusters = (byMinute.get(minute) ?? []).map(({ cluster }) => cluster);
    const at = new Date(minute * 60_000).toISOString();
    if (clusters.length === 0) problems.push(`nobody ran for ${at}`);
    if (clusters.length > 1) problems.push(`${clusters.join(' and ')} ran for ${at}`);
  }
  return problems;
}

/** The clusters in the order in which they ran, each as often as it took over from another. */
export function turnsOf(runs: readonly CronRun[]): string[] {
  const ordered = runs.toSorted((a, b) => a.minute - b.minute).map(({ cluster }) => cluster);
  return ordered.filter((cluster, index) => cluster !== ordered[index - 1]);
}
