import { cancellationSignal } from '@temporalio/activity';
import type { ClusterAddress } from '../src/adapters/kube-connections.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import type { HandoverWorkload } from '../src/domain/environment.ts';
import { holdsFor, parseCondition } from '../src/domain/condition.ts';
import { whyBusy, whyNotRunning, type Side } from '../src/domain/handover.ts';
import { fail } from './failures.ts';
import { pollUntil, type Look } from './poll.ts';
import type { HandoverActivities } from './ports.ts';

type Queries = NonNullable<Parameters<HandoverActivities['awaitWorkloads']>[0]['queries']>;
type Waited = Look<{ readonly reached: boolean; readonly observed: string }>;

/** While nothing runs anywhere a second counts. */
const PACE = { firstMs: 250, longestMs: 1_000 } as const;
/** Each wait has an end of its own, long before. */
const WAIT_AT_MOST_SECONDS = 24 * 3600;

export function createHandoverWork({ workloads: kube, metrics, clock }: Dependencies): HandoverActivities {
  const look = (at: ClusterAddress, workloads: readonly HandoverWorkload[]): Promise<Side> =>
    Promise.all(workloads.map((workload) => kube.look(at, workload)));
  /** Asked only once nothing runs any more: before, there is always something left. */
  async function whyLeft(queries: Queries): Promise<string | undefined> {
    const signal = cancellationSignal();
    const toMs = clock.now();
    const asked = queries.map(async ({ source, query, when }) => {
      const reading = await metrics.read({ source, query, fromMs: toMs, toMs, signal });
      if (reading.kind === 'error') return [`${source.name} cannot tell whether ${when}: ${reading.because}`];
      return holdsFor(parseCondition(when), reading.value) ? [] : [`${query} is ${reading.value}, expected ${when}`];
    });
    const left = (await Promise.all(asked)).flat();
    return left.length === 0 ? undefined : left.join('; ');
  }

  return {
    lookAtWorkloads: ({ actor: { region }, cluster, workloads }) => look({ region, cluster }, workloads),

    async stopWorkloads({ actor: { region }, cluster, workloads }) {
      await Promise.all(workloads.map((workload) => kube.stop({ region, cluster }, workload)));
    },

    awaitWorkloads({ actor: { region }, cluster, workloads, goal, until, queries = [] }) {
      const untilMs = Date.parse(until);
      if (Number.isNaN(untilMs)) throw fail('input.invalid', `"${until}" is no point in time`);
      return pollUntil(clock, {
        what: `the workloads of ${cluster} to be ${goal}`,
        deadlineSeconds: WAIT_AT_MOST_SECONDS,
        pace: PACE,
        look: async (): Promise<Waited> => {
          const seen = await look({ region, cluster }, workloads);
          const waiting = goal === 'idle' ? (whyBusy(seen) ?? (await whyLeft(queries))) : whyNotRunning(seen);
          if (waiting === undefined) return { done: { reached: true, observed: goal } };
          return clock.now() >= untilMs ? { done: { reached: false, observed: waiting } } : { waiting };
        },
      });
    },

    async startWorkloads({ actor: { region }, cluster, starts }) {
      const started = await Promise.all(starts.map((start) => kube.start({ region, cluster }, start)));
      return { started: started.every(Boolean) };
    },

    async clearHandoverNotes({ actor: { region }, cluster, workloads }) {
      await Promise.all(workloads.map((workload) => kube.clearNotes({ region, cluster }, workload)));
    },

    async copyStopped({ actor: { region }, from, to, workloads }) {
      const missing: HandoverWorkload[] = [];
      for (const workload of workloads) {
        const copy = await kube.copyStopped({ region, cluster: from }, { region, cluster: to }, workload);
        if (copy === null) missing.push(workload);
      }
      return { missing };
    },
  };
}
