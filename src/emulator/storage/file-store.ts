import { randomUUID } from 'node:crypto';
import type { BlobFiles } from './blob-files.ts';
import { type Digest, digestOf } from './digest.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import type { CatalogData, Image, RegistryCatalogData, Repository, Upload } from './model.ts';
import type { State } from './state.ts';
import type {
  AppendResult,
  CompleteResult,
  LayerToComplete,
  NewImage,
  NewRepository,
  OpenLayer,
  PartToAppend,
  Store,
} from './store.ts';
import type { UploadFiles } from './upload-files.ts';
import { Uploads } from './uploads.ts';

export interface FileStoreParts {
  readonly state: State;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly blobFiles: BlobFiles;
  readonly uploadFiles: UploadFiles;
  readonly now: () => number;
  readonly unlock: () => Promise<void>;
}

/** The store: state in memory, a journal of what happened, files for bytes. */
export class FileStore implements Store {
  readonly #parts: FileStoreParts;
  readonly #uploads: Uploads;
  #closing: Promise<void> | undefined;

  constructor(parts: FileStoreParts) {
    this.#parts = parts;
    this.#uploads = new Uploads(parts);
  }

  get repositories(): ReadonlyMap<string, Repository> {
    return this.#parts.state.repositories;
  }

  get registryCatalogData(): RegistryCatalogData {
    return this.#parts.state.registryCatalogData;
  }

  createRepository(repository: NewRepository): Repository {
    const { state, now } = this.#parts;
    const { name: repositoryName } = repository;
    const catalogData = this.#withLogo(repository.catalogData, repository.logo);
    const resourceTags = [...repository.resourceTags];
    this.#parts.ledger.commit({
      type: 'repository-created',
      at: now(),
      repositoryName,
      catalogData,
      resourceTags,
    });
    return state.repository(repositoryName);
  }

  deleteRepository(repositoryName: string): void {
    const { state, ledger, uploadFiles } = this.#parts;
    const uploads = [...state.uploads.values()].filter((upload) => upload.repositoryName === repositoryName);
    ledger.commit({ type: 'repository-deleted', repositoryName });
    for (const { uploadId } of uploads) uploadFiles.remove(uploadId);
  }

  setCatalogData(repositoryName: string, given: CatalogData, logo?: Buffer): void {
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

  setRegistryCatalogData(registryCatalogData: RegistryCatalogData): void {
    this.#parts.ledger.commit({ type: 'registry-catalog-data-set', registryCatalogData });
  }

  putImage(repositoryName: string, { manifest, tag, ...rest }: NewImage): Image {
    const { state, now } = this.#parts;
    const repository = state.repository(repositoryName);
    const digest = digestOf(manifest);
    if (!repository.images.has(digest)) {
      this.#writeBlob(digest, manifest);
      const image = { ...rest, digest, manifestSize: manifest.length };
      const record = { type: 'image-put', at: now(), repositoryName, image } as const;
      this.#parts.ledger.commit(tag === undefined ? record : { ...record, tag });
    } else if (tag !== undefined && repository.imageTags.get(tag)?.digest !== digest) {
      this.#parts.ledger.commit({ type: 'tag-put', at: now(), repositoryName, digest, tag });
    }
    return need(repository.images.get(digest), digest);
  }

  deleteTag(repositoryName: string, tag: string): void {
    this.#parts.ledger.commit({ type: 'tag-deleted', repositoryName, tag });
  }

  deleteImage(repositoryName: string, digest: Digest): void {
    this.#parts.ledger.commit({ type: 'image-deleted', repositoryName, digest });
  }

  async readManifest(repositoryName: string, digest: Digest): Promise<Buffer | undefined> {
    return await this.#readBlob(digest, () => this.repositories.get(repositoryName)?.images.get(digest));
  }

  async readLogo(digest: Digest): Promise<Buffer | undefined> {
    return await this.#readBlob(digest, () =>
      [...this.repositories.values()].find(({ catalogData }) => catalogData.logo === digest),
    );
  }

  addLayer(repositoryName: string, digest: Digest, size: number): void {
    this.#parts.ledger.commit({ type: 'layer-added', repositoryName, digest, size });
  }

  deleteLayer(repositoryName: string, digest: Digest): void {
    this.#parts.ledger.commit({ type: 'layer-deleted', repositoryName, digest });
  }

  initiateUpload(repositoryName: string): Upload {
    return this.#uploads.initiate(repositoryName);
  }

  findUpload(repositoryName: string, uploadId: string): Upload | undefined {
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

  async openLayer(repositoryName: string, digest: Digest): Promise<OpenLayer | undefined> {
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

  #withLogo(catalogData: CatalogData, logo: Buffer | undefined): CatalogData {
    if (logo === undefined) return catalogData;
    const digest = digestOf(logo);
    this.#writeBlob(digest, logo);
    return { ...catalogData, logo: digest };
  }

  #writeBlob(digest: Digest, bytes: Buffer): void {
    const { blobFiles, uploadFiles } = this.#parts;
    blobFiles.write(digest, bytes, uploadFiles.pathOf(randomUUID()));
  }

  /** `find` tells whether, and as part of what, the blob is wanted; it is found damaged only if that stayed the same while it was read. */
  async #readBlob(digest: Digest, find: () => object | undefined): Promise<Buffer | undefined> {
    for (let owner = find(); owner !== undefined; owner = find()) {
      const bytes = await this.#parts.blobFiles.read(digest);
      if (bytes !== undefined) return bytes;
      if (find() === owner) this.#parts.ledger.loseBlob(digest);
    }
    return undefined;
  }
}

function need<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`There is no '${name}'`);
  return value;
}
