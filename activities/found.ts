import { activityInfo, ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import type { Seen } from '../src/domain/readiness-facts.ts';
import { asFailure } from './translate.ts';

/** What was found, or why nobody could tell. */
export type Found<T> = { readonly value: T } | { readonly problem: string };

/** What a person has to put right becomes a fact; what passes by itself fails the attempt, and is tried again. */
export async function factOrFailure<T>(look: () => Promise<T>): Promise<Found<T>> {
  try {
    return { value: await look() };
  } catch (error) {
    const failure = asFailure(error);
    const isFact =
      failure instanceof ApplicationFailure && (failure.nonRetryable || failure.type?.startsWith('k8s.') === true);
    if (isFact) return { problem: failure.message };
    throw failure;
  }
}

/** What is refused for good is not known; what may answer yet is asked again by another attempt, as often as `attempts`. */
export async function seen<T>(attempts: number, look: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { seen: await look() };
  } catch (error) {
    const failure = asFailure(error);
    const isFinal = 'nonRetryable' in failure && (failure.nonRetryable === true || failure.type === 'k8s.denied');
    if (failure instanceof CancelledFailure || (!isFinal && activityInfo().attempt < attempts)) throw failure;
    return { unknown: failure.message };
  }
}
