import { getAuthorizationToken } from '../../../ecr/authorization.ts';
import type { EcrClient } from '../../../ecr/client.ts';
import { type ProbedOperation, probePush } from '../../../ecr/push-probes.ts';
import type { Registry } from '../../../ecr/registries.ts';
import { describeRepository, type RepositoryAddress } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { resolveRepository } from '../../own-registry.ts';
import { type Finding, fail, pass, warn } from './check.ts';
import { MANAGED_POLICIES } from './policy.ts';

// What the credentials may do. Everything here reads, except for the two probes of a push, which cannot succeed.

/** Gets a token. A denial names the one of two actions that is missing. Throws AUTH and UNAVAILABLE. */
export async function checkToken(client: EcrClient, signal: AbortSignal): Promise<Finding> {
  try {
    const token = await getAuthorizationToken(client, signal);
    return pass(`valid until ${token.expiresAt.toISOString()}`, { token });
  } catch (error) {
    if (!isDenial(error)) throw error;
    const needsBoth = 'a token needs ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken';
    const action = /\b(?:ecr-public|sts):\w+/.exec(error.message)?.[0] ?? 'sts:GetServiceBearerToken';
    return fail(
      new EcrpError('AUTH', `${error.message} (${needsBoth})`, {
        hint: `Allow the IAM action ${action} on *, or attach the managed policy ${MANAGED_POLICIES.read}.`,
      }),
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
    if (!isDenial(error)) throw error;
    return warn(
      `${error.message}; names with an alias, such as HOST/ALIAS/REPO, cannot be resolved`,
      `Allow the IAM action ecr-public:DescribeRegistries on *, or attach the managed policy ${MANAGED_POLICIES.read}.`,
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
    const { repositoryUri } = await describeRepository(client, address, signal);
    return pass(repositoryUri, { existing: address });
  } catch (error) {
    if (isDenial(error)) {
      return warn(
        `${error.message}; a push does not need it`,
        `Allow the IAM action ecr-public:DescribeRepositories, or attach the managed policy ${MANAGED_POLICIES.read}.`,
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
  const ofVerdict = (verdict: ProbedOperation['verdict']) =>
    probed.filter((each) => each.verdict === verdict).map(({ operation }) => `ecr-public:${operation}`);
  const [denied, unclear] = [ofVerdict('denied'), ofVerdict('unclear')];
  if (denied.length > 0) {
    const words = probed.find(({ verdict }) => verdict === 'denied')?.message ?? '';
    return fail(
      new EcrpError('AUTH', `not allowed: ${denied.join(', ')}; the service says: ${words}; ${SAID}`, {
        hint: `Allow ${listNames(denied)} on the repository, or attach the managed policy ${MANAGED_POLICIES.push}.`,
      }),
    );
  }
  if (unclear.length > 0) {
    return warn(
      `the service does not say whether it allows ${unclear.join(', ')}; ${SAID}`,
      'Push a small image to find out.',
    );
  }
  return pass(`allowed: ${probed.map(({ operation }) => operation).join(', ')}; ${SAID}`);
}

function isDenial(error: unknown): error is EcrpError {
  return error instanceof EcrpError && /^AccessDenied(Exception)?$/.test(error.awsError ?? '');
}
