// What a person did once to bring the live cluster under Argo CD, before any upgrade. eksodus has its own code for it.
import { randomUUID } from 'node:crypto';
import { CustomObjectsApi, PatchStrategy, setHeaderOptions, type KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { kubeConfigFor } from '../cluster/kube-client.ts';
import type { ControlPlane } from '../contracts.ts';
import { waitUntil } from '../process/ready.ts';
import { applicationName } from './application-sets.ts';
import { apply } from './manifests.ts';
import { ARGOCD_NAMESPACE } from './settings.ts';

/** Gives Argo CD a cluster: its ApplicationSets take it up by the labels, and its own AWS principal signs in there. */
export async function registerCluster(
  manager: ControlPlane,
  cluster: Pick<ControlPlane, 'name' | 'endpoint' | 'caData'> & { readonly labels: Readonly<Record<string, string>> },
): Promise<void> {
  const { name, endpoint, caData, labels } = cluster;
  await apply(kubeConfigFor(manager), [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: `cluster-${name}`,
        namespace: ARGOCD_NAMESPACE,
        labels: { 'argocd.argoproj.io/secret-type': 'cluster', ...labels },
      },
      stringData: {
        name,
        server: endpoint,
        config: JSON.stringify({ awsAuthConfig: { clusterName: name }, tlsClientConfig: { caData } }),
      },
    },
  ]);
}

const APPLICATIONS = { group: 'argoproj.io', version: 'v1alpha1', namespace: ARGOCD_NAMESPACE, plural: 'applications' };
const SYNCED_WITHIN_MS = 120_000;
const REFRESH_EVERY_MS = 1_000;

const application = z.object({
  spec: z.object({ syncPolicy: z.object({ syncOptions: z.array(z.string()) }) }),
  status: z
    .object({
      sync: z.object({ status: z.string() }).optional(),
      health: z.object({ status: z.string() }).optional(),
      operationState: z
        .object({
          phase: z.string(),
          message: z.string().optional(),
          operation: z.object({ info: z.array(z.object({ name: z.string(), value: z.string() })).optional() }),
        })
        .optional(),
    })
    .optional(),
});
type Application = z.infer<typeof application>;

/**
 * Syncs the apps of a cluster wave by wave; resolves when all are Synced and Healthy.
 * @param request `waves`: names of apps that may go at the same time
 * @throws Error when a sync fails, or an app is not Synced and Healthy in time
 */
export async function syncAll(
  manager: ControlPlane,
  request: { readonly cluster: string; readonly waves: readonly (readonly string[])[] },
): Promise<void> {
  const config = kubeConfigFor(manager);
  for (const wave of request.waves) {
    await Promise.all(wave.map((app) => sync(config, applicationName(app, request.cluster))));
  }
}

async function sync(config: KubeConfig, name: string): Promise<void> {
  const api = config.makeApiClient(CustomObjectsApi);
  const read = async (): Promise<Application> =>
    application.parse(await api.getNamespacedCustomObject({ ...APPLICATIONS, name }));
  const compared = async (): Promise<boolean> => (await read()).status?.sync !== undefined;
  await waitUntil(compared, { what: `a first look of Argo CD at ${name}`, withinMs: SYNCED_WITHIN_MS });
  // An operation takes its options from itself only, not from the Application.
  const { syncOptions } = (await read()).spec.syncPolicy;
  const id = randomUUID();
  // The API of a CRD of a moment ago may not be served yet; Argo CD tries again itself.
  const retry = { limit: 5, backoff: { duration: '1s', factor: 2, maxDuration: '10s' } };
  const operation = { info: [{ name: 'request', value: id }], retry, sync: { syncOptions } };
  const patch = (body: object): Promise<unknown> =>
    api.patchNamespacedCustomObject(
      { ...APPLICATIONS, name, body },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
  await patch({ operation });
  let refreshedAt = Date.now();
  const failed = new AbortController();
  const done = async (): Promise<boolean> => {
    const { status } = await read();
    const state = status?.operationState;
    const isOurs = state?.operation.info?.some(({ value }) => value === id);
    if (!state || !isOurs) return false;
    if (state.phase === 'Failed' || state.phase === 'Error') {
      failed.abort(new Error(`sync of ${name} ended ${state.phase}: ${state.message ?? 'no message'}`));
    }
    if (state.phase !== 'Succeeded') return false;
    if (status.sync?.status === 'Synced' && status.health?.status === 'Healthy') return true;
    // What happens to a CRD makes Argo CD look at no Application: without this it would take up to a minute.
    if (Date.now() - refreshedAt > REFRESH_EVERY_MS) {
      refreshedAt = Date.now();
      await patch({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } });
    }
    return false;
  };
  await waitUntil(done, {
    what: `${name} Synced and Healthy`,
    withinMs: SYNCED_WITHIN_MS,
    signal: failed.signal,
  });
}
