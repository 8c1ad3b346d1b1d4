import { randomUUID } from 'node:crypto';
import type { BlobFiles } from './blob-files.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import {
  type BlobDigest,
  computeBlobDigest,
  type StoredCatalogData,
  type StoredImage,
  type StoredRegistryData,
  type StoredRepository,
  type StoredSettings,
  type StoredTemplate,
  type StoredUpload,
} from './model.ts';
import type { State } from './state.ts';
import type {
  AppendResult,
  CompleteResult,
  ImageToStore,
  LayerToComplete,
  OpenLayer,
  PartToAppend,
  RepositoryToCreate,
  Store,
} from './store.ts';
import type { UploadFiles } from './upload-files.ts';
import { Uploads } from './uploads.ts';

export interface StoreParts {
  readonly state: State;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly blobFiles: BlobFiles;
  readonly uploadFiles: UploadFiles;
  readonly now: () => number;
  readonly unlock: () => Promise<void>;
}

/** The store: state in memory, changes in a journal, bytes in files. */
export class JournaledStore implements Store {
  readonly #parts: StoreParts;
  readonly #uploads: Uploads;
  #closing: Promise<void> | undefined;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#uploads = new Uploads(parts);
  }

  get repositories(): ReadonlyMap<string, StoredRepository> {
    return this.#parts.state.repositories;
  }

  get accountSettings(): ReadonlyMap<string, string> {
    return this.#parts.state.accountSettings;
  }

  get registryCatalogData(): StoredRegistryData {
    return this.#parts.state.registryCatalogData;
  }

  get templates(): readonly StoredTemplate[] {
    return this.#parts.state.templates;
  }

  createRepository(repository: RepositoryToCreate): StoredRepository {
    const { state, now } = this.#parts;
    const { name: repositoryName, settings } = repository;
    const catalogData = this.#withLogo(repository.catalogData, repository.logo);
    const resourceTags = [...repository.resourceTags];
    this.#parts.ledger.commit({
      type: 'repository-created',
      at: now(),
      repositoryName,
      catalogData,
      resourceTags,
      ...(settings !== undefined && { settings }),
    });
    return state.repository(repositoryName);
  }

  deleteRepository(repositoryName: string): void {
    const { state, ledger, uploadFiles } = this.#parts;
    const uploads = [...state.uploads.values()].filter((upload) => upload.repositoryName === repositoryName);
    ledger.commit({ type: 'repository-deleted', repositoryName });
    for (const { uploadId } of uploads) uploadFiles.remove(uploadId);
  }

  setCatalogData(repositoryName: string, given: StoredCatalogData, logo?: Buffer): void {
    const catalogData = this.#withLogo(given, logo);
    this.#parts.ledger.commit({ type: 'catalog-data-set', repositoryName, catalogData });
  }

  setResourceTags(repositoryName: string, resourceTags: ReadonlyMap<string, string>): void {
    this.#parts.ledger.commit({ type: 'resource-tags-set', repositoryName, resourceTags: [...resourceTags] });
  }

  setPolicyText(repositoryName: string, policyText: string | undefined): void {
    const policy = policyText === undefined ? {} : { policyText };
    this.#parts.ledger.commit({ type: 'policy-set', repositoryName, ...policy });
  }

  setSettings(repositoryName: string, settings: StoredSettings): void {
    this.#parts.ledger.commit({ type: 'settings-set', repositoryName, settings });
  }

  setLifecyclePolicyText(repositoryName: string, policyText: string | undefined): void {
    const policy = policyText === undefined ? {} : { policyText };
    this.#parts.ledger.commit({ type: 'lifecycle-policy-set', repositoryName, ...policy });
  }

  setAccountSetting(name: string, value: string): void {
    this.#parts.ledger.commit({ type: 'account-setting-set', name, value });
  }

  setTemplates(templates: readonly StoredTemplate[]): void {
    this.#parts.ledger.commit({ type: 'templates-set', templates });
  }

  setRegistryCatalogData(registryCatalogData: StoredRegistryData): void {
    this.#parts.ledger.commit({ type: 'registry-catalog-data-set', registryCatalogData });
  }

  putImage(repositoryName: string, { manifest, tag, ...rest }: ImageToStore): StoredImage {
    const { state, now } = this.#parts;
    const repository = state.repository(repositoryName);
    const digest = computeBlobDigest(manifest);
    if (!repository.images.has(digest)) {
      this.#writeBlob(digest, manifest);
      const image = { ...rest, digest, manifestSize: manifest.length };
      const record = { type: 'image-put', at: now(), repositoryName, image } as const;
      this.#parts.ledger.commit(tag === undefined ? record : { ...record, tag });
    } else if (tag !== undefined && repository.imageTags.get(tag)?.digest !== digest) {
      this.#parts.ledger.commit({ type: 'tag-put', at: now(), repositoryName, digest, tag });
    }
    const image = repository.images.get(digest);
    if (image === undefined) throw new Error(`Image '${digest}' not found`);
    return image;
  }

  deleteTag(repositoryName: string, tag: string): void {
    this.#parts.ledger.commit({ type: 'tag-deleted', repositoryName, tag });
  }

  deleteImage(repositoryName: string, digest: BlobDigest): void {
    this.#parts.ledger.commit({ type: 'image-deleted', repositoryName, digest });
  }

  async readManifest(repositoryName: string, digest: BlobDigest): Promise<Buffer | undefined> {
    return await this.#readBlob(digest, () => this.repositories.get(repositoryName)?.images.get(digest));
  }

  async readLogo(digest: BlobDigest): Promise<Buffer | undefined> {
    return await this.#readBlob(digest, () =>
      [...this.repositories.values()].find(({ catalogData }) => catalogData.logo === digest),
    );
  }

  addLayer(repositoryName: string, digest: BlobDigest, size: number): void {
    this.#parts.ledger.commit({ type: 'layer-added', repositoryName, digest, size });
  }

  deleteLayer(repositoryName: string, digest: BlobDigest): void {
    this.#parts.ledger.commit({ type: 'layer-deleted', repositoryName, digest });
  }

  initiateUpload(repositoryName: string): StoredUpload {
    return this.#uploads.initiate(repositoryName);
  }

  findUpload(repositoryName: string, uploadId: string): StoredUpload | undefined {
    return this.#uploads.find(repositoryName, uploadId);
  }

  appendPart(repositoryName: string, uploadId: string, part: PartToAppend): Promise<AppendResult> {
    return this.#uploads.append(repositoryName, uploadId, part);
  }

  completeUpload(repositoryName: string, uploadId: string, layer: LayerToComplete): Promise<CompleteResult> {
    return this.#uploads.complete(repositoryName, uploadId, layer);
  }

  dropUpload(repositoryName: string, uploadId: string): void {
    this.#uploads.drop(repositoryName, uploadId);
  }

  async openLayer(repositoryName: string, digest: BlobDigest): Promise<OpenLayer | undefined> {
    const { blobFiles, ledger } = this.#parts;
    const find = () => this.repositories.get(repositoryName)?.layers.get(digest);
    for (let layer = find(); layer !== undefined; layer = find()) {
      const isSound = await blobFiles.verify(digest);
      if (find() !== layer) continue;
      if (!isSound) {
        ledger.loseBlob(digest);
        return undefined;
      }
      return { size: layer.size, read: (start, end) => blobFiles.createReadStream(digest, start, end) };
    }
    return undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    const { state, journal, unlock } = this.#parts;
    await Promise.all([...state.uploads.values()].map((upload) => upload.settle()));
    journal.close();
    await unlock();
  }

  #withLogo(catalogData: StoredCatalogData, logo: Buffer | undefined): StoredCatalogData {
    if (logo === undefined) return catalogData;
    const digest = computeBlobDigest(logo);
    this.#writeBlob(digest, logo);
    return { ...catalogData, logo: digest };
  }

  #writeBlob(digest: BlobDigest, bytes: Buffer): void {
    const { blobFiles, uploadFiles } = this.#parts;
    blobFiles.write(digest, bytes, uploadFiles.pathOf(randomUUID()));
  }

  /** `find` returns the owner of the blob. A failed read means damage only if the owner is still the same afterwards. */
  async #readBlob(digest: BlobDigest, find: () => object | undefined): Promise<Buffer | undefined> {
    for (let owner = find(); owner !== undefined; owner = find()) {
      const bytes = await this.#parts.blobFiles.read(digest);
      if (bytes !== undefined) return bytes;
      if (find() === owner) this.#parts.ledger.loseBlob(digest);
    }
    return undefined;
  }
}
