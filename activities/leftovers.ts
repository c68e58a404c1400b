import type { Dependencies } from '../src/adapters/index.ts';
import { ARGO } from '../src/domain/ids.ts';
import type { HostedZone } from '../src/domain/environment.ts';
import type { Leftover } from '../src/domain/status.ts';
import { argoAddress, registrationsOf } from './argocd.ts';
import type { EksActivities } from './ports.ts';
import { registeredOwner } from './zone-records.ts';

export function createLeftoverWork(deps: Dependencies): Pick<EksActivities, 'findLeftovers'> {
  const { aws, argo, route53 } = deps;
  return {
    async findLeftovers({ actor, cluster, oidcIssuer, zones, argocd, externalDnsOwner }) {
      const { eks, iam, elb, ec2 } = aws(actor.region);
      const manager = argoAddress(actor.region, argocd);
      const [found, nodeGroups, provider, balancers, targetGroups, interfaces, groups, registrations, applications] =
        await Promise.all([
          eks.findCluster(cluster),
          eks.listNodeGroups(cluster),
          oidcIssuer === '' ? null : iam.findOidcProvider(oidcIssuer),
          elb.loadBalancersOf(cluster),
          elb.targetGroupsOf(cluster),
          ec2.networkInterfacesOf(cluster),
          ec2.securityGroupsOf(cluster),
          registrationsOf(deps, { actor, argocd, cluster }),
          argo.applications(manager, { [ARGO.cluster]: cluster }),
        ]);
      const records = await Promise.all(zones.map((zone) => recordsOf(zone, cluster, externalDnsOwner)));
      return [
        ...all('EKS cluster', found ? [found.name] : []),
        ...all('EKS node group', nodeGroups),
        ...all('IAM OIDC provider', provider ? [provider.arn] : []),
        ...all('load balancer', balancers),
        ...all('target group', targetGroups),
        ...all('network interface', interfaces),
        ...all('security group', groups),
        ...all(
          'Argo CD cluster Secret',
          registrations.map(({ secret }) => secret),
        ),
        ...all(
          'Argo CD application',
          applications.map(({ name }) => name),
        ),
        ...all('DNS record', records.flat()),
      ];
    },
  };

  /** Records of the cluster's set identifier, and what its external-dns still claims. */
  async function recordsOf(zone: HostedZone, cluster: string, owner: string): Promise<string[]> {
    const records = await route53.allRecords(zone);
    return records
      .filter((record) => record.setIdentifier === cluster || registeredOwner(record) === owner)
      .map(({ type, name, setIdentifier }) => [type, name, setIdentifier ?? ''].join(' ').trim());
  }
}

const all = (kind: string, ids: readonly string[]): Leftover[] => ids.map((id) => ({ kind, id }));
