import { EcrpError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { COSIGN_SUFFIXES, findCosignSubject, nameCosignTag } from '../../oci/referrer-tags.ts';
import type { RemoteRepository } from '../remote-repository.ts';

/** Finds the tags under which cosign keeps signatures, attestations and SBOM of an image. */
export interface CosignTags {
  find(subject: Digest): Promise<readonly string[]>;
}

/** A longer list of tags takes more questions than asking for the tags of each manifest. */
const MOST_PAGES = 10;

/** Finds cosign's tags among all tags of a repository. */
export function pickCosignTags(tags: Iterable<string>): CosignTags {
  const found = new Map<Digest, string[]>();
  for (const tag of tags) {
    const subject = findCosignSubject(tag);
    if (subject === undefined) continue;
    const others = found.get(subject);
    if (others === undefined) found.set(subject, [tag]);
    else others.push(tag);
  }
  return { find: async (subject) => found.get(subject) ?? [] };
}

/**
 * Lists the tags of a repository, beginning at once, and finds cosign's among them. Where they cannot be listed, or are too many, it asks for
 * the tags of each image. Throws as `RemoteRepository.findDigest`, and the reason of an aborted signal.
 */
export function searchCosignTags(remote: RemoteRepository, signal: AbortSignal): CosignTags {
  const listing = listFew(remote, signal);
  // It may abort before anybody asks.
  listing.catch(() => undefined);
  return {
    async find(subject) {
      const listed = await listing;
      if (listed !== undefined) return listed.find(subject);
      const tags = COSIGN_SUFFIXES.map((suffix) => nameCosignTag(subject, suffix));
      const digests = await Promise.all(tags.map((tag) => remote.findDigest(tag, signal)));
      return tags.filter((_, position) => digests[position] !== undefined);
    },
  };
}

/** Undefined if the tags cannot be listed, or are too many. */
async function listFew(remote: RemoteRepository, signal: AbortSignal): Promise<CosignTags | undefined> {
  const kept: string[] = [];
  let pages = 0;
  try {
    for await (const tags of remote.listTagPages(signal)) {
      kept.push(...tags.filter((tag) => findCosignSubject(tag) !== undefined));
      pages += 1;
      if (pages >= MOST_PAGES) return undefined;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EcrpError) return undefined;
    throw error;
  }
  return pickCosignTags(kept);
}
