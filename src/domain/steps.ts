// What steps an app may have. Pure.
import type { TrafficStep } from './environment.ts';

export type StepsChange =
  | { readonly kind: 'changed'; readonly steps: readonly TrafficStep[] }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Other steps for those that have not been reached: what was taken stays as it was.
 * `reached`: how many steps were begun. Refused unless each gives green more than the one before, up to 100.
 */
export function changeSteps(
  current: readonly TrafficStep[],
  { reached, wanted }: { readonly reached: number; readonly wanted: readonly TrafficStep[] },
): StepsChange {
  const taken = current.slice(0, reached);
  const problem = problemOf(taken.at(-1)?.greenPercent ?? 0, wanted);
  return problem === undefined ? { kind: 'changed', steps: [...taken, ...wanted] } : { kind: 'refused', why: problem };
}

function problemOf(from: number, wanted: readonly TrafficStep[]): string | undefined {
  let before = from;
  for (const { greenPercent, bakeSeconds } of wanted) {
    if (!Number.isInteger(greenPercent) || greenPercent < 1 || greenPercent > 100)
      return `${greenPercent} is no whole number from 1 to 100`;
    if (!Number.isFinite(bakeSeconds) || bakeSeconds < 0) return `${bakeSeconds} is no bake time in seconds`;
    if (greenPercent <= before)
      return `${greenPercent} is not more than ${before}, which comes before: each step gives green more`;
    before = greenPercent;
  }
  return before === 100 ? undefined : `the last step is ${before}: steps go up to 100`;
}

/** The first step that gives green more than it has; as many as there are when none does. */
export function nextStepAfter(steps: readonly TrafficStep[], greenPercent: number): number {
  const index = steps.findIndex((step) => step.greenPercent > greenPercent);
  return index === -1 ? steps.length : index;
}
