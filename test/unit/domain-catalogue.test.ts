import { describe, expect, it } from 'vitest';
import { catalogueOf, type CatalogueFacts, type LeadingName } from '../../src/domain/catalogue.ts';
import { describeUncatalogued, warnOf } from '../../src/domain/catalogue-findings.ts';
import type { Receiver } from '../../src/domain/receiver.ts';
import { app, environment, ZONE } from '../support/environment.ts';

const CLUSTER = 'stg-1-33';
const AT = '2026-11-21T10:00:00.000Z';
const balancer = (name: string): string => `${name}.elb.amazonaws.com`;

const receiver = (name: string, given: Partial<Receiver> = {}): Receiver => ({
  kind: 'Ingress',
  namespace: name,
  name,
  app: name,
  application: `${name}-${CLUSTER}`,
  platform: false,
  owner: null,
  hosts: [`${name}.example.test`],
  loadBalancers: [balancer(name)],
  healthPath: null,
  ...given,
});
const leading = (name: string, to: string, given: Partial<LeadingName> = {}): LeadingName => ({
  name: `${name}.example.test`,
  zoneId: ZONE.id,
  records: ['CNAME'],
  to: balancer(to),
  owner: 'others',
  ...given,
});

const facts = (given: Partial<CatalogueFacts>): CatalogueFacts => ({
  at: AT,
  cluster: CLUSTER,
  receivers: [],
  loadBalancers: [],
  names: [],
  delegated: [],
  ...given,
});
const missing = (given: Partial<CatalogueFacts>, change: Parameters<typeof environment>[0] = {}): string[] =>
  catalogueOf(environment(change), facts(given)).uncatalogued.map(({ subject }) => subject);

describe('what is in no app of the file', () => {
  const messages = receiver('messages');

  it('is nothing while every name that leads to the cluster is a host of an app', () => {
    expect(missing({ receivers: [messages], names: [leading('messages', 'messages')] })).toEqual([]);
  });

  it('is a name that somebody pointed at the load balancer of an app', () => {
    const names = [leading('messages', 'messages'), leading('old-messages', 'messages')];
    expect(missing({ receivers: [messages], names })).toEqual(['old-messages.example.test']);
  });

  it('is a name of an app in a zone in which the app does not move', () => {
    const names = [leading('messages', 'messages'), leading('messages', 'messages', { zoneId: 'ZPRIVATE' })];
    expect(missing({ receivers: [messages], names })).toEqual(['messages.example.test']);
  });

  it.each<[string, Parameters<typeof environment>[0]]>([
    ['environment', { name: 'prod' }],
    ['zone', { zones: [{ ...ZONE, name: 'prod.example.test' }] }],
  ])('is every such name of a cluster that is called as its %s', (_, change) => {
    const names = [leading('admin-prod', 'admin', { name: 'admin-prod.prod.example.test' })];
    expect(missing({ cluster: 'prod', receivers: [receiver('admin', { hosts: [] })], names }, change)).toEqual([
      'admin-prod.prod.example.test',
    ]);
  });

  it('is a host below a name that its zone leaves to name servers of others', () => {
    const admin = receiver('admin', { hosts: ['admin.team.example.test'] });
    const given = { receivers: [admin], delegated: ['team.example.test'] };
    expect(missing(given)).toEqual(['admin.team.example.test']);
    const theirs = { ...ZONE, id: 'ZTEAM', name: 'team.example.test' };
    expect(missing(given, { zones: [ZONE, theirs] })).toEqual([]);
  });

  it('is told with the app, the owner, the records and whose they are', () => {
    const admin = receiver('admin', { owner: 'shop' });
    const names = [leading('admin', 'admin', { records: ['A alias', 'AAAA alias'], owner: 'external-dns stg-1-33' })];
    expect(catalogueOf(environment(), facts({ receivers: [admin], names })).uncatalogued).toEqual([
      {
        subject: 'admin.example.test',
        what: 'A alias, AAAA alias to Ingress admin/admin, records of external-dns stg-1-33',
        app: 'admin',
        owner: 'shop',
      },
    ]);
  });

  it('is not a name of the cluster itself, which goes with it', () => {
    const names = [leading(`messages.${CLUSTER}`, 'messages'), leading(`messages-${CLUSTER}`, 'messages')];
    expect(missing({ receivers: [messages], names })).toEqual([]);
    // Another cluster whose name begins alike has names of its own.
    expect(missing({ receivers: [messages], names: [leading(`messages.${CLUSTER}0`, 'messages')] })).toEqual([
      `messages.${CLUSTER}0.example.test`,
    ]);
  });

  it('is a host that lies in no zone, as nobody can see where it leads; one in a zone is seen to lead elsewhere', () => {
    const hosts = ['messages.example.test', 'moved.example.test', 'messages.example.org'];
    expect(missing({ receivers: [receiver('messages', { hosts })] })).toEqual(['messages.example.org']);
  });

  it('is a Service without any name, but not one that carries Ingresses, nor the platform’s', () => {
    const nginx = { kind: 'Service', app: 'nginx', namespace: 'nginx', name: 'nginx', hosts: [] } as const;
    const loadBalancers = [balancer('shared')];
    const service = receiver('nginx', { ...nginx, loadBalancers });
    expect(missing({ receivers: [service] })).toEqual(['Service nginx/nginx']);
    // Told once, by its name.
    expect(missing({ receivers: [service], names: [leading('admin', 'shared')] })).toEqual(['admin.example.test']);
    expect(missing({ receivers: [receiver('nginx', { ...nginx, loadBalancers, platform: true })] })).toEqual([]);
    expect(missing({ receivers: [service, receiver('messages', { loadBalancers })] })).toEqual([]);
  });

  it('is a Gateway with a route that takes whatever comes, told once, by the route', () => {
    const loadBalancers = [balancer('shared')];
    const gateway = receiver('edge', { kind: 'Gateway', hosts: [], loadBalancers });
    const route = receiver('shop', { kind: 'HTTPRoute', hosts: [], loadBalancers });
    expect(missing({ receivers: [gateway, route] })).toEqual(['HTTPRoute shop/shop']);
  });

  it('is a Service of an app of the file, as only its Ingress moves', () => {
    const grpc = receiver('grpc', { kind: 'Service', hosts: [], application: `messages-${CLUSTER}` });
    expect(missing({ receivers: [messages, grpc] })).toEqual(['Service grpc/grpc']);
  });

  it('is a load balancer of the cluster that nothing there has', () => {
    expect(missing({ receivers: [messages], loadBalancers: [balancer('messages'), balancer('lost')] })).toEqual([
      balancer('lost'),
    ]);
  });

  it.each([
    ['old-messages.example.test', []],
    ['*.example.test', []],
    ['OLD-*', []],
    ['messages/messages', []],
    ['messages/*', []],
    ['old-messages', ['old-messages.example.test']],
    ['messages.example.test', ['old-messages.example.test']],
    ['oldXmessages.example.test', ['old-messages.example.test']],
    ['old.messages.example.test', ['old-messages.example.test']],
  ])('the file may let go by %s', (match, expected) => {
    const change = { catalogue: { ownerLabel: 'team', ignore: [{ match, reason: 'nobody uses it' }] } };
    const names = [leading('old-messages', 'messages')];
    expect(missing({ receivers: [messages], names }, change)).toEqual(expected);
  });
});

