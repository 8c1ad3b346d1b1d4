import { connectPrivateTarget } from '../../../ecr/private/connect-target.ts';
import { getImage } from '../../../ecr/private/source/get-image.ts';
import { createRepository } from '../../../ecr/repositories.ts';
import type { ImageTarget, ReadManifest } from '../../../ends/image-target.ts';
import { EcrpError } from '../../../errors.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import type { NewRepository } from '../../new-repository.ts';
import { locatePrivate, type PrivateReference } from '../../private-place.ts';
import type { ChosenTarget } from './choose-target.ts';
import type { TransferRequest } from './request.ts';

/** Makes a repository of private ECR the target of a push. Throws as `assertSameService` does. */
export async function connectPrivate(
  context: CommandContext,
  session: EcrSession,
  { mostPartBytes, dryRun, transport }: TransferRequest,
  chosen: ChosenTarget & PrivateReference,
  newRepository: NewRepository | undefined,
): Promise<ImageTarget> {
  const place = locatePrivate(session, chosen);
  const { client, name } = place;
  const create = async (signal: AbortSignal): Promise<boolean> => {
    if (newRepository === undefined || dryRun) return true;
    try {
      await createRepository(client, newRepository.input, signal);
    } catch (error) {
      const isThere = error instanceof EcrpError && error.awsError === 'RepositoryAlreadyExistsException';
      if (isThere) return false;
      throw error;
    }
    context.messages.note(`Created repository ${name}.`);
    return true;
  };
  // A dry run creates nothing. A template would ignore what the command line says of the repository.
  const triesTemplate = !dryRun && !isDescribed(newRepository);
  const apiTarget = connectPrivateTarget(place, {
    mostPartBytes,
    retryBudgetMs: context.options.retryBudget,
    onCreatedByTemplate: triesTemplate
      ? () => context.messages.note(`A template of the registry created the repository ${name}.`)
      : undefined,
    createRepository: newRepository && create,
  });
  if (transport !== 'registry' || dryRun) return apiTarget;
  const { connectRaw } = await import('./connect-raw.ts');
  const { registryHost, repositoryName } = chosen;
  const findPath = async (): Promise<string> => repositoryName;
  return connectRaw(context, session, { registryHost, repositoryName, findPath }, apiTarget, 'Basic');
}

/** Opens a repository for reading manifests through the API. */
export function openPrivateImages(
  session: EcrSession,
  repository: PrivateReference,
  signal: AbortSignal,
): { readonly name: string; readManifest(reference: string): Promise<ReadManifest> } {
  const place = locatePrivate(session, repository);
  return {
    name: place.name,
    async readManifest(reference) {
      const found = await getImage(place, reference, signal);
      if (found !== undefined) return found;
      throw new EcrpError('NOT_FOUND', `${place.name}: ${reference} does not exist`, {
        hint: `'ecrp image list ${place.name}' shows what is there.`,
      });
    },
  };
}

/** True if the command line says more of a new repository than its name. */
function isDescribed(given: NewRepository | undefined): boolean {
  const { tags, settings = {} } = given?.input ?? {};
  return tags !== undefined || Object.values(settings).some(Boolean);
}
