// Custom resources without a schema: for tests of what reads their objects, and none of who writes them.
import { ApiextensionsV1Api, CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { waitUntil } from '../../sandbox/process/ready.ts';

export interface CustomKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower case. */
  readonly plural: string;
}

/** Until the API server serves them. Their status is written with the rest. */
export async function serveCustomKinds(config: KubeConfig, kinds: readonly CustomKind[]): Promise<void> {
  const objects = config.makeApiClient(CustomObjectsApi);
  const api = config.makeApiClient(ApiextensionsV1Api);
  for (const { group, version, kind, plural } of kinds) {
    const name = `${plural}.${group}`;
    await api.createCustomResourceDefinition({
      body: {
        metadata: { name, annotations: { 'api-approved.kubernetes.io': 'unapproved, of a test' } },
        spec: {
          group,
          scope: 'Namespaced',
          names: { kind, plural, singular: plural.slice(0, -1) },
          versions: [
            {
              name: version,
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', x_kubernetes_preserve_unknown_fields: true } },
            },
          ],
        },
      },
    });
    // Established is not yet served: its storage comes up a moment later.
    const isServed = (): Promise<boolean> =>
      objects.listClusterCustomObject({ group, version, plural }).then(
        () => true,
        () => false,
      );
    await waitUntil(isServed, { what: `${name} served`, withinMs: 30_000 });
  }
}
