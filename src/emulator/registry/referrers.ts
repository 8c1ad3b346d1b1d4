import type { Image, Repository } from '../storage/model.ts';
import type { Store } from '../storage/store.ts';
import type { RepositoryExchange } from './exchange.ts';
import { findRepository } from './find-repository.ts';
import { isAnyDigest } from './manifest-reference.ts';
import { RegistryError } from './registry-error.ts';
import { sendBody } from './reply.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** `GET referrers/<digest>`: an index of the images whose subject it is. Source: OCI distribution specification, "Listing Referrers". */
export async function serveReferrers(
  { response, context, query }: RepositoryExchange,
  name: string,
  digest: string,
): Promise<void> {
  const repository = findRepository(context, name);
  if (!isAnyDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', `'${digest}' is not a digest`);
  const filter = query.get('artifactType');
  const referrers = findReferrers(repository, digest).filter(
    (image) => filter === null || typeOf(image) === filter,
  );
  const manifests = await Promise.all(
    referrers.map((image) => describe(context.store, repository.name, image)),
  );
  if (filter !== null) response.setHeader('oci-filters-applied', 'artifactType');
  sendBody(response, 200, INDEX, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
}

function findReferrers(repository: Repository, subject: string): Image[] {
  return [...repository.images.values()].filter((image) => image.subject === subject);
}

function typeOf(image: Image): string | undefined {
  return image.artifactType ?? image.artifactMediaType;
}

async function describe(store: Store, repositoryName: string, image: Image): Promise<object> {
  const manifest = await store.readManifest(repositoryName, image.digest);
  return {
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.manifestSize,
    artifactType: typeOf(image),
    annotations: manifest && readAnnotations(manifest),
  };
}

function readAnnotations(manifest: Buffer): unknown {
  const parsed: unknown = JSON.parse(manifest.toString());
  return typeof parsed === 'object' && parsed !== null && 'annotations' in parsed
    ? parsed.annotations
    : undefined;
}
