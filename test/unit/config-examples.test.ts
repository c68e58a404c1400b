import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { environmentJsonSchema, SCHEMA_FILE } from '../../config/generate.ts';
import { loadEnvironment } from '../../config/load.ts';
import type { environmentSchema } from '../../config/schema.ts';
import { greenName, type Environment } from '../../src/domain/environment.ts';

const EXAMPLES = fileURLToPath(new URL('../../config/examples/', import.meta.url));
const example = (name: string): string => `${EXAMPLES}${name}.yaml`;

describe('the schema', () => {
  it('gives exactly an Environment', () => {
    expectTypeOf<z.output<typeof environmentSchema>>().toEqualTypeOf<Environment>();
  });

  it('is what editors are given', () => {
    // Made anew by running config/generate.ts.
    expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(environmentJsonSchema());
  });

  it('asks editors for what has no default, and for quotes around versions and accounts', () => {
    const schema: unknown = JSON.parse(environmentJsonSchema());
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ['name', 'account', 'region', 'live', 'target', 'zones', 'cluster', 'nodeGroups', 'argocd', 'apps'],
      properties: {
        account: { type: 'string' },
        target: { properties: { version: { type: 'string' } } },
        soak: { type: 'string', default: '1h' },
        steps: { items: { properties: { green: { type: 'integer', minimum: 1, maximum: 100 } } } },
      },
    });
  });
});

describe('what editors check by the schema', () => {
  const schema = z.fromJSONSchema(JSON.parse(environmentJsonSchema()));
  const minimal = (): any => parse(readFileSync(example('minimal'), 'utf8'));
  const complaints = (file: unknown): string[] =>
    schema.safeParse(file).error?.issues.map(({ path, code }) => `${path.join('.')} ${code}`) ?? [];

  it.each(['minimal', 'stg'])('%s.yaml is right', (name) => {
    expect(complaints(parse(readFileSync(example(name), 'utf8')))).toEqual([]);
  });

  it.each<[string, (file: any) => void, string]>([
    ['a number for a version', (file) => (file.target.version = 1.3), 'target.version invalid_type'],
    ['an account that is too short', (file) => (file.account = '123'), 'account invalid_format'],
    ['a field that is missing', (file) => delete file.region, 'region invalid_type'],
    ['a field that nobody knows', (file) => (file.regoin = 'x'), ' unrecognized_keys'],
    [
      'a field deep down that nobody knows',
      (file) => (file.apps[0].checks[0].prot = 1),
      'apps.0.checks.0 unrecognized_keys',
    ],
    ['more than all', (file) => (file.steps = [{ green: 120, bake: '1m' }]), 'steps.0.green too_big'],
    ['a time without unit', (file) => (file.soak = '30'), 'soak invalid_format'],
    ['an empty list', (file) => (file.zones = []), 'zones too_small'],
    ['a word of no list', (file) => (file.approvals = ['lunch']), 'approvals.0 invalid_value'],
    ['a label that Kubernetes refuses', (file) => (file.argocd.labels = { '-': 'x' }), 'argocd.labels.- invalid_key'],
  ])('%s is wrong', (_, spoil, expected) => {
    const file = minimal();
    spoil(file);
    expect(complaints(file)).toEqual([expected]);
  });
});

