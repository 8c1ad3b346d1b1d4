import type { RepositoryInput } from '../ecr/repositories.ts';
import { EcrpError } from '../errors.ts';
import { assertRepositoryName } from '../oci/reference.ts';

export interface GivenRepository {
  readonly name?: string | undefined;
}

/** Puts together what a repository is created with, all of it checked. Throws USAGE. */
export function readRepositoryInput(given: GivenRepository): RepositoryInput {
  if (given.name === undefined) {
    throw new EcrpError('USAGE', 'the repository has no name', {
      hint: "Give one: 'ecrp repo create NAME'.",
    });
  }
  assertRepositoryName(given.name);
  return { repositoryName: given.name };
}
