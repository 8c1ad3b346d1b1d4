import { describeExisting, type ImageDetail, type ImageIdentifier } from '../../../ecr/images.ts';
import type { RepositoryAddress } from '../../../ecr/repositories.ts';
import { isDigest } from '../../../oci/digest.ts';
import { parseManifest } from '../../../oci/manifest.ts';
import { isIndex } from '../../../oci/media-types.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { resolveRepository } from '../../own-registry.ts';
import { openNamedRepository } from './open-repository.ts';
import type { ImagesOfRepository, NamedImage } from './references.ts';

/** What a command line asks to delete of one repository, after a look at what is there. */
export interface PlannedDeletion extends ImagesOfRepository {
  readonly address: RepositoryAddress;
  /** Indexes before other images, because they may list them. */
  readonly groups: readonly (readonly ImageIdentifier[])[];
  /** Images that go as a whole: by digest, or with their last tag. */
  readonly whole: readonly ImageDetail[];
}

/** Looks up the images. Throws NOT_FOUND if the repository does not exist, AUTH if it is in another registry. */
export async function planDeletion(
  { io: { signal } }: CommandContext,
  session: EcrSession,
  { repository, images }: ImagesOfRepository,
): Promise<PlannedDeletion> {
  const address = await resolveRepository(session, repository, signal);
  const found = await describeExisting(session.client, address, images.map(toIdentifier), signal);
  const byName = new Map<string, ImageDetail>();
  for (const image of found) {
    for (const name of [image.imageDigest, ...image.imageTags]) byName.set(name, image);
  }
  const digests = new Set<string | undefined>();
  const tags = new Set<string | undefined>();
  for (const { imageTag, imageDigest } of images) {
    if (imageTag === undefined) digests.add(imageDigest);
    else tags.add(imageTag);
  }
  const parents: ImageIdentifier[] = [];
  const others: ImageIdentifier[] = [];
  for (const image of images) {
    const detail = byName.get(image.imageTag ?? image.imageDigest ?? '');
    // A digest takes all tags of its image with it.
    if (image.imageTag !== undefined && digests.has(detail?.imageDigest)) continue;
    const group = isIndex(detail?.imageManifestMediaType ?? '') ? parents : others;
    // With the digest of its image, a tag that has moved since is left alone.
    group.push(toIdentifier({ ...(detail && image.imageTag && pickDigest(detail)), ...image }));
  }
  const whole = found.filter(
    ({ imageDigest, imageTags }) =>
      digests.has(imageDigest) || (imageTags.length > 0 && imageTags.every((tag) => tags.has(tag))),
  );
  return { repository, images, address, whole, groups: [parents, others] };
}

function pickDigest({ imageDigest }: ImageDetail): NamedImage {
  return isDigest(imageDigest) ? { imageDigest } : {};
}

function toIdentifier({ imageTag, imageDigest }: NamedImage): ImageIdentifier {
  if (imageDigest === undefined) return { imageTag: imageTag ?? '' };
  return { imageDigest, ...(imageTag !== undefined && { imageTag }) };
}

/**
 * Finds the untagged children of the indexes that go as a whole, parents before their children. Reads the indexes as a pull does. Other indexes
 * may list them too: the service then refuses to delete them.
 */
export async function findChildren(
  context: CommandContext,
  session: EcrSession,
  { repository, whole, address }: PlannedDeletion,
): Promise<readonly (readonly ImageIdentifier[])[]> {
  const groups: ImageIdentifier[][] = [];
  const seen = new Set(whole.map(({ imageDigest }) => imageDigest));
  let parents = whole.filter(({ imageManifestMediaType }) => isIndex(imageManifestMediaType ?? ''));
  if (parents.length === 0) return groups;
  const reader = await openNamedRepository(context, session, repository);
  while (parents.length > 0) {
    const children: ImageIdentifier[] = [];
    for (const { imageDigest, imageManifestMediaType = '' } of parents) {
      const found = await reader.findManifest(imageDigest);
      const manifest = found && parseManifest(found.bytes, imageManifestMediaType, reader.name);
      for (const { digest } of manifest?.kind === 'index' ? manifest.manifests : []) {
        if (!seen.has(digest)) children.push({ imageDigest: digest });
        seen.add(digest);
      }
    }
    const existing = await describeExisting(session.client, address, children, context.io.signal);
    const untagged = existing.filter(({ imageTags }) => imageTags.length === 0);
    groups.push(untagged.map(({ imageDigest }) => ({ imageDigest })));
    parents = untagged.filter(({ imageManifestMediaType }) => isIndex(imageManifestMediaType ?? ''));
  }
  return groups;
}
