import { parseObject } from '../json.ts';
import type { StoredImage, StoredRepository } from '../storage/model.ts';
import type { Store } from '../storage/store.ts';
import { findRepositoryByPath, type RepositoryExchange, sendBody } from './exchange.ts';
import { isAnyDigest } from './manifests.ts';
import { RegistryError } from './registry-error.ts';

/** A page ends when its descriptors reach the maximum size of a manifest. */
const PAGE_CHARS = 4 * 1024 * 1024;

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** `GET referrers/<digest>`: an index of the images with that subject. Source: OCI distribution specification, "Listing Referrers". */
export async function serveReferrers(
  { response, context, query, name }: RepositoryExchange,
  digest: string,
): Promise<void> {
  const repository = findRepositoryByPath(context);
  if (!isAnyDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', `'${digest}' is not a digest`);
  const filter = query.get('artifactType');
  const referrers = findReferrers(repository, digest).filter(
    (image) => filter === null || typeOf(image) === filter,
  );
  const { manifests, last } = await describePage(
    context.store,
    repository.name,
    referrers,
    query.get('last'),
  );
  if (filter !== null) response.setHeader('oci-filters-applied', 'artifactType');
  if (last !== undefined) {
    const more = new URLSearchParams({ last, ...(filter !== null && { artifactType: filter }) });
    response.setHeader('link', `</v2/${name}/referrers/${digest}?${more}>; rel="next"`);
  }
  const body = `{"schemaVersion":2,"mediaType":"${INDEX}","manifests":[${manifests.join(',')}]}`;
  sendBody(response, 200, INDEX, body);
}

/** Makes one page of descriptors as JSON, starting after `after`. Reads one manifest at a time. `last` is undefined on the last page. */
async function describePage(
  store: Store,
  repositoryName: string,
  referrers: readonly StoredImage[],
  after: string | null,
): Promise<{ readonly manifests: readonly string[]; readonly last: string | undefined }> {
  const manifests: string[] = [];
  let chars = 0;
  const start = referrers.findIndex((image) => image.digest === after) + 1;
  for (const [index, image] of referrers.slice(start).entries()) {
    const descriptor = JSON.stringify(await describe(store, repositoryName, image));
    manifests.push(descriptor);
    chars += descriptor.length;
    if (chars >= PAGE_CHARS && start + index + 1 < referrers.length) return { manifests, last: image.digest };
  }
  return { manifests, last: undefined };
}

function findReferrers(repository: StoredRepository, subject: string): StoredImage[] {
  return [...repository.images.values()].filter((image) => image.subject === subject);
}

function typeOf(image: StoredImage): string | undefined {
  return image.artifactType ?? image.artifactMediaType;
}

async function describe(store: Store, repositoryName: string, image: StoredImage): Promise<object> {
  const manifest = await store.readManifest(repositoryName, image.digest);
  return {
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.manifestSize,
    artifactType: typeOf(image),
    annotations: manifest && parseObject(manifest.toString())?.annotations,
  };
}
