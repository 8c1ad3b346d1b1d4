import { createRepository } from '../../../ecr/repositories.ts';
import { connectTarget } from '../../../ecr/target/connect-target.ts';
import type { ImageTarget } from '../../../ends/image-target.ts';
import type { RememberingTarget } from '../../../engine/remember-target.ts';
import { openUploadStore, type UploadStore } from '../../../engine/resume/upload-store.ts';
import { Uploader } from '../../../engine/uploader.ts';
import { EcrpError } from '../../../errors.ts';
import { describeFileError } from '../../../files/file-errors.ts';
import type { CommandContext } from '../../command-context.ts';
import { findUploadDirectory } from '../../directories.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { type NewRepository, readNewRepository } from '../../new-repository.ts';
import { assertOwnRepository, isSameRegistry } from '../../own-registry.ts';
import type { ProgressDisplay } from '../../progress/display.ts';
import { RegistryFinder } from '../../registry-finder.ts';
import { type ChosenTarget, refuseRepositories } from './choose-target.ts';
import type { TransferRequest } from './request.ts';

/** One repository that images are pushed to in this session. */
export interface ConnectedRepository {
  readonly chosen: ChosenTarget;
  readonly session: EcrSession;
  readonly target: ImageTarget;
  readonly uploader: Uploader;
  readonly finder: RegistryFinder;
  /** The repository to create when it is missing. */
  readonly newRepository: NewRepository | undefined;
  /** What `remember` gave. */
  readonly memory: RememberingTarget | undefined;
}

/**
 * Connects to the repository that was chosen. Throws USAGE when its names mean
 * several repositories, INVALID_INPUT for the catalog file of a repository to create. `remember`: for several images in turn.
 */
export async function connectRepository(
  context: CommandContext,
  session: EcrSession,
  progress: ProgressDisplay,
  request: TransferRequest,
  chosen: ChosenTarget,
  remember?: (target: ImageTarget) => RememberingTarget,
): Promise<ConnectedRepository> {
  const { concurrency, dryRun } = request;
  const { privateRegistry } = chosen;
  for (const other of chosen.otherNames ?? []) {
    const isSame = await isSameRegistry(session, chosen, other, context.io.signal);
    if (!isSame) throw refuseRepositories(chosen, other);
  }
  const finder = new RegistryFinder(context, session, chosen);
  const newRepository =
    request.newRepository &&
    (await readNewRepository(context, { reference: chosen, ...request.newRepository }));
  let connected: ImageTarget;
  if (privateRegistry === undefined) {
    connected = await connectPublic(context, session, request, { chosen, finder, newRepository });
  } else {
    const { connectPrivate } = await import('./connect-private.ts');
    connected = await connectPrivate(
      context,
      session,
      request,
      { ...chosen, privateRegistry },
      newRepository,
    );
  }
  const memory = remember?.(connected);
  const target = memory?.target ?? connected;
  const uploads = request.resume ? openUploads(context, session.endpoint, chosen) : undefined;
  const uploader = new Uploader({
    target,
    concurrency,
    uploads,
    dryRun,
    onEvent: (event) => {
      memory?.note(event);
      progress.show(event);
    },
  });
  return { chosen, session, target, uploader, finder, newRepository, memory };
}

/** Makes a repository of ECR Public the target. */
async function connectPublic(
  context: CommandContext,
  session: EcrSession,
  { readsRegistry, mostPartBytes, dryRun, transport }: TransferRequest,
  { chosen, finder, newRepository }: Pick<ConnectedRepository, 'chosen' | 'finder' | 'newRepository'>,
): Promise<ImageTarget> {
  const place = {
    ...chosen,
    readsRegistry,
    findAlias: (signal: AbortSignal) => finder.findAlias(signal),
    findAddress: () => finder.findAddress(),
  };
  const apiTarget = connectTarget(session.client, place, {
    retryBudgetMs: context.options.retryBudget,
    watchWait: (what, work) => context.waiting.during(what, work, true),
    mostPartBytes,
    createRepository:
      newRepository && ((signal) => createForPush(context, session, finder, newRepository, dryRun, signal)),
  });
  if (transport !== 'registry' || dryRun) return apiTarget;
  const { connectRaw } = await import('./connect-raw.ts');
  const { registryHost, repositoryName } = chosen;
  const findPath = async (signal: AbortSignal): Promise<string | undefined> => {
    const alias = await finder.findAlias(signal);
    return alias && `${alias}/${repositoryName}`;
  };
  return connectRaw(context, session, { registryHost, repositoryName, findPath }, apiTarget, 'Bearer');
}

/** Creates the repository; false when another push was faster. A dry run only checks whose registry it is. */
async function createForPush(
  context: CommandContext,
  session: EcrSession,
  finder: RegistryFinder,
  { reference, input }: NewRepository,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  await assertOwnRepository(session, reference, signal);
  if (dryRun) return true;
  try {
    await finder.learn(await createRepository(session.client, input, signal));
  } catch (error) {
    const isThere = error instanceof EcrpError && error.awsError === 'RepositoryAlreadyExistsException';
    if (isThere) return false;
    throw error;
  }
  context.messages.note(`Created repository ${reference.repositoryName}.`);
  return true;
}

/** Opens the saved uploads to a repository. Without a usable directory it warns, and the push cannot be resumed. */
function openUploads(
  context: CommandContext,
  endpoint: string,
  { privateRegistry, registryAlias = privateRegistry?.registryId, repositoryName }: ChosenTarget,
): UploadStore | undefined {
  const directory = findUploadDirectory(context.io);
  if (directory === undefined) {
    context.messages.warn(
      'this push cannot be resumed if it is interrupted: there is no home directory; ECRP_STATE_DIR can name another place',
    );
    return undefined;
  }
  return openUploadStore(directory, { endpoint, registryAlias, repositoryName }, (problem) => {
    context.messages.warn(
      `uploads cannot be saved in ${directory}, so this push cannot be resumed if it is interrupted: ${describeFileError(problem)}`,
    );
  });
}

/**
 * Adds a hint that the user can follow when the repository or the registry is missing. Nobody can create a repository in another's registry,
 * and a repository that was just created may not be visible yet.
 */
export async function explainMissing(
  error: unknown,
  session: EcrSession,
  { chosen, finder, uploader, newRepository }: ConnectedRepository,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof EcrpError)) return error;
  if (newRepository !== undefined && error.awsError === 'RegistryNotFoundException') {
    try {
      await assertOwnRepository(session, newRepository.reference, signal);
    } catch (reason) {
      return reason;
    }
  }
  if (error.awsError !== 'RepositoryNotFoundException') return error;
  if (await uploader.hasCreatedRepository()) {
    return withHint(error, 'It was created just now: run the command again in a minute.');
  }
  const { registryAlias, repositoryName } = chosen;
  // Without knowing whose registry it is, the service's own error is the best answer.
  if (registryAlias === undefined || (await finder.isOwn()) !== false) return error;
  return withHint(
    error,
    `The registry ${registryAlias} is not yours: its owner has to create ${repositoryName} and let you push to it.`,
  );
}

function withHint(error: EcrpError, hint: string): EcrpError {
  const { code, message, operation, awsError, requestId, cause } = error;
  return new EcrpError(code, message, { hint, operation, awsError, requestId, cause });
}
