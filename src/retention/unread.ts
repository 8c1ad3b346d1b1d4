import { isIndex, OCI_MANIFEST } from '../oci/media-types.ts';
import { hasOwnTag, type KnownLinks } from './links.ts';
import type { RetainableImages, RetentionVerdict } from './rules.ts';

/**
 * Lists the digests of manifests to read before verdicts can be trusted; none if they can. To be asked again with the verdicts that follow.
 * First every index is read, unless nothing goes anyway. Then images that would go, and untagged ones that count among the newest: they
 * may be about another image. Docker's format cannot say that.
 */
export function listUnread(
  images: RetainableImages,
  verdicts: readonly RetentionVerdict[],
  known: KnownLinks,
): readonly string[] {
  if (!verdicts.some(({ action }) => action === 'delete')) return [];
  const indexes: string[] = [];
  const others: string[] = [];
  for (const [position, image] of images.entries()) {
    const { imageDigest, mediaType } = image;
    if (known.has(imageDigest)) continue;
    const verdict = verdicts[position];
    const isCounted = verdict?.reason.kind === 'newest' && !hasOwnTag(image);
    if (mediaType === undefined || isIndex(mediaType)) indexes.push(imageDigest);
    else if (mediaType === OCI_MANIFEST && (verdict?.action === 'delete' || isCounted)) {
      others.push(imageDigest);
    }
  }
  return indexes.length > 0 ? indexes : others;
}
