import { describe, expect, it } from 'vitest';
import {
  mayWrite,
  readAnnotations,
  readExternalDns,
  whyUnreadable,
  type ExternalDns,
  type ExternalDnsContainer,
} from '../../src/domain/external-dns.ts';

const read = (args: string[] = [], told: Partial<ExternalDnsContainer> = {}): ExternalDns =>
  readExternalDns({
    deployment: 'dns/external-dns',
    image: 'registry.k8s.io/external-dns/external-dns:v0.20.0',
    args,
    env: {},
    readyReplicas: 1,
    ...told,
  });

const words = (text: string): string[] => text.trim().split(/\s+/);

describe('readExternalDns', () => {
  it('takes the defaults of 0.20 for what it is not told', () => {
    expect(read()).toEqual({
      deployment: 'dns/external-dns',
      isRunning: true,
      ownerId: 'default',
      policy: 'sync',
      registry: 'txt',
      format: { prefix: '', suffix: '', wildcardReplacement: '', encrypted: false },
      aliasType: 'CNAME',
      annotationPrefix: 'external-dns.alpha.kubernetes.io/',
      intervalSeconds: 60,
      cacheSeconds: 0,
      isDryRun: false,
      sources: [],
      domains: [],
      zoneIds: [],
      zoneType: null,
      readsIngressRules: true,
    });
  });

  const SAID = {
    ownerId: 'stg-1-33',
    policy: 'upsert-only',
    registry: 'txt',
    format: { prefix: 'reg-', suffix: '', wildcardReplacement: 'any', encrypted: true },
    annotationPrefix: 'dns.example.test/',
    intervalSeconds: 90,
    cacheSeconds: 40,
    isDryRun: true,
    sources: ['ingress', 'service'],
    domains: ['example.test', 'example.org'],
    zoneIds: ['Z1'],
    readsIngressRules: false,
  };

  it.each<[string, string[], Record<string, string | null>]>([
    [
      '--flag=value',
      [
        'external-dns',
        '--txt-owner-id=stg-1-33',
        '--policy=upsert-only',
        '--txt-prefix=reg-',
        '--txt-wildcard-replacement=any',
        '--txt-encrypt-enabled',
        '--annotation-prefix=dns.example.test/',
        '--interval=1m30s',
        '--txt-cache-interval=30s',
        '--provider-cache-time=10s',
        '--dry-run',
        '--source=ingress',
        '--source=service',
        '--domain-filter=example.test',
        '--domain-filter=.Example.org.',
        '--zone-id-filter=/hostedzone/Z1',
        '--ignore-ingress-rules-spec',
        '--log-level=debug',
      ],
      {},
    ],
    [
      '--flag value',
      words(`
        --txt-owner-id stg-1-33 --policy upsert-only --registry txt --txt-prefix reg-
        --txt-wildcard-replacement any --txt-encrypt-enabled --annotation-prefix dns.example.test/
        --interval 1m30s --txt-cache-interval 30s --provider-cache-time 10s --dry-run --source ingress
        --source service --domain-filter example.test --domain-filter example.org --zone-id-filter Z1
        --ignore-ingress-rules-spec
      `),
      {},
    ],
    [
      'variables',
      ['--log-format=json'],
      {
        EXTERNAL_DNS_TXT_OWNER_ID: 'stg-1-33',
        EXTERNAL_DNS_POLICY: 'upsert-only',
        EXTERNAL_DNS_TXT_PREFIX: 'reg-',
        EXTERNAL_DNS_TXT_WILDCARD_REPLACEMENT: 'any',
        EXTERNAL_DNS_TXT_ENCRYPT_ENABLED: '1',
        EXTERNAL_DNS_ANNOTATION_PREFIX: 'dns.example.test/',
        EXTERNAL_DNS_INTERVAL: '1m30s',
        EXTERNAL_DNS_TXT_CACHE_INTERVAL: '30s',
        EXTERNAL_DNS_PROVIDER_CACHE_TIME: '10s',
        EXTERNAL_DNS_DRY_RUN: 'true',
        EXTERNAL_DNS_SOURCE: 'ingress\nservice',
        EXTERNAL_DNS_DOMAIN_FILTER: 'example.test\nexample.org',
        EXTERNAL_DNS_ZONE_ID_FILTER: 'Z1',
        EXTERNAL_DNS_IGNORE_INGRESS_RULES_SPEC: '1',
        AWS_REGION: 'eu-central-1',
      },
    ],
    [
      'variables within arguments',
      words(`
        --txt-owner-id=$(CLUSTER) --policy=$(POLICY) --txt-prefix=reg- --txt-wildcard-replacement=any
        --txt-encrypt-enabled --annotation-prefix=dns.$(ZONE)/ --interval=90s --txt-cache-interval=40s
        --dry-run --source=ingress --source=service --domain-filter=$(ZONE) --domain-filter=example.org
        --zone-id-filter=Z1 --ignore-ingress-rules-spec
      `),
      { CLUSTER: 'stg-1-33', POLICY: 'upsert-only', ZONE: 'example.test' },
    ],
  ])('reads %s', (_what, args, env) => {
    expect(read(args, { env })).toMatchObject(SAID);
  });

  it('takes an argument before the variable, and the last of several', () => {
    const env = { EXTERNAL_DNS_POLICY: 'create-only' };
    expect(read(['--policy=sync', '--policy=upsert-only'], { env }).policy).toBe('upsert-only');
  });

  it('takes back what a switch is told with no-', () => {
    expect(read(['--no-dry-run', '--dry-run=false']).isDryRun).toBe(false);
    expect(read(['--no-dry-run'], { env: { EXTERNAL_DNS_DRY_RUN: '1' } }).isDryRun).toBe(false);
    expect(read([], { env: { EXTERNAL_DNS_DRY_RUN: '0' } }).isDryRun).toBe(false);
  });

  it('does not know what a Secret or the pod tells', () => {
    const env = { EXTERNAL_DNS_TXT_OWNER_ID: null, PREFIX: null };
    const found = read(['--txt-prefix=$(PREFIX)', '--interval=soon', '--policy=sometimes'], { env });
    expect(found).toMatchObject({ ownerId: null, format: null, intervalSeconds: null, policy: null });
    expect(whyUnreadable(found)).toContain('does not say in its Deployment how it names its TXT records');
  });

  it.each<[string, string | null, string | null]>([
    ['external-dns:v0.21.3', 'sync', 'external-dns.alpha.kubernetes.io/'],
    ['registry.test:5000/bitnami/external-dns:0.14.2-debian-12-r4', 'sync', 'external-dns.alpha.kubernetes.io/'],
    ['external-dns:v0.22.0', null, 'external-dns.kubernetes.io/'],
    ['external-dns:v1.0.0@sha256:00', null, 'external-dns.kubernetes.io/'],
    ['external-dns:latest', null, null],
    ['external-dns@sha256:00', null, null],
    ['registry.test:5000/external-dns', null, null],
  ])('knows the defaults of %s', (image, policy, annotationPrefix) => {
    expect(read([], { image })).toMatchObject({ policy, annotationPrefix });
  });

  it.each<[string, number | null]>([
    ['1h0m0s', 3600],
    ['3000ms', 3],
    ['1.5s', 1.5],
    ['0', 0],
    ['60', null],
    ['', null],
  ])('reads the interval %s', (text, seconds) => {
    expect(read([`--interval=${text}`]).intervalSeconds).toBe(seconds);
  });

  it('runs while a pod is ready', () => {
    expect(read([], { readyReplicas: 0 }).isRunning).toBe(false);
  });
});

