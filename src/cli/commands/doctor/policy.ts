import type { RepositoryReference } from '../../../oci/reference.ts';
import { isRegistryId } from '../../../oci/repository-name.ts';

// The IAM permissions that the checks and a push need.

/** Policies of AWS, from the least to the most that they allow. Source: AWS Managed Policy Reference. */
export const MANAGED_POLICIES = {
  /** A token, and every operation that only reads. */
  read: 'AmazonElasticContainerRegistryPublicReadOnly',
  /** Pushes to any repository that exists. */
  push: 'AmazonElasticContainerRegistryPublicPowerUser',
  /** Everything, such as creating repositories. */
  all: 'AmazonElasticContainerRegistryPublicFullAccess',
} as const;

/** For any resource: these operations name none. Source: user guide, "Actions, resources, and condition keys". */
const REGISTRY_ACTIONS = [
  'ecr-public:DescribeRegistries',
  'ecr-public:GetAuthorizationToken',
  'sts:GetServiceBearerToken',
];

/** For one repository. */
const PUSH_ACTIONS = [
  'ecr-public:BatchCheckLayerAvailability',
  'ecr-public:CompleteLayerUpload',
  'ecr-public:DescribeRepositories',
  'ecr-public:InitiateLayerUpload',
  'ecr-public:PutImage',
  'ecr-public:UploadLayerPart',
];

interface PolicyStatement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string;
  /** For `ResultMembers`. */
  readonly [member: string]: string | readonly string[];
}

/** An IAM policy document. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
  readonly [member: string]: string | readonly PolicyStatement[];
}

/**
 * Makes the smallest policy with which all checks pass, and a push to the repository as well if one is named. `account` owns the
 * repository unless the reference says another; undefined: any.
 */
export function makeSmallestPolicy(
  reference: RepositoryReference | undefined,
  account: string | undefined,
): PolicyDocument {
  const forRegistry: PolicyStatement = { Effect: 'Allow', Action: REGISTRY_ACTIONS, Resource: '*' };
  if (reference === undefined) return { Version: '2012-10-17', Statement: [forRegistry] };
  const { registryAlias, repositoryName } = reference;
  const named = registryAlias !== undefined && isRegistryId(registryAlias) ? registryAlias : account;
  const resource = `arn:aws:ecr-public::${named ?? '*'}:repository/${repositoryName}`;
  return {
    Version: '2012-10-17',
    Statement: [forRegistry, { Effect: 'Allow', Action: PUSH_ACTIONS, Resource: resource }],
  };
}
