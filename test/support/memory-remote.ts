import type { ReadManifest } from '../../src/ends/image-target.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { RemoteRepository } from '../../src/registry/remote-repository.ts';
import type { GeneratedImage, GeneratedIndex } from './images.ts';
import { readChunks } from './memory-blob.ts';

export interface MemoryRemote extends RemoteRepository {
  readonly manifests: Map<Digest, ReadManifest>;
  readonly blobs: Map<Digest, Buffer>;
  readonly tags: Map<string, Digest>;
  readonly referrers: Map<Digest, Descriptor[]>;
  /** What was asked, in order: `HEAD 1.0`, `GET sha256:…`, `blob sha256:…`, `tags`, `referrers sha256:…`. */
  readonly asked: string[];
  /** Tags of a page. */
  pageTags: number;
  /** Adds an image or index with all that is below it. */
  add(root: GeneratedImage | GeneratedIndex, tag?: string): void;
  /** Adds a manifest. Returns its descriptor. */
  addManifest(bytes: Buffer, mediaType: string, tag?: string): Descriptor;
}

/** Makes a repository of a registry in memory. */
export function memoryRemote(): MemoryRemote {
  const manifests = new Map<Digest, ReadManifest>();
  const blobs = new Map<Digest, Buffer>();
  const tags = new Map<string, Digest>();
  const referrers = new Map<Digest, Descriptor[]>();
  const asked: string[] = [];
  const remote: MemoryRemote = {
    name: 'registry.example/app',
    manifests,
    blobs,
    tags,
    referrers,
    asked,
    pageTags: 100,
    async findDigest(reference) {
      asked.push(`HEAD ${reference}`);
      return tags.get(reference) ?? [...manifests.keys()].find((digest) => digest === reference);
    },
    async readManifest(reference, signal) {
      asked.push(`GET ${reference}`);
      await Promise.resolve();
      signal.throwIfAborted();
      return [...manifests.values()].find(({ digest }) => (tags.get(reference) ?? reference) === digest);
    },
    openBlob({ digest }, start) {
      asked.push(`blob ${digest}`);
      return readChunks(blobs.get(digest)?.subarray(start) ?? Buffer.alloc(0), 4096);
    },
    async readBlob({ digest }) {
      asked.push(`blob ${digest}`);
      return blobs.get(digest) ?? Buffer.alloc(0);
    },
    close() {},
    async *listTagPages() {
      asked.push('tags');
      const all = [...tags.keys()];
      for (let at = 0; at < all.length; at += remote.pageTags) yield all.slice(at, at + remote.pageTags);
    },
    async findReferrers(digest) {
      asked.push(`referrers ${digest}`);
      return referrers.get(digest) ?? [];
    },
    add(root, tag) {
      remote.addManifest(root.manifest, root.descriptor.mediaType, tag);
      if ('children' in root) for (const child of root.children) remote.add(child);
      else
        for (const bytes of [root.config, ...root.layers.map((each) => each.bytes)])
          blobs.set(digestOf(bytes), bytes);
    },
    addManifest(bytes, mediaType, tag) {
      const digest = digestOf(bytes);
      manifests.set(digest, { bytes, digest, mediaType });
      if (tag !== undefined) tags.set(tag, digest);
      return { digest, mediaType, size: bytes.length };
    },
  };
  return remote;
}
