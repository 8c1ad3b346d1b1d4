import { PRIVATE_OPERATIONS, PRIVATE_SHAPES } from '../../wire/private/operations.ts';
import { PARTITIONS } from '../../wire/private/regions.ts';
import {
  PRIVATE_MAX_LAYER_BYTES,
  PRIVATE_MAX_PARTS_PER_LAYER,
  PRIVATE_MAX_REPOSITORIES,
  PRIVATE_SIGNING_NAME,
  PRIVATE_TARGET_PREFIX,
} from '../../wire/private/service.ts';
import type { EmulatedService } from '../service.ts';

/** Private ECR in one region. */
export function makePrivateService(region: string): EmulatedService {
  const arnForm = new RegExp(`^arn:${findPartition(region)}:ecr:${region}:([0-9]{12}):repository/(.+)$`);
  return {
    kind: 'private',
    targetPrefix: PRIVATE_TARGET_PREFIX,
    signingName: PRIVATE_SIGNING_NAME,
    region,
    operations: PRIVATE_OPERATIONS,
    shapes: PRIVATE_SHAPES,
    registryOperations: [
      'GetAuthorizationToken',
      'GetAccountSetting',
      'PutAccountSetting',
      'CreateRepositoryCreationTemplate',
      'DescribeRepositoryCreationTemplates',
      'DeleteRepositoryCreationTemplate',
    ],
    // Source: `ListImageReferrers` in the service model.
    borrowedPermissions: { ListImageReferrers: 'BatchGetImage' },
    tokenActions: [],
    maximumPartsPerLayer: PRIVATE_MAX_PARTS_PER_LAYER,
    maximumLayerBytes: PRIVATE_MAX_LAYER_BYTES,
    maximumRepositories: PRIVATE_MAX_REPOSITORIES,
    formatRepositoryArn: (registryId, repositoryName) =>
      `arn:${findPartition(region)}:ecr:${region}:${registryId}:repository/${repositoryName}`,
    readRepositoryArn: (arn) => {
      const [, registryId, repositoryName] = arnForm.exec(arn) ?? [];
      return registryId === undefined || repositoryName === undefined
        ? undefined
        : { registryId, repositoryName };
    },
  };
}

/** True for the form of a region's name. */
export function isRegion(text: string): boolean {
  return /^[a-z]{2,4}(?:-[a-z]+){1,2}-\d{1,2}$/.test(text);
}

/** The name of a region's partition, as in ARNs. */
export function findPartition(region: string): string {
  return PARTITIONS.find(({ regions }) => regions.test(region))?.name ?? 'aws';
}
