import { invalidParameter } from './errors.ts';
import type { Handlers } from './model.ts';
import { pageOf } from './paging.ts';

interface KubernetesVersion {
  readonly minor: string;
  readonly patch: string;
  readonly platform: string;
  readonly releasedOn: string;
  readonly standardSupportUntil: string;
  readonly extendedSupportUntil: string;
}

/** Newest first; support dates are those of the EKS calendar, whose standard support lasts 14 months. */
const VERSIONS: readonly KubernetesVersion[] = [
  {
    minor: '1.36',
    patch: '1.36.3',
    platform: 'eks.5',
    releasedOn: '2026-06-02',
    standardSupportUntil: '2027-08-02',
    extendedSupportUntil: '2028-08-02',
  },
  {
    minor: '1.35',
    patch: '1.35.4',
    platform: 'eks.11',
    releasedOn: '2026-01-27',
    standardSupportUntil: '2027-03-27',
    extendedSupportUntil: '2028-03-27',
  },
  {
    minor: '1.34',
    patch: '1.34.7',
    platform: 'eks.18',
    releasedOn: '2025-10-02',
    standardSupportUntil: '2026-12-02',
    extendedSupportUntil: '2027-12-02',
  },
  {
    minor: '1.33',
    patch: '1.33.9',
    platform: 'eks.25',
    releasedOn: '2025-05-29',
    standardSupportUntil: '2026-07-29',
    extendedSupportUntil: '2027-07-29',
  },
  {
    minor: '1.32',
    patch: '1.32.12',
    platform: 'eks.32',
    releasedOn: '2025-01-23',
    standardSupportUntil: '2026-03-23',
    extendedSupportUntil: '2027-03-23',
  },
];

/** The sandbox's EKS stays as it was on this day, so that a rehearsal does not change its meaning as years pass. */
const AS_OF = '2026-11-21';

const KUBELET_BUILD = 'eks-7f2c1d0';

export const DEFAULT_VERSION = '1.36';

/** @throws AwsError InvalidParameterException for a version that EKS does not offer */
export function requireVersion(minor: string): KubernetesVersion {
  const version = VERSIONS.find((candidate) => candidate.minor === minor);
  if (!version) throw invalidParameter(`unsupported Kubernetes version ${minor}`);
  return version;
}

/** Such as `v1.36.3-eks-7f2c1d0`. */
export const kubeletVersion = (minor: string): string => `v${requireVersion(minor).patch}-${KUBELET_BUILD}`;

/** The AMI release of a node group, such as `1.36.3-20261110`. */
export const amiRelease = (minor: string): string => `${requireVersion(minor).patch}-20261110`;

export const versionHandlers: Handlers = {
  DescribeClusterVersions: ({ query }) => {
    const asked = query.getAll('clusterVersions');
    const status = query.get('versionStatus');
    const found = VERSIONS.map(describe)
      .filter(({ clusterVersion }) => asked.length === 0 || asked.includes(clusterVersion))
      .filter(({ defaultVersion }) => defaultVersion || query.get('defaultOnly') !== 'true')
      .filter(({ versionStatus }) => status === null || versionStatus === status)
      .toSorted((a, b) => a.clusterVersion.localeCompare(b.clusterVersion));
    const page = pageOf(found, query, ({ clusterVersion }) => clusterVersion);
    return { clusterVersions: page.items.toReversed(), ...page.more };
  },
};

function describe({ minor, patch, platform, ...dates }: KubernetesVersion) {
  const versionStatus = AS_OF <= dates.standardSupportUntil ? 'STANDARD_SUPPORT' : 'EXTENDED_SUPPORT';
  return {
    clusterVersion: minor,
    clusterType: 'eks',
    defaultPlatformVersion: platform,
    defaultVersion: minor === DEFAULT_VERSION,
    releaseDate: seconds(dates.releasedOn),
    endOfStandardSupportDate: seconds(dates.standardSupportUntil),
    endOfExtendedSupportDate: seconds(dates.extendedSupportUntil),
    status: versionStatus.toLowerCase().replace('_', '-'),
    versionStatus,
    kubernetesPatchVersion: patch,
  };
}

const seconds = (day: string): number => Date.parse(day) / 1000;
