import type { EcrClient } from '../../../ecr/client.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import { isRegistryId } from '../../../oci/repository-name.ts';
import { PARTITIONS } from '../../../wire/private/regions.ts';

// The IAM permissions that the checks and a push need.

/** The two services, as `EcrClient.service` has them. */
export type ServiceKind = EcrClient['service']['kind'];

/** Names the IAM action of an operation. */
export function nameAction(service: ServiceKind, operation: string): string {
  return `${service === 'private' ? 'ecr' : 'ecr-public'}:${operation}`;
}

/** Policies of AWS, from the least to the most that they allow. Source: AWS Managed Policy Reference. */
interface ManagedPolicies {
  /** A token, and every operation that only reads. */
  readonly read: string;
  /** Pushes to any repository that exists. */
  readonly push: string;
  /** Everything, such as creating repositories. */
  readonly all: string;
}

export const MANAGED_POLICIES: Readonly<Record<ServiceKind, ManagedPolicies>> = {
  public: {
    read: 'AmazonElasticContainerRegistryPublicReadOnly',
    push: 'AmazonElasticContainerRegistryPublicPowerUser',
    all: 'AmazonElasticContainerRegistryPublicFullAccess',
  },
  private: {
    read: 'AmazonEC2ContainerRegistryReadOnly',
    push: 'AmazonEC2ContainerRegistryPowerUser',
    all: 'AmazonEC2ContainerRegistryFullAccess',
  },
};

/** The actions that a token needs. Source: user guides, "Registry authentication". */
export const TOKEN_ACTIONS: Readonly<Record<ServiceKind, readonly string[]>> = {
  public: ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'],
  private: ['ecr:GetAuthorizationToken'],
};

/** For any resource: these operations name none. Source: user guide, "Actions, resources, and condition keys". */
const REGISTRY_ACTIONS: Readonly<Record<ServiceKind, readonly string[]>> = {
  public: ['ecr-public:DescribeRegistries', ...TOKEN_ACTIONS.public],
  private: TOKEN_ACTIONS.private,
};

/** For one repository. In private ECR, pulls need actions too. */
const REPOSITORY_ACTIONS: Readonly<Record<ServiceKind, readonly string[]>> = {
  public: [
    'ecr-public:BatchCheckLayerAvailability',
    'ecr-public:CompleteLayerUpload',
    'ecr-public:DescribeRepositories',
    'ecr-public:InitiateLayerUpload',
    'ecr-public:PutImage',
    'ecr-public:UploadLayerPart',
  ],
  private: [
    'ecr:BatchCheckLayerAvailability',
    'ecr:BatchGetImage',
    'ecr:CompleteLayerUpload',
    'ecr:DescribeRepositories',
    'ecr:GetDownloadUrlForLayer',
    'ecr:InitiateLayerUpload',
    'ecr:PutImage',
    'ecr:UploadLayerPart',
  ],
};

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

/** What a policy is for. */
export interface PolicySubject {
  readonly service: ServiceKind;
  readonly reference: RepositoryReference | undefined;
  /** Owns the repository unless the reference says another; undefined: any. */
  readonly account: string | undefined;
  /** Of private ECR; undefined: any. */
  readonly region?: string | undefined;
}

/** Makes the smallest policy with which all checks pass, and a push to the repository as well if one is named. */
export function makeSmallestPolicy(subject: PolicySubject): PolicyDocument {
  const { service, reference } = subject;
  const statements: PolicyStatement[] = [
    { Effect: 'Allow', Action: REGISTRY_ACTIONS[service], Resource: '*' },
  ];
  if (reference !== undefined) {
    const Resource = nameResource(reference, subject);
    statements.push({ Effect: 'Allow', Action: REPOSITORY_ACTIONS[service], Resource });
  }
  return { Version: '2012-10-17', Statement: statements };
}

function nameResource(
  { registryAlias, repositoryName, privateRegistry }: RepositoryReference,
  { account, region = '*' }: PolicySubject,
): string {
  if (privateRegistry !== undefined) {
    const partition = PARTITIONS.find(({ regions }) => regions.test(region))?.name;
    const owner = privateRegistry.registryId ?? account ?? '*';
    return `arn:${partition}:ecr:${region}:${owner}:repository/${repositoryName}`;
  }
  const named = registryAlias !== undefined && isRegistryId(registryAlias) ? registryAlias : account;
  return `arn:aws:ecr-public::${named ?? '*'}:repository/${repositoryName}`;
}
