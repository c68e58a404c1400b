import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConditionError, holdsFor, parseCondition, type Condition } from '../../src/domain/condition.ts';

const says = (text: string, result: number): boolean => holdsFor(parseCondition(text), result);

describe('a condition', () => {
  it.each([
    ['result < 0.01', [0, 0.009], [0.01, 1]],
    ['result <= .5', [0.5], [0.51]],
    ['result > -1e-3', [0], [-0.001]],
    ['result >= +2.', [2], [1]],
    ['result == 0', [0], [0.1]],
    ['result<1', [0.5], [1]],
    ['result > 1 and result < 2', [1.5], [1, 2]],
    ['result < 1 or result > 2', [0, 3], [1.5]],
    ['result == 1 or result > 2 and result < 3', [1, 2.5], [2, 3]],
    ['(result == 1 or result > 2) and result < 3', [1, 2.5], [0, 3]],
    ['  ( ( result < 1 ) )  ', [0], [1]],
  ])('%s holds for some and not for others', (text, holds, not) => {
    expect(holds.filter((result) => !says(text, result))).toEqual([]);
    expect(not.filter((result) => says(text, result))).toEqual([]);
  });

  it.each([
    ['', 'at character 1 found the end. Expected "result", as in result < 0.01.'],
    ['result', 'at character 7 found the end. Expected <, <=, >, >= or ==.'],
    [
      'result =< 1',
      'at character 8 found "=". Expected "result", a number, <, <=, >, >=, ==, "and", "or" or brackets.',
    ],
    ['result < many', 'at character 10 found "many". Expected a number.'],
    ['result < 1 result > 2', 'at character 12 found "result". Expected "and", "or" or the end.'],
    ['(result < 1', 'at character 12 found the end. Expected ")".'],
    ['result < 1)', 'at character 11 found ")". Expected "and", "or" or the end.'],
    ['result < 1 and', 'at character 15 found the end. Expected "result", as in result < 0.01.'],
    [
      'result < 1 && result > 0',
      'at character 12 found "&". Expected "result", a number, <, <=, >, >=, ==, "and", "or" or brackets.',
    ],
    [
      'process.exit()',
      'at character 8 found ".". Expected "result", a number, <, <=, >, >=, ==, "and", "or" or brackets.',
    ],
    ['result < 1.2.3', 'at character 13 found ".3". Expected "and", "or" or the end.'],
  ])('that is %j is refused, with the place', (text, message) => {
    expect(() => parseCondition(text)).toThrow(expect.objectContaining({ name: 'ConditionError', message }));
  });

  const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
  const leaf = fc.record({
    kind: fc.constant('compare' as const),
    operator: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const, '==' as const),
    number: numbers,
  });
  const condition = fc.letrec<{ tree: Condition }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.record({ kind: fc.constant('and' as const), left: tie('tree'), right: tie('tree') }),
      fc.record({ kind: fc.constant('or' as const), left: tie('tree'), right: tie('tree') }),
    ),
  })).tree;
  const written = (tree: Condition): string =>
    tree.kind === 'compare'
      ? `result ${tree.operator} ${tree.number}`
      : `(${written(tree.left)}) ${tree.kind} (${written(tree.right)})`;

  it('means what it says, however it is nested', () => {
    fc.assert(
      fc.property(condition, (tree) => {
        expect(parseCondition(written(tree))).toEqual(tree);
      }),
    );
  });

  it('is understood or refused, whatever the text, and never throws anything else', () => {
    const words = fc.array(
      fc.constantFrom('result', '<', '<=', '==', '>', 'and', 'or', '(', ')', '1', '-2e3', ' ', 'x', '$'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          words.map((all) => all.join(' ')),
        ),
        numbers,
        (text, result) => {
          try {
            expect(typeof says(text, result)).toBe('boolean');
          } catch (error) {
            expect(error).toBeInstanceOf(ConditionError);
            expect((error as ConditionError).at).toBeLessThanOrEqual(text.length + 1);
          }
        },
      ),
    );
  });
});
