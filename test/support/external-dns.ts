import type { ExternalDns } from '../../src/domain/external-dns.ts';

/** An external-dns as its Deployment says, with which nothing is wrong. */
export const externalDns = (ownerId: string, given: Partial<ExternalDns> = {}): ExternalDns => ({
  deployment: 'dns/external-dns',
  isRunning: true,
  ownerId,
  policy: 'sync',
  registry: 'txt',
  format: { prefix: '', suffix: '', wildcardReplacement: '', encrypted: false },
  aliasType: 'CNAME',
  annotationPrefix: 'external-dns.alpha.kubernetes.io/',
  intervalSeconds: 60,
  cacheSeconds: 0,
  isDryRun: false,
  sources: ['ingress'],
  domains: [],
  zoneIds: [],
  zoneType: null,
  readsIngressRules: true,
  ...given,
});
