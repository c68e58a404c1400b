import { describe, expect, it } from 'vitest';
import {
  registryName,
  writeRegistryText,
  type AddressType,
  type RegistryFormat,
} from '../../src/domain/dns-registry.ts';
import { namesToRead, ownerOf, type RecordOwner, type ZoneEntry } from '../../src/domain/record-owner.ts';

const HOST = 'app.example.test';
const PLAIN: RegistryFormat = { prefix: '', suffix: '', wildcardReplacement: '', encrypted: false };
const PREFIXED: RegistryFormat = { ...PLAIN, prefix: 'reg-%{record_type}.' };

const record = (type: string, setIdentifier: string | null, told: Partial<ZoneEntry> = {}): ZoneEntry => ({
  name: HOST,
  type,
  setIdentifier,
  weight: setIdentifier === null ? null : 100,
  alias: {},
  values: [],
  healthChecked: false,
  ...told,
});
const both = (setIdentifier: string | null): ZoneEntry[] => [record('A', setIdentifier), record('AAAA', setIdentifier)];
const text = (name: string, setIdentifier: string | null, value: string): ZoneEntry =>
  record('TXT', setIdentifier, { name, alias: null, values: [value] });
const entry = (owner: string, setIdentifier: string | null, name: string, resource = 'ingress/web/web'): ZoneEntry =>
  text(name, setIdentifier, writeRegistryText({ owner, resource }));
const entries = (owner: string, setIdentifier: string | null, types: AddressType[], format = PLAIN): ZoneEntry[] =>
  types.map((type) => entry(owner, setIdentifier, registryName(HOST, type, format)));
const owner = (records: ZoneEntry[], told: { formats?: RegistryFormat[]; unreadable?: string } = {}): RecordOwner =>
  ownerOf(records, 'App.example.test', { formats: told.formats ?? [], unreadable: told.unreadable ?? null });

