import { EcrpError } from '../../errors.ts';
import { isRepositoryMissing } from '../../push/create-repository.ts';
import type { PushTarget } from './choose-target.ts';
import type { RegistryFinder } from './registry-finder.ts';

/**
 * The same error, with a hint that can be followed when it says that the repository is missing: nobody creates one in
 * another's registry, and who has created it need not be told to.
 */
export async function explainMissing(
  error: unknown,
  { registryAlias, repositoryName }: PushTarget,
  finder: RegistryFinder,
  createdRepository: boolean,
): Promise<unknown> {
  if (!(error instanceof EcrpError) || !isRepositoryMissing(error)) return error;
  if (createdRepository) {
    return withHint(error, 'It was created just now: run the command again in a minute.');
  }
  if (registryAlias === undefined) return error;
  // Where nobody tells whose registry it is, what the service says has to do.
  if ((await finder.isOwn()) !== false) return error;
  return withHint(
    error,
    `The registry ${registryAlias} is not yours: its owner has to create ${repositoryName} and let you push to it.`,
  );
}

/** Whether no account has the alias, or none that is active. */
export function isRegistryMissing(error: unknown): boolean {
  return error instanceof EcrpError && error.awsError === 'RegistryNotFoundException';
}

function withHint(error: EcrpError, hint: string): EcrpError {
  const { code, message, operation, awsError, requestId, cause } = error;
  return new EcrpError(code, message, { hint, operation, awsError, requestId, cause });
}
