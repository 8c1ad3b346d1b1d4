import { runPool } from '../../../async/pool.ts';
import { getImages } from '../../../ecr/private/source/get-images.ts';
import { isDigest } from '../../../oci/digest.ts';
import type { ManifestLinks } from '../../../retention/links.ts';
import { findLinks, NO_LINKS } from '../../../retention/manifest-links.ts';
import { MAX_BATCH } from '../../../wire/limits.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { formatCount } from '../../format.ts';
import { locatePrivate, type PrivateReference } from '../../private-place.ts';
import type { ReadLinks } from './read-links.ts';

/** Batches at the same time. The quota of BatchGetImage is far above. */
const CONCURRENCY = 4;

/** Prepares to read manifests of a repository of private ECR through its API, a hundred in a call. */
export function openPrivateLinks(
  { io, messages }: CommandContext,
  session: EcrSession,
  repository: PrivateReference,
): ReadLinks {
  const place = locatePrivate(session, repository);
  return async (digests) => {
    messages.note(`Reading ${formatCount(digests.length, 'manifest')}.`);
    const links = new Map<string, ManifestLinks>(digests.map((digest) => [digest, NO_LINKS]));
    const wanted = digests.filter(isDigest);
    const starts = Array.from(
      { length: Math.ceil(wanted.length / MAX_BATCH) },
      (_, batch) => batch * MAX_BATCH,
    );
    await runPool(starts, CONCURRENCY, io.signal, async (start, signal) => {
      const found = await getImages(place, wanted.slice(start, start + MAX_BATCH), signal);
      for (const manifest of found) links.set(manifest.digest, findLinks(manifest, place.name));
    });
    return links;
  };
}
