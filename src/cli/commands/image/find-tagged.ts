import type { ImageTarget } from '../../../ends/image-target.ts';
import { EcrpError } from '../../../errors.ts';
import type { Digest } from '../../../oci/digest.ts';
import { formatReference, formatRepository, type Reference } from '../../../oci/reference.ts';

/**
 * Finds the digest of an image that a reference names by tag, digest or both. The image is read by that, because a registry may convert what
 * is asked for by tag. Throws NOT_FOUND, or CONFLICT if the tag is on another image than the digest says.
 */
export async function findTagged(
  target: Pick<ImageTarget, 'locateTag'>,
  reference: Reference,
  signal: AbortSignal,
): Promise<Digest> {
  const { imageTag, imageDigest } = reference;
  if (imageTag === undefined && imageDigest !== undefined) return imageDigest;
  const found = await target.locateTag(imageTag ?? '', signal);
  const name = formatReference(reference);
  if (found === undefined) {
    throw new EcrpError('NOT_FOUND', `${name} does not exist`, {
      hint: `'ecrp image list ${formatRepository(reference)}' shows what is there.`,
    });
  }
  if (imageDigest === undefined || imageDigest === found) return found;
  throw new EcrpError('CONFLICT', `${name}: the tag is on another image, ${found}`, {
    hint: 'Leave out the tag or the digest.',
  });
}
