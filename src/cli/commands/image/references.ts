import { EcrpError } from '../../../errors.ts';
import { quoteText } from '../../../foreign-text.ts';
import type { Digest } from '../../../oci/digest.ts';
import { formatRepository, parseReference, type RepositoryReference } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import { findRegistryHosts } from '../../service-address.ts';

/** An image as a command line names it: by tag, by digest, or by both, which must agree. */
export interface NamedImage {
  readonly imageTag?: string;
  readonly imageDigest?: Digest;
}

/** The images of one repository that a command line names, each once. */
export interface ImagesOfRepository {
  readonly repository: RepositoryReference;
  readonly images: readonly NamedImage[];
}

/**
 * Parses the REF arguments of a command that changes images. Throws USAGE for one without a tag or digest: `latest` is never meant
 * silently. With `needsTag`, a digest alone is refused too.
 */
export function readImages(
  context: CommandContext,
  texts: readonly string[],
  { needsTag }: { readonly needsTag: boolean },
): readonly ImagesOfRepository[] {
  const hosts = findRegistryHosts(context);
  const repositories = new Map<
    string,
    { repository: RepositoryReference; images: Map<string, NamedImage> }
  >();
  for (const text of texts) {
    const { imageTag, imageDigest, ...repository } = parseReference(text, hosts);
    if (imageTag === undefined && (needsTag || imageDigest === undefined)) {
      const name = formatRepository(repository);
      throw new EcrpError('USAGE', `${quoteText(text)} names no tag${needsTag ? '' : ' and no digest'}`, {
        hint: needsTag ? `Write ${name}:TAG.` : `Write ${name}:TAG or ${name}@DIGEST.`,
      });
    }
    const key = formatRepository(repository);
    const found = repositories.get(key) ?? { repository, images: new Map() };
    repositories.set(key, found);
    found.images.set(`${imageTag ?? ''}@${imageDigest ?? ''}`, {
      ...(imageTag !== undefined && { imageTag }),
      ...(imageDigest !== undefined && { imageDigest }),
    });
  }
  return Array.from(repositories.values(), ({ repository, images }) => ({
    repository,
    images: [...images.values()],
  }));
}
