import type { Digest } from './digest.ts';

// What the store holds. All times are milliseconds since the epoch, all sizes bytes. Every map keeps the order of insertion.

export interface Repository {
  readonly name: string;
  readonly createdAt: number;
  readonly catalogData: CatalogData;
  readonly resourceTags: ReadonlyMap<string, string>;
  readonly policyText: string | undefined;
  /** Blobs this repository has, configs included, manifests not. */
  readonly layers: ReadonlyMap<Digest, Layer>;
  readonly images: ReadonlyMap<Digest, Image>;
  readonly imageTags: ReadonlyMap<string, ImageTag>;
  /** Digest of a manifest to the digests of the indexes in this repository that list it; no entry when there is none. */
  readonly parents: ReadonlyMap<Digest, ReadonlySet<Digest>>;
}

/** Catalog data as it was accepted; a member that was not given is absent. */
export interface CatalogData {
  readonly description?: string;
  readonly architectures?: readonly string[];
  readonly operatingSystems?: readonly string[];
  readonly aboutText?: string;
  readonly usageText?: string;
  /** The PNG itself is a blob: see `Store.setCatalogData` and `Store.readLogo`. */
  readonly logo?: Digest;
}

export interface RegistryCatalogData {
  readonly displayName?: string;
}

export interface Layer {
  readonly size: number;
  /** As the first image that refers to it calls it; undefined before that. */
  readonly mediaType: string | undefined;
}

export interface Image {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Size of the manifest itself. */
  readonly manifestSize: number;
  /** What DescribeImages reports; the caller of `putImage` computes it. */
  readonly imageSizeInBytes: number;
  readonly artifactMediaType?: string;
  readonly artifactType?: string;
  /** Config first, then layers, each digest once. */
  readonly blobs: readonly BlobReference[];
  /** Manifests that an index lists. */
  readonly manifests: readonly Digest[];
  /** OCI 1.1 `subject`; it need not exist. */
  readonly subject?: Digest;
  /** When the image came into the repository; a tag that moves does not change it. */
  readonly pushedAt: number;
  /** In the order they were put. */
  readonly tags: ReadonlySet<string>;
}

export interface BlobReference {
  readonly digest: Digest;
  readonly mediaType: string;
}

export interface ImageTag {
  readonly digest: Digest;
  /** When the tag was put on this digest. */
  readonly createdAt: number;
}

export interface Upload {
  readonly uploadId: string;
  readonly repositoryName: string;
  readonly startedAt: number;
  /** Sizes of the parts accepted, in order. */
  readonly partSizes: readonly number[];
  /** All bytes below are in file and journal: the sum of `partSizes`. */
  readonly nextByte: number;
}
