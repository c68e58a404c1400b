import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ADDRESS_TYPES,
  DEFAULT_FORMAT,
  parseRegistryName,
  parseRegistryText,
  registryName,
  registryNames,
  replaced,
  writeRegistryText,
  type AddressType,
  type RegistryFormat,
} from '../../src/domain/dns-registry.ts';

const format = (told: Partial<RegistryFormat>): RegistryFormat => ({ ...DEFAULT_FORMAT, ...told });

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/);
const host = fc
  .tuple(fc.option(fc.constant('*'), { nil: undefined, freq: 4 }), fc.array(label, { minLength: 2, maxLength: 4 }))
  .map(([wildcard, labels]) => [...(wildcard === undefined ? [] : [wildcard]), ...labels].join('.'));
const affix = fc.constantFrom(
  '',
  'registry-',
  'Extdns.',
  '%{record_type}-abc-.',
  'prefix-%{record_type}-',
  '%{record_type}.',
  'x-%{record_type}.y.',
);
const suffix = fc.constantFrom('-registry', '-%{record_type}', '-.%{record_type}', '.Extdns', '-a.b-%{record_type}');
const anyFormat: fc.Arbitrary<RegistryFormat> = fc
  .record({
    affixes: fc.oneof(
      affix.map((prefix) => ({ prefix, suffix: '' })),
      suffix.map((after) => ({ prefix: '', suffix: after })),
    ),
    wildcardReplacement: fc.constantFrom('', 'any'),
  })
  .map(({ affixes, wildcardReplacement }) => format({ ...affixes, wildcardReplacement }));
const type: fc.Arbitrary<AddressType> = fc.constantFrom(...ADDRESS_TYPES);
const word = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);

describe('names of registry entries', () => {
  it.each<[string, AddressType, Partial<RegistryFormat>, string]>([
    ['app.example.test', 'A', {}, 'a-app.example.test'],
    ['app.example.test', 'AAAA', {}, 'aaaa-app.example.test'],
    ['App.Example.test', 'CNAME', {}, 'cname-app.example.test'],
    ['app.example.test', 'A', { prefix: 'reg-' }, 'reg-a-app.example.test'],
    ['app.example.test', 'A', { suffix: '-reg' }, 'a-app-reg.example.test'],
    ['ex.com', 'CNAME', { prefix: '%{record_type}-abc-.' }, 'cname-abc-.ex.com'],
    ['www.ex.com', 'CNAME', { suffix: '-.%{record_type}' }, 'www-.cname.ex.com'],
    ['*.example.test', 'A', { wildcardReplacement: 'any' }, 'a-any.example.test'],
    ['*.example.test', 'A', {}, 'a-*.example.test'],
  ])('of %s %s with %j are as external-dns’s own documentation has them', (name, of, told, expected) => {
    expect(registryName(name, of, format(told))).toBe(expected);
  });

  it('name the host and the type again', () => {
    fc.assert(
      fc.property(host, type, anyFormat, (name, of, how) => {
        expect(parseRegistryName(registryName(name, of, how), how)).toEqual({ host: replaced(name, how), type: of });
      }),
      { numRuns: 2000 },
    );
  });

  it('are all among those at which is looked, with the one without a type', () => {
    fc.assert(
      fc.property(host, anyFormat, (name, how) => {
        const names = registryNames(name, how);
        for (const of of ADDRESS_TYPES) expect(names).toContain(registryName(name, of, how));
        expect(new Set(names).size).toBe(names.length);
      }),
    );
    expect(registryNames('app.example.test', DEFAULT_FORMAT)).toContain('app.example.test');
    expect(registryNames('app.example.test', format({ prefix: 'reg-' }))).toContain('reg-app.example.test');
  });

  it('without a type speak of any', () => {
    expect(parseRegistryName('app.example.test', DEFAULT_FORMAT)).toEqual({ host: 'app.example.test', type: null });
    expect(parseRegistryName('reg-app.example.test', format({ prefix: 'reg-' }))).toEqual({
      host: 'app.example.test',
      type: null,
    });
  });

  it('of another prefix or suffix are none', () => {
    expect(parseRegistryName('a-app.example.test', format({ prefix: 'reg-' }))).toBeUndefined();
    expect(parseRegistryName('a-app.example.test', format({ suffix: '-reg' }))).toBeUndefined();
    expect(parseRegistryName('com', format({ suffix: '-.%{record_type}' }))).toBeUndefined();
  });
});

describe('texts of registry entries', () => {
  const written = '"heritage=external-dns,external-dns/owner=stg-1-33,external-dns/resource=ingress/web/web"';

  it('are read as external-dns writes them, and written alike', () => {
    const entry = { owner: 'stg-1-33', resource: 'ingress/web/web' };
    expect(parseRegistryText(written)).toEqual({ kind: 'entry', entry });
    expect(writeRegistryText(entry)).toBe(written);
    expect(writeRegistryText({ owner: 'eksodus', resource: null })).toBe(
      '"heritage=external-dns,external-dns/owner=eksodus"',
    );
  });

  it('are the same after being written and read', () => {
    fc.assert(
      fc.property(word, fc.option(word), (owner, resource) => {
        expect(parseRegistryText(writeRegistryText({ owner, resource }))).toEqual({
          kind: 'entry',
          entry: { owner, resource },
        });
      }),
    );
  });

  it('may be in pieces, and hold labels that we do not know', () => {
    const value = '"heritage=external-dns,external-dns/ownedRecord=x,external-dns/ow" "ner=blue"';
    expect(parseRegistryText(value)).toEqual({ kind: 'entry', entry: { owner: 'blue', resource: null } });
  });

  it.each<[string, ReturnType<typeof parseRegistryText>['kind']]>([
    ['"v=spf1 include:example.test ~all"', 'none'],
    ['"owner=external-dns"', 'none'],
    ['""', 'none'],
    ['"heritage=terraform,owner=me"', 'heritage'],
    ['"heritage=external-dns"', 'heritage'],
    // As external-dns 0.20 wrote it with --txt-encrypt-enabled.
    [
      '"h8UQ6jelUFUsEIn7SbFktc2MYXPx/q8lySqI4VwNfVDSc6hb5dGIXPTmmQrrL6MyyuQdP2ZwjAyzE8n/jJNY2jZ3n8v5WJkd8mmkQRvGPPPyfkS3xEjAXqb7hSVbvbUJ8A=="',
      'encrypted',
    ],
  ])('%s is %s', (value, kind) => {
    expect(parseRegistryText(value).kind).toBe(kind);
  });
});
