/** A repository as most operations take it: by the id of its registry, never by an alias. */
export interface RepositoryAddress {
  /** 12 digits; absent for the caller's own registry. */
  readonly registryId?: string | undefined;
  readonly repositoryName: string;
}