describe('the examples', () => {
  const files = readdirSync(EXAMPLES);

  it('are there', () => {
    expect(files).toEqual(expect.arrayContaining(['minimal.yaml', 'stg.yaml']));
  });

  it.each(files)('%s loads, and tells editors its schema', (file) => {
    const environment = loadEnvironment(`${EXAMPLES}${file}`);
    expect(environment.name).toBe(basename(file, '.yaml') === 'minimal' ? 'test' : basename(file, '.yaml'));
    const [firstLine] = readFileSync(`${EXAMPLES}${file}`, 'utf8').split('\n');
    expect(firstLine).toBe('# yaml-language-server: $schema=../environment.schema.json');
  });

  it('minimal.yaml shows the defaults', () => {
    expect(loadEnvironment(example('minimal'))).toEqual({
      name: 'test',
      account: '123456789012',
      region: 'ap-northeast-1',
      live: { parameter: '/test/eks/live-cluster' },
      target: { version: '1.36' },
      naming: { green: '{environment}-{version}' },
      zones: [{ id: 'Z0123456789ABCDEFGHIJ', name: 'test.example.com' }],
      cluster: {
        roleArn: 'arn:aws:iam::123456789012:role/eks-cluster',
        subnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-0b1c2d3e4f5061728'],
        securityGroupIds: [],
        deletionProtection: true,
        oidcProvider: true,
        accessEntries: [],
        tags: {},
      },
      nodeGroups: [
        {
          name: 'general',
          nodeRoleArn: 'arn:aws:iam::123456789012:role/eks-node',
          instanceTypes: ['m7i.large'],
          capacityType: 'ON_DEMAND',
          minSize: 2,
          desiredSize: 2,
          maxSize: 4,
          labels: {},
        },
      ],
      addons: [],
      argocd: {
        cluster: 'manager',
        namespace: 'argocd',
        labels: {},
        platformLabel: 'eksodus.dev/platform',
        appsLabel: 'eksodus.dev/apps',
      },
      externalDnsOwner: '{cluster}',
      apps: [
        {
          name: 'messages',
          team: 'chat',
          hosts: [{ name: 'messages.test.example.com', zoneId: 'Z0123456789ABCDEFGHIJ' }],
          application: 'messages-{cluster}',
          ingress: { namespace: 'messages', name: 'messages' },
          checks: [
            {
              scheme: 'https',
              port: 443,
              path: '/healthz',
              expectStatus: 200,
              everySeconds: 5,
              timeoutSeconds: 2,
              failures: 3,
            },
          ],
          start: 'with-upgrade',
          dependsOn: [],
          steps: [5, 25, 50, 100].map((greenPercent) => ({ greenPercent, bakeSeconds: 600 })),
          revision: 'same',
        },
      ],
      approvals: ['decommission'],
      metrics: [],
      analyses: [],
      onGateFailure: 'hold',
      stopAfterFailedApps: 2,
      prescale: { enabled: true },
      drainSeconds: 30,
      soakSeconds: 3600,
    } satisfies Environment);
  });

  it('stg.yaml says more: steps of its own, two zones, a window', () => {
    const stg = loadEnvironment(example('stg'));
    const [messages, files_] = stg.apps;
    expect(greenName(stg)).toBe('stg-1-36');
    // Without it no sync to the new cluster succeeds.
    expect(stg.cluster.accessEntries).toContainEqual({
      principalArn: 'arn:aws:iam::123456789012:role/argocd',
      policies: ['AmazonEKSClusterAdminPolicy'],
      kubernetesGroups: [],
    });
    expect(messages?.steps.at(-2)).toEqual({ greenPercent: 50, bakeSeconds: 5400 });
    expect([messages?.start, files_?.start]).toEqual(['with-upgrade', 'owner']);
    expect(files_?.steps).toEqual([
      { greenPercent: 5, bakeSeconds: 600 },
      { greenPercent: 25, bakeSeconds: 600 },
      { greenPercent: 50, bakeSeconds: 900 },
      { greenPercent: 100, bakeSeconds: 1800 },
    ]);
    expect(files_?.checks).toMatchObject([{ scheme: 'http', port: 80, timeoutSeconds: 0.5 }]);
    expect(files_?.hosts).toEqual([{ name: 'files.internal.stg.example.com', zoneId: 'Z9876543210ABCDEFGHIJ' }]);
    expect(stg.window).toEqual({
      timeZone: 'Asia/Tokyo',
      hours: [
        { days: ['Mon', 'Tue', 'Wed', 'Thu'], from: '10:00', to: '12:00' },
        { days: ['Mon', 'Tue', 'Wed', 'Thu'], from: '13:00', to: '17:00' },
        { days: ['Fri'], from: '10:00', to: '12:00' },
      ],
      holidays: ['2026-11-23', '2027-01-11'],
      freezes: [
        { from: '2026-11-26 18:00', to: '2026-12-01 09:00', why: 'the big sale' },
        { from: '2026-12-21 00:00', to: '2027-01-03 24:00', why: 'year end' },
      ],
    });
  });
});
