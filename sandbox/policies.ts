// IAM policies of the sandbox's principals: what each needs, and no more.

interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly {
    readonly Effect: 'Allow';
    readonly Action: readonly string[];
    readonly Resource: '*';
  }[];
}

const allow = (...actions: string[]): Policy => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
});

/** The worker: builds and deletes clusters, changes records, reads the rest. */
export const WORKER_POLICY = allow(
  'eks:Describe*',
  'eks:List*',
  'eks:TagResource',
  'eks:CreateCluster',
  'eks:UpdateClusterConfig',
  'eks:DeleteCluster',
  'eks:CreateNodegroup',
  'eks:DeleteNodegroup',
  'eks:CreateAddon',
  'eks:DeleteAddon',
  'eks:CreateAccessEntry',
  'eks:AssociateAccessPolicy',
  'iam:PassRole',
  'iam:GetRole',
  'iam:CreateOpenIDConnectProvider',
  'iam:GetOpenIDConnectProvider',
  'iam:ListOpenIDConnectProviders',
  'iam:TagOpenIDConnectProvider',
  'iam:DeleteOpenIDConnectProvider',
  'route53:GetHostedZone',
  'route53:GetChange',
  'route53:ListResourceRecordSets',
  'route53:ListHostedZones',
  'route53:ChangeResourceRecordSets',
  'elasticloadbalancing:Describe*',
  'ec2:Describe*',
  'ssm:GetParameter',
  'ssm:PutParameter',
  'sts:GetCallerIdentity',
);

/** Argo CD signs in to clusters; that needs an access entry and no right in AWS. */
export const ARGOCD_POLICY = allow('sts:GetCallerIdentity');

export const EXTERNAL_DNS_POLICY = allow(
  'route53:ChangeResourceRecordSets',
  'route53:ListHostedZones',
  'route53:ListHostedZonesByName',
  'route53:ListResourceRecordSets',
  'route53:ListTagsForResource',
  'route53:ListTagsForResources',
  'route53:GetChange',
);
