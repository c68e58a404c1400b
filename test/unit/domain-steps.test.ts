import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeSteps, nextStepAfter } from '../../src/domain/steps.ts';

const stepsOf = (percents: readonly number[]) => percents.map((greenPercent) => ({ greenPercent, bakeSeconds: 60 }));
/** Steps as a person may ask for them: sound ones, and all kinds of others. */
const sound = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 6 })
  .map((percents) => stepsOf([...percents.toSorted((a, b) => a - b), 100]));
const anything = fc.array(fc.integer({ min: -5, max: 105 }), { maxLength: 5 }).map(stepsOf);

describe('other steps', () => {
  it('leave what was taken as it was, and always rise to 100', () => {
    fc.assert(
      fc.property(sound, fc.nat({ max: 7 }), fc.oneof(sound, anything), (current, reached, wanted) => {
        const change = changeSteps(current, { reached, wanted });
        if (change.kind === 'refused') return;
        const taken = current.slice(0, reached);
        expect(change.steps.slice(0, taken.length)).toEqual(taken);
        expect(change.steps.slice(taken.length)).toEqual(wanted);
        const percents = change.steps.map(({ greenPercent }) => greenPercent);
        expect(percents).toEqual([...new Set(percents)].toSorted((a, b) => a - b));
        expect(percents.at(-1)).toBe(100);
      }),
    );
  });

  it('are taken when they are sound and nothing was reached', () => {
    fc.assert(
      fc.property(sound, sound, (current, wanted) => {
        expect(changeSteps(current, { reached: 0, wanted })).toEqual({ kind: 'changed', steps: wanted });
      }),
    );
  });

  it.each([
    ['none', [], 'the last step is 0: steps go up to 100'],
    ['too much', [50, 120], '120 is no whole number from 1 to 100'],
    ['a half', [0.5, 100], '0.5 is no whole number from 1 to 100'],
    ['backwards', [50, 40, 100], '40 is not more than 50, which comes before: each step gives green more'],
    ['not to the end', [50], 'the last step is 50: steps go up to 100'],
  ])('are refused with the reason: %s', (_, percents, why) => {
    expect(changeSteps(stepsOf([100]), { reached: 0, wanted: stepsOf(percents) })).toEqual({ kind: 'refused', why });
  });

  it('are refused with a bake of no sense', () => {
    const wanted = [{ greenPercent: 100, bakeSeconds: -1 }];
    expect(changeSteps([], { reached: 0, wanted })).toEqual({ kind: 'refused', why: '-1 is no bake time in seconds' });
  });
});

describe('the next step after a weight', () => {
  it.each([
    [0, 0],
    [10, 1],
    [25, 1],
    [50, 2],
    [100, 3],
  ])('of %i %%', (percent, index) => {
    expect(nextStepAfter(stepsOf([10, 50, 100]), percent)).toBe(index);
  });
});