describe('ownerOf', () => {
  it.each<[string, ZoneEntry[]]>([
    ['0.12 to 0.21 write an alias', entries('dns', 'blue', ['CNAME', 'AAAA'])],
    ['0.22 writes an alias', entries('dns', 'blue', ['A', 'AAAA'])],
    ['0.22 leaves both', entries('dns', 'blue', ['CNAME', 'A', 'AAAA'])],
    ['0.16 wrote both formats', [...entries('dns', 'blue', ['CNAME', 'AAAA']), entry('dns', 'blue', HOST)]],
  ])('is external-dns as %s', (_what, registry) => {
    expect(owner([...both('blue'), ...registry])).toEqual({
      kind: 'external-dns',
      claims: [
        {
          owner: 'dns',
          resource: 'ingress/web/web',
          setIdentifier: 'blue',
          types: ['A', 'AAAA'],
          entries: registry.map(({ name }) => name),
        },
      ],
    });
  });

  it('is external-dns by an entry without a type, which speaks of no AAAA', () => {
    expect(owner([record('A', 'blue'), entry('dns', 'blue', HOST)])).toMatchObject({
      kind: 'external-dns',
      claims: [{ owner: 'dns', types: ['A'] }],
    });
    expect(owner([...both('blue'), entry('dns', 'blue', HOST)])).toMatchObject({
      kind: 'other',
      what: 'several owners: A blue of owner id "dns"; AAAA blue of nobody',
    });
  });

  it('is the owner that an entry with a type names, before one without', () => {
    const found = owner([record('A', 'blue'), entry('of-old', 'blue', HOST), ...entries('of-new', 'blue', ['CNAME'])]);
    expect(found).toMatchObject({
      kind: 'external-dns',
      claims: [
        { owner: 'of-new', types: ['A'] },
        { owner: 'of-old', types: [] },
      ],
    });
  });

  it('is each cluster’s own external-dns for its own set identifier', () => {
    const found = owner([
      ...both('blue'),
      ...both('green'),
      ...entries('dns-blue', 'blue', ['CNAME', 'AAAA']),
      ...entries('dns-green', 'green', ['CNAME', 'AAAA']),
    ]);
    expect(found).toMatchObject({
      kind: 'external-dns',
      claims: [
        { owner: 'dns-blue', setIdentifier: 'blue' },
        { owner: 'dns-green', setIdentifier: 'green' },
      ],
    });
  });

  it('is external-dns for a record without a weight too', () => {
    expect(owner([...both(null), ...entries('dns', null, ['CNAME', 'AAAA'])])).toMatchObject({
      kind: 'external-dns',
      claims: [{ setIdentifier: null }],
    });
  });

  it('needs the prefix of the running external-dns to find it', () => {
    const records = [...both('blue'), ...entries('dns', 'blue', ['CNAME', 'AAAA'], PREFIXED)];
    expect(owner(records).kind).toBe('unregistered');
    expect(owner(records, { formats: [PREFIXED] }).kind).toBe('external-dns');
  });

  it('is found for a wildcard by its replacement', () => {
    const format = { ...PLAIN, wildcardReplacement: 'any' };
    const host = '*.example.test';
    const records = [record('A', 'blue', { name: host }), entry('dns', 'blue', registryName(host, 'CNAME', format))];
    expect(ownerOf(records, host, { formats: [format], unreadable: null }).kind).toBe('external-dns');
    expect(ownerOf(records, host, { formats: [], unreadable: null }).kind).toBe('unregistered');
  });

  it('is us where the registry names us for all of it', () => {
    const ours = [...both('blue'), ...entries('eksodus', 'blue', ['CNAME', 'AAAA'])];
    expect(owner(ours).kind).toBe('ours');
    expect(owner([...ours, ...both('green'), ...entries('dns', 'green', ['CNAME', 'AAAA'])])).toMatchObject({
      kind: 'other',
    });
    expect(owner([...ours, ...both('green')])).toMatchObject({ kind: 'other' });
  });

  it('is nobody where there is no entry, or one whose record is gone', () => {
    expect(owner(both('blue'))).toEqual({ kind: 'unregistered' });
    expect(owner([])).toEqual({ kind: 'unregistered' });
    expect(owner([...both('blue'), ...entries('dns', 'gone', ['CNAME', 'AAAA'])])).toEqual({ kind: 'unregistered' });
    expect(owner([...both('blue'), text(HOST, null, '"v=spf1 -all"')])).toEqual({ kind: 'unregistered' });
  });

  it.each<[string, ZoneEntry[], string]>([
    ['a simple record', [record('A', null, { alias: null, values: ['192.0.2.1'] })], 'A simple'],
    ['a CNAME', [record('CNAME', 'blue', { alias: null })], 'CNAME weighted'],
    ['another routing', [record('A', 'eu', { weight: null })], 'A other routing alias'],
    ['a health check', [record('A', 'blue', { healthChecked: true })], 'A weighted alias with a health check'],
    ['another program’s entry', [...both('blue'), text(`a-${HOST}`, 'blue', '"heritage=mate,mate/owner=x"')], 'mate'],
  ])('is somebody else for %s', (_what, records, tells) => {
    const found = owner(records);
    expect(found.kind === 'other' && found.what).toContain(tells);
  });

  it('cannot be known when an entry is encrypted, or the registry is elsewhere', () => {
    const secret = `"${'Ab1+'.repeat(30)}"`;
    expect(owner([...both('blue'), text(`cname-${HOST}`, 'blue', secret)])).toEqual({
      kind: 'cannot-know',
      why: `the registry entry cname-${HOST} is encrypted`,
    });
    // Keys and proofs of all kinds stand on the name itself.
    expect(owner([...both('blue'), text(HOST, null, secret)])).toEqual({ kind: 'unregistered' });
    expect(owner(both('blue'), { unreadable: 'its registry is in DynamoDB' })).toEqual({
      kind: 'cannot-know',
      why: 'its registry is in DynamoDB',
    });
  });

  it('leaves other hosts’ entries out', () => {
    const other = entry('dns', 'blue', 'a-other.example.test');
    expect(owner([...both('blue'), other])).toEqual({ kind: 'unregistered' });
  });
});

describe('namesToRead', () => {
  it('are the host, and its entries by every format', () => {
    expect(namesToRead('App.example.test', [PREFIXED])).toEqual([
      'app.example.test',
      'reg-a.app.example.test',
      'reg-aaaa.app.example.test',
      'reg-cname.app.example.test',
      'reg-.app.example.test',
      'a-app.example.test',
      'aaaa-app.example.test',
      'cname-app.example.test',
    ]);
  });
});
