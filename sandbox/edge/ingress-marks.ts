import { ApiException, NetworkingV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { KubeConfig, V1Ingress } from '@kubernetes/client-node';

const FINALIZER = 'ingress.k8s.aws/resources';
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const NOT_FOUND = 404;
const CONFLICT = 409;

/** What the load balancer controller writes on an Ingress. Each writes only where something is to be changed. */
export class IngressMarks {
  readonly #api: NetworkingV1Api;

  constructor(config: KubeConfig) {
    this.#api = config.makeApiClient(NetworkingV1Api);
  }

  /** From now on the Ingress does not go before its load balancer. */
  async hold(ingress: V1Ingress): Promise<void> {
    const finalizers = ingress.metadata?.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) await this.#setFinalizers(ingress, [...finalizers, FINALIZER]);
  }

  async release(ingress: V1Ingress): Promise<void> {
    const finalizers = ingress.metadata?.finalizers ?? [];
    if (finalizers.includes(FINALIZER))
      await this.#setFinalizers(
        ingress,
        finalizers.filter((finalizer) => finalizer !== FINALIZER),
      );
  }

  /** Says in the status where the load balancer is. */
  async publish(ingress: V1Ingress, hostname: string): Promise<void> {
    if (ingress.status?.loadBalancer?.ingress?.[0]?.hostname === hostname) return;
    const body = { status: { loadBalancer: { ingress: [{ hostname }] } } };
    await unlessOvertaken(this.#api.patchNamespacedIngressStatus({ ...keyOf(ingress), body }, MERGE));
  }

  async #setFinalizers(ingress: V1Ingress, finalizers: readonly string[]): Promise<void> {
    // With the version that was seen, or a finalizer that somebody else has just set would be lost.
    const body = { metadata: { resourceVersion: ingress.metadata?.resourceVersion, finalizers } };
    await unlessOvertaken(this.#api.patchNamespacedIngress({ ...keyOf(ingress), body }, MERGE));
  }
}

/** Somebody was faster: the watch brings the object as it now is, and everything is looked at again. */
async function unlessOvertaken(patch: Promise<unknown>): Promise<void> {
  try {
    await patch;
  } catch (error) {
    if (!(error instanceof ApiException && (error.code === CONFLICT || error.code === NOT_FOUND))) throw error;
  }
}

const keyOf = ({ metadata }: V1Ingress): { namespace: string; name: string } => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
});
