import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentSchema } from '../../config/schema.ts';
import { renderCatalogue } from '../../src/cli/render/catalogue.ts';
import { catalogueYaml } from '../../src/cli/render/catalogue-yaml.ts';
import { catalogueOf, type CatalogueFacts } from '../../src/domain/catalogue.ts';
import type { Receiver } from '../../src/domain/receiver.ts';
import { environmentFile } from '../support/cli.ts';
import { environment, ZONE } from '../support/environment.ts';

const CLUSTER = 'stg-1-33';
const receiver = (name: string, given: Partial<Receiver> = {}): Receiver => ({
  kind: 'Ingress',
  namespace: name,
  name,
  app: name,
  application: `${name}-${CLUSTER}`,
  platform: false,
  owner: `team-${name}`,
  hosts: [`${name}.example.test`, `${name}.${CLUSTER}.example.test`],
  loadBalancers: [`${name}.elb.test`],
  healthPath: '/ready',
  ...given,
});
const leading = (name: string, to: string, owner = 'nobody') => ({
  name: `${name}.example.test`,
  zoneId: ZONE.id,
  records: ['A alias', 'AAAA alias'],
  to: `${to}.elb.test`,
  owner,
});
const FACTS: CatalogueFacts = {
  at: '2026-11-21T10:00:00.000Z',
  cluster: CLUSTER,
  loadBalancers: [],
  receivers: [
    receiver('messages'),
    receiver('admin'),
    receiver('shop', {
      owner: null,
      healthPath: null,
      application: null,
      hosts: ['shop.example.test', '*.example.test'],
    }),
    receiver('shop', { name: 'Shop_API', namespace: 'shop', application: null, hosts: ['api.example.test'] }),
    receiver('queue', { kind: 'Service', hosts: [] }),
    receiver('grafana', { platform: true }),
  ],
  delegated: [],
  names: [
    leading('messages', 'messages'),
    leading('admin', 'admin', 'external-dns stg-1-33'),
    leading('old', 'messages'),
  ],
};
const MADE = environment();
const CATALOGUE = catalogueOf(MADE, FACTS);
const PLAIN = { width: Infinity, colour: false };

describe('the table', () => {
  const text = renderCatalogue(MADE, CATALOGUE, PLAIN);

  it('has a line for each host of each app', () => {
    expect(
      text
        .split('\n')
        .slice(0, 4)
        .map((line) => line.replaceAll(/ {2,}/g, ' | ')),
    ).toEqual([
      'APP | OWNER | IN FILE | BY | HOST | RECORDS | OWNER OF RECORDS',
      'admin | team-admin | no | Ingress admin/admin | admin.example.test | A alias, AAAA alias | external-dns stg-1-33',
      'grafana | team-grafana | platform | Ingress grafana/grafana | grafana.example.test | - | -',
      'messages | team-messages | yes | Ingress messages/messages | messages.example.test | A alias, AAAA alias | nobody',
    ]);
  });

  it('then says what the file has and the cluster has not, and what is in no app', () => {
    expect(text).toContain(`\nin the file, and not on ${CLUSTER}: files\n`);
    expect(text).toContain(
      `\n3 receive traffic on ${CLUSTER} and are in no app of the file: ${CLUSTER} is not deleted`,
    );
    expect(text).toContain(
      '\n✗ old.example.test · of team-messages · A alias, AAAA alias to Ingress messages/messages, records of nobody\n',
    );
    expect(text).toContain(
      '\n✗ admin.example.test · of team-admin · A alias, AAAA alias to Ingress admin/admin, records of external-dns stg-1-33\n',
    );
    expect(text).toMatch(/✗ Service queue\/queue · of team-queue · is reached at queue\.elb\.test by no name/);
  });

  it('says so when everything is in an app', () => {
    const [messages] = FACTS.receivers;
    const all = catalogueOf(MADE, { ...FACTS, receivers: messages ? [messages] : [], names: FACTS.names.slice(0, 1) });
    expect(renderCatalogue(MADE, all, PLAIN)).toContain(`✓ all that receives traffic on ${CLUSTER} is in an app`);
  });
});

describe('the YAML of what the file has not', () => {
  const text = catalogueYaml(MADE, CATALOGUE);

  it('is an app for each Ingress with hosts that can move', () => {
    expect(parse(text)).toEqual({
      apps: [
        {
          name: 'admin',
          team: 'team-admin',
          hosts: ['admin.example.test'],
          application: 'admin-{cluster}',
          ingress: { namespace: 'admin', name: 'admin' },
          checks: [{ path: '/ready' }],
        },
        {
          name: 'shop-shop',
          team: 'team-shop',
          hosts: ['shop.example.test'],
          application: 'shop-shop-{cluster}',
          ingress: { namespace: 'shop', name: 'shop' },
          checks: [{ path: '/' }],
        },
        {
          name: 'shop-shop-api',
          team: 'team-shop',
          hosts: ['api.example.test'],
          application: 'shop-shop-api-{cluster}',
          ingress: { namespace: 'shop', name: 'Shop_API' },
          checks: [{ path: '/ready' }],
        },
      ],
    });
  });

  it('can be pasted into the environment file as it is', () => {
    const file = environmentFile('stg');
    const { apps }: { apps: typeof file.apps } = parse(text);
    const { error } = environmentSchema.safeParse({ ...file, apps: [...file.apps, ...apps] });
    expect(error?.issues ?? []).toEqual([]);
  });

  it('says what a person must correct, and what no app can be made of', () => {
    expect(text).toMatch(/# Argo CD has no such application of stg-1-33: correct application\n\s+# correct the path/);
    expect(text).toMatch(
      /# - old\.example\.test: A alias, AAAA alias to Ingress messages\/messages, records of nobody\n/,
    );
    expect(text).toMatch(/# - Service queue\/queue: is reached/);
    expect(text).not.toMatch(/# - admin\.example\.test/);
  });

  it('is an empty list where nothing is missing', () => {
    const [messages] = FACTS.receivers;
    const all = catalogueOf(MADE, { ...FACTS, receivers: messages ? [messages] : [], names: [] });
    expect(parse(catalogueYaml(MADE, all))).toEqual({ apps: [] });
  });
});
