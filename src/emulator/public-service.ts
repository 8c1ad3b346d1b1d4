import { MAX_LAYER_BYTES, MAX_PARTS_PER_LAYER } from '../wire/limits.ts';
import { OPERATIONS, type OperationName } from '../wire/operations.ts';
import { REGION, SIGNING_NAME, TARGET_PREFIX } from '../wire/service.ts';
import { SHAPES } from '../wire/shapes.ts';
import { CHOICES } from './choices.ts';
import { catalogDataHandlers } from './operations/catalog-data.ts';
import type { Handlers } from './operations/context.ts';
import { imageHandlers } from './operations/images.ts';
import { layerHandlers } from './operations/layers.ts';
import { policyHandlers } from './operations/policies.ts';
import { putImageHandlers } from './operations/put-image.ts';
import { registryHandlers } from './operations/registries.ts';
import { repositoryHandlers } from './operations/repositories.ts';
import { resourceTagHandlers } from './operations/resource-tags.ts';
import type { EmulatedService, RepositoryOfArn } from './service.ts';

/** ECR Public. */
export const PUBLIC_SERVICE: EmulatedService = {
  kind: 'public',
  targetPrefix: TARGET_PREFIX,
  signingName: SIGNING_NAME,
  region: REGION,
  operations: OPERATIONS,
  shapes: SHAPES,
  registryOperations: [
    'DescribeRegistries',
    'GetAuthorizationToken',
    'GetRegistryCatalogData',
    'PutRegistryCatalogData',
  ],
  borrowedPermissions: {},
  tokenActions: ['sts:GetServiceBearerToken'],
  maximumPartsPerLayer: MAX_PARTS_PER_LAYER,
  maximumLayerBytes: MAX_LAYER_BYTES,
  maximumRepositories: CHOICES.maximumRepositories.value,
  formatRepositoryArn: formatPublicArn,
  readRepositoryArn: readPublicArn,
};

/** Formats an ARN without a region. See `CHOICES.repositoryArn`. */
function formatPublicArn(registryId: string, repositoryName: string): string {
  return `arn:aws:ecr-public::${registryId}:repository/${repositoryName}`;
}

/** Reads an ARN with or without a region. */
function readPublicArn(arn: string): RepositoryOfArn | undefined {
  const [, registryId, repositoryName] =
    /^arn:aws:ecr-public:[a-z0-9-]*:([0-9]{12}):repository\/(.+)$/.exec(arn) ?? [];
  return registryId === undefined || repositoryName === undefined
    ? undefined
    : { registryId, repositoryName };
}

/** Every operation of the API of ECR Public. */
export const HANDLERS: Handlers<OperationName> = {
  ...catalogDataHandlers,
  ...imageHandlers,
  ...layerHandlers,
  ...policyHandlers,
  ...putImageHandlers,
  ...registryHandlers,
  ...repositoryHandlers,
  ...resourceTagHandlers,
};
