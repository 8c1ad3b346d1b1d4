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

/** Bytes per part: what the service asks for, or `mostBytes` if that is less; more if a blob of `blobBytes` would need over 1,000 parts. */
export function choosePartBytes(
  servicePartBytes: number,
  mostBytes: number | undefined,
  blobBytes: number,
): number {
  const wanted = Math.min(servicePartBytes, mostBytes ?? servicePartBytes);
  const needed = Math.ceil(blobBytes / MAX_PARTS_PER_LAYER);
  return Math.min(MAX_PART_BYTES, Math.max(wanted, needed));
}
