import type { TargetLimits } from '../../ends/image-target.ts';
import { MAX_IMAGES_PER_REPOSITORY, MAX_MANIFEST_CHARS, MAX_TAGS_PER_IMAGE } from '../../wire/limits.ts';
import { PRIVATE_MAX_LAYER_BYTES, PRIVATE_MAX_PARTS_PER_LAYER } from '../../wire/private/service.ts';
import { findDoubt } from '../doubts.ts';
import type { PartRule } from '../limits.ts';

/** What private ECR refuses. It cannot store a blob without bytes. */
export const ECR_PRIVATE_LIMITS: TargetLimits = {
  service: 'private ECR',
  minBlobBytes: 1,
  maxBlobBytes: PRIVATE_MAX_LAYER_BYTES,
  maxManifestBytes: MAX_MANIFEST_CHARS,
  maxTags: MAX_TAGS_PER_IMAGE,
  maxImages: MAX_IMAGES_PER_REPOSITORY,
  findDoubt,
};

/** The quotas allow layers of 52,000 MiB, parts of 10 MiB, and 4,200 parts. Only longer parts, which the service model allows, make that possible. */
export const ECR_PRIVATE_PARTS: PartRule = { maxParts: PRIVATE_MAX_PARTS_PER_LAYER, stepBytes: 1024 * 1024 };
