// Source: metadata of AWS service model 2015-09-21 of private ECR.

/** `X-Amz-Target` is this prefix, a full stop and the name of the operation. */
export const PRIVATE_TARGET_PREFIX = 'AmazonEC2ContainerRegistry_V20150921';
/** Name of the service in the credential scope of Signature Version 4, and in IAM actions. */
export const PRIVATE_SIGNING_NAME = 'ecr';

// Sizes and rates. Source: the "Amazon ECR service quotas" page of the user guide.

const MIB = 1024 * 1024;

export const PRIVATE_MAX_PARTS_PER_LAYER = 4200;
/** Largest layer in bytes: 52,000 MiB. With parts of 10 MiB, 4,200 parts hold 42,000 MiB. */
export const PRIVATE_MAX_LAYER_BYTES = 52_000 * MIB;
/** Default; AWS raises it on request. */
export const PRIVATE_MAX_REPOSITORIES = 100_000;
/** Most rules of a lifecycle policy. */
export const MAX_LIFECYCLE_RULES = 50;

/** Requests per second, account and region, by operation. */
export const PRIVATE_REQUESTS_PER_SECOND: Readonly<Record<string, number>> = {
  GetAuthorizationToken: 500,
  BatchCheckLayerAvailability: 1000,
  InitiateLayerUpload: 100,
  UploadLayerPart: 500,
  CompleteLayerUpload: 100,
  PutImage: 10,
  BatchGetImage: 2000,
  GetDownloadUrlForLayer: 3000,
};
