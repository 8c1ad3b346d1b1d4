import { EcrpError } from '../errors.ts';
import {
  MAX_IMAGES_PER_REPOSITORY,
  MAX_LAYER_BYTES,
  MAX_MANIFEST_CHARS,
  MAX_PART_BYTES,
  MAX_PARTS_PER_LAYER,
  MAX_TAGS_PER_IMAGE,
} from '../wire/limits.ts';

/** Throws LIMIT for a blob that the service cannot store; `bytes` is its size as it will be sent. */
export function checkBlobSize(name: string, bytes: number, role: 'config' | 'layer' = 'layer'): void {
  if (bytes > MAX_LAYER_BYTES) {
    throw new EcrpError(
      'LIMIT',
      `${name} is ${bytes} bytes long; ECR Public takes layers of up to ${MAX_LAYER_BYTES} bytes`,
      { hint: 'Split what the layer holds over several layers.' },
    );
  }
  if (bytes === 0) {
    throw new EcrpError('LIMIT', `${name} is empty; ECR Public cannot store a blob without bytes`, {
      hint:
        role === 'layer'
          ? 'Leave the empty layer out of the image.'
          : 'Build the artifact with the config `{}`, as the OCI image specification asks; `oras push` does.',
    });
  }
}

/** Throws LIMIT for a manifest that PutImage does not take. */
export function checkManifestSize(digest: string, bytes: number): void {
  if (bytes > MAX_MANIFEST_CHARS) {
    throw new EcrpError(
      'LIMIT',
      `Manifest ${digest} is ${bytes} bytes long; ECR Public takes up to ${MAX_MANIFEST_CHARS}`,
      { hint: 'An image with fewer layers, or an index with fewer images, has a shorter one.' },
    );
  }
}

/** Throws LIMIT for more tags than an image can have. */
export function checkTagCount(tags: number): void {
  if (tags <= MAX_TAGS_PER_IMAGE) return;
  throw new EcrpError(
    'LIMIT',
    `the image would have ${tags} tags; an image of ECR Public has up to ${MAX_TAGS_PER_IMAGE}`,
    {
      hint: `Leave out ${tags - MAX_TAGS_PER_IMAGE} of them.`,
    },
  );
}

/** Throws LIMIT for an index of more images, itself included, than a repository can have. */
export function checkImageCount(images: number): void {
  if (images <= MAX_IMAGES_PER_REPOSITORY) return;
  throw new EcrpError(
    'LIMIT',
    `the index has ${images} images; a repository of ECR Public has up to ${MAX_IMAGES_PER_REPOSITORY}`,
    { hint: 'Split the index over several repositories.' },
  );
}

/**
 * Bytes per part: what the service asks for, `upperBound` if that is less, and more than either where a blob of
 * `blobBytes` would need over 1,000 parts.
 */
export function choosePartBytes(
  servicePartBytes: number,
  upperBound: number | undefined,
  blobBytes: number,
): number {
  const wanted = Math.min(servicePartBytes, upperBound ?? servicePartBytes);
  const needed = Math.ceil(blobBytes / MAX_PARTS_PER_LAYER);
  return Math.min(MAX_PART_BYTES, Math.max(wanted, needed));
}
