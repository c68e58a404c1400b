// What must run in the cluster: enough replicas, not at zero, and no canary in progress.
import { autoscalerOf, neededReplicas, planPrescale, type Prescale } from './prescale.ts';
import {
  textOf,
  type CanaryFacts,
  type ReadinessFacts,
  type WorkloadFacts,
  type WorkloadsFacts,
} from './readiness-facts.ts';
import { about, type Bare, type Found, type Question } from './readiness-found.ts';

export function judgeWorkloads(seen: WorkloadsFacts, { facts, blue, prescale }: Question): Found[] {
  const { workloads } = seen;
  const there = blue && 'seen' in blue.workloads ? blue.workloads.seen : null;
  const measured = there ? { here: seen, blue: there, prescale } : null;
  const found = workloads.flatMap((workload) => {
    const subject = textOf(workload);
    const needed = measured && neededReplicas(workload, measured);
    const isOffThereToo = there !== null && isOff(workload, there);
    return [judgeReplicas(workload, { seen, needed, isOffThereToo }), judgeCanary(workload)].flatMap((one) =>
      one ? [about(subject, one)] : [],
    );
  });
  const none = workloads.length > 0 && workloads.every(({ ready }) => ready === 0);
  return [
    ...found,
    ...(none ? [NOBODY_SERVES(facts.cluster)] : []),
    ...(blue && prescale.enabled ? judgeSize(facts, blue, prescale) : []),
  ];
}

const isOff = ({ namespace, name }: WorkloadFacts, { workloads }: WorkloadsFacts): boolean =>
  workloads.some((one) => one.namespace === namespace && one.name === name && one.desired === 0);

const NOBODY_SERVES = (cluster: string): Found => ({
  subject: cluster,
  observed: 'no pod of the app is ready',
  expected: 'pods that serve',
  wrong: 'no',
  unserved: true,
  passes: true,
  todo: 'look at the pods of the app',
});

interface Measure {
  readonly seen: WorkloadsFacts;
  readonly needed: number | null;
  readonly isOffThereToo: boolean;
}

function judgeReplicas(workload: WorkloadFacts, { seen, needed, isOffThereToo }: Measure): Bare {
  const { desired, ready, updated, observed } = workload;
  const autoscaler = autoscalerOf(workload, seen.autoscalers);
  if (desired === 0 || autoscaler?.current === 0) {
    const by = autoscaler ? `, HPA ${autoscaler.name} at ${autoscaler.current ?? 0} of min ${autoscaler.min}` : '';
    const zero = { observed: `scaled to ${desired}${by}`, expected: 'at least 1 replica' };
    // Switched off on both sides is how its owner wants it.
    if (desired === 0 && isOffThereToo) return { ...zero, expected: 'as on blue' };
    return { ...zero, wrong: 'no', todo: 'scale it up: an autoscaler does not leave zero by itself' };
  }
  const least = Math.max(1, needed ?? desired);
  const seenNow = {
    observed: `${ready} ready, ${updated} of the newest template, of ${desired}${observed ? '' : ', newest spec not seen yet'}`,
    expected: `at least ${least} ready, all of the newest template`,
  };
  if (observed && updated >= desired && ready >= least) return seenNow;
  return { ...seenNow, wrong: 'no', passes: true, todo: 'look at the pods that do not become ready' };
}

function judgeCanary({ namespace, name, canary }: WorkloadFacts): Bare | undefined {
  if (!canary) return undefined;
  const { phase, message, stable } = canary;
  const seen = {
    observed: `rollout ${describe(canary)}${message === '' ? '' : ` (${message})`}`,
    expected: 'rollout Healthy, all of one revision',
  };
  const verb = (...verbs: string[]): string =>
    verbs.map((one) => `kubectl argo rollouts ${one} ${name} -n ${namespace}`).join(', or ');
  if (canary.aborted) return { ...seen, wrong: 'no', todo: verb('retry rollout', 'undo') };
  if (canary.pauses.length > 0 || phase === 'Paused') return { ...seen, wrong: 'no', todo: verb('promote', 'abort') };
  if (phase === 'Degraded') return { ...seen, wrong: 'no', todo: `mend it, or ${verb('undo')}` };
  if (phase === 'Healthy' && stable) return seen;
  return { ...seen, wrong: 'no', passes: true, todo: `wait until it is done, or ${verb('promote --full')}` };
}

const describe = ({ phase, pauses, aborted, stable }: CanaryFacts): string =>
  [
    phase,
    ...(aborted ? ['aborted'] : []),
    ...pauses.map((one) => `paused by ${one}`),
    ...(stable ? [] : ['mid-canary']),
  ].join(', ');

/** Whether green can be made, or was made, as big as blue. */
function judgeSize(facts: ReadinessFacts, blue: ReadinessFacts, prescale: Prescale): Found[] {
  if ('unknown' in blue.workloads)
    return [
      {
        subject: blue.cluster,
        observed: blue.workloads.unknown,
        expected: 'its replicas, to compare with',
        wrong: 'unknown',
        passes: true,
        todo: 'mend what the message names',
      },
    ];
  const { raises, obstacles } = planPrescale(facts, blue, prescale);
  return [
    ...obstacles.map(({ object, observed, expected, todo }): Found => ({
      subject: textOf(object),
      observed,
      expected,
      todo,
      wrong: 'no',
    })),
    ...raises.map(({ object, from, to }): Found => ({
      subject: textOf(object),
      observed: `at least ${from} replicas`,
      expected: `at least ${to}, as many as blue has ready`,
      wrong: 'no',
      passes: true,
      todo: 'see what lowered it',
    })),
  ];
}