describe('whyUnreadable', () => {
  it.each([
    [['--registry=dynamodb'], '--registry=dynamodb'],
    [['--registry', 'noop'], '--registry=noop'],
    [['--txt-encrypt-enabled'], 'encrypts'],
    [['--registry=$(REGISTRY)'], 'which registry'],
  ])('tells of %j', (args, tells) => {
    expect(whyUnreadable(read(args, { env: { REGISTRY: null } }))).toContain(tells);
  });

  it('is nothing for a TXT registry', () => {
    expect(whyUnreadable(read(['--txt-prefix=x']))).toBeNull();
  });
});

describe('mayWrite', () => {
  const at = { host: 'Web.example.test', zoneId: 'Z1', isPrivate: false };
  it.each<[string[], boolean]>([
    [[], true],
    [['--domain-filter=example.test'], true],
    [['--domain-filter=web.example.test'], true],
    [['--domain-filter=ample.test'], false],
    [['--domain-filter=example.org'], false],
    [['--zone-id-filter=Z1', '--zone-id-filter=Z2'], true],
    [['--zone-id-filter=Z2'], false],
    [['--domain-filter='], true],
    [['--aws-zone-type=public'], true],
    [['--aws-zone-type=private'], false],
    [['--aws-zone-type='], true],
  ])('with %j is %s', (args, expected) => {
    expect(mayWrite(read(args), at)).toBe(expected);
  });
});

describe('readAnnotations', () => {
  it('reads those of one prefix only', () => {
    const annotations = {
      'external-dns.alpha.kubernetes.io/hostname': 'a.example.test, B.example.test.',
      'external-dns.alpha.kubernetes.io/ingress-hostname-source': 'Annotation-Only',
      'external-dns.alpha.kubernetes.io/set-identifier': 'blue',
      'external-dns.kubernetes.io/set-identifier': 'green',
      'external-dns.alpha.kubernetes.io/aws-weight': '100',
    };
    expect(readAnnotations(annotations, 'external-dns.alpha.kubernetes.io/')).toEqual({
      hostnames: ['a.example.test', 'b.example.test'],
      hostnameSource: 'annotation-only',
      setIdentifier: 'blue',
      weight: '100',
      isForOther: false,
    });
    expect(readAnnotations(annotations, 'external-dns.kubernetes.io/')).toMatchObject({
      hostnames: [],
      hostnameSource: 'both',
      setIdentifier: 'green',
      weight: null,
    });
  });

  it('tells that another controller is to have it', () => {
    expect(readAnnotations({ 'x/controller': 'other' }, 'x/').isForOther).toBe(true);
    expect(readAnnotations({ 'x/controller': 'dns-controller' }, 'x/').isForOther).toBe(false);
  });
});
