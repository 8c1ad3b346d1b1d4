import {
  type CatalogChange,
  type CurrentCatalog,
  findCatalogChanges,
  mergeCatalogData,
} from '../catalog/changes.ts';
import type { Findings } from '../catalog/findings.ts';
import { checkLogo } from '../catalog/logo.ts';
import { getCatalogData, putCatalogData } from '../ecr/catalog-data.ts';
import { fetchLogo } from '../ecr/fetch-logo.ts';
import type { RepositoryAddress } from '../ecr/repositories.ts';
import { EcrpError } from '../errors.ts';
import { RetryBudget } from '../net/retry-budget.ts';
import type { CatalogDataInput, RepositoryCatalogData } from '../wire/operations.ts';
import type { CommandContext } from './command-context.ts';
import type { EcrSession } from './ecr-session.ts';
import { findEndpoint } from './service-address.ts';

/** Catalog data after an update. */
export interface UpdatedCatalog {
  readonly catalogData: RepositoryCatalogData;
  /** Empty: nothing was sent. */
  readonly changes: readonly CatalogChange[];
}

/**
 * Sets the given members of a repository's catalog data and keeps the others: reads what is there, merges, and puts the whole. The
 * logo of the service is fetched and sent again. Throws UNAVAILABLE, and changes nothing, if it cannot be had and is to stay.
 */
export async function updateCatalog(
  context: CommandContext,
  session: EcrSession,
  address: RepositoryAddress,
  wanted: CatalogDataInput,
): Promise<UpdatedCatalog> {
  const { signal } = context.io;
  const data = await readCatalog(session, address, signal);
  const compared = await fetchToCompare(context, session, data, wanted);
  const changes = findCatalogChanges(compared, wanted);
  if (changes.length === 0) return { catalogData: data, changes };
  const hint = `Nothing was changed. Run it again later, or give the logo: 'ecrp catalog set ${address.repositoryName} --logo FILE'.`;
  const keepsLogo = wanted.logoImageBlob === undefined;
  const current = keepsLogo ? { data, logo: await fetchCurrentLogo(context, session, data, hint) } : compared;
  const merged = mergeCatalogData(current, wanted);
  const catalogData = await putCatalogData(session.client, address, merged, signal);
  warnOfRefusals(context, catalogData, wanted);
  return { catalogData, changes };
}

/** Reads catalog data. A repository that has none, which the service may call not found, has an empty one. */
export async function readCatalog(
  { client }: EcrSession,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<RepositoryCatalogData> {
  return getCatalogData(client, address, signal).catch((error: unknown) => {
    if (error instanceof EcrpError && error.awsError === 'RepositoryCatalogDataNotFoundException') return {};
    throw error;
  });
}

/** Fetches the logo that a repository has and checks it. Undefined if it has none. Throws UNAVAILABLE with the given hint. */
export async function fetchCurrentLogo(
  context: CommandContext,
  { client }: EcrSession,
  { logoUrl }: RepositoryCatalogData,
  hint?: string,
): Promise<Buffer | undefined> {
  if (!logoUrl) return undefined;
  const { url: endpointUrl } = await findEndpoint(context);
  const budget = new RetryBudget({ givenMs: context.options.retryBudget });
  const request = { logoUrl, endpointUrl, budget, hint };
  const bytes = await context.waiting.during('the logo', () => fetchLogo(client, request, context.io.signal));
  const findings: Findings = { problems: [], warnings: [] };
  checkLogo(bytes, `what ${logoUrl} returned`, findings);
  const [problem] = findings.problems;
  if (problem !== undefined)
    throw new EcrpError('UNAVAILABLE', `the logo cannot be kept: ${problem}`, { hint });
  return bytes;
}

/** Fetches the current logo to find out whether the wanted one is another. If it cannot be had, it counts as another. */
async function fetchToCompare(
  context: CommandContext,
  session: EcrSession,
  data: RepositoryCatalogData,
  { logoImageBlob }: CatalogDataInput,
): Promise<CurrentCatalog> {
  if (logoImageBlob === undefined || logoImageBlob.length === 0) return { data };
  const logo = await fetchCurrentLogo(context, session, data).catch((error: unknown) => {
    if (!(error instanceof EcrpError) || error.code !== 'UNAVAILABLE') throw error;
    context.messages.detail(`${error.message}; it is replaced`);
    return undefined;
  });
  return { data, logo };
}

/** Warns where the service answers with something else than was put. */
function warnOfRefusals(
  { messages }: CommandContext,
  data: RepositoryCatalogData,
  { logoImageBlob, ...wanted }: CatalogDataInput,
): void {
  for (const { field } of findCatalogChanges({ data }, wanted)) {
    messages.warn(`the service has another ${field} than was sent; see 'ecrp catalog get'`);
  }
  if (logoImageBlob !== undefined && logoImageBlob.length > 0 !== Boolean(data.logoUrl)) {
    messages.warn(`the service ${data.logoUrl ? 'still has' : 'has not taken'} the logo`);
  }
}
