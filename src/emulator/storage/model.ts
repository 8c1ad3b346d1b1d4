import { createHash } from 'node:crypto';

// What the store holds. All times are milliseconds since the epoch, all sizes are bytes. Every map keeps insertion order.

/** The content address of a blob or manifest. ECR takes sha256 only. */
export type BlobDigest = `sha256:${string}`;

const pattern = /^sha256:[a-f0-9]{64}$/;

export function isBlobDigest(value: unknown): value is BlobDigest {
  return typeof value === 'string' && pattern.test(value);
}

/** The digest of `bytes`. A string counts as its UTF-8 bytes. */
export function computeBlobDigest(bytes: Uint8Array | string): BlobDigest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface StoredRepository {
  readonly name: string;
  readonly createdAt: number;
  readonly catalogData: StoredCatalogData;
  readonly resourceTags: ReadonlyMap<string, string>;
  readonly policyText: string | undefined;
  /** Undefined for a repository of ECR Public, which has none. */
  readonly settings: StoredSettings | undefined;
  readonly lifecyclePolicyText: string | undefined;
  /** Layers and configs, but no manifests. */
  readonly layers: ReadonlyMap<BlobDigest, StoredLayer>;
  readonly images: ReadonlyMap<BlobDigest, StoredImage>;
  readonly imageTags: ReadonlyMap<string, StoredTag>;
  /** The indexes of this repository that list a manifest, by the manifest's digest. A manifest in no index has no entry. */
  readonly parents: ReadonlyMap<BlobDigest, ReadonlySet<BlobDigest>>;
  /** True when an image of the repository refers to the blob. */
  isUsed(digest: BlobDigest): boolean;
}

/** The settings of a repository of private ECR. */
export interface StoredSettings {
  readonly imageTagMutability:
    | 'MUTABLE'
    | 'IMMUTABLE'
    | 'IMMUTABLE_WITH_EXCLUSION'
    | 'MUTABLE_WITH_EXCLUSION';
  /** Wildcard patterns of tags that the mutability does not apply to. Empty for the two kinds without exclusion. */
  readonly exclusionFilters: readonly string[];
  readonly scanOnPush: boolean;
  readonly encryptionType: 'AES256' | 'KMS' | 'KMS_DSSE';
  /** Absent for AES256. */
  readonly kmsKey?: string;
}

/** Catalog data as accepted. Members that the client left out are absent. */
export interface StoredCatalogData {
  readonly description?: string;
  readonly architectures?: readonly string[];
  readonly operatingSystems?: readonly string[];
  readonly aboutText?: string;
  readonly usageText?: string;
  /** The PNG itself is a blob: see `Store.setCatalogData` and `Store.readLogo`. */
  readonly logo?: BlobDigest;
}

export interface StoredRegistryData {
  readonly displayName?: string;
}

/** A template for repositories that the service creates. Absent members were left out. */
export interface StoredTemplate extends Omit<StoredSettings, 'scanOnPush'> {
  /** Without a slash at the end, or `ROOT`. */
  readonly prefix: string;
  readonly appliedFor: readonly ('REPLICATION' | 'PULL_THROUGH_CACHE' | 'CREATE_ON_PUSH')[];
  readonly createdAt: number;
  readonly description?: string;
  readonly resourceTags?: readonly { readonly Key: string; readonly Value: string }[];
  readonly repositoryPolicy?: string;
  readonly lifecyclePolicy?: string;
  readonly customRoleArn?: string;
}

export interface StoredLayer {
  readonly size: number;
  /** From the first image that refers to the layer. Undefined until then. */
  readonly mediaType: string | undefined;
}

/** Facts of an image that PutImage reads from the manifest and the repository. */
export interface ImageFacts {
  readonly mediaType: string;
  /** As DescribeImages reports it. The caller of `putImage` computes it. */
  readonly imageSizeInBytes: number;
  readonly artifactMediaType?: string;
  readonly artifactType?: string;
  /** The config, then the layers. No digest appears twice. */
  readonly blobs: readonly BlobReference[];
  /** The manifests that an index lists. */
  readonly manifests: readonly BlobDigest[];
  /** The `subject` of OCI 1.1. It need not exist. */
  readonly subject?: BlobDigest;
}

export interface StoredImage extends ImageFacts {
  readonly digest: BlobDigest;
  /** The size of the manifest alone. */
  readonly manifestSize: number;
  /** The first push of this digest. Moving a tag does not change it. */
  readonly pushedAt: number;
  /** In push order. */
  readonly tags: ReadonlySet<string>;
}

export interface BlobReference {
  readonly digest: BlobDigest;
  readonly mediaType: string;
}

export interface StoredTag {
  readonly digest: BlobDigest;
  /** The time at which the tag was put on this digest. */
  readonly createdAt: number;
}

export interface StoredUpload {
  readonly uploadId: string;
  readonly repositoryName: string;
  readonly startedAt: number;
  /** The sizes of the accepted parts, in order. */
  readonly partSizes: readonly number[];
  /** The sum of `partSizes`. All bytes below it are in the file and the journal. */
  readonly nextByte: number;
}
