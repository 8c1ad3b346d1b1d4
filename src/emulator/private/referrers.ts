import type { PrivateValueOf } from '../../wire/private/operations.ts';
import { isParsedObject, parseObject } from '../json.ts';
import { findRepository } from '../operations/context.ts';
import { paginate } from '../operations/paginate.ts';
import { isBlobDigest, type StoredImage } from '../storage/model.ts';
import type { Store } from '../storage/store.ts';
import type { PrivateHandler } from './handler.ts';

/** The default for `maxResults`. Source: service model. */
const DEFAULT_REFERRERS = 20;

/** Lists the images with a subject in push order. The subject need not exist. */
export const listImageReferrers: PrivateHandler<'ListImageReferrers'> = async (context, input) => {
  const repository = findRepository(context, input);
  const { subjectId, filter = {}, maxResults = DEFAULT_REFERRERS, nextToken: token } = input;
  const { artifactTypes = [], artifactStatus = 'ACTIVE' } = filter;
  const isListed = (image: StoredImage) =>
    image.subject === subjectId.imageDigest &&
    (artifactTypes.length === 0 || artifactTypes.includes(findArtifactType(image) ?? '')) &&
    (artifactStatus === 'ANY' || artifactStatus === 'ACTIVE');
  const digests = [...repository.images.values()].filter(isListed).map(({ digest }) => digest);
  const scope = `referrers of ${subjectId.imageDigest} in ${repository.name}`;
  const { page, nextToken } = paginate(digests, { maxResults, nextToken: token }, scope);
  const referrers: PrivateValueOf<'ImageReferrer'>[] = [];
  for (const digest of page) {
    const image = isBlobDigest(digest) ? repository.images.get(digest) : undefined;
    if (image !== undefined) referrers.push(await describeReferrer(context.store, repository.name, image));
  }
  return { referrers, nextToken };
};

async function describeReferrer(
  store: Store,
  repositoryName: string,
  image: StoredImage,
): Promise<PrivateValueOf<'ImageReferrer'>> {
  const manifest = await store.readManifest(repositoryName, image.digest);
  return {
    digest: image.digest,
    mediaType: image.mediaType,
    artifactType: findArtifactType(image),
    size: image.manifestSize,
    annotations: readAnnotations(manifest),
    artifactStatus: 'ACTIVE',
  };
}

function findArtifactType(image: StoredImage): string | undefined {
  return image.artifactType ?? image.artifactMediaType;
}

/** The annotations whose values are strings, as the image specification demands. */
function readAnnotations(manifest: Buffer | undefined): Readonly<Record<string, string>> | undefined {
  const annotations = manifest && parseObject(manifest.toString())?.annotations;
  if (!isParsedObject(annotations)) return undefined;
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
