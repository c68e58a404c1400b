import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  planHost,
  RECORD_TYPES,
  sameHostname,
  stepWeights,
  type AliasTarget,
  type ObservedRecord,
  type RecordChange,
  type RecordType,
  type WeightedRecord,
  type Wish,
} from '../../src/domain/traffic.ts';

const OURS = ['blue', 'green'];
/** A set identifier may hold any character, so these would be mistaken for two records if texts were compared. */
const STRANGERS = ['other', 'blue=100 green', 'a'];

const weight = fc.oneof(fc.constantFrom(0, 1, 10, 50, 90, 100), fc.integer({ min: 0, max: 255 }));
const target: fc.Arbitrary<AliasTarget> = fc.record({
  hostname: fc.constantFrom('one.elb.test', 'dualstack.ONE.elb.test.', 'two.elb.test', 'three.elb.test'),
  hostedZoneId: fc.constantFrom('ZALB1', 'ZALB2'),
});
const weighted = (ids: readonly string[]): fc.Arbitrary<WeightedRecord[]> =>
  fc.uniqueArray(fc.record({ setIdentifier: fc.constantFrom(...ids), weight, target }), {
    selector: ({ setIdentifier }) => setIdentifier,
  });
const ofType = (records: readonly WeightedRecord[], type: RecordType, evaluateTargetHealth = true): ObservedRecord[] =>
  records.map(({ setIdentifier, weight: ofRecord, target: ofAlias }) => ({
    type,
    setIdentifier,
    weight: ofRecord,
    target: ofAlias,
    evaluateTargetHealth,
  }));
const ofBothTypes = (records: readonly WeightedRecord[]): ObservedRecord[] =>
  RECORD_TYPES.flatMap((type) => ofType(records, type));
/** What a zone may hold: mostly the same for A and AAAA, sometimes not. */
const observed: fc.Arbitrary<ObservedRecord[]> = fc.oneof(
  weighted(OURS).map(ofBothTypes),
  weighted([...OURS, ...STRANGERS]).map(ofBothTypes),
  fc
    .tuple(weighted([...OURS, ...STRANGERS]), weighted([...OURS, ...STRANGERS]), fc.boolean())
    .map(([a, aaaa, healthJudged]) => ofType(a, 'A', healthJudged).concat(ofType(aaaa, 'AAAA', healthJudged))),
);
const want = weighted(OURS).filter((records) => records.length > 0);
const weightsOf = (records: readonly WeightedRecord[]): Record<string, number> =>
  Object.fromEntries(records.map((record) => [record.setIdentifier, record.weight]));
const situation = fc.tuple(observed, want).chain(([records, wanted]) =>
  fc.record({
    records: fc.constant(records),
    want: fc.constant(wanted),
    expected: fc.oneof(
      fc.constant(null),
      fc.constant(weightsOf(records.filter(({ type }) => type === 'A'))),
      fc.dictionary(fc.constantFrom(...OURS, ...STRANGERS), weight),
    ),
  }),
);

const key = ({ type, setIdentifier }: ObservedRecord): string => `${type} ${setIdentifier}`;

/** As Route 53 takes a batch: a DELETE must name exactly what is there, a CREATE only what is not, and all or nothing. */
function write(records: readonly ObservedRecord[], changes: readonly RecordChange[]): ObservedRecord[] {
  const zone = new Map(records.map((record) => [key(record), record]));
  for (const { action, record } of changes) {
    const there = zone.get(key(record));
    if (action === 'CREATE') {
      if (there) throw new Error(`refused: ${key(record)} exists`);
      zone.set(key(record), record);
    } else {
      if (JSON.stringify(there) !== JSON.stringify(record)) throw new Error(`refused: ${key(record)} is not this`);
      zone.delete(key(record));
    }
  }
  return [...zone.values()];
}

const isAsWished = (records: readonly ObservedRecord[], wanted: readonly WeightedRecord[], type: string): boolean => {
  const there = records.filter((record) => record.type === type);
  return (
    there.length === wanted.length &&
    wanted.every((one) =>
      there.some(
        (record) =>
          record.setIdentifier === one.setIdentifier &&
          record.weight === one.weight &&
          record.target.hostedZoneId === one.target.hostedZoneId &&
          sameHostname(record.target.hostname, one.target.hostname),
      ),
    )
  );
};

/** Written apart from the code under test: whether what is found is what the asker allows. */
function isExpected(
  found: Record<string, number>,
  { want: wanted, expected }: Pick<Wish, 'want' | 'expected'>,
): boolean {
  if (expected === null)
    return Object.keys(found).every((id) => wanted.some(({ setIdentifier }) => setIdentifier === id));
  const ids = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return [...ids].every((id) => found[id] === expected[id]);
}

