import type { Readable } from 'node:stream';
import type {
  BlobDigest,
  ImageFacts,
  StoredCatalogData,
  StoredImage,
  StoredRegistryData,
  StoredRepository,
  StoredSettings,
  StoredTemplate,
  StoredUpload,
} from './model.ts';

/**
 * All data of one registry. Nothing else reads or writes its data, except for the token key.
 *
 * Queries and most mutations are synchronous: a query and a mutation with no `await` in between are atomic. A mutation is in the journal when it
 * returns. The caller checks its preconditions: repositories, images and tags that it names exist, those that it creates do not. A mutation throws a
 * plain `Error` when they do not hold, or the system's error when the disk fails. Nothing has changed then. Query results are live: never edit them.
 */
export interface Store {
  readonly repositories: ReadonlyMap<string, StoredRepository>;
  readonly registryCatalogData: StoredRegistryData;
  /** The settings of private ECR that were set, by name. */
  readonly accountSettings: ReadonlyMap<string, string>;
  /** The repository creation templates of private ECR, in the order of creation. No prefix appears twice. */
  readonly templates: readonly StoredTemplate[];

  createRepository(repository: RepositoryToCreate): StoredRepository;
  /** Deletes its images, layers and uploads as well. */
  deleteRepository(repositoryName: string): void;
  /** Replaces all catalog data. A given `logo` becomes the logo instead of `catalogData.logo`. */
  setCatalogData(repositoryName: string, catalogData: StoredCatalogData, logo?: Buffer): void;
  /** Replaces all resource tags. */
  setResourceTags(repositoryName: string, resourceTags: ReadonlyMap<string, string>): void;
  /** Undefined removes the policy. */
  setPolicyText(repositoryName: string, policyText: string | undefined): void;
  setSettings(repositoryName: string, settings: StoredSettings): void;
  /** Undefined removes the policy. */
  setLifecyclePolicyText(repositoryName: string, policyText: string | undefined): void;
  /** Replaces all of them. */
  setTemplates(templates: readonly StoredTemplate[]): void;
  setRegistryCatalogData(registryCatalogData: StoredRegistryData): void;
  setAccountSetting(name: string, value: string): void;

  /** Stores the manifest unless the repository has it, then puts or moves `tag`. */
  putImage(repositoryName: string, image: ImageToStore): StoredImage;
  /** Removes a tag. The image stays, even without any tag. */
  deleteTag(repositoryName: string, tag: string): void;
  /** Removes an image, its tags, and its layers that no other image of the repository refers to. */
  deleteImage(repositoryName: string, digest: BlobDigest): void;
  /** The exact bytes of a manifest. Undefined when the repository does not have it or its file is damaged. A damaged manifest is discarded. */
  readManifest(repositoryName: string, digest: BlobDigest): Promise<Buffer | undefined>;
  /** The PNG of `catalogData.logo`. Undefined when it is missing or damaged. */
  readLogo(digest: BlobDigest): Promise<Buffer | undefined>;

  /** Adds a layer that another repository has. */
  addLayer(repositoryName: string, digest: BlobDigest, size: number): void;
  /** Removes a layer. The caller checks that no image refers to it. */
  deleteLayer(repositoryName: string, digest: BlobDigest): void;
  initiateUpload(repositoryName: string): StoredUpload;
  /** Undefined for an unknown upload, and for one of another repository. */
  findUpload(repositoryName: string, uploadId: string): StoredUpload | undefined;
  /** Appends concurrent parts of one upload one after the other. */
  appendPart(repositoryName: string, uploadId: string, part: PartToAppend): Promise<AppendResult>;
  /** Waits for parts in flight, then checks in this order: empty, part-too-small, mismatch, exists. Only `completed` ends the upload. */
  completeUpload(repositoryName: string, uploadId: string, layer: LayerToComplete): Promise<CompleteResult>;
  /** Discards an upload and its bytes. An unknown upload has no effect. */
  dropUpload(repositoryName: string, uploadId: string): void;

  /**
   * Opens a layer for reading. Verifies its digest once per run, and again after the file has changed. Undefined when the repository does not have the
   * layer or its file is damaged. A damaged layer is discarded and can be uploaded again.
   */
  openLayer(repositoryName: string, digest: BlobDigest): Promise<OpenLayer | undefined>;

  /** Waits for parts in flight, then unlocks the directory. Idempotent. */
  close(): Promise<void>;
}

export interface RepositoryToCreate {
  readonly name: string;
  readonly catalogData: StoredCatalogData;
  readonly logo?: Buffer | undefined;
  readonly resourceTags: ReadonlyMap<string, string>;
  readonly settings?: StoredSettings;
}

export interface ImageToStore extends ImageFacts {
  readonly manifest: Buffer;
  readonly tag?: string | undefined;
}

export interface PartToAppend {
  readonly firstByte: number;
  /** A buffer, or a stream of any length that counts as one part. When the stream fails, no byte is appended. */
  readonly bytes: Buffer | AsyncIterable<Buffer>;
  readonly maximumParts: number;
  /** Maximum size of the whole upload. Default: unlimited. */
  readonly maximumBytes?: number;
}

/** `expected`: the only acceptable first byte. `received`: the number of parts. */
export type AppendResult =
  | { readonly kind: 'appended'; readonly nextByte: number }
  | { readonly kind: 'unknown-upload' }
  | { readonly kind: 'not-consecutive'; readonly expected: number }
  | { readonly kind: 'too-many-parts'; readonly received: number }
  /** No byte was appended. */
  | { readonly kind: 'too-large' };

export interface LayerToComplete {
  /** One of them must be the sha256 of the bytes, in any case. The others may use any algorithm. */
  readonly digests: readonly string[];
  /** For every part but the last. */
  readonly minimumPartBytes: number;
  /** True when an upload without parts becomes a layer of zero bytes. Default: the result is `empty`. */
  readonly takesEmpty?: boolean;
}

/** `actual` and `digest` are computed from the bytes. */
export type CompleteResult =
  | { readonly kind: 'completed'; readonly digest: BlobDigest; readonly size: number }
  | { readonly kind: 'unknown-upload' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'part-too-small'; readonly partSize: number }
  | { readonly kind: 'mismatch'; readonly actual: BlobDigest }
  | { readonly kind: 'exists'; readonly digest: BlobDigest };

export interface OpenLayer {
  readonly size: number;
  /** Reads [start, end). */
  read(start: number, end: number): Readable;
}

export interface StoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Called with a message for every blob or upload that was discarded. */
  readonly onDamage?: (message: string) => void;
}
