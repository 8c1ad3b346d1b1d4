import { findCatalogChanges } from '../../../catalog/changes.ts';
import { getCatalogData } from '../../../ecr/catalog-data.ts';
import type { CommandContext } from '../../command-context.ts';
import { withEcr } from '../../ecr-session.ts';
import { loadCatalogOf } from '../../new-repository.ts';
import type { Outcome } from '../../output.ts';
import { readPublicRepository, resolveRepository } from '../../own-registry.ts';
import { fetchCurrentLogo, readCatalog } from '../../update-catalog.ts';
import { listChanges, viewChanges } from '../../view-changes.ts';
import { exportCatalog } from './export.ts';
import { listCatalogInput, listCatalogMembers, viewCatalog, viewChecked } from './view.ts';

export interface CatalogGetOptions {
  readonly output?: string;
}

/** `ecrp catalog get`. */
export async function showCatalog(
  context: CommandContext,
  name: string,
  { output }: CatalogGetOptions,
): Promise<Outcome> {
  const { io, messages } = context;
  const reference = readPublicRepository(context, name, 'catalog data');
  const { repositoryName } = reference;
  const { data, logo } = await withEcr(context, async (session) => {
    const address = await resolveRepository(session, reference, io.signal);
    const found = await getCatalogData(session.client, address, io.signal);
    const hint = 'Run it again later, or without --output for the texts and the address of the logo.';
    return {
      data: found,
      logo: output === undefined ? undefined : await fetchCurrentLogo(context, session, found, hint),
    };
  });
  const members = listCatalogMembers(data);
  if (Object.keys(members).length === 0) {
    messages.note(`No catalog data yet. Set it with 'ecrp catalog set ${repositoryName} --catalog FILE'.`);
  }
  if (output === undefined) {
    return { result: { repositoryName, catalogData: members }, view: viewCatalog(data) };
  }
  const { description, architectures, operatingSystems, aboutText, usageText } = data;
  const exported = {
    description,
    architectures,
    operatingSystems,
    logoImageBlob: logo,
    aboutText,
    usageText,
  };
  const files = await exportCatalog(context, exported, output);
  return { result: { repositoryName, catalogData: members, files }, view: files };
}

/** `ecrp catalog validate`. */
export async function validateCatalog(context: CommandContext, file: string): Promise<Outcome> {
  const { loadCatalogFile } = await import('../../../catalog/catalog-file.ts');
  const { catalogData, tags, repositoryName, warnings } = await loadCatalogFile(file, context.io.cwd);
  for (const warning of warnings) context.messages.warn(`catalog file ${file}: ${warning}`);
  return {
    result: {
      ...(repositoryName !== undefined && { repositoryName }),
      catalogData: listCatalogInput(catalogData),
      ...(tags.length > 0 && { tags: tags.map(({ Key, Value }) => ({ Key, Value })) }),
      warnings,
    },
    view: viewChecked(catalogData, tags),
  };
}

export interface CatalogDiffOptions {
  readonly detailedExitcode?: boolean;
}

/** Status of `--detailed-exitcode` for differences. */
const DIFFERENT = 10;

/** `ecrp catalog diff`. */
export async function diffCatalog(
  context: CommandContext,
  name: string,
  file: string,
  { detailedExitcode = false }: CatalogDiffOptions,
): Promise<Outcome> {
  const { io, messages } = context;
  const reference = readPublicRepository(context, name, 'catalog data');
  const { catalogData: wanted, warnings } = await loadCatalogOf(context, reference, file);
  const current = await withEcr(context, async (session) => {
    const address = await resolveRepository(session, reference, io.signal);
    const data = await readCatalog(session, address, io.signal);
    const hint = 'Run it again later, or with a file that has no logo.';
    const logo = wanted.logoImageBlob && (await fetchCurrentLogo(context, session, data, hint));
    return { data, logo };
  });
  const changes = findCatalogChanges(current, wanted);
  if (changes.length === 0) messages.note('No differences.');
  return {
    result: {
      repositoryName: reference.repositoryName,
      catalogData: listCatalogMembers(current.data),
      changes: listChanges(changes),
      warnings,
    },
    view: await viewChanges(changes),
    exitStatus: detailedExitcode && changes.length > 0 ? DIFFERENT : 0,
  };
}
