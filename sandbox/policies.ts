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

/** The worker: builds and deletes clusters, changes records, reads the rest. A test holds it to what src/adapters send. */
export const WORKER_POLICY = allow(
  'eks:DescribeCluster',
  'eks:DescribeClusterVersions',
  'eks:DescribeUpdate',
  'eks:CreateCluster',
  'eks:UpdateClusterConfig',
  'eks:DeleteCluster',
  'eks:DescribeNodegroup',
  'eks:ListNodegroups',
  'eks:CreateNodegroup',
  'eks:DeleteNodegroup',
  'eks:DescribeAddon',
  'eks:DescribeAddonVersions',
  'eks:ListAddons',
  'eks:CreateAddon',
  'eks:DeleteAddon',
  'eks:DescribeAccessEntry',
  'eks:CreateAccessEntry',
  'eks:UpdateAccessEntry',
  'eks:AssociateAccessPolicy',
  'eks:TagResource',
  'iam:PassRole',
  'iam:GetRole',
  'iam:ListOpenIDConnectProviders',
  'iam:GetOpenIDConnectProvider',
  'iam:CreateOpenIDConnectProvider',
  'iam:TagOpenIDConnectProvider',
  'iam:DeleteOpenIDConnectProvider',
  'route53:GetHostedZone',
  'route53:GetChange',
  'route53:ListResourceRecordSets',
  'route53:ChangeResourceRecordSets',
  'elasticloadbalancing:DescribeLoadBalancers',
  'elasticloadbalancing:DescribeTargetGroups',
  'elasticloadbalancing:DescribeTargetHealth',
  'elasticloadbalancing:DescribeTags',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'cloudwatch:GetMetricData',
  'ssm:GetParameter',
  'ssm:PutParameter',
  'sts:AssumeRole',
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
