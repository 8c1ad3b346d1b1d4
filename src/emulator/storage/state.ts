import type { JournalRecord } from './journal.ts';
import type { BlobDigest, StoredRegistryData, StoredTemplate } from './model.ts';
import { RepositoryState, UploadState } from './repository-state.ts';

/** Records about an existing repository. */
type RepositoryRecord = Exclude<
  Extract<JournalRecord, { readonly repositoryName: string }>,
  { readonly type: 'repository-created' }
>;

/** The state that the journal's records add up to. Only this class says what each record does. */
export class State {
  readonly repositories = new Map<string, RepositoryState>();
  readonly uploads = new Map<string, UploadState>();
  registryCatalogData: StoredRegistryData = {};
  readonly accountSettings = new Map<string, string>();
  templates: readonly StoredTemplate[] = [];
  /** The number of layers, images and logos that hold a blob. */
  readonly #holders = new Map<BlobDigest, number>();
  readonly #released = new Set<BlobDigest>();

  /** Throws an `Error` when the record names something that is missing, or creates something that exists. */
  check(record: JournalRecord): void {
    if (record.type === 'repository-created') {
      const { repositoryName } = record;
      if (this.repositories.has(repositoryName)) throw new Error(`Repository '${repositoryName}' exists`);
    } else if ('repositoryName' in record) {
      const { images, imageTags } = this.repository(record.repositoryName);
      const digest = record.type === 'image-deleted' || record.type === 'tag-put' ? record.digest : undefined;
      if (digest !== undefined && !images.has(digest)) throw new Error(`Image '${digest}' not found`);
      const tag = record.type === 'tag-deleted' ? record.tag : undefined;
      if (tag !== undefined && !imageTags.has(tag)) throw new Error(`Image tag '${tag}' not found`);
    } else if ('uploadId' in record) {
      this.upload(record.uploadId);
    }
  }

  /** Applies a record that `check` has accepted. */
  apply(record: JournalRecord): void {
    switch (record.type) {
      case 'repository-created': {
        const { repositoryName, at, catalogData, resourceTags, settings } = record;
        const repository = new RepositoryState(repositoryName, at, catalogData, new Map(resourceTags));
        repository.settings = settings;
        this.repositories.set(repositoryName, repository);
        this.#hold(catalogData.logo);
        return;
      }
      case 'templates-set':
        this.templates = record.templates;
        return;
      case 'registry-catalog-data-set':
        this.registryCatalogData = record.registryCatalogData;
        return;
      case 'account-setting-set':
        this.accountSettings.set(record.name, record.value);
        return;
      case 'part-appended':
        this.upload(record.uploadId).addPart(record.size);
        return;
      case 'upload-dropped':
        this.uploads.delete(record.uploadId);
        return;
      case 'blob-lost':
        for (const repository of this.repositories.values()) this.#lose(repository, record.digest);
        return;
      default:
        this.#applyToRepository(this.repository(record.repositoryName), record);
    }
  }

  repository(name: string): RepositoryState {
    const repository = this.repositories.get(name);
    if (repository === undefined) throw new Error(`Repository '${name}' not found`);
    return repository;
  }

  upload(uploadId: string): UploadState {
    const upload = this.uploads.get(uploadId);
    if (upload === undefined) throw new Error(`Upload '${uploadId}' not found`);
    return upload;
  }

  /** Returns the blobs that have become unreferenced since the last call. */
  takeReleased(): BlobDigest[] {
    const released = [...this.#released];
    this.#released.clear();
    return released;
  }

  isHeld(digest: BlobDigest): boolean {
    return this.#holders.has(digest);
  }

  #applyToRepository(repository: RepositoryState, record: RepositoryRecord): void {
    switch (record.type) {
      case 'repository-deleted':
        this.#deleteRepository(repository);
        return;
      case 'catalog-data-set':
        this.#hold(record.catalogData.logo);
        this.#release(repository.catalogData.logo);
        repository.catalogData = record.catalogData;
        return;
      case 'resource-tags-set':
        repository.resourceTags = new Map(record.resourceTags);
        return;
      case 'policy-set':
        repository.policyText = record.policyText;
        return;
      case 'settings-set':
        repository.settings = record.settings;
        return;
      case 'lifecycle-policy-set':
        repository.lifecyclePolicyText = record.policyText;
        return;
      case 'image-put':
        repository.addImage(record.image, record.at);
        this.#hold(record.image.digest);
        if (record.tag !== undefined) repository.putTag(record.tag, record.image.digest, record.at);
        return;
      case 'tag-put':
        repository.putTag(record.tag, record.digest, record.at);
        return;
      case 'tag-deleted':
        repository.deleteTag(record.tag);
        return;
      case 'image-deleted':
        this.#deleteImage(repository, record.digest);
        return;
      case 'upload-started': {
        const { uploadId, at } = record;
        this.uploads.set(uploadId, new UploadState(uploadId, repository.name, at));
        return;
      }
      case 'layer-added':
        this.#hold(record.digest);
        repository.addLayer(record.digest, { size: record.size, mediaType: record.mediaType });
        if (record.uploadId !== undefined) this.uploads.delete(record.uploadId);
        return;
      case 'layer-deleted':
        if (repository.layers.delete(record.digest)) this.#release(record.digest);
        return;
    }
  }

  #deleteRepository(repository: RepositoryState): void {
    this.repositories.delete(repository.name);
    for (const digest of repository.layers.keys()) this.#release(digest);
    for (const digest of repository.images.keys()) this.#release(digest);
    this.#release(repository.catalogData.logo);
    for (const upload of this.uploads.values()) {
      if (upload.repositoryName === repository.name) this.uploads.delete(upload.uploadId);
    }
  }

  #deleteImage(repository: RepositoryState, digest: BlobDigest): void {
    const image = repository.images.get(digest);
    if (image === undefined) return;
    for (const layer of repository.deleteImage(image)) this.#release(layer);
    this.#release(digest);
  }

  #lose(repository: RepositoryState, digest: BlobDigest): void {
    if (repository.layers.delete(digest)) this.#release(digest);
    this.#deleteImage(repository, digest);
    if (repository.catalogData.logo === digest) {
      const { logo: _, ...catalogData } = repository.catalogData;
      repository.catalogData = catalogData;
      this.#release(digest);
    }
  }

  #hold(digest: BlobDigest | undefined): void {
    if (digest === undefined) return;
    this.#holders.set(digest, (this.#holders.get(digest) ?? 0) + 1);
    this.#released.delete(digest);
  }

  #release(digest: BlobDigest | undefined): void {
    if (digest === undefined) return;
    const holders = (this.#holders.get(digest) ?? 0) - 1;
    if (holders > 0) {
      this.#holders.set(digest, holders);
    } else {
      this.#holders.delete(digest);
      this.#released.add(digest);
    }
  }
}
