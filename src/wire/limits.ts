// Sizes and rates that the service fixes. Source: AWS service model 2020-10-30 and the "Amazon ECR Public service quotas" page.

const KIB = 1024;
const MIB = 1024 * KIB;

/** Smallest part in bytes, except for the last part of a layer. CompleteLayerUpload checks it. */
export const MIN_PART_BYTES = 5 * MIB;
/** Largest part in bytes by the quota table. InitiateLayerUpload asks for this size. */
export const PART_BYTES = 10 * MIB;
/** Largest part in bytes that the service model allows (`LayerPartBlob`). */
export const MAX_PART_BYTES = 20_971_520;
export const MAX_PARTS_PER_LAYER = 1000;
/** Largest layer in bytes: 1,000 parts of 10 MiB. */
export const MAX_LAYER_BYTES = MAX_PARTS_PER_LAYER * PART_BYTES;
/** Largest manifest in characters. Manifests are ASCII in practice, so this is bytes as well. */
export const MAX_MANIFEST_CHARS = 4_194_304;
/** Most digests in one BatchCheckLayerAvailability, ids in one BatchDeleteImage or DescribeImages. */
export const MAX_BATCH = 100;
export const MAX_TAGS_PER_IMAGE = 1000;
/** Default; AWS raises it on request. */
export const MAX_IMAGES_PER_REPOSITORY = 100_000;
export const MAX_RESOURCE_TAGS = 50;
/** Longest repository policy in characters (`RepositoryPolicyText`). */
export const MAX_POLICY_CHARS = 10_240;
/** Longest display name of a registry in characters (`RegistryDisplayName`). */
export const MAX_DISPLAY_NAME_CHARS = 100;
/** Default; AWS raises it on request. */
export const MAX_REPOSITORIES = 10_000;
/**
 * Unit of text lengths. An emoji is one code point, but two UTF-16 code units. Source: AWS writes its service models in Smithy, whose
 * `length` trait counts Unicode scalar values.
 */
export const LENGTH_UNIT: 'code point' | 'UTF-16 code unit' = 'code point';
// Catalog data: texts in characters, the logo in bytes, its sides in pixels.
export const MAX_DESCRIPTION_CHARS = 1024;
export const MAX_ABOUT_CHARS = 25_600;
export const MAX_USAGE_CHARS = 25_600;
export const MAX_LOGO_BYTES = 512_000;
export const MIN_LOGO_SIDE = 60;
export const MAX_LOGO_SIDE = 2048;
export const MAX_CATALOG_LIST = 50;
export const MAX_CATALOG_ENTRY_CHARS = 50;

/**
 * Requests per second and account, by operation. Source: the "Amazon ECR Public service quotas" page. The 2021 user guide still
 * gives 200/s for InitiateLayerUpload.
 */
export const REQUESTS_PER_SECOND: Readonly<Record<string, number>> = {
  GetAuthorizationToken: 200,
  BatchCheckLayerAvailability: 200,
  InitiateLayerUpload: 10,
  UploadLayerPart: 260,
  CompleteLayerUpload: 10,
  PutImage: 10,
};

/** Image pulls per second: anonymous pulls by source address, authenticated ones by account. Source: the same page. */
export const PULLS_PER_SECOND = { anonymousPull: 1, authenticatedPull: 10 } as const;
