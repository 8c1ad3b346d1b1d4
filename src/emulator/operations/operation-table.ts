import type { OperationName } from '../../wire/operations.ts';
import { batchCheckLayerAvailability } from './batch-check-layer-availability.ts';
import { batchDeleteImage } from './batch-delete-image.ts';
import { completeLayerUpload } from './complete-layer-upload.ts';
import type { CallContext, Handler } from './context.ts';
import { createRepository } from './create-repository.ts';
import { deleteRepository } from './delete-repository.ts';
import { describeImageTags } from './describe-image-tags.ts';
import { describeImages } from './describe-images.ts';
import { describeRegistries } from './describe-registries.ts';
import { describeRepositories } from './describe-repositories.ts';
import { getAuthorizationToken } from './get-authorization-token.ts';
import { getRepositoryCatalogData } from './get-repository-catalog-data.ts';
import { initiateLayerUpload } from './initiate-layer-upload.ts';
import { putImage } from './put-image.ts';
import { putRepositoryCatalogData } from './put-repository-catalog-data.ts';
import { getRegistryCatalogData, putRegistryCatalogData } from './registry-catalog-data.ts';
import { deleteRepositoryPolicy, getRepositoryPolicy, setRepositoryPolicy } from './repository-policy.ts';
import { listTagsForResource, tagResource, untagResource } from './tag-resource.ts';
import { uploadLayerPart } from './upload-layer-part.ts';

export const HANDLERS: { readonly [Name in OperationName]: Handler<Name, CallContext> } = {
  BatchCheckLayerAvailability: batchCheckLayerAvailability,
  InitiateLayerUpload: initiateLayerUpload,
  UploadLayerPart: uploadLayerPart,
  CompleteLayerUpload: completeLayerUpload,
  PutImage: putImage,
  DescribeImages: describeImages,
  DescribeImageTags: describeImageTags,
  CreateRepository: createRepository,
  DescribeRepositories: describeRepositories,
  DeleteRepository: deleteRepository,
  GetAuthorizationToken: getAuthorizationToken,
  DescribeRegistries: describeRegistries,
  BatchDeleteImage: batchDeleteImage,
  GetRepositoryCatalogData: getRepositoryCatalogData,
  PutRepositoryCatalogData: putRepositoryCatalogData,
  GetRegistryCatalogData: getRegistryCatalogData,
  PutRegistryCatalogData: putRegistryCatalogData,
  SetRepositoryPolicy: setRepositoryPolicy,
  GetRepositoryPolicy: getRepositoryPolicy,
  DeleteRepositoryPolicy: deleteRepositoryPolicy,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};
