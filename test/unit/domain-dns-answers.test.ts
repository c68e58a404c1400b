import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asSeen,
  possibleWhen,
  whoReceives,
  type AnswerRecord,
  type TargetHealth,
} from '../../src/domain/dns-answers.ts';

/** `blue 100 evaluated unhealthy`. */
function records(...texts: string[]): AnswerRecord[] {
  return texts.map((text) => {
    const [setIdentifier = '', weight = '', evaluated, health] = text.split(' ');
    return {
      setIdentifier,
      weight: Number(weight),
      evaluatesHealth: evaluated === 'evaluated',
      health: (health ?? 'unknown') as TargetHealth,
    };
  });
}
const told = (...texts: string[]): Record<string, number | string> =>
  Object.fromEntries(
    [...whoReceives(records(...texts))].map(([id, one]) => [
      id,
      one.kind === 'share' ? one.percent : one.kind === 'possible' ? one.when : 'nothing',
    ]),
  );

describe('whoReceives', () => {
  it.each<[string, string[], Record<string, number | string>]>([
    ['by weight', ['blue 90', 'green 10'], { blue: 90, green: 10 }],
    [
      'weight 0 beside a record that is always healthy: nothing',
      ['blue 1', 'green 0 evaluated'],
      { blue: 100, green: 'nothing' },
    ],
    [
      'weight 0 beside records that may all become unhealthy: possible',
      ['blue 100 evaluated healthy', 'green 0 evaluated'],
      { blue: 100, green: 'no target of blue is healthy' },
    ],
    [
      'weight 0 while all that have weight are unhealthy: everything',
      ['blue 100 evaluated unhealthy', 'green 0 evaluated healthy'],
      { blue: 'its targets are healthy again', green: 100 },
    ],
    [
      'weight 0 without evaluated health is healthy for Route 53',
      ['blue 100 evaluated unhealthy', 'green 0'],
      { blue: 'its targets are healthy again', green: 100 },
    ],
    [
      'nothing is healthy: as if all were',
      ['blue 90 evaluated unhealthy', 'green 10 evaluated unhealthy', 'old 0 evaluated unhealthy'],
      { blue: 90, green: 10, old: 'no target of blue and green is healthy, and its own are' },
    ],
    [
      'an unhealthy one leaves its share to the others',
      ['blue 50 evaluated unhealthy', 'green 25', 'old 25'],
      { blue: 'its targets are healthy again', green: 50, old: 50 },
    ],
    ['only weights of 0: alike', ['blue 0', 'green 0'], { blue: 50, green: 50 }],
    [
      'only weights of 0, one unhealthy',
      ['blue 0 evaluated unhealthy', 'green 0'],
      { blue: 'its targets are healthy again', green: 100 },
    ],
  ])('%s', (_what, given, expected) => {
    expect(told(...given)).toEqual(expected);
  });

  const anyRecords = fc
    .array(
      fc.record({
        weight: fc.constantFrom(0, 0, 1, 50, 255),
        evaluatesHealth: fc.boolean(),
        health: fc.constantFrom<TargetHealth[]>('healthy', 'unhealthy', 'unknown'),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((some) => some.map((one, index): AnswerRecord => ({ setIdentifier: `r${index}`, ...one })));

  it('somebody always gets everything, and never one without weight beside a healthy one with', () => {
    fc.assert(
      fc.property(anyRecords, (given) => {
        const shares = [...whoReceives(given).values()].map((one) => (one.kind === 'share' ? one.percent : 0));
        expect(shares.reduce((sum, percent) => sum + percent, 0)).toBeCloseTo(100, 6);
        const isHealthy = (one: AnswerRecord): boolean => !one.evaluatesHealth || one.health !== 'unhealthy';
        const hasHealthyWeight = given.some((one) => one.weight > 0 && isHealthy(one));
        for (const [index, one] of given.entries())
          if (hasHealthyWeight && (one.weight === 0 || !isHealthy(one))) expect(shares[index]).toBe(0);
      }),
    );
  });

  it('says possible of exactly those that some health of the targets lets in', () => {
    const healths: TargetHealth[] = ['healthy', 'unhealthy'];
    const everyHealth = (given: readonly AnswerRecord[]): AnswerRecord[][] =>
      given.reduce<AnswerRecord[][]>(
        (all, one) => all.flatMap((some) => healths.map((health) => some.concat(Object.assign({}, one, { health })))),
        [[]],
      );
    fc.assert(
      fc.property(anyRecords, (given) => {
        for (const [id, now] of whoReceives(given)) {
          const ever = everyHealth(given).some((one) => whoReceives(one).get(id)?.kind === 'share');
          expect(ever).toBe(now.kind !== 'nothing');
        }
      }),
    );
  });
});

describe('possibleWhen', () => {
  const seen = (evaluateTargetHealth: boolean) =>
    asSeen([
      { setIdentifier: 'blue', weight: 100, evaluateTargetHealth },
      { setIdentifier: 'green', weight: 0, evaluateTargetHealth },
    ]);

  it('is about what the zone alone tells: a green of weight 0 is let in when blue’s health is evaluated', () => {
    expect(possibleWhen(seen(true), 'green')).toBe('no target of blue is healthy');
    expect(possibleWhen(seen(false), 'green')).toBeUndefined();
    expect(possibleWhen(seen(true), 'blue')).toBeUndefined();
  });
});
