import { getAuthorizationToken } from '../../../ecr/authorization.ts';
import type { EcrClient } from '../../../ecr/client.ts';
import { isAccessDenied } from '../../../ecr/errors.ts';
import { type ProbedOperation, probePush } from '../../../ecr/push-probes.ts';
import type { Registry } from '../../../ecr/registries.ts';
import { describeRepository, type RepositoryAddress } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import type { PrivateRegistry } from '../../../oci/private-host.ts';
import { formatRepository, type RepositoryReference } from '../../../oci/reference.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { resolveRepository } from '../../own-registry.ts';
import { type Finding, fail, pass, warn } from './check.ts';
import { adviseOnDenials, readDenial } from './denial.ts';
import { MANAGED_POLICIES, nameAction, type ServiceKind, TOKEN_ACTIONS } from './policy.ts';

// What the credentials may do. Everything here reads, except for the two probes of a push, which cannot succeed.

/** Gets a token. A denial names the action that is missing. Throws AUTH and UNAVAILABLE. */
export async function checkToken(client: EcrClient, signal: AbortSignal): Promise<Finding> {
  const { kind } = client.service;
  try {
    const { expiresAt } = await getAuthorizationToken(client, signal);
    if (expiresAt.getTime() > Date.now()) return pass(`valid until ${expiresAt.toISOString()}`);
    return warn(`the token ended at ${expiresAt.toISOString()}`, 'Check the clock of this machine.');
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    const denial = readDenial(error.message, nameAction(kind, 'GetAuthorizationToken'));
    return fail(
      new EcrpError('AUTH', `${denial.text}; a token needs ${TOKEN_ACTIONS[kind].join(' and ')}`, {
        hint: adviseOnDenials([denial], '*', MANAGED_POLICIES[kind].read),
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
    if (!isAccessDenied(error)) throw error;
    const denial = readDenial(error.message, nameAction('public', 'DescribeRegistries'));
    return warn(
      `${denial.text}; names with an alias, such as HOST/ALIAS/REPO, cannot be resolved`,
      adviseOnDenials([denial], '*', MANAGED_POLICIES.public.read),
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

/**
 * Says whose a private registry is, and resolves the repository. Makes no call: the host says it all. `account` is that of the credentials, as
 * far as it is known.
 */
export async function checkPrivateRegistry(
  session: EcrSession,
  registry: PrivateRegistry,
  {
    reference,
    account,
  }: { readonly reference: RepositoryReference | undefined; readonly account?: string | undefined },
  signal: AbortSignal,
): Promise<Finding> {
  const address = reference && (await resolveRepository(session, reference, signal));
  const { registryId, region } = registry;
  const found = {
    ...(address !== undefined && { address }),
    ...(registryId !== undefined && { registryId }),
  };
  if (registryId === undefined) return pass(`that of the endpoint, at ${registry.registryHost}`, found);
  const place = `${registryId} in ${region}`;
  if (account === undefined || account === registryId) return pass(place, found);
  return pass(`${place}, of another account than the credentials: its policies must allow ${account}`, found);
}

/** Looks whether the repository exists. Throws UNAVAILABLE. A denial only warns: a push does not need that permission. */
export async function checkRepository(
  client: EcrClient,
  address: RepositoryAddress,
  reference: RepositoryReference | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  const { kind } = client.service;
  const managed = MANAGED_POLICIES[kind];
  try {
    const { repositoryUri, registryId } = await describeRepository(client, address, signal);
    return pass(repositoryUri, { existing: address, registryId });
  } catch (error) {
    if (isAccessDenied(error)) {
      const denial = readDenial(error.message, nameAction(kind, 'DescribeRepositories'));
      return warn(
        `${denial.text}; a push does not need it`,
        adviseOnDenials([denial], 'the repository', managed.read),
        { existing: address },
      );
    }
    if (!(error instanceof EcrpError) || error.code !== 'NOT_FOUND') throw error;
    const owner = address.registryId === undefined ? '' : ` in the registry ${address.registryId}`;
    const isPrivate = reference?.privateRegistry !== undefined;
    const name = isPrivate ? formatRepository(reference) : address.repositoryName;
    return fail(
      new EcrpError('NOT_FOUND', `${error.message}; ${managed.all} allows to create it${owner}`, {
        hint: `Run 'ecrp repo create ${name}', or push with --create-repo.`,
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
  const { kind } = client.service;
  const probed = await probePush(client, address, signal);
  const said = { note: `; ${SAID}`, advice: 'Push a small image to find out.' };
  return judgeProbes(probed, kind, MANAGED_POLICIES[kind].push, said);
}

/** Tries what a pull from private ECR does. Only reads. Throws NOT_FOUND and UNAVAILABLE. */
export async function checkPull(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): Promise<Finding> {
  const { probePull } = await import('../../../ecr/private/pull-probes.ts');
  const probed = await probePull(client, address, signal);
  return judgeProbes(probed, 'private', MANAGED_POLICIES.private.read, {
    note: '',
    advice: 'Pull a small image to find out.',
  });
}

function judgeProbes(
  probed: readonly ProbedOperation[],
  kind: ServiceKind,
  managedPolicy: string,
  { note, advice }: { readonly note: string; readonly advice: string },
): Finding {
  const denials = probed
    .filter(({ verdict }) => verdict === 'denied')
    .map(({ operation, message = '' }) => readDenial(message, nameAction(kind, operation)));
  if (denials.length > 0) {
    const words = denials.map(({ text }) => text).join('; ');
    const hint = adviseOnDenials(denials, 'the repository', managedPolicy);
    return fail(new EcrpError('AUTH', `${words}${note}`, { hint }));
  }
  const unclear = probed.filter(({ verdict }) => verdict === 'unclear').map(({ operation }) => operation);
  if (unclear.length > 0) {
    return warn(`the service does not say whether it allows ${unclear.join(' and ')}${note}`, advice);
  }
  return pass(`allowed: ${probed.map(({ operation }) => operation).join(', ')}${note}`);
}
