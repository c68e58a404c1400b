import type { Dependencies } from '../src/adapters/index.ts';
import { pollUntil } from './poll.ts';

export interface Removal {
  /** For messages, such as `node group general of green`. */
  readonly what: string;
  readonly deadlineSeconds: number;
  readonly find: () => Promise<{ readonly status: string; readonly issues: readonly string[] } | null>;
  readonly remove: () => Promise<void>;
}

/** Asks for the removal, unless it is under way, and waits until nothing is there. */
export async function removeAndWait(
  { clock }: Dependencies,
  { what, deadlineSeconds, find, remove }: Removal,
): Promise<void> {
  let asked = false;
  await pollUntil(clock, {
    what: `${what} to be gone`,
    deadlineSeconds,
    look: async () => {
      const there = await find();
      if (!there) return { done: undefined };
      const { status, issues } = there;
      if (status === 'DELETE_FAILED' && asked) {
        return {
          failed: `${what} could not be deleted: ${issues.join('; ') || 'EKS names no reason'}`,
          type: 'eks.delete-failed',
        };
      }
      if (status !== 'DELETING' && !asked) {
        await remove();
        asked = true;
      }
      return { waiting: status };
    },
  });
}
