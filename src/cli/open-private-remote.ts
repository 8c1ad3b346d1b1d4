import { createPrivateRemote } from '../ecr/private/source/private-remote.ts';
import { EcrpError } from '../errors.ts';
import { type AddressedRepository, formatAddressedRepository } from '../oci/image-address.ts';
import type { PrivateRegistry } from '../oci/private-host.ts';
import type { RemoteRepository } from '../registry/remote-repository.ts';
import type { RetryOptions } from '../registry/retry-reading.ts';
import type { CommandContext } from './command-context.ts';
import { type EcrSession, openEcr } from './ecr-session.ts';
import type { RemoteOptions } from './open-remote.ts';
import { addressPrivate } from './own-registry.ts';
import { findStoredLogin } from './remote-login.ts';

/** A repository of private ECR. */
export interface PrivateRepository extends AddressedRepository {
  readonly privateRegistry: PrivateRegistry;
}

/**
 * Opens a repository of private ECR for reading, through its API, with the user's AWS credentials or those of `--from-profile`. Undefined if
 * there are no credentials, but docker or podman has a login for the registry. Throws AUTH without both.
 */
export async function openPrivateRemote(
  context: CommandContext,
  repository: PrivateRepository,
  options: RemoteOptions,
  reading: RetryOptions,
): Promise<RemoteRepository | undefined> {
  const { privateRegistry } = repository;
  const session = await openReading(context, privateRegistry, options);
  const close = (): void => {
    if (session !== options.session) session.client.close();
  };
  try {
    await session.client.findIdentity(context.io.signal);
  } catch (error) {
    close();
    await acceptLogin(context, repository, options, error);
    return undefined;
  }
  return createPrivateRemote({
    client: session.client,
    address: addressPrivate(repository.repositoryPath, privateRegistry),
    name: formatAddressedRepository(repository),
    reading,
    close,
  });
}

/** Uses the session of the command if that is one with the registry. */
async function openReading(
  context: CommandContext,
  privateRegistry: PrivateRegistry,
  { session, fromProfile, concurrency, defaultBudgetMs }: RemoteOptions,
): Promise<EcrSession> {
  const isSame = session?.privateRegistry?.registryHost === privateRegistry.registryHost;
  if (session !== undefined && isSame && fromProfile === undefined) return session;
  const { region, ...others } = context.options;
  const options = {
    ...others,
    // With two registries, `--region` is that of the target.
    ...(session === undefined && region !== undefined && { region }),
    ...(fromProfile !== undefined && { profile: fromProfile }),
  };
  return openEcr(
    { ...context, options },
    {
      place: { privateRegistry },
      concurrency,
      defaultBudgetMs,
      // So that an MFA code is asked for once.
      credentialsOf: fromProfile === undefined ? session : undefined,
    },
  );
}

/** Throws the error of the credentials, unless the command line does not choose them and a login for the registry is there. */
async function acceptLogin(
  context: CommandContext,
  repository: PrivateRepository,
  { fromProfile }: RemoteOptions,
  error: unknown,
): Promise<void> {
  if (!(error instanceof EcrpError) || error.code !== 'AUTH') throw error;
  if (fromProfile !== undefined) throw nameOption(error);
  if (context.options.profile !== undefined) throw error;
  const login = await findStoredLogin(context, repository, context.io.signal);
  if (login === undefined) throw error;
  const { registryHost } = repository;
  context.messages.note(`${error.message}; reading ${registryHost} with the login of ${login.origin}.`);
}

/** Names the option that chose the profile. All else knows it as that of `--profile`. */
function nameOption(error: EcrpError): EcrpError {
  const { code, message, hint, operation, awsError, requestId } = error;
  const rename = (text: string): string => text.replaceAll('--profile', '--from-profile');
  const details = { hint: hint && rename(hint), operation, awsError, requestId, cause: error };
  return new EcrpError(code, rename(message), details);
}
