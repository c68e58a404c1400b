import { ApplicationFailure } from '@temporalio/activity';
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
