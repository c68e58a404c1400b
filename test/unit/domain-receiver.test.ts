import { describe, expect, it } from 'vitest';
import { covers, hostsOfRoute } from '../../src/domain/gateway-hosts.ts';
import { leadingNames, type Pointer } from '../../src/domain/leading-names.ts';
import { receiversOf, type ExposedObject, type OwningApplication } from '../../src/domain/receiver.ts';

const object = (given: Partial<ExposedObject> = {}): ExposedObject => ({
  kind: 'Ingress',
  namespace: 'shop',
  name: 'admin',
  labels: {},
  annotations: {},
  hosts: [],
  loadBalancers: ['lb'],
  ...given,
});
const application = (name: string, given: Partial<OwningApplication> = {}): OwningApplication => ({
  name,
  project: 'default',
  labels: {},
  annotations: {},
  objects: [],
  ...given,
});
const TRACKED = 'argocd.argoproj.io/tracking-id';
const INSTANCE = 'app.kubernetes.io/instance';
const OWNER = 'eksodus.dev/owner';
const [CLUSTER, OWNER_LABEL] = ['blue', 'team'];

const read = (one: ExposedObject, applications: OwningApplication[] = []) => {
  const [found] = receiversOf([one], { cluster: CLUSTER, applications, ownerLabel: OWNER_LABEL });
  return found;
};

describe('the app of an object', () => {
  const shop = application('shop-blue', { labels: { 'eksodus.dev/app': 'shop' } });

  it('is that of the Application that has it', () => {
    const has = { objects: [{ kind: 'Ingress', namespace: 'shop', name: 'admin' }] };
    expect(read(object(), [application('web-blue', has)])).toMatchObject({ app: 'web', application: 'web-blue' });
    expect(read(object({ kind: 'Service' }), [application('web-blue', has)])).toMatchObject({ application: null });
  });

  it('is that which Argo CD’s tracking annotation names, if it names this very object', () => {
    const tracking = (id: string) => object({ annotations: { [TRACKED]: id } });
    expect(read(tracking('shop-blue:networking.k8s.io/Ingress:shop/admin'), [shop])?.app).toBe('shop');
    expect(read(tracking('team_shop-blue:networking.k8s.io/Ingress:shop/admin'), [shop])?.app).toBe('shop');
    expect(read(tracking('gone-blue:networking.k8s.io/Ingress:shop/admin'), [shop])?.app).toBe('gone');
    expect(read(tracking('shop-blue:networking.k8s.io/Ingress:shop/other'), [shop])?.application).toBeNull();
    expect(read(tracking('shop-blue:/Service:shop/admin'), [shop])?.application).toBeNull();
  });

  it('is that of its instance label, if there is an Application of that name', () => {
    expect(read(object({ labels: { [INSTANCE]: 'shop-blue' } }), [shop])?.application).toBe('shop-blue');
    expect(read(object({ labels: { [INSTANCE]: 'release-1' } }), [shop])?.application).toBeNull();
  });

  it('is named by a label, or else by the namespace, where Argo CD has nothing to do with it', () => {
    const labels = { app: 'c', 'app.kubernetes.io/name': 'b', 'app.kubernetes.io/part-of': 'a' };
    expect(read(object({ labels }))?.app).toBe('a');
    expect(read(object({ labels: { app: 'c' } }))?.app).toBe('c');
    expect(read(object())?.app).toBe('shop');
  });
});

describe('the owner of an object', () => {
  it('is told by annotation before label, by the object before its Application, and last by the project', () => {
    const tracked = { [TRACKED]: 'a:x/Ingress:shop/admin' };
    const its = (given: Partial<OwningApplication>) => [application('a', { project: 'p', ...given })];
    const labelled = { labels: { team: 'label' }, annotations: tracked };
    const all = { labels: { team: 'application label' }, annotations: { [OWNER]: 'application' } };
    expect(read(object({ ...labelled, annotations: { ...tracked, [OWNER]: 'said' } }), its(all))?.owner).toBe('said');
    expect(read(object(labelled), its(all))?.owner).toBe('application');
    expect(read(object(labelled), its({ labels: all.labels }))?.owner).toBe('label');
    expect(read(object({ annotations: tracked }), its({ labels: all.labels }))?.owner).toBe('application label');
    expect(read(object({ annotations: tracked }), its({}))?.owner).toBe('p');
    expect(read(object({ annotations: tracked }), its({ project: 'default' }))?.owner).toBeNull();
  });
});

