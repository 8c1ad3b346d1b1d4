import type { CatalogFile } from '../catalog/catalog-file.ts';
import type { NewRepositorySettings, RepositoryInput } from '../ecr/repositories.ts';
import { EcrpError } from '../errors.ts';
import { formatRepository, type RepositoryReference } from '../oci/reference.ts';
import type { ResourceTag } from '../wire/operations.ts';
import type { CommandContext } from './command-context.ts';
import { readRepository, refusePrivate } from './own-registry.ts';

export interface GivenRepository {
  /** Absent if the catalog file names it. */
  readonly reference?: RepositoryReference | undefined;
  /** Path. */
  readonly catalog?: string | undefined;
  /** `KEY=VALUE`. They override tags of the catalog file. */
  readonly resourceTags?: readonly string[] | undefined;
  /** Of private ECR alone. */
  readonly settings?: NewRepositorySettings | undefined;
}

export interface NewRepository {
  /** Not checked: call `assertOwnRepository` before creating. */
  readonly reference: RepositoryReference;
  readonly input: RepositoryInput;
}

/**
 * Reads and checks everything that a new repository is created with, and prints warnings about the catalog file.
 * Throws USAGE for the command line, INVALID_INPUT for the file.
 */
export async function readNewRepository(
  context: CommandContext,
  { reference, catalog, resourceTags = [], settings = {} }: GivenRepository,
): Promise<NewRepository> {
  if (reference !== undefined && catalog !== undefined) refusePrivate(reference, 'catalog data');
  const given = await readTags(context, resourceTags);
  const file = catalog === undefined ? undefined : await loadFile(context, catalog);
  const inFile =
    catalog === undefined || file?.repositoryName === undefined
      ? undefined
      : readNameInFile(context, catalog, file.repositoryName);
  const named = nameRepository(reference, inFile);
  if (file !== undefined) refusePrivate(named, 'catalog data');
  if (named.privateRegistry === undefined) refuseSettings(named, settings);
  const kept = file?.tags.filter(({ Key }) => given.every((tag) => tag.Key !== Key)) ?? [];
  const tags = [...kept, ...given];
  const { catalogData = {} } = file ?? {};
  const registryId = named.privateRegistry?.registryId;
  const input = {
    repositoryName: named.repositoryName,
    ...(registryId !== undefined && { registryId }),
    ...(named.privateRegistry !== undefined && { settings }),
    ...(Object.keys(catalogData).length > 0 && { catalogData }),
    ...(tags.length > 0 && { tags }),
  };
  return { reference: named, input };
}

/** Throws USAGE for a setting that only private ECR has. */
function refuseSettings(
  reference: RepositoryReference,
  { immutableTags, scanOnPush, kmsKey }: NewRepositorySettings,
): void {
  const given = Object.entries({
    '--immutable-tags': immutableTags,
    '--scan-on-push': scanOnPush,
    '--kms-key': kmsKey,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new EcrpError(
    'USAGE',
    `${given[0]}: ${formatRepository(reference)} is a repository of ECR Public, which has no such setting`,
    { hint: 'Leave it out, or name a repository of private ECR: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME.' },
  );
}

/**
 * Loads the catalog file for a repository that the command line names, and prints warnings about it. Throws USAGE if the file names
 * another repository, INVALID_INPUT for its problems.
 */
export async function loadCatalogOf(
  context: CommandContext,
  reference: RepositoryReference,
  path: string,
): Promise<CatalogFile> {
  const file = await loadFile(context, path);
  const { repositoryName, tags, warnings } = file;
  if (repositoryName !== undefined) nameRepository(reference, readNameInFile(context, path, repositoryName));
  if (tags.length === 0) return file;
  const warning = 'its resource tags are not catalog data, so they stay as they are';
  context.messages.warn(`catalog file ${path}: ${warning}; see 'ecrp repo create --update'`);
  return { ...file, warnings: [...warnings, warning] };
}

async function loadFile(context: CommandContext, path: string): Promise<CatalogFile> {
  const { loadCatalogFile } = await import('../catalog/catalog-file.ts');
  const file = await loadCatalogFile(path, context.io.cwd);
  for (const warning of file.warnings) context.messages.warn(`catalog file ${path}: ${warning}`);
  return file;
}

/** The file may name the repository by its URI, like the command line. */
function readNameInFile(context: CommandContext, file: string, name: string): RepositoryReference {
  try {
    return readRepository(context, name);
  } catch (cause) {
    if (!(cause instanceof EcrpError)) throw cause;
    const { hint } = cause;
    throw new EcrpError('INVALID_INPUT', `catalog file ${file}: repositoryName: ${cause.message}`, {
      hint,
      cause,
    });
  }
}

/** Throws USAGE if there is no name, or if the names of the command line and the file differ. */
function nameRepository(
  given: RepositoryReference | undefined,
  inFile: RepositoryReference | undefined,
): RepositoryReference {
  const reference = given ?? inFile;
  if (reference === undefined) {
    throw new EcrpError('USAGE', 'the repository has no name', {
      hint: "Run 'ecrp repo create NAME', or add repositoryName to the catalog file.",
    });
  }
  if (given === undefined || inFile === undefined) return reference;
  const [alias, aliasInFile] = [given.registryAlias, inFile.registryAlias];
  const isOtherService = given.privateRegistry?.registryHost !== inFile.privateRegistry?.registryHost;
  const isOtherRegistry =
    isOtherService || (alias !== undefined && aliasInFile !== undefined && alias !== aliasInFile);
  if (given.repositoryName !== inFile.repositoryName || isOtherRegistry) {
    const [name, nameInFile] = [formatRepository(given), formatRepository(inFile)];
    throw new EcrpError('USAGE', `the repository is named ${name}, but ${nameInFile} in the catalog file`, {
      hint: 'Remove one of the names.',
    });
  }
  return alias === undefined ? inFile : given;
}

async function readTags(context: CommandContext, texts: readonly string[]): Promise<readonly ResourceTag[]> {
  if (texts.length === 0) return [];
  const { parseResourceTags } = await import('../catalog/resource-tags.ts');
  const { tags, warnings } = parseResourceTags(texts);
  for (const warning of warnings) context.messages.warn(warning);
  return tags;
}
