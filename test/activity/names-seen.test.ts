import { describe, expect, it } from 'vitest';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import { readExternalDns } from '../../src/domain/external-dns.ts';
import { app, environment, ZONE } from '../support/environment.ts';
import { answers, awsError, prepare, REGION, run, weighted } from './fakes.ts';

const HOST = 'messages.example.test';
const entry = (name: string, owner: string, setIdentifier: string | null = 'stg-1-33'): ZoneRecord => ({
  ...weighted('', 100, { type: 'TXT', name, alias: null }),
  setIdentifier,
  values: [`"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/web/web"`],
});
const externalDns = (...args: string[]) =>
  readExternalDns({
    deployment: 'dns/external-dns',
    image: 'external-dns:v0.20.0',
    args: ['--txt-owner-id=stg-1-33', ...args],
    env: {},
    readyReplicas: 1,
  });

const ENVIRONMENT = environment({ region: REGION, apps: [app('messages'), app('files')] });

function world(records: readonly ZoneRecord[], more: { readonly externalDns?: unknown; readonly zone?: unknown } = {}) {
  const asked: string[] = [];
  const deps = prepare({
    ssm: { readParameter: answers('stg-1-33') },
    eks: { findCluster: async (name: string) => (name === 'stg-1-33' ? { name } : null) },
    kube: { externalDns: more.externalDns ?? answers([externalDns()]) },
    route53: {
      recordsOfAll:
        more.zone ??
        ((_zone: unknown, names: readonly string[]) => {
          asked.push(...names);
          return Promise.resolve(new Map(names.map((name) => [name, records.filter((one) => one.name === name)])));
        }),
    },
    resolver: { resolve: answers(awsError('NoAnswer')) },
  });
  return { deps, asked };
}

describe('lookAtNames', () => {
  const input = { environment: ENVIRONMENT, hosts: [HOST], askTtl: false };

  it('tells owner, records and registry entries of the names that were asked for', async () => {
    const records = [
      weighted('stg-1-33', 100, { name: HOST }),
      entry(`cname-${HOST}`, 'stg-1-33'),
      weighted('stg-1-33', 100, { name: 'files.example.test' }),
    ];
    const { deps } = world(records);
    const seen = await run(deps, 'lookAtNames', input);
    expect(seen).toMatchObject({
      blue: 'stg-1-33',
      green: 'stg-1-36',
      clusters: [{ cluster: 'stg-1-33', problem: null }],
    });
    expect(seen.names).toMatchObject([
      { host: HOST, app: 'messages', owner: { kind: 'external-dns' }, ttlSeconds: null },
    ]);
    expect(seen.names[0]?.records).toEqual(records.slice(0, 2));
  });

  it('reads where that external-dns has its entries, and says when they do not tell', async () => {
    const { deps, asked } = world([], { externalDns: answers([externalDns('--txt-prefix=reg-')]) });
    await run(deps, 'lookAtNames', input);
    expect(asked).toContain(`reg-cname-${HOST}`);
    const elsewhere = world([], { externalDns: answers([externalDns('--registry=dynamodb')]) });
    const seen = await run(elsewhere.deps, 'lookAtNames', input);
    expect(seen.names[0]?.owner).toMatchObject({ kind: 'cannot-know', why: expect.stringContaining('dynamodb') });
  });

  it('tells of a zone and a cluster that cannot be read, and of name servers that do not answer', async () => {
    const { deps } = world([], {
      externalDns: answers(Object.assign(new Error('no'), { name: 'KubeError', cluster: 'stg-1-33', status: 403 })),
      zone: answers(awsError('AccessDenied', 'not authorized', 403)),
    });
    const seen = await run(deps, 'lookAtNames', { ...input, hosts: null, askTtl: true });
    expect(seen.clusters[0]?.problem).toContain('403');
    expect(seen.names).toHaveLength(2);
    expect(seen.names[0]).toMatchObject({ problem: expect.stringContaining('not authorized'), ttlSeconds: null });
  });
});

describe('findOwnEntries', () => {
  it('finds what adoption has left of one cluster, and nothing of external-dns or the other', async () => {
    const mine = entry(`cname-${HOST}`, 'eksodus');
    const others = [
      entry('cname-x.test', 'stg-1-33'),
      entry('cname-y.test', 'eksodus', 'stg-1-36'),
      weighted('stg-1-33', 1),
    ];
    const deps = prepare({ route53: { allRecords: answers([mine, ...others]) } });
    expect(await run(deps, 'findOwnEntries', { zone: ZONE, setIdentifier: 'stg-1-33' })).toEqual([mine]);
  });
});

describe('a rewrite', () => {
  it('changes records and entries in one batch, and is drift when one of them is not as it was seen', async () => {
    const before = [weighted('stg-1-33', 100, { name: HOST }), entry(`cname-${HOST}`, 'stg-1-33')];
    const add = [entry(`cname-${HOST}`, 'eksodus')];
    const rewrite = { remove: [before[1]!], add };
    const wish = { id: 'w', host: HOST, rewrite, urgent: false };
    const apply = (there: readonly ZoneRecord[], change = answers('C1')) => {
      const recordsOfAll = (_zone: unknown, names: readonly string[]) =>
        Promise.resolve(new Map(names.map((name) => [name, there.filter((one) => one.name === name)])));
      const deps = prepare({ route53: { recordsOfAll, change } });
      return run(deps, 'applyWishes', { zone: ZONE, wishes: [wish] });
    };
    const change = answers('C1');
    expect(await apply(before, change)).toEqual([{ wish: 'w', outcome: 'changed', changeId: 'C1' }]);
    expect(change.calls[0]?.[1]).toEqual([
      { action: 'DELETE', record: before[1] },
      { action: 'CREATE', record: add[0] },
    ]);
    // An attempt whose answer was lost: confirmed.
    const again = answers('C2');
    expect(await apply(add, again)).toMatchObject([{ outcome: 'changed', changeId: 'C2' }]);
    expect(again.calls[0]?.[1]).toEqual([
      { action: 'DELETE', record: add[0] },
      { action: 'CREATE', record: add[0] },
    ]);
    expect(await apply([entry(`cname-${HOST}`, 'other')])).toMatchObject([
      { outcome: 'refused', type: 'drift.detected', why: expect.stringContaining('owner=other') },
    ]);
  });
});
