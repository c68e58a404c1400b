import { invalidParameter } from './errors.ts';
import type { Handlers } from './model.ts';
import { pageOf } from './paging.ts';
import { requireVersion } from './versions.ts';

interface CatalogueEntry {
  readonly name: string;
  readonly type: string;
  readonly namespace: string;
  /** Runs as a Deployment, so it is not healthy without a node; the others are DaemonSets. */
  readonly needsNodes: boolean;
  /** The default add-on version of each Kubernetes minor. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Whether a version serves its own Kubernetes minor only. */
  readonly followsKubernetes: boolean;
}

const MINORS = ['1.32', '1.33', '1.34', '1.35', '1.36'] as const;

const forAll = (version: string): Record<string, string> => Object.fromEntries(MINORS.map((minor) => [minor, version]));

/** By name, in order. */
const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: 'aws-ebs-csi-driver',
    type: 'storage',
    namespace: 'kube-system',
    needsNodes: true,
    followsKubernetes: false,
    defaults: { ...forAll('v1.54.0-eksbuild.1'), '1.36': 'v1.56.1-eksbuild.1' },
  },
  {
    name: 'coredns',
    type: 'networking',
    namespace: 'kube-system',
    needsNodes: true,
    followsKubernetes: false,
    defaults: {
      '1.32': 'v1.11.4-eksbuild.28',
      '1.33': 'v1.12.4-eksbuild.6',
      '1.34': 'v1.12.4-eksbuild.6',
      '1.35': 'v1.13.2-eksbuild.4',
      '1.36': 'v1.14.1-eksbuild.2',
    },
  },
  {
    name: 'eks-pod-identity-agent',
    type: 'security',
    namespace: 'kube-system',
    needsNodes: false,
    followsKubernetes: false,
    defaults: forAll('v1.3.10-eksbuild.2'),
  },
  {
    name: 'kube-proxy',
    type: 'networking',
    namespace: 'kube-system',
    needsNodes: false,
    followsKubernetes: true,
    defaults: {
      '1.32': 'v1.32.12-eksbuild.2',
      '1.33': 'v1.33.9-eksbuild.2',
      '1.34': 'v1.34.7-eksbuild.2',
      '1.35': 'v1.35.4-eksbuild.2',
      '1.36': 'v1.36.3-eksbuild.2',
    },
  },
  {
    name: 'vpc-cni',
    type: 'networking',
    namespace: 'kube-system',
    needsNodes: false,
    followsKubernetes: false,
    defaults: { ...forAll('v1.21.1-eksbuild.3'), '1.36': 'v1.22.0-eksbuild.1' },
  },
];

export const needsNodes = (addonName: string): boolean => entryOf(addonName).needsNodes;

/**
 * The version that CreateAddon installs: the one asked for, else the default of the cluster's minor.
 * @throws AwsError InvalidParameterException for an add-on or a version that EKS does not offer for this minor
 */
export function requireAddonVersion(addonName: string, minor: string, asked: string | undefined): string {
  const entry = entryOf(addonName);
  const version = asked ?? entry.defaults[minor];
  if (version === undefined || !minorsOf(entry, version).includes(minor)) {
    throw invalidParameter(`Addon version specified is not supported in ${minor} kubernetes version`, { addonName });
  }
  return version;
}

export const addonCatalogueHandlers: Handlers = {
  DescribeAddonVersions: ({ query }) => {
    const minor = query.get('kubernetesVersion');
    if (minor !== null) requireVersion(minor);
    const name = query.get('addonName');
    const found = name === null ? CATALOGUE : [entryOf(name)];
    const page = pageOf(found, query, (entry) => entry.name);
    return { addons: page.items.map((entry) => describe(entry, minor)), ...page.more };
  },
};

function entryOf(addonName: string): CatalogueEntry {
  const entry = CATALOGUE.find(({ name }) => name === addonName);
  if (!entry) throw invalidParameter(`Addon ${addonName} specified is not supported`, { addonName });
  return entry;
}

/** The Kubernetes minors that a version of the add-on serves. */
const minorsOf = (entry: CatalogueEntry, version: string): readonly string[] => {
  const known = Object.entries(entry.defaults).filter(([, candidate]) => candidate === version);
  return entry.followsKubernetes || known.length === 0 ? known.map(([minor]) => minor) : MINORS;
};

function describe(entry: CatalogueEntry, minor: string | null) {
  const versions = [...new Set(Object.values(entry.defaults))].toReversed();
  return {
    addonName: entry.name,
    type: entry.type,
    publisher: 'eks',
    owner: 'aws',
    defaultNamespace: entry.namespace,
    addonVersions: versions.flatMap((addonVersion) => {
      const minors = minorsOf(entry, addonVersion).filter((candidate) => minor === null || candidate === minor);
      if (minors.length === 0) return [];
      const compatibilities = minors.map((clusterVersion) => ({
        clusterVersion,
        platformVersions: ['*'],
        defaultVersion: entry.defaults[clusterVersion] === addonVersion,
      }));
      return [{ addonVersion, architecture: ['amd64', 'arm64'], compatibilities, requiresConfiguration: false }];
    }),
  };
}
