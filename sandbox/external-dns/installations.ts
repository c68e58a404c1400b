import type { V1Deployment, V1Pod } from '@kubernetes/client-node';

/** An external-dns that a cluster runs. */
export interface Installation {
  /** `<namespace>/<name>` of its Deployment. */
  readonly id: string;
  readonly args: readonly string[];
  /** Variables with a plain value; others have their value in the cluster only. */
  readonly env: Readonly<Record<string, string>>;
}

const IMAGE = /(^|\/)external-dns(:[^/]*)?$/;

/** The Deployments of external-dns that have at least one Ready pod. */
export function installations(deployments: readonly V1Deployment[], pods: readonly V1Pod[]): Installation[] {
  return deployments.flatMap((deployment) => {
    const { namespace = '', name = '' } = deployment.metadata ?? {};
    const container = deployment.spec?.template.spec?.containers.find(({ image = '' }) => IMAGE.test(image));
    if (!container || !pods.some((pod) => isReady(pod) && belongsTo(pod, deployment))) return [];
    const env = Object.fromEntries(
      (container.env ?? []).flatMap(({ name: key, value }) => (value === undefined ? [] : [[key, value]])),
    );
    return [{ id: `${namespace}/${name}`, args: container.args ?? [], env }];
  });
}

const isReady = ({ metadata, status }: V1Pod): boolean =>
  !metadata?.deletionTimestamp &&
  (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

function belongsTo({ metadata }: V1Pod, { metadata: owner, spec }: V1Deployment): boolean {
  const labels = Object.entries(spec?.selector.matchLabels ?? {});
  return metadata?.namespace === owner?.namespace && labels.every(([key, value]) => metadata?.labels?.[key] === value);
}