describe('stepWeights', () => {
  it('shares one hundred between the colours, so that they are never both zero', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (greenPercent) => {
        const { blue, green } = stepWeights(greenPercent);
        expect(blue + green).toBe(100);
        expect(green).toBe(greenPercent);
        expect(Math.min(blue, green)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('refuses what is no whole percentage, and names it', () => {
    for (const wrong of [-1, 101, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => stepWeights(wrong)).toThrow(
        new RangeError(`green percent is ${wrong}; expected a whole number from 0 to 100`),
      );
  });
});

describe('sameHostname', () => {
  it('looks through case, the final dot and the dualstack prefix, and through nothing else', () => {
    expect(sameHostname('DualStack.LB-1.elb.test.', 'lb-1.elb.test')).toBe(true);
    expect(sameHostname('lb-1.elb.test', 'lb-2.elb.test')).toBe(false);
    expect(sameHostname('dualstack.dualstack.lb', 'lb')).toBe(false);
    expect(sameHostname('lb.dualstack.test', 'lb.test')).toBe(false);
  });
});

describe('planHost', () => {
  const many = { numRuns: 2000 };

  it('writes exactly the wish, for A and AAAA alike, and has nothing more to do after that', () => {
    fc.assert(
      fc.property(situation, ({ records, want: wanted, expected }) => {
        const plan = planHost(records, { want: wanted, expected });
        const after = plan.kind === 'change' ? write(records, plan.changes) : records;
        if (plan.kind === 'drift') return;
        for (const type of RECORD_TYPES) expect(isAsWished(after, wanted, type)).toBe(true);
        expect(planHost(after, { want: wanted, expected })).toEqual({ kind: 'nothing' });
      }),
      many,
    );
  });

  it('says drift exactly when a type that is not as wished yet is not as expected either', () => {
    fc.assert(
      fc.property(situation, ({ records, want: wanted, expected }) => {
        const drifted = RECORD_TYPES.some(
          (type) =>
            !isAsWished(records, wanted, type) &&
            !isExpected(weightsOf(records.filter((record) => record.type === type)), { want: wanted, expected }),
        );
        expect(planHost(records, { want: wanted, expected }).kind === 'drift').toBe(drifted);
      }),
      many,
    );
  });

  it('deletes only what it saw, to the letter, and keeps how target health is judged', () => {
    fc.assert(
      fc.property(situation, ({ records, want: wanted, expected }) => {
        const plan = planHost(records, { want: wanted, expected });
        const changes = plan.kind === 'change' ? plan.changes : [];
        for (const { record } of changes.filter(({ action }) => action === 'DELETE'))
          expect(records).toContainEqual(record);
        for (const { record } of changes) {
          const first = records.find(({ type }) => type === record.type);
          if (first) expect(record.evaluateTargetHealth).toBe(first.evaluateTargetHealth);
        }
      }),
      many,
    );
  });

  it('never leaves a name at all-zero weights unless that is the wish', () => {
    fc.assert(
      fc.property(situation, ({ records, want: wanted, expected }) => {
        fc.pre(wanted.some((one) => one.weight > 0));
        const plan = planHost(records, { want: wanted, expected });
        if (plan.kind !== 'change') return;
        const after = write(records, plan.changes);
        for (const type of RECORD_TYPES)
          expect(after.some((record) => record.type === type && record.weight > 0)).toBe(true);
      }),
      many,
    );
  });

  it('is refused, or leaves the edit alone, when somebody edits a record between the look and the write', () => {
    fc.assert(
      fc.property(situation, fc.nat(), weight, ({ records, want: wanted, expected }, index, edit) => {
        fc.pre(records.length > 0);
        const victim = records[index % records.length]!;
        fc.pre(victim.weight !== edit);
        const edited = { ...victim, weight: edit };
        const plan = planHost(records, { want: wanted, expected });
        if (plan.kind !== 'change') return;
        let after: ObservedRecord[];
        try {
          after = write(
            records.map((record) => (record === victim ? edited : record)),
            plan.changes,
          );
        } catch {
          return;
        }
        expect(after).toContainEqual(edited);
      }),
      many,
    );
  });

  it('going back takes any weights of our own, and refuses the records of third parties', () => {
    const home = { hostname: 'one.elb.test', hostedZoneId: 'ZALB1' };
    const back = {
      want: [
        { setIdentifier: 'blue', weight: 100, target: home },
        { setIdentifier: 'green', weight: 0, target: home },
      ],
      expected: null,
    };
    fc.assert(
      fc.property(observed, (records) => {
        const strange = RECORD_TYPES.some(
          (type) =>
            !isAsWished(records, back.want, type) &&
            records.some((record) => record.type === type && !OURS.includes(record.setIdentifier)),
        );
        expect(planHost(records, back).kind === 'drift').toBe(strange);
      }),
      many,
    );
  });

  it('does not mistake one record with an odd identifier for two', () => {
    const home = { hostname: 'one.elb.test', hostedZoneId: 'ZALB1' };
    const there = ofBothTypes([{ setIdentifier: 'blue=100 green', weight: 0, target: home }]);
    const wanted = [{ setIdentifier: 'blue', weight: 100, target: home }];
    expect(planHost(there, { want: wanted, expected: { blue: 100, green: 0 } }).kind).toBe('drift');
  });

  it('tells what it found and what was expected, record by record', () => {
    const home = { hostname: 'one.elb.test', hostedZoneId: 'ZALB1' };
    const wish = { want: [{ setIdentifier: 'blue', weight: 100, target: home }], expected: { green: 10, blue: 90 } };
    const there = ofBothTypes([{ setIdentifier: 'blue', weight: 77, target: home }]);
    expect(planHost(there, wish)).toEqual({ kind: 'drift', observed: 'A blue=77', expected: 'A blue=90 green=10' });
    expect(planHost([], wish)).toEqual({ kind: 'drift', observed: 'A no records', expected: 'A blue=90 green=10' });
  });
});
