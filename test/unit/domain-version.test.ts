import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion } from '../../src/domain/version.ts';

const version = fc.record({ major: fc.nat({ max: 3 }), minor: fc.nat({ max: 200 }) });

describe('parseVersion', () => {
  it('reads every minor version', () => {
    fc.assert(
      fc.property(version, ({ major, minor }) => {
        expect(parseVersion(`${major}.${minor}`)).toEqual({ major, minor });
      }),
    );
  });

  it.each([
    '',
    '1',
    '1.',
    '.36',
    '1.36.3',
    'v1.36',
    '1.36 ',
    ' 1.36',
    '1.x',
    '-1.36',
    '1,36',
    '1.36\n',
    '1.3e1',
    '１.３６',
  ])('does not read %j', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});

describe('compareVersions', () => {
  it('orders by major, then minor, as numbers and not as text', () => {
    expect(compareVersions({ major: 1, minor: 9 }, { major: 1, minor: 36 })).toBeLessThan(0);
    expect(compareVersions({ major: 2, minor: 0 }, { major: 1, minor: 99 })).toBeGreaterThan(0);
    expect(compareVersions({ major: 1, minor: 36 }, { major: 1, minor: 36 })).toBe(0);
  });

  it('is an order: the same both ways, and through a third', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        expect(compareVersions(a, b) === 0).toBe(a.major === b.major && a.minor === b.minor);
      }),
    );
  });
});
