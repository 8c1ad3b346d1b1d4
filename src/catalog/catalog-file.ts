/** The API's `RepositoryCatalogDataInput`: what the Gallery shows of a repository. */
export interface CatalogData {
  readonly description?: string;
  readonly architectures?: readonly string[];
  readonly operatingSystems?: readonly string[];
  /** The PNG's bytes. */
  readonly logoImageBlob?: Uint8Array;
  /** Markdown, as `usageText`. */
  readonly aboutText?: string;
  readonly usageText?: string;
}

/** A tag of a repository as an AWS resource (not of an image), with the API's member names. */
export interface ResourceTag {
  readonly Key: string;
  readonly Value: string;
}

/** A catalog file with all that it refers to. */
export interface CatalogFile {
  /** As the user gave it. */
  readonly path: string;
  /** Of the file's form that is the whole input of CreateRepository; its grammar is not checked here. */
  readonly repositoryName?: string;
  readonly catalogData: CatalogData;
  readonly tags: readonly ResourceTag[];
  /** Sentences about what is accepted but will not look as expected. */
  readonly warnings: readonly string[];
}
