// An external-dns in a cluster, as its Deployment says that it runs.
import type { V1Deployment } from '@kubernetes/client-node';

export interface ExternalDns {
  /** `namespace/name`. */
  readonly deployment: string;
  /** `sync`, `upsert-only`, `create-only`; null when it is not told, which means `sync` or that it does not start. */
  readonly policy: string | null;
}

const IMAGE = /(^|\/)external-dns([:@]|$)/;
const POLICY = '--policy';

/** Null when it is another program's. */
export function toExternalDns({ metadata, spec }: V1Deployment): ExternalDns | null {
  const container = spec?.template.spec?.containers.find(({ image = '' }) => IMAGE.test(image));
  if (!container) return null;
  const told = [...(container.command ?? []), ...(container.args ?? [])];
  return { deployment: `${metadata?.namespace}/${metadata?.name}`, policy: valueOf(POLICY, told) };
}

/** `--flag=value` or `--flag value`. */
function valueOf(flag: string, args: readonly string[]): string | null {
  const at = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  if (at === -1) return null;
  return args[at]?.split('=')[1] ?? args[at + 1] ?? null;
}
