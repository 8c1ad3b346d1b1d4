import type { ReadManifest } from '../../../ends/image-target.ts';
import type { HttpAnswer } from '../../../net/send-request.ts';
import type { Content, Descriptor } from '../../../oci/descriptor.ts';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import { listByFallbackTag } from '../../../registry/list-referrers.ts';
import { explainMissingBlob, readContent } from '../../../registry/read-content.ts';
import { readSmallBlob } from '../../../registry/read-small-blob.ts';
import type { RemoteRepository } from '../../../registry/remote-repository.ts';
import type { RetryOptions } from '../../../registry/retry-reading.ts';
import { findLayerUrl, requestLayer } from './find-layer-url.ts';
import { getImage, type ReadPlace } from './get-image.ts';
import { listReferring } from './list-referring.ts';
import { listTagged } from './list-tagged.ts';

export interface PrivateRemoteSettings extends ReadPlace {
  /** How the bytes of blobs are read. The client repeats its own calls. */
  readonly reading: RetryOptions;
  /** Ends what was opened for it. */
  readonly close: () => void;
}

/**
 * Makes the reader of a repository of a private registry, through its API: with the permissions of `docker pull` and no login. One call
 * tells where a tag points and reads its manifest, and a list of tags tells their digests. Sends nothing yet.
 */
export function createPrivateRemote(settings: PrivateRemoteSettings): RemoteRepository {
  const { name, reading } = settings;
  const read = new ReadManifests();
  /** Where the tags that were listed point. */
  const listed = new Map<string, Digest>();
  let lacksReferrers = false;
  const nameBlob = (digest: Digest): string => `${name}: the blob ${digest}`;

  const remote: RemoteRepository = {
    name,
    async findDigest(reference, signal) {
      const known = listed.get(reference);
      if (known !== undefined) return known;
      const found = await getImage(settings, reference, signal);
      if (found !== undefined) read.keep(found);
      return found?.digest;
    },
    async readManifest(reference, signal) {
      return (isDigest(reference) && read.take(reference)) || getImage(settings, reference, signal);
    },
    readBlob: (content, maxBytes, signal) =>
      readSmallBlob(nameBlob(content.digest), content, maxBytes, () => remote.openBlob(content, 0, signal)),
    openBlob: (content, start, signal = reading.signal) => ({
      [Symbol.asyncIterator]: () => readLayer(settings, nameBlob(content.digest), content, start, signal),
    }),
    async *listTagPages(signal) {
      for await (const page of listTagged(settings, signal)) {
        for (const { imageTag, imageDigest } of page) listed.set(imageTag, imageDigest);
        yield page.map(({ imageTag }) => imageTag);
      }
    },
    async findReferrers(digest, signal, hasFallbackTag = true) {
      const found: readonly Descriptor[] | undefined = lacksReferrers
        ? undefined
        : await listReferring(settings, digest, signal);
      if (found !== undefined) return found;
      lacksReferrers = true;
      return hasFallbackTag ? listByFallbackTag(remote, digest, signal) : [];
    },
    close: settings.close,
  };
  return remote;
}

/** Yields the bytes of a blob from `start` on. Each attempt asks for a new URL: one is good for an hour, and a layer may take longer. */
async function* readLayer(
  settings: PrivateRemoteSettings,
  what: string,
  { digest, size }: Content,
  start: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const { reading } = settings;
  const findUrl = async (inner: AbortSignal): Promise<URL> => {
    const url = await findLayerUrl(settings, digest, inner);
    if (url === undefined) throw explainMissingBlob(what);
    return url;
  };
  // The first one outside of the time limit of a reading: the call has its own, and its error says more.
  let first: URL | undefined = await findUrl(signal);
  const ask = async (offset: number | undefined, inner: AbortSignal): Promise<HttpAnswer> => {
    const url = first ?? (await findUrl(inner));
    first = undefined;
    return requestLayer(settings, url, offset, inner);
  };
  yield* readContent(what, { digest, size }, start, ask, { ...reading, signal });
}

/** Bytes of manifests that are kept. */
const MOST_KEPT_BYTES = 16 * 1024 * 1024;

/** Manifests that came with a digest, until they are asked for. */
class ReadManifests {
  readonly #kept = new Map<Digest, ReadManifest>();
  #bytes = 0;

  keep(manifest: ReadManifest): void {
    this.take(manifest.digest);
    this.#kept.set(manifest.digest, manifest);
    this.#bytes += manifest.bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MOST_KEPT_BYTES) return;
      this.take(oldest);
    }
  }

  take(digest: Digest): ReadManifest | undefined {
    const found = this.#kept.get(digest);
    if (this.#kept.delete(digest)) this.#bytes -= found?.bytes.length ?? 0;
    return found;
  }
}
