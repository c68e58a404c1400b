// Makes green as big as blue before it gets traffic, and gives back afterwards what that took.
import type { ApplicationFailure } from '@temporalio/common';
import { CancelledFailure } from '@temporalio/common';
import type { Dependencies } from '../src/adapters/index.ts';
import { AUTOSCALER } from '../src/domain/prescale.ts';
import { textOf, type ObjectName, type WorkloadsFacts } from '../src/domain/readiness-facts.ts';
import { argoAddress } from './argocd.ts';
import { fail } from './failures.ts';
import type { ReadinessActivities } from './ports.ts';
import { asFailure } from './translate.ts';

type ReplicaWork = Pick<ReadinessActivities, 'raiseReplicas' | 'restoreReplicas'>;

export function createReplicaWork({ replicas, argo }: Dependencies): ReplicaWork {
  return {
    async raiseReplicas({ actor: { region }, cluster, raises }) {
      for (const { object, original, to } of raises)
        await replicas.raise({ region, cluster }, object, { from: original, to });
    },

    async restoreReplicas({ actor: { region }, argocd, application, cluster, serves }) {
      const at = { region, cluster };
      const found = await argo.findApplication(argoAddress(region, argocd), application);
      const planned = planRestore(await replicas.read(at, found?.objects ?? []), serves);
      const failures: { readonly object: ObjectName; readonly failure: ApplicationFailure }[] = [];
      for (const { object, to } of planned) {
        try {
          await replicas.restore(at, object, to);
        } catch (error) {
          const failure = asFailure(error);
          if (failure instanceof CancelledFailure) throw failure;
          failures.push({ object, failure });
        }
      }
      const [first] = failures;
      if (first) throw notRestored(failures, first.failure);
      return { restored: planned.map(({ object }) => textOf(object)) };
    },
  };
}

interface Restore {
  readonly object: ObjectName;
  /** Null: it keeps what it has. */
  readonly to: number | null;
}

/**
 * An autoscaler decides by load again, so it gets its least number back. Replicas that no autoscaler sees to stay while
 * users are served by them. What somebody has changed since is theirs.
 */
function planRestore({ workloads, autoscalers }: WorkloadsFacts, serves: boolean): Restore[] {
  return [
    ...autoscalers.flatMap(({ namespace, name, min, raised }) => {
      const object = { kind: AUTOSCALER, namespace, name };
      return raised ? [{ object, to: min === raised.to ? raised.from : null }] : [];
    }),
    ...workloads.flatMap(({ kind, namespace, name, desired, raised }) => {
      const object = { kind, namespace, name };
      return raised ? [{ object, to: !serves && desired === raised.to ? raised.from : null }] : [];
    }),
  ];
}

/** All that failed, as one failure: tried again as long as one of them may still go well. */
function notRestored(
  failures: readonly { readonly object: ObjectName; readonly failure: ApplicationFailure }[],
  first: ApplicationFailure,
): ApplicationFailure {
  const retried = failures.find(({ failure }) => failure.nonRetryable !== true);
  const each = failures.map(({ object, failure }) => `${textOf(object)}: ${failure.message}`);
  const why = `what was raised for the move could not be given back: ${each.join('; ')}`;
  if (retried) return fail('k8s.unreachable', why, { cause: retried.failure });
  return fail('k8s.refused', why, {
    cause: first,
    hint: 'give back by hand what the annotation eksodus.dev/raised of the object says, remove the annotation, then retry',
  });
}
