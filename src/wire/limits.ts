// Sizes the service fixes. Source: AWS service model 2020-10-30 and the "Amazon ECR Public service quotas" page.

const KIB = 1024;
const MIB = 1024 * KIB;

/** Smallest part in bytes, the last one of a layer excepted; judged at CompleteLayerUpload. */
export const MIN_PART_BYTES = 5 * MIB;
/** Largest part in bytes by the quota table; what InitiateLayerUpload asks for. */
export const PART_BYTES = 10 * MIB;
/** Largest part in bytes that the service model admits (`LayerPartBlob`). */
export const MAX_PART_BYTES = 20_971_520;
export const MAX_PARTS_PER_LAYER = 1000;
/** Largest layer in bytes: 1,000 parts of 10 MiB. */
export const MAX_LAYER_BYTES = MAX_PARTS_PER_LAYER * PART_BYTES;
/** Largest manifest, in characters; manifests are ASCII in practice, so in bytes too. */
export const MAX_MANIFEST_CHARS = 4_194_304;
/** Most digests in one BatchCheckLayerAvailability, ids in one BatchDeleteImage or DescribeImages. */
export const MAX_BATCH = 100;
export const MAX_TAGS_PER_IMAGE = 1000;
/** Unless an account has asked for more. */
export const MAX_IMAGES_PER_REPOSITORY = 100_000;
export const MAX_RESOURCE_TAGS = 50;
/**
 * What the length of a text is counted in: an emoji is one code point, and two UTF-16 code units. Source: the `length` trait of Smithy, in
 * which AWS's service models are written, counts Unicode scalar values.
 */
export const LENGTH_UNIT: 'code point' | 'UTF-16 code unit' = 'code point';
/** Catalog data. Texts in characters, the logo in bytes, a side of the logo in pixels. */
export const MAX_DESCRIPTION_CHARS = 1024;
export const MAX_ABOUT_CHARS = 25_600;
export const MAX_USAGE_CHARS = 25_600;
export const MAX_LOGO_BYTES = 512_000;
export const MIN_LOGO_SIDE = 60;
export const MAX_LOGO_SIDE = 2048;
export const MAX_CATALOG_LIST = 50;
export const MAX_CATALOG_ENTRY_CHARS = 50;
