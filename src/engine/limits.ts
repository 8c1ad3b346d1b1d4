import type { TargetLimits } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import { listNames } from '../foreign-text.ts';
import type { Digest } from '../oci/digest.ts';

/** What to do about a blob without bytes. */
const EMPTY_HINTS = {
  layer: 'Leave the empty layer out of the image.',
  config: 'Build the artifact with the config `{}`, as the OCI image specification asks; `oras push` does.',
  file: 'Leave the empty file out.',
} as const;

/** Throws LIMIT for a blob that the target cannot store; `bytes` is its size as it will be sent. */
export function checkBlobSize(
  { service, minBlobBytes = 0, maxBlobBytes = Number.POSITIVE_INFINITY }: TargetLimits,
  name: string,
  bytes: number,
  role: keyof typeof EMPTY_HINTS = 'layer',
): void {
  if (bytes > maxBlobBytes) {
    throw new EcrpError(
      'LIMIT',
      `${name} is ${bytes} bytes long; ${service} takes layers of up to ${maxBlobBytes} bytes`,
      { hint: `Split what the ${role} holds over several ${role}s.` },
    );
  }
  if (bytes < minBlobBytes) {
    throw new EcrpError('LIMIT', `${name} is empty; ${service} cannot store a blob without bytes`, {
      hint: EMPTY_HINTS[role],
    });
  }
}

/** Throws LIMIT for a manifest that the target does not take. */
export function checkManifestSize(
  { service, maxManifestBytes = Number.POSITIVE_INFINITY }: TargetLimits,
  digest: string,
  bytes: number,
): void {
  if (bytes <= maxManifestBytes) return;
  throw new EcrpError(
    'LIMIT',
    `Manifest ${digest} is ${bytes} bytes long; ${service} takes up to ${maxManifestBytes}`,
    { hint: 'An image with fewer layers, or an index with fewer images, has a shorter one.' },
  );
}

/** Throws LIMIT for more tags than an image can have. */
export function checkTagCount(
  { service, maxTags = Number.POSITIVE_INFINITY }: TargetLimits,
  tags: number,
): void {
  if (tags <= maxTags) return;
  throw new EcrpError(
    'LIMIT',
    `the image would have ${tags} tags; an image of ${service} has up to ${maxTags}`,
    { hint: `Leave out ${tags - maxTags} of them.` },
  );
}

/** Throws LIMIT for an index of more images, itself included, than a repository can have. */
export function checkImageCount(
  { service, maxImages = Number.POSITIVE_INFINITY }: TargetLimits,
  images: number,
): void {
  if (images <= maxImages) return;
  throw new EcrpError(
    'LIMIT',
    `the index has ${images} images; a repository of ${service} has up to ${maxImages}`,
    { hint: 'Split the index over several repositories.' },
  );
}

/** Says what the target may refuse, one line for each doubt. */
export function describeDoubts(
  { service }: TargetLimits,
  doubts: ReadonlyMap<Digest, string>,
): readonly string[] {
  const digests = new Map<string, Digest[]>();
  for (const [digest, doubt] of doubts) {
    const others = digests.get(doubt);
    if (others === undefined) digests.set(doubt, [digest]);
    else others.push(digest);
  }
  return Array.from(digests, ([doubt, found]) => `${service} may refuse ${listNames(found)}: ${doubt}`);
}
