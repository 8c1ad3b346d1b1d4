import { getAuthorizationToken } from '../../../ecr/authorization.ts';
import type { EcrClient } from '../../../ecr/client.ts';
import { isAccessDenied } from '../../../ecr/errors.ts';
import { probePush } from '../../../ecr/push-probes.ts';
import type { Registry } from '../../../ecr/registries.ts';
import { describeRepository, type RepositoryAddress } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { resolveRepository } from '../../own-registry.ts';
import { type Finding, fail, pass, warn } from './check.ts';
import { adviseOnDenials, readDenial } from './denial.ts';
import { MANAGED_POLICIES } from './policy.ts';

// What the credentials may do. Everything here reads, except for the two probes of a push, which cannot succeed.

/** Gets a token. A denial names the one of two actions that is missing. Throws AUTH and UNAVAILABLE. */
export async function checkToken(client: EcrClient, signal: AbortSignal): Promise<Finding> {
  try {
    const token = await getAuthorizationToken(client, signal);
    return pass(`valid until ${token.expiresAt.toISOString()}`);
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    const denial = readDenial(error.message, 'GetAuthorizationToken');
    return fail(
      new EcrpError(
        'AUTH',
        `${denial.text}; a token needs ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken`,
        { hint: adviseOnDenials([denial], '*', MANAGED_POLICIES.read) },
      ),
    );
  }
}

/**
 * Finds the registry of the account, and resolves the alias of the repository. Throws AUTH when the alias is that of another registry,
 * UNAVAILABLE.
 */
export async function checkRegistry(
  session: EcrSession,
  reference: RepositoryReference | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  const address = reference && (await resolveRepository(session, reference, signal));
  const found = address === undefined ? {} : { address };
  try {
    return judgeRegistry(await session.askRegistry(signal), found);
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    const denial = readDenial(error.message, 'DescribeRegistries');
    return warn(
      `${denial.text}; names with an alias, such as HOST/ALIAS/REPO, cannot be resolved`,
      adviseOnDenials([denial], '*', MANAGED_POLICIES.read),
      found,
    );
  }
}

function judgeRegistry(registry: Registry | undefined, found: Finding['found'] = {}): Finding {
  if (registry === undefined) {
    return warn(
      'this account has no registry yet',
      "Create a repository with 'ecrp repo create NAME'.",
      found,
    );
  }
  const { registryId, activeAliases } = registry;
  const aliases = activeAliases.length === 0 ? 'no alias yet' : `alias ${listNames(activeAliases)}`;
  return pass(`${registryId}, ${aliases}`, { ...found, registryId });
}

/** Looks whether the repository exists. Throws UNAVAILABLE. A denial only warns: a push does not need that permission. */
export async function checkRepository(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<Finding> {
  const { repositoryName } = address;
  try {
    const { repositoryUri, registryId } = await describeRepository(client, address, signal);
    return pass(repositoryUri, { existing: address, registryId });
  } catch (error) {
    if (isAccessDenied(error)) {
      const denial = readDenial(error.message, 'DescribeRepositories');
      return warn(
        `${denial.text}; a push does not need it`,
        adviseOnDenials([denial], 'the repository', MANAGED_POLICIES.read),
        { existing: address },
      );
    }
    if (!(error instanceof EcrpError) || error.code !== 'NOT_FOUND') throw error;
    const owner = address.registryId === undefined ? '' : ` in the registry ${address.registryId}`;
    return fail(
      new EcrpError('NOT_FOUND', `${error.message}; ${MANAGED_POLICIES.all} allows to create it${owner}`, {
        hint: `Run 'ecrp repo create ${repositoryName}', or push with --create-repo.`,
      }),
    );
  }
}

/** Part of each result, for readers of CloudTrail. */
const SAID = 'CloudTrail shows an UploadLayerPart and a PutImage that cannot succeed';

/** Tries what a push does, without an effect. Throws NOT_FOUND and UNAVAILABLE. */
export async function checkPush(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<Finding> {
  const probed = await probePush(client, address, signal);
  const denials = probed
    .filter(({ verdict }) => verdict === 'denied')
    .map(({ operation, message = '' }) => readDenial(message, operation));
  if (denials.length > 0) {
    const words = denials.map(({ text }) => text).join('; ');
    const hint = adviseOnDenials(denials, 'the repository', MANAGED_POLICIES.push);
    return fail(new EcrpError('AUTH', `${words}; ${SAID}`, { hint }));
  }
  const unclear = probed.filter(({ verdict }) => verdict === 'unclear').map(({ operation }) => operation);
  if (unclear.length > 0) {
    return warn(
      `the service does not say whether it allows ${unclear.join(' and ')}; ${SAID}`,
      'Push a small image to find out.',
    );
  }
  return pass(`allowed: ${probed.map(({ operation }) => operation).join(', ')}; ${SAID}`);
}
