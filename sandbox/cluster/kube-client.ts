import { KubeConfig } from '@kubernetes/client-node';
import type { ControlPlane } from '../contracts.ts';

type Access = Pick<ControlPlane, 'name' | 'endpoint' | 'caData' | 'adminToken'>;

/** Full rights on a cluster, with its certificate verified: for what AWS or a node would do there. */
export function kubeConfigFor({ name, endpoint, caData, adminToken }: Access): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name, server: endpoint, caData, skipTLSVerify: false },
    { name: 'sandbox-admin', token: adminToken },
  );
  return config;
}
