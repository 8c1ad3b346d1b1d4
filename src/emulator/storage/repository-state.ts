import { createHash, type Hash } from 'node:crypto';
import type { RecordedImage } from './journal.ts';
import type {
  BlobDigest,
  StoredCatalogData,
  StoredImage,
  StoredLayer,
  StoredRepository,
  StoredSettings,
  StoredTag,
  StoredUpload,
} from './model.ts';

interface MutableImage extends StoredImage {
  readonly tags: Set<string>;
}

/** One repository in memory. Mutations expect that `State.check` has accepted their record. */
export class RepositoryState implements StoredRepository {
  readonly name: string;
  readonly createdAt: number;
  catalogData: StoredCatalogData;
  resourceTags: ReadonlyMap<string, string>;
  policyText: string | undefined;
  settings: StoredSettings | undefined;
  lifecyclePolicyText: string | undefined;
  readonly layers = new Map<BlobDigest, StoredLayer>();
  readonly images = new Map<BlobDigest, MutableImage>();
  readonly imageTags = new Map<string, StoredTag>();
  readonly parents = new Map<BlobDigest, Set<BlobDigest>>();
  /** The number of images that refer to a layer. */
  readonly #uses = new Map<BlobDigest, number>();

  constructor(
    name: string,
    createdAt: number,
    catalogData: StoredCatalogData,
    resourceTags: ReadonlyMap<string, string>,
  ) {
    this.name = name;
    this.createdAt = createdAt;
    this.catalogData = catalogData;
    this.resourceTags = resourceTags;
  }

  isUsed(digest: BlobDigest): boolean {
    return this.#uses.has(digest);
  }

  addLayer(digest: BlobDigest, layer: StoredLayer): void {
    this.layers.set(digest, layer);
  }

  addImage(image: RecordedImage, pushedAt: number): void {
    this.images.set(image.digest, { ...image, pushedAt, tags: new Set() });
    for (const { digest, mediaType } of image.blobs) {
      this.#uses.set(digest, (this.#uses.get(digest) ?? 0) + 1);
      const layer = this.layers.get(digest);
      if (layer !== undefined && layer.mediaType === undefined)
        this.layers.set(digest, { ...layer, mediaType });
    }
    for (const child of image.manifests) {
      const parents = this.parents.get(child);
      if (parents === undefined) this.parents.set(child, new Set([image.digest]));
      else parents.add(image.digest);
    }
  }

  /** Returns the layers that were deleted with the image: those that no other image refers to. */
  deleteImage(image: StoredImage): BlobDigest[] {
    this.images.delete(image.digest);
    for (const tag of image.tags) this.imageTags.delete(tag);
    for (const child of image.manifests) {
      const parents = this.parents.get(child);
      parents?.delete(image.digest);
      if (parents?.size === 0) this.parents.delete(child);
    }
    const unused: BlobDigest[] = [];
    for (const { digest } of image.blobs) {
      const uses = (this.#uses.get(digest) ?? 0) - 1;
      if (uses > 0) {
        this.#uses.set(digest, uses);
      } else {
        this.#uses.delete(digest);
        if (this.layers.delete(digest)) unused.push(digest);
      }
    }
    return unused;
  }

  putTag(tag: string, digest: BlobDigest, createdAt: number): void {
    this.deleteTag(tag);
    this.imageTags.set(tag, { digest, createdAt });
    this.images.get(digest)?.tags.add(tag);
  }

  deleteTag(tag: string): void {
    const previous = this.imageTags.get(tag);
    if (previous === undefined) return;
    this.imageTags.delete(tag);
    this.images.get(previous.digest)?.tags.delete(tag);
  }
}

/** One open upload in memory. */
export class UploadState implements StoredUpload {
  readonly uploadId: string;
  readonly repositoryName: string;
  readonly startedAt: number;
  readonly partSizes: number[] = [];
  nextByte = 0;
  /** The hash of all bytes below `nextByte`. Undefined after a restart: the file has to be read again. */
  hash: Hash | undefined = createHash('sha256');
  #last: Promise<unknown> = Promise.resolve();

  constructor(uploadId: string, repositoryName: string, startedAt: number) {
    this.uploadId = uploadId;
    this.repositoryName = repositoryName;
    this.startedAt = startedAt;
  }

  /** Sets `hash` to undefined. A caller that has hashed the bytes sets it again. */
  addPart(size: number): void {
    this.partSizes.push(size);
    this.nextByte += size;
    this.hash = undefined;
  }

  /** Runs `task` after all earlier tasks of this upload have settled. */
  runInTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when no task is running or waiting. */
  async settle(): Promise<void> {
    await this.#last;
  }
}
