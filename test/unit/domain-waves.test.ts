import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planWaves, WaveError } from '../../src/domain/waves.ts';

type Application = Parameters<typeof planWaves>[0][number];

const NAMES = ['crds', 'policy', 'dns', 'logs', 'mesh', 'scaler', 'secrets', 'metrics'];

/** Applications that need only what comes before them in some order, listed in another. */
const orderable: fc.Arbitrary<Application[]> = fc
  .shuffledSubarray(NAMES)
  .chain((order) =>
    fc
      .tuple(...order.map((_, index) => fc.subarray(order.slice(0, index))))
      .map((needs) => order.map((app, index): Application => ({ app, needs: needs[index] ?? [] }))),
  )
  .chain((applications) => fc.shuffledSubarray(applications, { minLength: applications.length }));

const waveOf = (waves: readonly string[][], app: string): number => waves.findIndex((wave) => wave.includes(app));

describe('planWaves', () => {
  it('puts each application once, after all it needs, and as early as that allows', () => {
    fc.assert(
      fc.property(orderable, (applications) => {
        const waves = planWaves(applications);
        expect(waves.flat().toSorted()).toEqual(applications.map(({ app }) => app).toSorted());
        for (const { app, needs } of applications)
          expect(waveOf(waves, app)).toBe(Math.max(-1, ...needs.map((need) => waveOf(waves, need))) + 1);
      }),
    );
  });

  it('gives the same waves in whatever order the applications are listed', () => {
    fc.assert(
      fc.property(orderable, (applications) => {
        expect(planWaves(applications.toReversed())).toEqual(planWaves(applications));
      }),
    );
  });

  it('makes applications of the same name wait for the needs of all of them', () => {
    const applications = [
      { app: 'policy', needs: [] },
      { app: 'policy', needs: ['crds'] },
      { app: 'crds', needs: [] },
      { app: 'dns', needs: ['policy'] },
    ];
    expect(planWaves(applications)).toEqual([['crds'], ['policy'], ['dns']]);
  });

  it('names who needs what is not there', () => {
    fc.assert(
      fc.property(orderable, fc.nat(), (applications, index) => {
        fc.pre(applications.length > 0);
        const { app } = applications[index % applications.length]!;
        const wrong = applications.map((one) => (one.app === app ? { ...one, needs: [...one.needs, 'ghost'] } : one));
        expect(() => planWaves(wrong)).toThrow(new WaveError(`not among the applications: ${app} needs ghost`));
      }),
    );
  });

  it('names those that need each other in a circle, and not those that come before it', () => {
    const circle = [
      { app: 'crds', needs: [] },
      { app: 'a', needs: ['crds', 'c'] },
      { app: 'b', needs: ['a'] },
      { app: 'c', needs: ['b'] },
    ];
    expect(() => planWaves(circle)).toThrow(new WaveError('need each other in a circle: a, b, c'));
    expect(() => planWaves([{ app: 'a', needs: ['a'] }])).toThrow(new WaveError('need each other in a circle: a'));
  });

  it('finds the circle that one more need closes, in any set of applications', () => {
    fc.assert(
      fc.property(orderable, fc.nat(), (applications, index) => {
        const pairs = applications.flatMap(({ app, needs }) => needs.map((need) => ({ app, need })));
        fc.pre(pairs.length > 0);
        const { app, need } = pairs[index % pairs.length]!;
        const closed = applications.map((one) => (one.app === need ? { ...one, needs: [...one.needs, app] } : one));
        expect(() => planWaves(closed)).toThrow(WaveError);
        expect(() => planWaves(closed)).toThrow(new RegExp(`circle: .*\\b${app}\\b`));
        expect(() => planWaves(closed)).toThrow(new RegExp(`circle: .*\\b${need}\\b`));
      }),
    );
  });

  it('has no wave for no application', () => {
    expect(planWaves([])).toEqual([]);
  });
});
