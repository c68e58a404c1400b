// How every AWS client of the product is made. Endpoint and credentials come from the SDK's own environment.
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient } from '@aws-sdk/client-iam';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { REQUEST_LIMITS, sayingWhatWasAsked } from './aws-client.ts';
import { createEc2, type Ec2 } from './ec2.ts';
import { createEksAccess, type EksAccess } from './eks-access.ts';
import { createEksAddons, type EksAddons } from './eks-addons.ts';
import { createEksClusters, type EksClusters } from './eks-clusters.ts';
import { createEksNodeGroups, type EksNodeGroups } from './eks-node-groups.ts';
import { type AwsCredentials } from './eks-token.ts';
import { createElb, type Elb } from './elb.ts';
import { createIam, type Iam } from './iam.ts';
import { createSsm, type Ssm } from './ssm.ts';
import { createSts, type Sts } from './sts.ts';

export type Eks = EksClusters & EksAccess & EksNodeGroups & EksAddons;

/** AWS as seen from one region. */
export interface AwsRegion {
  readonly eks: Eks;
  readonly iam: Iam;
  readonly ssm: Ssm;
  readonly sts: Sts;
  readonly elb: Elb;
  readonly ec2: Ec2;
  /** The worker's own, for signing EKS tokens. */
  readonly credentials: () => Promise<AwsCredentials>;
}

export type Aws = (region: string) => AwsRegion;

/** One set of clients per region, kept. */
export function createAws(): Aws {
  const regions = new Map<string, AwsRegion>();
  return (region) => {
    const known = regions.get(region);
    if (known) return known;
    const made = connect(region);
    regions.set(region, made);
    return made;
  };
}

function connect(region: string): AwsRegion {
  const config = { region, requestHandler: REQUEST_LIMITS };
  const eks = sayingWhatWasAsked(new EKSClient(config));
  return {
    eks: {
      ...createEksClusters(eks),
      ...createEksAccess(eks),
      ...createEksNodeGroups(eks),
      ...createEksAddons(eks),
    },
    iam: createIam(sayingWhatWasAsked(new IAMClient(config))),
    ssm: createSsm(sayingWhatWasAsked(new SSMClient(config))),
    sts: createSts(sayingWhatWasAsked(new STSClient(config))),
    elb: createElb(sayingWhatWasAsked(new ElasticLoadBalancingV2Client(config))),
    ec2: createEc2(sayingWhatWasAsked(new EC2Client(config))),
    credentials: () => eks.config.credentials(),
  };
}
