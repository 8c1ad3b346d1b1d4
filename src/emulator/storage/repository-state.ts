import type { Digest } from './digest.ts';
import type { CatalogData, Image, ImageTag, Layer, Repository } from './model.ts';
import type { RecordedImage } from './record.ts';

interface MutableImage extends Image {
  readonly tags: Set<string>;
}

/** One repository in memory. Each mutation presumes what its record says: that what it names is there. */
export class RepositoryState implements Repository {
  readonly name: string;
  readonly createdAt: number;
  catalogData: CatalogData;
  resourceTags: ReadonlyMap<string, string>;
  policyText: string | undefined;
  readonly layers = new Map<Digest, Layer>();
  readonly images = new Map<Digest, MutableImage>();
  readonly imageTags = new Map<string, ImageTag>();
  readonly parents = new Map<Digest, Set<Digest>>();
  /** How many images refer to a layer. */
  readonly #uses = new Map<Digest, number>();

  constructor(
    name: string,
    createdAt: number,
    catalogData: CatalogData,
    resourceTags: ReadonlyMap<string, string>,
  ) {
    this.name = name;
    this.createdAt = createdAt;
    this.catalogData = catalogData;
    this.resourceTags = resourceTags;
  }

  addLayer(digest: Digest, layer: Layer): void {
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

  /** Returns the layers that went with it. */
  deleteImage(image: Image): Digest[] {
    this.images.delete(image.digest);
    for (const tag of image.tags) this.imageTags.delete(tag);
    for (const child of image.manifests) {
      const parents = this.parents.get(child);
      parents?.delete(image.digest);
      if (parents?.size === 0) this.parents.delete(child);
    }
    const unused: Digest[] = [];
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

  putTag(tag: string, digest: Digest, createdAt: number): void {
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
