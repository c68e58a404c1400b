// The processes of Argo CD. Each of its roles is a link to the same binary; all that they listen on is loopback.
import { connect } from 'node:net';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { AccessKey } from '../contracts.ts';
import { freePort } from '../process/ports.ts';
import type { ProcessSpec } from '../process/processes.ts';
import { httpOk } from '../process/ready.ts';
import { partFile } from '../setup/cache.mjs';
import { ARGOCD_NAMESPACE } from './settings.ts';

export interface RoleSettings {
  readonly dir: string;
  /** Kubeconfig file of the manager cluster. */
  readonly kubeconfig: string;
  readonly redisPort: number;
  readonly repoServerPort: number;
}

/** Empty folders for what Argo CD would read and write elsewhere, and the rest that all roles are told. */
function environment({ dir, kubeconfig }: RoleSettings): Record<string, string> {
  const folder = (name: string): string => {
    const path = join(dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  return {
    KUBECONFIG: kubeconfig,
    TMPDIR: folder('tmp'),
    ARGOCD_TLS_DATA_PATH: folder('tls'),
    ARGOCD_SSH_DATA_PATH: folder('ssh'),
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_EXEC_TIMEOUT: '30s',
    ARGOCD_RECONCILIATION_TIMEOUT: '10s',
    ARGOCD_RECONCILIATION_JITTER: '0s',
    // A cluster that does not let Argo CD in at first is asked again soon: access entries take effect with a delay.
    ARGOCD_CLUSTER_SYNC_RETRY_TIMEOUT_DURATION: '2s',
    // argocd-k8s-auth, which makes the tokens for EKS clusters, is a link beside the others.
    PATH: [dirname(partFile('argocd', 'argocd-k8s-auth')), process.env['PATH']].join(delimiter),
  };
}

export function redis({ redisPort, dir }: RoleSettings): ProcessSpec {
  return {
    name: 'argocd-redis',
    command: partFile('aws-emulator', 'bin/redis-server'),
    args: ['--bind', '127.0.0.1', '--port', `${redisPort}`, '--save', '', '--appendonly', 'no', '--dir', dir],
    ready: () => accepts(redisPort),
  };
}

/** Renders what is in Git. */
export async function repoServer(settings: RoleSettings): Promise<ProcessSpec> {
  const metricsPort = await freePort();
  return {
    name: 'argocd-repo-server',
    command: partFile('argocd', 'argocd-repo-server'),
    args: [
      `--redis=127.0.0.1:${settings.redisPort}`,
      '--disable-tls',
      '--address=127.0.0.1',
      `--port=${settings.repoServerPort}`,
      '--metrics-address=127.0.0.1',
      `--metrics-port=${metricsPort}`,
      '--loglevel=warn',
    ],
    cwd: settings.dir,
    // Its default is one path in /tmp for all of a machine. A socket's path must be short, so it is relative to cwd.
    env: { ...environment(settings), ARGOCD_ASK_PASS_SOCK: 'ask-pass.sock' },
    ready: () => httpOk(`http://127.0.0.1:${metricsPort}/healthz`),
  };
}

/** Compares and syncs. It alone speaks to the clusters, as the given AWS principal. */
export async function applicationController(
  settings: RoleSettings,
  aws: { readonly region: string; readonly key: AccessKey },
): Promise<ProcessSpec> {
  // Only a patch of its source (sandbox/setup/parts.mjs) binds this port to loopback: no flag does.
  const metricsPort = await freePort();
  return {
    name: 'argocd-application-controller',
    command: partFile('argocd', 'argocd-application-controller'),
    args: [
      `--namespace=${ARGOCD_NAMESPACE}`,
      `--redis=127.0.0.1:${settings.redisPort}`,
      `--repo-server=127.0.0.1:${settings.repoServerPort}`,
      '--repo-server-plaintext',
      `--metrics-port=${metricsPort}`,
      '--loglevel=warn',
    ],
    env: {
      ...environment(settings),
      AWS_REGION: aws.region,
      AWS_STS_REGIONAL_ENDPOINTS: 'regional',
      AWS_ACCESS_KEY_ID: aws.key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: aws.key.secretAccessKey,
    },
    ready: () => httpOk(`http://127.0.0.1:${metricsPort}/healthz`),
  };
}

/** Makes an Application of every app for every cluster. */
export async function applicationSetController(settings: RoleSettings): Promise<ProcessSpec> {
  const metricsPort = await freePort();
  return {
    name: 'argocd-applicationset-controller',
    command: partFile('argocd', 'argocd-applicationset-controller'),
    args: [
      `--namespace=${ARGOCD_NAMESPACE}`,
      `--argocd-repo-server=127.0.0.1:${settings.repoServerPort}`,
      '--repo-server-plaintext',
      '--enable-leader-election=false',
      `--metrics-addr=127.0.0.1:${metricsPort}`,
      `--probe-addr=127.0.0.1:${await freePort()}`,
      `--webhook-addr=127.0.0.1:${await freePort()}`,
      '--loglevel=warn',
    ],
    env: environment(settings),
    // Its probe address answers nothing: this version registers no checks there.
    ready: () => httpOk(`http://127.0.0.1:${metricsPort}/metrics`),
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
