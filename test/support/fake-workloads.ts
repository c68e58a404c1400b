// Workloads of two clusters in memory, which remember whether both ever ran at once, and for how long neither did.
import { Context, heartbeat } from '@temporalio/activity';
import type { HandoverActivities } from '../../activities/ports.ts';
import type { HandoverWorkload } from '../../src/domain/environment.ts';
import {
  nameOf,
  whyBusy,
  whyNotRunning,
  type Side,
  type Start,
  type WorkloadState,
} from '../../src/domain/handover.ts';

interface Kept {
  version: number;
  size: number;
  active: string[];
  lastRunAt: string | null;
  stopped: WorkloadState['stopped'];
}

/** Looks come so much later than what they see was done: no controller lags behind here. */
const LATER_MS = 10_000;

export class FakeWorkloads {
  /** Moments at which more than one cluster ran, or could run, the same workload. */
  readonly doubled: string[] = [];
  /** What the app's own queries say is left in a cluster. */
  left: (queries: readonly { readonly query: string }[]) => string | undefined = () => undefined;
  readonly #clusters = new Map<string, Map<string, Kept>>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** `size` 0: it is there, stopped. */
  put(cluster: string, workload: HandoverWorkload, size: number): void {
    const kept = { version: 1, size, active: [], lastRunAt: null, stopped: null };
    this.#of(cluster).set(nameOf(workload), kept);
  }

  get(cluster: string, workload: HandoverWorkload): Kept | undefined {
    return this.#of(cluster).get(nameOf(workload));
  }

  remove(cluster: string, workload: HandoverWorkload): void {
    this.#of(cluster).delete(nameOf(workload));
  }

  /** Clusters in which it is started or something of it still runs. */
  runningIn(workload: HandoverWorkload): string[] {
    return [...this.#clusters].flatMap(([cluster, kept]) => {
      const one = kept.get(nameOf(workload));
      return one && (one.size > 0 || one.active.length > 0) ? [cluster] : [];
    });
  }

  look(cluster: string, workloads: readonly HandoverWorkload[]): Side {
    const seenAt = new Date(this.#now() + LATER_MS).toISOString();
    return workloads.map((workload) => {
      const kept = this.get(cluster, workload);
      const nothing = { size: 0, active: [], lastRunAt: null, stopped: null };
      const { size, active, lastRunAt, stopped } = kept ?? nothing;
      const version = kept ? String(kept.version) : null;
      return {
        workload,
        version,
        size,
        ready: size,
        active: [...active],
        lastRunAt,
        lastSuccessAt: null,
        stopped,
        seenAt,
      };
    });
  }

  stop(cluster: string, workloads: readonly HandoverWorkload[]): void {
    for (const kept of this.#each(cluster, workloads)) {
      if (kept.size > 0) kept.stopped = { was: kept.size, at: new Date(this.#now()).toISOString() };
      kept.size = 0;
      kept.version += 1;
    }
  }

  start(cluster: string, starts: readonly Start[]): boolean {
    return starts.every(({ workload, version, size, lastRunAt }) => {
      const kept = this.get(cluster, workload);
      if (!kept) return false;
      if (String(kept.version) !== version) return kept.size > 0;
      kept.size = size;
      kept.stopped = null;
      kept.lastRunAt = lastRunAt;
      kept.version += 1;
      const running = this.runningIn(workload);
      if (running.length > 1) this.doubled.push(`${nameOf(workload)} in ${running.join(' and ')}`);
      return true;
    });
  }

  clearNotes(cluster: string, workloads: readonly HandoverWorkload[]): void {
    for (const kept of this.#each(cluster, workloads)) kept.stopped = null;
  }

  activities(): HandoverActivities {
    return {
      lookAtWorkloads: async ({ cluster, workloads }) => this.look(cluster, workloads),
      stopWorkloads: async ({ cluster, workloads }) => this.stop(cluster, workloads),
      awaitWorkloads: async ({ cluster, workloads, goal, until, queries = [] }) => {
        for (;;) {
          const seen = this.look(cluster, workloads);
          const observed = goal === 'idle' ? (whyBusy(seen) ?? this.left(queries)) : whyNotRunning(seen);
          if (observed === undefined) return { reached: true, observed: goal };
          if (Date.now() >= Date.parse(until)) return { reached: false, observed };
          heartbeat();
          await Context.current().sleep(25);
        }
      },
      startWorkloads: async ({ cluster, starts }) => ({ started: this.start(cluster, starts) }),
      clearHandoverNotes: async ({ cluster, workloads }) => this.clearNotes(cluster, workloads),
      copyStopped: async ({ from, to, workloads }) => {
        for (const workload of workloads)
          if (this.get(from, workload) && !this.get(to, workload)) this.put(to, workload, 0);
        return { missing: workloads.filter((workload) => !this.get(from, workload)) };
      },
    };
  }

  #of(cluster: string): Map<string, Kept> {
    const known = this.#clusters.get(cluster);
    if (known) return known;
    const made = new Map<string, Kept>();
    this.#clusters.set(cluster, made);
    return made;
  }

  #each(cluster: string, workloads: readonly HandoverWorkload[]): Kept[] {
    return workloads.flatMap((workload) => this.get(cluster, workload) ?? []);
  }
}
