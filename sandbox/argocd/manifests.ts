import { KubernetesObjectApi, PatchStrategy, type KubeConfig, type KubernetesObject } from '@kubernetes/client-node';

/** A Kubernetes object as one writes it: what each kind has beyond metadata is checked by the API server. */
export interface Manifest extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

const FIELD_MANAGER = 'eksodus-sandbox';

/** Creates the objects, or makes them what the manifests say. Server-side: some are too large for an annotation. */
export async function apply(config: KubeConfig, manifests: readonly Manifest[]): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(config);
  await Promise.all(
    manifests.map((manifest) =>
      api.patch(manifest, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply),
    ),
  );
}
