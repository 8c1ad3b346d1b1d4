import type { TargetLimits } from '../ends/image-target.ts';
import {
  MAX_IMAGES_PER_REPOSITORY,
  MAX_LAYER_BYTES,
  MAX_MANIFEST_CHARS,
  MAX_PART_BYTES,
  MAX_PARTS_PER_LAYER,
  MAX_TAGS_PER_IMAGE,
} from '../wire/limits.ts';
import { findDoubt } from './doubts.ts';

/** What ECR Public refuses. It cannot store a blob without bytes. */
export const ECR_PUBLIC_LIMITS: TargetLimits = {
  service: 'ECR Public',
  minBlobBytes: 1,
  maxBlobBytes: MAX_LAYER_BYTES,
  maxManifestBytes: MAX_MANIFEST_CHARS,
  maxTags: MAX_TAGS_PER_IMAGE,
  maxImages: MAX_IMAGES_PER_REPOSITORY,
  findDoubt,
};

/** How a service bounds the parts of a layer. */
export interface PartRule {
  readonly maxParts: number;
  /** Parts that must be longer than the service asks for have a multiple of these bytes. */
  readonly stepBytes: number;
}

export const ECR_PUBLIC_PARTS: PartRule = { maxParts: MAX_PARTS_PER_LAYER, stepBytes: 1 };

/**
 * Bytes per part: what the service asks for, or `mostBytes` if that is less; more if a blob of `blobBytes` would need more parts than the rule
 * allows.
 */
export function choosePartBytes(
  servicePartBytes: number,
  mostBytes: number | undefined,
  blobBytes: number,
  { maxParts, stepBytes } = ECR_PUBLIC_PARTS,
): number {
  const wanted = Math.min(servicePartBytes, mostBytes ?? servicePartBytes);
  const needed = Math.ceil(blobBytes / maxParts / stepBytes) * stepBytes;
  return Math.min(MAX_PART_BYTES, wanted * maxParts >= blobBytes ? wanted : Math.max(wanted, needed));
}
