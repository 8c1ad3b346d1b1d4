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

/** The images that a command line names, by repository. */
export interface WantedImages {
  readonly wanted: readonly ImagesOfRepository[];
  /** The registry that all of them are in, for the session. */
  readonly place: Pick<RepositoryReference, 'privateRegistry'>;
}

/**
 * Parses the REF arguments of a command that changes images. Throws USAGE for one without a tag or digest: `latest` is never meant
 * silently. With `needsTag`, a digest alone is refused too. Throws USAGE for repositories of two services, or of two private registries: a
 * command has one session.
 */
export function readImages(
  context: CommandContext,
  texts: readonly string[],
  { needsTag }: { readonly needsTag: boolean },
): WantedImages {
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
  const wanted = Array.from(repositories.values(), ({ repository, images }) => ({
    repository,
    images: [...images.values()],
  }));
  const [first, ...others] = wanted.map(({ repository }) => repository);
  const { privateRegistry } = first ?? {};
  const other = others.find((each) => each.privateRegistry?.registryHost !== privateRegistry?.registryHost);
  if (first === undefined || other === undefined) return { wanted, place: { privateRegistry } };
  throw new EcrpError(
    'USAGE',
    `${formatRepository(first)} and ${formatRepository(other)} are in different registries`,
    { hint: 'Run the command once for each registry.' },
  );
}
