import { z } from 'zod';
import { invalidParameter } from './errors.ts';

// What may be asked. Members that are not listed are refused, so that nobody relies on what the sandbox does not do.

const tags = z
  .record(z.string().min(1).max(128), z.string().max(256))
  .refine((all) => Object.keys(all).every((key) => !key.startsWith('aws:')), 'tag keys must not begin with aws:')
  .refine((all) => Object.keys(all).length <= 50, 'at most 50 tags')
  .default({});

const clientRequestToken = z.string().min(1).optional();

const supportType = z.enum(['STANDARD', 'EXTENDED']);

const authenticationMode = z.enum(['API', 'API_AND_CONFIG_MAP', 'CONFIG_MAP']);

export const createCluster = z.strictObject({
  name: z
    .string()
    .max(100)
    .regex(/^[0-9A-Za-z][A-Za-z0-9\-_]*$/),
  version: z.string().optional(),
  roleArn: z.string().min(1),
  resourcesVpcConfig: z.strictObject({
    subnetIds: z.array(z.string()).min(1),
    securityGroupIds: z.array(z.string()).max(4).default([]),
    endpointPublicAccess: z.boolean().default(true),
    endpointPrivateAccess: z.boolean().default(false),
    publicAccessCidrs: z.array(z.string()).default(['0.0.0.0/0']),
  }),
  accessConfig: z
    .strictObject({
      bootstrapClusterCreatorAdminPermissions: z.boolean().default(true),
      authenticationMode: authenticationMode.default('CONFIG_MAP'),
    })
    .prefault({}),
  upgradePolicy: z.strictObject({ supportType }).default({ supportType: 'EXTENDED' }),
  bootstrapSelfManagedAddons: z.boolean().default(true),
  deletionProtection: z.boolean().default(false),
  tags,
  clientRequestToken,
});
export type CreateCluster = z.infer<typeof createCluster>;

export const updateClusterConfig = z.strictObject({
  deletionProtection: z.boolean().optional(),
  upgradePolicy: z.strictObject({ supportType }).optional(),
  accessConfig: z.strictObject({ authenticationMode }).optional(),
  clientRequestToken,
});

const RESERVED_LABEL = /(^|\.)(kubernetes\.io|k8s\.io|eks\.amazonaws\.com)\//;

export const createNodegroup = z.strictObject({
  nodegroupName: z
    .string()
    .max(63)
    .regex(/^[0-9A-Za-z][A-Za-z0-9\-_]*$/),
  subnets: z.array(z.string()).min(1),
  nodeRole: z.string().min(1),
  scalingConfig: z
    .strictObject({ minSize: z.int().min(0), maxSize: z.int().min(1), desiredSize: z.int().min(0) })
    .refine(({ minSize, desiredSize }) => minSize <= desiredSize, "Minimum capacity can't be greater than desired size")
    .refine(({ maxSize, desiredSize }) => desiredSize <= maxSize, "Desired capacity can't be greater than max size")
    .default({ minSize: 1, maxSize: 2, desiredSize: 2 }),
  instanceTypes: z.array(z.string()).min(1).default(['t3.medium']),
  capacityType: z.enum(['ON_DEMAND', 'SPOT']).default('ON_DEMAND'),
  amiType: z.string().default('AL2023_x86_64_STANDARD'),
  diskSize: z.int().min(1).default(20),
  labels: z
    .record(z.string(), z.string())
    .refine(
      (all) => Object.keys(all).every((key) => !RESERVED_LABEL.test(key)),
      'Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]',
    )
    .default({}),
  updateConfig: z
    .strictObject({ maxUnavailable: z.int().optional(), maxUnavailablePercentage: z.int().optional() })
    .default({ maxUnavailable: 1 }),
  version: z.string().optional(),
  tags,
  clientRequestToken,
});
export type CreateNodegroup = z.infer<typeof createNodegroup>;

export const createAddon = z.strictObject({
  addonName: z.string(),
  addonVersion: z.string().optional(),
  resolveConflicts: z.enum(['NONE', 'OVERWRITE', 'PRESERVE']).optional(),
  serviceAccountRoleArn: z.string().optional(),
  configurationValues: z.string().optional(),
  tags,
  clientRequestToken,
});
export type CreateAddon = z.infer<typeof createAddon>;

const kubernetesGroup = z
  .string()
  .regex(
    /^(?!system:|eks:|aws:|amazon:|iam:)/,
    'The kubernetes group name is invalid, it cannot start with system:, eks:, aws:, amazon: or iam:',
  );

export const createAccessEntry = z.strictObject({
  principalArn: z.string(),
  kubernetesGroups: z.array(kubernetesGroup).default([]),
  username: z.string().optional(),
  type: z.literal('STANDARD', 'The sandbox offers access entries of type STANDARD only').default('STANDARD'),
  tags,
  clientRequestToken,
});
export type CreateAccessEntry = z.infer<typeof createAccessEntry>;

export const associateAccessPolicy = z.strictObject({
  policyArn: z.string(),
  accessScope: z
    .strictObject({ type: z.enum(['cluster', 'namespace']), namespaces: z.array(z.string()).default([]) })
    .refine(
      ({ type, namespaces }) => (type === 'namespace') === namespaces.length > 0,
      'namespaces go with the scope type namespace, and it needs some',
    ),
});

export const tagResource = z.strictObject({ tags });

/** @throws AwsError InvalidParameterException that names each member and what is wrong with it */
export function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`);
  throw invalidParameter(issues.join('; '));
}
