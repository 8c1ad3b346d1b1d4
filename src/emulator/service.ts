import type { Operation, Shape } from '../wire/model.ts';

/** What differs between ECR Public and private ECR. The rest of the emulator serves both. */
export interface EmulatedService {
  readonly kind: 'public' | 'private';
  /** `X-Amz-Target` begins with it. */
  readonly targetPrefix: string;
  /** In the scope of signatures, and in IAM actions. */
  readonly signingName: string;
  /** The region that signatures must be scoped to. */
  readonly region: string;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
  /** The operations whose resource is not a repository. */
  readonly registryOperations: readonly string[];
  /** The permission that each of these operations needs in place of one of its own name. */
  readonly borrowedPermissions: Readonly<Record<string, string>>;
  /** The actions that GetAuthorizationToken needs besides its own. */
  readonly tokenActions: readonly string[];
  readonly maximumPartsPerLayer: number;
  readonly maximumLayerBytes: number;
  readonly maximumRepositories: number;
  formatRepositoryArn(registryId: string, repositoryName: string): string;
  /** Undefined for any text but the ARN of a repository of this service. */
  readRepositoryArn(arn: string): RepositoryOfArn | undefined;
}

/** The place that a repository's ARN names. */
export interface RepositoryOfArn {
  readonly registryId: string;
  readonly repositoryName: string;
}
