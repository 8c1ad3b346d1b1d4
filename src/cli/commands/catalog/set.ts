import { loadCatalogFields } from '../../../catalog/catalog-file.ts';
import { EcrpError } from '../../../errors.ts';
import type { JsonObject } from '../../../json.ts';
import { formatRepository, type RepositoryReference } from '../../../oci/reference.ts';
import type { CatalogDataInput } from '../../../wire/operations.ts';
import type { CommandContext } from '../../command-context.ts';
import { withEcr } from '../../ecr-session.ts';
import { reportGalleryPage } from '../../gallery-page.ts';
import { loadCatalogOf } from '../../new-repository.ts';
import type { Outcome } from '../../output.ts';
import { readPublicRepository, resolveRepository } from '../../own-registry.ts';
import { updateCatalog } from '../../update-catalog.ts';
import { listChanges, summarizeChanges } from '../../view-changes.ts';
import { listCatalogMembers } from './view.ts';

export interface CatalogSetOptions {
  readonly catalog?: string;
  readonly description?: string;
  readonly aboutFile?: string;
  readonly usageFile?: string;
  readonly logo?: string;
  readonly architecture?: readonly string[];
  readonly os?: readonly string[];
  readonly clear?: readonly string[];
}

/** `ecrp catalog set`. Single fields override those of the file. */
export async function setCatalog(
  context: CommandContext,
  name: string,
  options: CatalogSetOptions,
): Promise<Outcome> {
  const { io, messages } = context;
  const reference = readPublicRepository(context, name, 'catalog data');
  const { wanted, warnings } = await readWanted(context, reference, options);
  const { catalogData, changes } = await withEcr(context, async (session) => {
    const address = await resolveRepository(session, reference, io.signal);
    const updated = await updateCatalog(context, session, address, wanted);
    for (const line of summarizeChanges(formatRepository(reference), updated.changes)) messages.note(line);
    await reportGalleryPage(context, session, reference);
    return updated;
  });
  const { repositoryName } = reference;
  return {
    result: {
      repositoryName,
      status: changes.length > 0 ? 'changed' : 'unchanged',
      catalogData: listCatalogMembers(catalogData),
      changes: listChanges(changes),
      warnings,
    },
    view: '',
  };
}

/** A field as an option names it, the option that gives it, and what clears it. */
const FIELDS = [
  { name: 'description', option: 'description', empty: { description: '' } },
  { name: 'about', option: 'aboutFile', empty: { aboutText: '' } },
  { name: 'usage', option: 'usageFile', empty: { usageText: '' } },
  { name: 'logo', option: 'logo', empty: { logoImageBlob: Buffer.alloc(0) } },
  { name: 'architecture', option: 'architecture', empty: { architectures: [] } },
  { name: 'os', option: 'os', empty: { operatingSystems: [] } },
] as const;

async function readWanted(
  context: CommandContext,
  reference: RepositoryReference,
  options: CatalogSetOptions,
): Promise<{ readonly wanted: CatalogDataInput; readonly warnings: readonly string[] }> {
  const { catalog, clear = [] } = options;
  const given = FIELDS.filter(({ option }) => options[option] !== undefined);
  if (catalog === undefined && given.length === 0 && clear.length === 0) {
    throw new EcrpError('USAGE', 'nothing to set is given', {
      hint: "Give --catalog FILE, or single fields: 'ecrp catalog set --help' lists them.",
    });
  }
  const doubtful = given.find(({ name }) => clear.includes(name));
  if (doubtful !== undefined) {
    throw new EcrpError('USAGE', `${doubtful.name} is both given and cleared`, {
      hint: `Remove --clear ${doubtful.name}, or the value.`,
    });
  }
  const file = catalog === undefined ? undefined : await loadCatalogOf(context, reference, catalog);
  const fields = await loadCatalogFields(describeFields(options), context.io.cwd);
  for (const warning of fields.warnings) context.messages.warn(warning);
  const emptied = FIELDS.filter(({ name }) => clear.includes(name)).map(({ empty }) => empty);
  return {
    wanted: Object.assign({}, file?.catalogData, fields.catalogData, ...emptied),
    warnings: [...(file?.warnings ?? []), ...fields.warnings],
  };
}

/** Single fields as members of a catalog file. */
function describeFields({
  description,
  aboutFile,
  usageFile,
  logo,
  ...lists
}: CatalogSetOptions): JsonObject {
  const fields = {
    description,
    aboutFile,
    usageFile,
    logo,
    architectures: lists.architecture,
    operatingSystems: lists.os,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