describe('the hosts of a route', () => {
  const listeners = [
    { name: 'all', port: 80 },
    { name: 'shop', port: 443, hostname: '*.shop.test' },
    { name: 'one', port: 443, hostname: 'one.shop.test' },
  ];

  it.each<[string[], Parameters<typeof hostsOfRoute>[2], string[]]>([
    [['a.shop.test', 'b.test'], {}, ['a.shop.test', 'b.test']],
    [['a.shop.test', 'b.test'], { sectionName: 'shop' }, ['a.shop.test']],
    [['*.test'], { port: 443 }, ['*.shop.test', 'one.shop.test']],
    [['*.shop.test'], { sectionName: 'one' }, ['one.shop.test']],
    [[], { port: 443 }, ['*.shop.test', 'one.shop.test']],
    [[], { port: 80 }, []],
    [['b.test'], { sectionName: 'one' }, []],
    [['a.shop.test'], { sectionName: 'gone' }, []],
  ])('%j at %j are %j', (own, choice, expected) => {
    expect(hostsOfRoute(own, listeners, choice)).toEqual(expected);
  });

  it('a star stands for whole labels', () => {
    expect(covers('*.shop.test', 'a.b.shop.test')).toBe(true);
    expect(covers('*.shop.test', 'shop.test')).toBe(false);
    expect(covers('*.shop.test', 'workshop.test')).toBe(false);
  });
});

describe('the names that lead to a load balancer', () => {
  const LB = 'k8s-shop-1.eu-central-1.elb.amazonaws.com';
  const record = (name: string, given: Partial<Pointer> = {}): Pointer => ({
    name: `${name}.test`,
    type: 'CNAME',
    setIdentifier: null,
    weight: null,
    alias: null,
    values: [],
    ...given,
  });
  const alias = (hostname: string) => ({ alias: { hostname }, type: 'A' });
  const names = (...records: Pointer[]) =>
    leadingNames(records, [LB]).map((one) => `${one.name}: ${one.records.join(', ')}`);

  it('have an alias or a CNAME to it, however that is written', () => {
    expect(
      names(
        record('a', alias(`dualstack.${LB.toUpperCase()}.`)),
        record('a', { ...alias(LB), type: 'AAAA', setIdentifier: 'blue', weight: 100 }),
        record('b', { values: [`${LB}.`] }),
        record('c', { type: 'A', values: ['10.0.0.1'] }),
        record('d', { type: 'TXT', values: [LB] }),
      ),
    ).toEqual(['a.test: A alias, AAAA alias blue weight 100', 'b.test: CNAME']);
  });

  it('may go by way of other names, also in a circle', () => {
    expect(
      names(
        record('a', { values: ['b.test.'] }),
        record('b', alias('C.test')),
        record('c', { values: [LB] }),
        // In a circle, of which one way out leads there.
        record('c', { ...alias('a.test'), type: 'AAAA' }),
        record('x', { values: ['y.test'] }),
        record('y', { values: ['x.test'] }),
      ),
    ).toEqual(['c.test: CNAME', 'b.test: A alias', 'a.test: CNAME']);
  });

  it('are answered so: weight 0 counts only where all are at 0', () => {
    const weighted = (id: string, weight: number, to: string) => ({ ...alias(to), setIdentifier: id, weight });
    expect(names(record('a', weighted('blue', 0, LB)), record('a', weighted('green', 100, 'other')))).toEqual([]);
    expect(names(record('a', weighted('blue', 0, LB)), record('a', weighted('green', 0, 'other')))).toEqual([
      'a.test: A alias blue weight 0',
    ]);
  });

  it('may lead to addresses, where a load balancer has no name', () => {
    expect(leadingNames([record('a', { type: 'A', values: ['10.0.0.1'] })], ['10.0.0.1'])).toHaveLength(1);
  });
});
