import { EXIT } from '../../src/cli/exit-codes.ts';
import type { Ended } from './cli.ts';

/** What a person would have open beside it: the product's own picture, until the upgrade or the signal ends it. */
export async function watchUntil(show: () => Promise<Ended>, signal: AbortSignal): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    const { code, errors } = await show();
    // Nobody answered its first question: a worker that was killed, or has much to do, is soon there again.
    if (code === EXIT.unreachable.code) continue;
    // Ended by us it says that the upgrade goes on: not for those who see the whole sandbox go.
    if (!isOver()) process.stderr.write(errors);
    return;
  }
}
