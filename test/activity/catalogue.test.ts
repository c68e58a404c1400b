// The look at what receives traffic: where it looks, in which order, and what becomes of what it cannot see.
import { describe, expect, it } from 'vitest';
import { KubeError } from '../../src/adapters/kube-error.ts';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import type { ExternalDns } from '../../src/domain/external-dns.ts';
import type { ExposedObject } from '../../src/domain/receiver.ts';
import { environment } from '../support/environment.ts';
import { externalDns } from '../support/external-dns.ts';
import {
  activityEnvironment,
  answers,
  application,
  awsError,
  cluster,
  failureOf,
  prepare,
  REGION,
  run,
  weighted,
  type Prepared,
} from './fakes.ts';

const BLUE = 'blue';
const LB = 'k8s-shop.elb.test';
const ZONES = ['Z1', 'Z2'].map((id) => ({ id, name: `${id.toLowerCase()}.test` }));
const MADE = environment({ region: REGION, zones: ZONES, live: { parameter: '/live' }, apps: [] });

const SHOP: ExposedObject = {
  kind: 'Ingress',
  namespace: 'shop',
  name: 'shop',
  labels: {},
  annotations: {},
  hosts: ['shop.z1.test'],
  loadBalancers: [LB],
};
const record = (given: Partial<ZoneRecord>): ZoneRecord => ({
  ...weighted('', 0),
  type: 'CNAME',
  setIdentifier: null,
  weight: null,
  alias: null,
  ...given,
});
const RECORDS: Record<string, ZoneRecord[]> = {
  Z1: [
    record({ name: 'z1.test', type: 'NS', values: ['ns.test'] }),
    record({ name: 'shop.z1.test', values: [LB] }),
    record({ name: 'other.z1.test', values: ['elsewhere.test'] }),
    record({ name: 'team.z1.test', type: 'NS', values: ['ns.elsewhere.test'] }),
  ],
  Z2: [
    record({
      name: 'shop.z2.test',
      type: 'A',
      alias: { hostname: LB, hostedZoneId: 'Z', evaluateTargetHealth: false },
    }),
    record({
      name: 'a-shop.z2.test',
      type: 'TXT',
      values: ['"heritage=external-dns,external-dns/owner=blue,external-dns/resource=ingress/shop/shop"'],
    }),
  ],
};

function world(given: Prepared = {}) {
  const asked: string[] = [];
  let open = 0;
  const allRecords = async ({ id }: { id: string }): Promise<ZoneRecord[]> => {
    open += 1;
    asked.push(`${id} of ${open}`);
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return RECORDS[id] ?? [];
  };
  const prepared = {
    ssm: { readParameter: answers(BLUE) },
    eks: { findCluster: answers(cluster({ name: BLUE })) },
    elb: { hostnamesOf: answers([LB.toUpperCase(), 'lost.elb.test']) },
    kube: { receivers: answers([SHOP]), externalDns: answers([externalDns(BLUE)]) },
    argo: { applications: answers([application({ name: 'shop-blue', project: 'back-office', objects: [SHOP] })]) },
    route53: { allRecords },
    ...given,
  };
  return { deps: prepare(prepared), asked };
}

describe('gatherCatalogue', () => {
  it('looks at the live cluster, and at one zone after the other', async () => {
    const { deps, asked } = world();
    const running = activityEnvironment();
    const facts = await run(deps, 'gatherCatalogue', { environment: MADE }, running);
    expect(facts).toEqual({
      at: '2026-11-21T10:00:00.000Z',
      cluster: BLUE,
      receivers: [
        {
          kind: 'Ingress',
          namespace: 'shop',
          name: 'shop',
          app: 'web',
          application: 'shop-blue',
          platform: false,
          owner: 'back-office',
          hosts: ['shop.z1.test'],
          loadBalancers: [LB],
          healthPath: null,
        },
      ],
      // As the cluster writes it: one load balancer is told once.
      loadBalancers: [LB, 'lost.elb.test'],
      names: [
        { name: 'shop.z1.test', zoneId: 'Z1', records: ['CNAME'], to: LB, owner: 'others' },
        { name: 'shop.z2.test', zoneId: 'Z2', records: ['A alias'], to: LB, owner: 'external-dns blue' },
      ],
      delegated: ['team.z1.test'],
    });
    expect(asked).toEqual(['Z1 of 1', 'Z2 of 1']);
    expect(running.beats).toContainEqual({ doing: 'reading the records of z2.test (Z2)' });
  });

  it('finds the owner where the running external-dns keeps its registry', async () => {
    const registry = { prefix: 'eu-', suffix: '', wildcardReplacement: '', encrypted: false };
    const elsewhere = externalDns(BLUE, { format: registry });
    const moved = (RECORDS['Z2'] ?? []).map((one) =>
      one.type === 'TXT' ? Object.assign({}, one, { name: `eu-${one.name}` }) : one,
    );
    const ownersBy = async (dns: ExternalDns): Promise<unknown> => {
      const { deps } = world({
        kube: { receivers: answers([SHOP]), externalDns: answers([dns]) },
        route53: { allRecords: answers(moved) },
      });
      const { names } = await run(deps, 'gatherCatalogue', { environment: MADE });
      return [...new Set(names.map(({ owner }) => owner))];
    };
    expect(await ownersBy(elsewhere)).toEqual(['external-dns blue']);
    expect(await ownersBy(externalDns(BLUE))).toEqual(['others']);
  });

  it.each([null, ''])('without a live cluster (%j) says what to do', async (name) => {
    const { deps } = world({ ssm: { readParameter: answers(name) } });
    const failure = await failureOf(run(deps, 'gatherCatalogue', { environment: MADE }));
    expect(failure).toMatchObject({
      type: 'input.invalid',
      nonRetryable: true,
      message: 'SSM parameter /live names no cluster',
    });
  });
});

describe('findUncatalogued', () => {
  const request = { environment: MADE, cluster: BLUE };

  it('judges what it found', async () => {
    const found = await run(world().deps, 'findUncatalogued', request);
    expect(found.map(({ subject }) => subject)).toEqual(['shop.z1.test', 'shop.z2.test', 'lost.elb.test']);
  });

  it.each([null, cluster({ endpoint: null })])(
    'of a cluster that is gone, or never was, finds nothing',
    async (one) => {
      const { deps, asked } = world({ eks: { findCluster: answers(one) }, kube: {}, argo: {}, elb: {} });
      expect(await run(deps, 'findUncatalogued', request)).toEqual([]);
      expect(asked).toEqual([]);
    },
  );

  it('takes nothing that it could not see for nothing', async () => {
    const receivers = answers<ExposedObject[]>(new KubeError(BLUE, 403, 'no'));
    const denied = world({ kube: { receivers, externalDns: answers([]) } });
    expect(await failureOf(run(denied.deps, 'findUncatalogued', request))).toMatchObject({ type: 'k8s.denied' });
    const closed = world({ route53: { allRecords: answers<ZoneRecord[]>(awsError('AccessDenied', 'no', 403)) } });
    expect(await failureOf(run(closed.deps, 'findUncatalogued', request))).toMatchObject({ type: 'cloud.denied' });
  });
});
