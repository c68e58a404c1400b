// One way to make a thing of AWS without ever making it twice, or taking what is somebody else's.
import { TAGS } from '../src/domain/ids.ts';
import { fail, type FailureType } from './failures.ts';
import type { Actor } from './ports.ts';

export interface Existing {
  readonly tags: Readonly<Record<string, string>>;
  readonly status: string;
}

export interface Making<T extends Existing> {
  readonly actor: Actor;
  /** For messages, such as `cluster green`. */
  readonly what: string;
  readonly find: () => Promise<T | null>;
  readonly create: () => Promise<void>;
  readonly remove: () => Promise<void>;
  readonly taken: FailureType;
}

/** The tags of all that a run makes. */
export const tagsOf = ({ environment, run }: Actor): Record<string, string> => ({
  [TAGS.environment]: environment,
  [TAGS.run]: run,
});

/** Finds or makes it. Null: it was made now. What carries another run's tag is never adopted. */
export async function createOrAdopt<T extends Existing>(making: Making<T>): Promise<T | null> {
  const there = await making.find();
  if (there) return adopt(making, there);
  try {
    await making.create();
    return null;
  } catch (error) {
    if (!isConflict(error)) throw error;
    // Made by an attempt of ours whose answer was lost, or by somebody else just now.
    const now = await making.find();
    if (now) return adopt(making, now);
    throw error;
  }
}

async function adopt<T extends Existing>({ actor, what, remove, taken }: Making<T>, there: T): Promise<T> {
  const owner = there.tags[TAGS.run];
  if (owner !== actor.run) {
    throw fail(taken, `${what} exists (${there.status}) and belongs to ${owner ?? 'nobody we know'}`, {
      hint: 'delete it or choose another name, then resume',
    });
  }
  if (there.status === 'FAILED' || there.status === 'CREATE_FAILED') {
    await remove();
    throw fail('cloud.busy', `${what} failed at an earlier attempt and is being removed to be made anew`);
  }
  if (there.status === 'DELETING') throw fail('cloud.busy', `${what} is being deleted`);
  return there;
}

const isConflict = (error: unknown): boolean => error instanceof Error && error.name === 'ResourceInUseException';
