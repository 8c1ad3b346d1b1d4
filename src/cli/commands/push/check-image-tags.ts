import { describeImages } from '../../../ecr/images.ts';
import type { TargetLimits } from '../../../ends/image-target.ts';
import { checkTagCount } from '../../../engine/limits.ts';
import { EcrpError } from '../../../errors.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { EcrSession } from '../../ecr-session.ts';
import type { RegistryFinder } from '../../registry-finder.ts';

/**
 * Checks in a dry run that the image can have these tags beside those that it has; a push would find out tag by tag. Throws LIMIT when it
 * cannot. Checks nothing where the caller may not ask about the image.
 */
export async function checkImageTags(
  { client }: EcrSession,
  { finder, limits }: { readonly finder: RegistryFinder; readonly limits: TargetLimits },
  imageDigest: Digest,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const address = await finder.findAddress();
  if (address === undefined || tags.length === 0) return;
  try {
    const [image] = await describeImages(client, address, [{ imageDigest }], signal);
    checkTagCount(limits, new Set([...tags, ...(image?.imageTags ?? [])]).size);
  } catch (error) {
    const isUnanswered = error instanceof EcrpError && (error.code === 'NOT_FOUND' || error.code === 'AUTH');
    if (!isUnanswered) throw error;
  }
}
