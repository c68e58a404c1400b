import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Clock } from '../src/adapters/clock.ts';
import { fail, type FailureType } from './failures.ts';
import { beat } from './heartbeat.ts';

/** What one look saw: the end, in one way or another, or a reason to look again. */
export type Look<T> =
  | { readonly done: T }
  | { readonly waiting: string }
  | { readonly failed: string; readonly type: FailureType };

export interface Wait<T> {
  /** Ends the sentence "waited for ...". */
  readonly what: string;
  readonly deadlineSeconds: number;
  readonly pace?: Pace;
  readonly look: () => Promise<Look<T>>;
}

/** The shortest and the longest pause between two looks. */
export interface Pace {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** For APIs of whose few requests a second everybody in the account has a share. */
export const GENTLE: Pace = { firstMs: 1_000, longestMs: 10_000 };
const QUICK: Pace = { firstMs: 250, longestMs: 10_000 };
/** A wait lasts no more than this part longer than what it waits for. */
const OVERSHOOT = 0.1;

/** Looks until it is done. Fails as the look says, or with `wait.deadline`. */
export async function pollUntil<T>(clock: Clock, wait: Wait<T>): Promise<T> {
  const outcome = await pollFor(clock, wait);
  if ('done' in outcome) return outcome.done;
  throw fail('wait.deadline', `waited ${wait.deadlineSeconds} s for ${wait.what}; last seen: ${outcome.lastSeen}`, {
    hint: 'find out what keeps it, then resume: the wait begins anew',
  });
}

/**
 * Looks until it is done or the deadline has come. Each look beats with what it saw, and since when it is waited:
 * an attempt after a crash or a failure goes on with the same deadline.
 */
export async function pollFor<T>(
  clock: Clock,
  { deadlineSeconds, pace = QUICK, look }: Wait<T>,
): Promise<{ readonly done: T } | { readonly lastSeen: string }> {
  const since = beginning() ?? clock.now();
  for (;;) {
    const seen = await look();
    if ('done' in seen) return seen;
    if ('failed' in seen) throw fail(seen.type, seen.failed);
    beat({ since, waiting: seen.waiting });
    const waitedMs = clock.now() - since;
    if (waitedMs >= deadlineSeconds * 1000) return { lastSeen: seen.waiting };
    const pauseMs = Math.min(Math.max(waitedMs * OVERSHOOT, pace.firstMs), pace.longestMs);
    await clock.sleep(pauseMs, cancellationSignal());
  }
}

/** When the first attempt of this activity began to wait. */
function beginning(): number | undefined {
  const details: unknown = activityInfo().heartbeatDetails;
  const said = typeof details === 'object' && details !== null && 'since' in details ? details.since : undefined;
  return typeof said === 'number' ? said : undefined;
}
