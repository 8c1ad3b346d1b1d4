import type { CatalogDataInput, RepositoryInput, ResourceTag } from '../ecr/repositories.ts';
import { EcrpError } from '../errors.ts';
import { assertRepositoryName } from '../oci/reference.ts';
import type { CommandContext } from './command-context.ts';

export interface GivenRepository {
  readonly name?: string | undefined;
  /** Path of a catalog file. */
  readonly catalog?: string | undefined;
  /** `KEY=VALUE`; they stand above those of the file. */
  readonly resourceTags?: readonly string[] | undefined;
}

/**
 * Puts together what a repository is created with, all of it checked; warnings of the catalog file are printed.
 * Throws USAGE for what the command line says, INVALID_INPUT for the file.
 */
export async function readRepositoryInput(
  context: CommandContext,
  { name, catalog, resourceTags = [] }: GivenRepository,
): Promise<RepositoryInput> {
  if (name !== undefined) assertRepositoryName(name);
  const given = await readTags(resourceTags);
  if (catalog === undefined) return composeInput(nameRepository(name, undefined), {}, given);
  const { loadCatalogFile } = await import('../catalog/load-catalog-file.ts');
  const { repositoryName, catalogData, tags, warnings } = await loadCatalogFile(catalog, context.io.cwd);
  for (const warning of warnings) context.messages.warn(`catalog file ${catalog}: ${warning}`);
  const kept = tags.filter(({ Key }) => given.every((tag) => tag.Key !== Key));
  return composeInput(nameRepository(name, repositoryName), catalogData, [...kept, ...given]);
}

function composeInput(
  repositoryName: string,
  catalogData: CatalogDataInput,
  tags: readonly ResourceTag[],
): RepositoryInput {
  return {
    repositoryName,
    ...(Object.keys(catalogData).length > 0 && { catalogData }),
    ...(tags.length > 0 && { tags }),
  };
}

/** The name given, else that of the file; when they differ, one of them is a mistake. */
function nameRepository(given: string | undefined, inFile: string | undefined): string {
  const name = given ?? inFile;
  if (name === undefined) {
    throw new EcrpError('USAGE', 'the repository has no name', {
      hint: "Give one: 'ecrp repo create NAME'; or a catalog file with a repositoryName.",
    });
  }
  if (inFile !== undefined && inFile !== name) {
    throw new EcrpError('USAGE', `the repository is named ${name}, but ${inFile} in the catalog file`, {
      hint: 'Leave one of the names out.',
    });
  }
  assertRepositoryName(name);
  return name;
}

async function readTags(texts: readonly string[]): Promise<readonly ResourceTag[]> {
  if (texts.length === 0) return [];
  const { parseResourceTag } = await import('../catalog/resource-tags.ts');
  const tags = texts.map(parseResourceTag);
  const double = tags.find(({ Key }, index) => tags.findIndex((tag) => tag.Key === Key) !== index);
  if (double !== undefined) throw new EcrpError('USAGE', `the resource tag ${double.Key} is given twice`);
  return tags;
}
