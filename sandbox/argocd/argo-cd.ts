import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { CustomObjectsApi, loadYaml, type KubeConfig } from '@kubernetes/client-node';
import { kubeConfigFor } from '../cluster/kube-client.ts';
import type { AccessKey, ControlPlane } from '../contracts.ts';
import { freePort } from '../process/ports.ts';
import type { AnnotatedApps, GitOpsApp } from '../gitops/catalog.ts';
import type { Processes } from '../process/processes.ts';
import { waitUntil } from '../process/ready.ts';
import { partFile } from '../setup/cache.mjs';
import { applicationSets } from './application-sets.ts';
import { apply, type Manifest } from './manifests.ts';
import { applicationController, applicationSetController, redis, repoServer } from './roles.ts';
import { argoCdNamespace, argoCdSettings } from './settings.ts';

export interface ArgoCdOptions {
  /** Everything that Argo CD writes is below this folder. */
  readonly dir: string;
  readonly processes: Processes;
  /** The cluster whose API Argo CD keeps its objects in. */
  readonly manager: ControlPlane;
  /** As whom it calls the clusters: an IAM principal with an access entry in each. */
  readonly aws: { readonly region: string; readonly key: AccessKey };
  /** `file://…` of the GitOps repository. */
  readonly repositoryUrl: string;
  /** An environment of the repository. */
  readonly environment: string;
  /** Developers' apps beside those that are always there. */
  readonly alsoApps?: readonly GitOpsApp[];
  readonly annotated?: AnnotatedApps | undefined;
}

export interface ArgoCd {
  stop(): Promise<void>;
}

const SERVED_WITHIN_MS = 30_000;

/**
 * Installs Argo CD on the manager cluster and starts its controllers; resolves when they are ready. They run as
 * processes beside the API server, with the rights that their Pods would have. There is no argocd-server: its module
 * does not carry the files of its web page, and all that eksodus asks of Argo CD goes through the Kubernetes API.
 */
export async function startArgoCd(options: ArgoCdOptions): Promise<ArgoCd> {
  const { dir, processes, manager, aws } = options;
  await mkdir(dir, { recursive: true });
  const settings = {
    dir,
    kubeconfig: manager.kubeconfig,
    redisPort: await freePort(),
    repoServerPort: await freePort(),
  };
  const specs = await Promise.all([
    repoServer(settings),
    applicationController(settings, aws),
    applicationSetController(settings),
  ]);
  const [started] = await Promise.all([processes.start(redis(settings)), install(options)]);
  const running = [started, ...(await Promise.all(specs.map((spec) => processes.start(spec))))];
  return {
    stop: async () => {
      await Promise.all(running.toReversed().map((process) => process.stop()));
    },
  };
}

async function install(options: ArgoCdOptions): Promise<void> {
  const { manager } = options;
  const config = kubeConfigFor(manager);
  const crds = ['application', 'applicationset', 'appproject'].map((name) =>
    loadYaml<Manifest>(readFileSync(partFile('argocd', `crds/${name}-crd.yaml`), 'utf8')),
  );
  await apply(config, [argoCdNamespace, ...crds]);
  await served(config);
  await apply(config, [...argoCdSettings(), ...applicationSets(options)]);
}

/** Established is not enough: what the API server offers follows a moment later, and objects are created by that. */
async function served(config: KubeConfig): Promise<void> {
  const api = config.makeApiClient(CustomObjectsApi);
  await waitUntil(
    async () => {
      const { resources } = await api.getAPIResources({ group: 'argoproj.io', version: 'v1alpha1' });
      return ['Application', 'ApplicationSet', 'AppProject'].every((kind) =>
        resources.some((one) => one.kind === kind),
      );
    },
    { what: 'Argo CD’s kinds to be served', withinMs: SERVED_WITHIN_MS },
  );
}
