// One step's weights in all of an app's names: in every one of them, or in none.
import { ApplicationFailure, isCancellation, log } from '@temporalio/workflow';
import type { AppHost } from '../src/domain/environment.ts';
import { weightsOf, type WeightedRecord } from '../src/domain/traffic.ts';
import type { AskZone } from './ask-zone.ts';
import { askWriter, isAnnotated, moveAnnotated, type Colored, type Movers } from './hosts.ts';
import { failureTypeOf, reasonOf } from './reason.ts';

export interface HostStep {
  readonly host: AppHost;
  readonly before: readonly WeightedRecord[];
  readonly want: readonly WeightedRecord[];
}

interface Writing extends Colored {
  readonly ask: AskZone;
  readonly movers: Movers;
}

/**
 * Name after name; a name of two zones in both at once, each by its zone's own writer. When one refuses, what the others
 * have taken is given back before the refusal is thrown. Returns when the last change had reached all name servers.
 */
export async function writeStep(writing: Writing, stepOf: (host: AppHost) => HostStep): Promise<{ inSyncAt: string }> {
  const written: HostStep[] = [];
  let inSyncAt = new Date().toISOString();
  const ours = writing.app.hosts.filter((host) => !isAnnotated(writing.movers, host));
  for (const twins of Map.groupBy(ours, ({ name }) => name).values()) {
    const ends = await Promise.allSettled(
      twins.map(async (host) => {
        const step = stepOf(host);
        const { before, want } = step;
        try {
          ({ inSyncAt } = await askWriter(writing, { host, want, expected: weightsOf(before), urgent: false }));
          written.push(step);
        } catch (error) {
          // It is in the zone, but not on all of its servers yet.
          if (failureTypeOf(error) === 'dns.not-in-sync') written.push(step);
          throw error;
        }
      }),
    );
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (failures.length > 0) throw await afterGivingBack(writing, written, failures);
  }
  // Last: these take minutes, and external-dns cannot be asked to do both sides or none.
  const annotated = writing.app.hosts.filter((host) => isAnnotated(writing.movers, host)).map(stepOf);
  try {
    const changes = annotated.map(({ host, before, want }) => ({
      host,
      want,
      expected: weightsOf(before),
      urgent: false,
    }));
    const moved = await moveAnnotated(writing, changes);
    return annotated.length > 0 ? { inSyncAt: moved.inSyncAt } : { inSyncAt };
  } catch (error) {
    throw await afterGivingBack(writing, written, [error]);
  }
}

/** What to throw. Whoever was cancelled decides about the weights next, so then nothing is given back here. */
async function afterGivingBack(
  writing: Writing,
  written: readonly HostStep[],
  failures: readonly unknown[],
): Promise<unknown> {
  const cancelled = failures.find(isCancellation);
  if (cancelled !== undefined) return cancelled;
  const refusal = failures.find((error) => failureTypeOf(error) !== 'dns.not-in-sync');
  if (refusal === undefined) return failures[0];
  const ends = await Promise.allSettled(
    written.map(({ host, before, want }) =>
      askWriter(writing, { host, want: before, expected: weightsOf(want), urgent: true }),
    ),
  );
  const stuck = written.filter((_, index) => ends[index]?.status === 'rejected').map(({ host }) => host.name);
  if (stuck.length === 0) return refusal;
  log.warn('a step that was refused elsewhere could not be given back', { hosts: stuck });
  return ApplicationFailure.nonRetryable(
    `${reasonOf(refusal)}; and ${[...new Set(stuck)].join(', ')} could not be given back to the weights before`,
    failureTypeOf(refusal),
  );
}
