import type { Digest } from './digest.ts';
import type { RegistryCatalogData } from './model.ts';
import type { JournalRecord } from './record.ts';
import { RepositoryState } from './repository-state.ts';
import { UploadState } from './upload-state.ts';

/** Records about a repository that is there. */
type RepositoryRecord = Exclude<
  Extract<JournalRecord, { readonly repositoryName: string }>,
  { readonly type: 'repository-created' }
>;

/** All that is remembered, as the journal's records make it; the one place that says what each record does. */
export class State {
  readonly repositories = new Map<string, RepositoryState>();
  readonly uploads = new Map<string, UploadState>();
  registryCatalogData: RegistryCatalogData = {};
  /** How many layers, images and logos a blob is. */
  readonly #holders = new Map<Digest, number>();
  readonly #released = new Set<Digest>();

  /** Throws when what the record names is not there, or what it creates is. */
  check(record: JournalRecord): void {
    if (record.type === 'repository-created') {
      const { repositoryName } = record;
      if (this.repositories.has(repositoryName)) throw new Error(`Repository '${repositoryName}' exists`);
    } else if ('repositoryName' in record) {
      const { images, imageTags } = this.repository(record.repositoryName);
      const digest = record.type === 'image-deleted' || record.type === 'tag-put' ? record.digest : undefined;
      if (digest !== undefined && !images.has(digest)) throw new Error(`There is no image '${digest}'`);
      const tag = record.type === 'tag-deleted' ? record.tag : undefined;
      if (tag !== undefined && !imageTags.has(tag)) throw new Error(`There is no image tag '${tag}'`);
    } else if ('uploadId' in record) {
      this.upload(record.uploadId);
    }
  }

  /** Presumes that `check` did not throw. */
  apply(record: JournalRecord): void {
    switch (record.type) {
      case 'repository-created': {
        const { repositoryName, at, catalogData, resourceTags } = record;
        const repository = new RepositoryState(repositoryName, at, catalogData, new Map(resourceTags));
        this.repositories.set(repositoryName, repository);
        this.#hold(catalogData.logo);
        return;
      }
      case 'registry-catalog-data-set':
        this.registryCatalogData = record.registryCatalogData;
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
    if (repository === undefined) throw new Error(`There is no repository '${name}'`);
    return repository;
  }

  upload(uploadId: string): UploadState {
    const upload = this.uploads.get(uploadId);
    if (upload === undefined) throw new Error(`There is no upload '${uploadId}'`);
    return upload;
  }

  /** The blobs that nothing needs any more since the last call. */
  takeReleased(): Digest[] {
    const released = [...this.#released];
    this.#released.clear();
    return released;
  }

  isHeld(digest: Digest): boolean {
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

  #deleteImage(repository: RepositoryState, digest: Digest): void {
    const image = repository.images.get(digest);
    if (image === undefined) return;
    for (const layer of repository.deleteImage(image)) this.#release(layer);
    this.#release(digest);
  }

  #lose(repository: RepositoryState, digest: Digest): void {
    if (repository.layers.delete(digest)) this.#release(digest);
    this.#deleteImage(repository, digest);
    if (repository.catalogData.logo === digest) {
      const { logo: _, ...catalogData } = repository.catalogData;
      repository.catalogData = catalogData;
      this.#release(digest);
    }
  }

  #hold(digest: Digest | undefined): void {
    if (digest === undefined) return;
    this.#holders.set(digest, (this.#holders.get(digest) ?? 0) + 1);
    this.#released.delete(digest);
  }

  #release(digest: Digest | undefined): void {
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