describe('the catalogue', () => {
  it('has one entry for each app, by the file’s own name, with what it has and who owns it', () => {
    const made = environment({ apps: [app('chat', { ingress: { namespace: 'messages', name: 'messages' } })] });
    const receivers = [
      receiver('messages', { owner: 'not the file’s' }),
      receiver('messages', { kind: 'Service', name: 'grpc', hosts: [], application: `chat-${CLUSTER}` }),
      receiver('admin', { owner: 'shop', hosts: ['admin.example.test', `admin.${CLUSTER}.example.test`] }),
    ];
    const { entries } = catalogueOf(made, facts({ receivers, names: [leading('admin', 'admin')] }));
    expect(
      entries.map(({ app: name, known, owner, hosts, names, receivers: its }) => ({
        name,
        known,
        owner,
        hosts,
        names: names.map((one) => one.name),
        its: its.map(({ kind }) => kind),
      })),
    ).toEqual([
      {
        name: 'admin',
        known: false,
        owner: 'shop',
        hosts: ['admin.example.test'],
        names: ['admin.example.test'],
        its: ['Ingress'],
      },
      {
        name: 'chat',
        known: true,
        owner: 'team-chat',
        hosts: ['chat.example.test', 'messages.example.test'],
        names: [],
        its: ['Ingress', 'Service'],
      },
    ]);
  });

  it('of 1,000 Ingresses with two records each fits into a payload, and is judged within a second', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `app-${String(index).padStart(4, '0')}`);
    const long = (name: string): string => `k8s-${name}-${name}-0123456789-1234567890.ap-northeast-1.elb.amazonaws.com`;
    const all = facts({
      receivers: many.map((name) => receiver(name, { owner: 'a-team-of-ours', loadBalancers: [long(name)] })),
      loadBalancers: many.map(long),
      names: many.map((name) =>
        leading(name, name, {
          to: long(name),
          records: [`A alias ${CLUSTER} weight 100`, `AAAA alias ${CLUSTER} weight 100`],
          owner: 'external-dns stg-1-33',
        }),
      ),
    });
    // Temporal refuses 2 MB.
    expect(JSON.stringify(all).length).toBeLessThan(1024 * 1024);
    const began = performance.now();
    const { entries, uncatalogued } = catalogueOf(environment(), all);
    expect(performance.now() - began).toBeLessThan(1000);
    expect([entries.length, uncatalogued.length]).toEqual([1000, 1000]);
    expect(JSON.stringify(uncatalogued).length).toBeLessThan(512 * 1024);
  });
});

describe('what would be cut, in words', () => {
  const uncatalogued = Array.from({ length: 22 }, (_, index) => ({
    subject: `host-${index}.example.test`,
    what: 'CNAME to Ingress shop/admin',
    app: 'admin',
    owner: index === 0 ? 'shop' : null,
  }));

  it('is a warning for each, and one for those that are too many', () => {
    const findings = warnOf(uncatalogued, CLUSTER, AT);
    expect(findings).toHaveLength(21);
    expect(findings[0]).toMatchObject({
      id: 'catalogue.missing',
      severity: 'warning',
      subject: 'host-0.example.test',
      what: `of shop: receives traffic on ${CLUSTER} and is in no app: CNAME to Ingress shop/admin`,
      seenAt: AT,
    });
    expect(findings.at(-1)?.subject).toBe('2 more');
    expect(warnOf([], CLUSTER, AT)).toEqual([]);
  });

  it('is one line that does not grow without end', () => {
    const text = describeUncatalogued(uncatalogued);
    expect(text).toMatch(
      /^host-0\.example\.test \(of shop: CNAME to Ingress shop\/admin\); host-1\.example\.test \(CNAME/,
    );
    expect(text).toMatch(/; 2 more$/);
  });
});
