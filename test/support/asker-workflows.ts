// Workflows for tests of the zone's one writer: the writer itself, and somebody who asks it.
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { HostedZone } from '../../src/domain/environment.ts';
import type { Wish } from '../../src/domain/traffic.ts';
import { zoneAsker } from '../../workflows/ask-zone.ts';
import { failureTypeOf, reasonOf } from '../../workflows/reason.ts';

export { zone } from '../../workflows/zone.ts';

export interface AskerInput {
  readonly zone: HostedZone;
  /** Asked all at once. */
  readonly wishes: readonly Omit<Wish, 'id'>[];
}

export type Answered =
  | { readonly outcome: 'in-sync'; readonly inSyncAt: string; readonly changed: boolean }
  | { readonly outcome: 'refused'; readonly type: string; readonly why: string };

/** The answer to each wish, in the order of the wishes. */
export async function asker({ zone, wishes }: AskerInput): Promise<readonly Answered[]> {
  const ask = zoneAsker();
  return Promise.all(
    wishes.map(async (wish): Promise<Answered> => {
      try {
        return { outcome: 'in-sync', ...(await ask(zone, wish)) };
      } catch (error) {
        if (isCancellation(error)) {
          // As whoever still waits for an activity to end: a run that closes at once would not hand its cancellation on.
          await CancellationScope.nonCancellable(() => sleep(1));
          throw error;
        }
        return { outcome: 'refused', type: failureTypeOf(error), why: reasonOf(error) };
      }
    }),
  );
}
