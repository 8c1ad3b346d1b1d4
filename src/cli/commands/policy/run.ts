import { isAccessDenied } from '../../../ecr/errors.ts';
import {
  deleteRepositoryPolicy,
  getRepositoryPolicy,
  type RepositoryPolicy,
  setRepositoryPolicy,
} from '../../../ecr/policies.ts';
import type { RepositoryAddress } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import { listNames, quoteText } from '../../../foreign-text.ts';
import type { JsonObject } from '../../../json.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import { checkPolicy } from '../../../policy/check-policy.ts';
import { isSamePolicy } from '../../../policy/compare-policies.ts';
import {
  describePrivatePolicies,
  type PolicyService,
  PUBLIC_POLICIES,
} from '../../../policy/policy-service.ts';
import { fitsPolicy, listStatements, parsePolicy, removeSid } from '../../../policy/policy-text.ts';
import { parsePrincipal, parseStoredPrincipal } from '../../../policy/principals.ts';
import { findRemainingGrants, grantPush, PUSH_SID, revokePush } from '../../../policy/push-grant.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { readRepository, resolveRepository } from '../../own-registry.ts';
import { readPolicyFile } from '../../read-policy-file.ts';
import { changePolicy, type PolicyStore } from './change-policy.ts';
import { type ChangedPolicy, reportChange, viewPolicyStatements, viewRepositoryPolicy } from './view.ts';

export interface PolicySidOptions {
  readonly sid?: string;
}

export async function getPolicy(
  context: CommandContext,
  name: string,
  { sid }: PolicySidOptions,
): Promise<Outcome> {
  const found = await withPolicy(context, name, ({ get }) => get());
  if (found === undefined) {
    throw new EcrpError('NOT_FOUND', `the repository ${name} has no policy`, {
      hint: `Grant a push with 'ecrp policy grant ${name} --push ACCOUNT', or set a policy with 'ecrp policy set'.`,
      operation: 'GetRepositoryPolicy',
      awsError: 'RepositoryPolicyNotFoundException',
    });
  }
  const policy = parsePolicy(found.policyText);
  if (policy === undefined) {
    context.messages.warn('The policy is not JSON with statements. It is shown as the service says it.');
  }
  if (sid === undefined) return viewRepositoryPolicy(found, policy);
  return viewPolicyStatements(found, policy, findStatements(found, sid, name));
}

function findStatements(found: RepositoryPolicy, sid: string, name: string): readonly JsonObject[] {
  const statements = listStatements(parsePolicy(found.policyText)).filter(({ Sid }) => Sid === sid);
  if (statements.length > 0) return statements;
  throw new EcrpError('NOT_FOUND', `the policy of ${name} has no statement with the Sid ${quoteText(sid)}`, {
    hint: listSids(found),
  });
}

function listSids({ policyText }: RepositoryPolicy): string {
  const sids = listStatements(parsePolicy(policyText)).flatMap(({ Sid }) =>
    typeof Sid === 'string' ? [quoteText(Sid)] : [],
  );
  return sids.length === 0 ? 'Its statements have no Sid.' : `Its Sids are ${listNames(sids)}.`;
}

export interface PolicySetOptions {
  /** Path, or `-`. */
  readonly policy: string;
  readonly force?: boolean;
}

export async function setPolicy(
  context: CommandContext,
  name: string,
  { policy: file, force = false }: PolicySetOptions,
): Promise<Outcome> {
  const { service } = readPlace(context, name);
  const { policy, policyText } = await readPolicyFile(context, file, {
    name: 'policy',
    command: 'policy set',
    check: (value) => checkPolicy(value, service),
    fits: fitsPolicy,
  });
  const change = await withPolicy(context, name, async ({ get, set }): Promise<ChangedPolicy> => {
    const before = await get().catch(ignoreDenial);
    const known = before === 'unread' ? undefined : before && parsePolicy(before.policyText);
    if (before !== 'unread' && known !== undefined && isSamePolicy(known, policy)) {
      return { before, after: before };
    }
    return { before, after: await set(policyText, force) };
  });
  return reportChange(context, name, change, `The policy of ${name} means the same already.`);
}

/** A policy can be set without the permission to read it. */
function ignoreDenial(error: unknown): 'unread' {
  if (isAccessDenied(error)) return 'unread';
  throw error;
}

export async function deletePolicy(
  context: CommandContext,
  name: string,
  { sid }: PolicySidOptions,
): Promise<Outcome> {
  const change = await withPolicy(context, name, async (store) => {
    if (sid === undefined) return { before: await store.remove(), after: undefined };
    return changePolicy(store, name, (policy) => policy && removeSid(policy, sid));
  });
  const { after } = change;
  const unchanged =
    sid === undefined || after === undefined
      ? `The repository ${name} has no policy.`
      : `The policy of ${name} has no statement with the Sid ${quoteText(sid)}. ${listSids(after)}`;
  return reportChange(context, name, change, unchanged);
}

export interface PolicyPushOptions {
  readonly push: readonly string[];
}

export async function grantPolicy(
  context: CommandContext,
  name: string,
  { push }: PolicyPushOptions,
): Promise<Outcome> {
  const { service } = readPlace(context, name);
  const principals = push.map((text) => parsePrincipal(text, service));
  for (const session of principals.filter((principal) => /^arn:[^:]*:sts:/.test(principal))) {
    context.messages.warn(`${session} is one session. The ARN of the role would stand for all of them.`);
  }
  const change = await withPolicy(context, name, (store) =>
    changePolicy(store, name, (policy) => grantPush(policy, principals, service)),
  );
  return reportChange(context, name, change, `The statement ${PUSH_SID} of ${name} allows that already.`);
}

export async function revokePolicy(
  context: CommandContext,
  name: string,
  { push }: PolicyPushOptions,
): Promise<Outcome> {
  const { service } = readPlace(context, name);
  const principals = push.map((text) => parseStoredPrincipal(text, service));
  const change = await withPolicy(context, name, (store) =>
    changePolicy(store, name, (policy) => revokePush(policy, principals, service)),
  );
  const { after } = change;
  const remaining = findRemainingGrants(after && parsePolicy(after.policyText), principals);
  if (remaining.length > 0) {
    context.messages.warn(
      `The policy still allows something to them, in the statements ${listNames(remaining)}.`,
    );
  }
  return reportChange(context, name, change, `No statement ${PUSH_SID} of ${name} names them.`);
}

interface PolicyPlace {
  readonly reference: RepositoryReference;
  readonly service: PolicyService;
}

function readPlace(context: CommandContext, name: string): PolicyPlace {
  const reference = readRepository(context, name);
  const { privateRegistry } = reference;
  const service =
    privateRegistry === undefined ? PUBLIC_POLICIES : describePrivatePolicies(privateRegistry.region);
  return { reference, service };
}

/** Opens the policy of a repository. Refuses the alias of another registry. */
async function withPolicy<T>(
  context: CommandContext,
  name: string,
  use: (store: PolicyStore) => Promise<T>,
): Promise<T> {
  const { reference } = readPlace(context, name);
  const { signal } = context.io;
  return withEcr(
    context,
    async (session) => {
      const address = await resolveRepository(session, reference, signal);
      return use(openPolicy(session, address, signal));
    },
    { place: reference },
  );
}

function openPolicy({ client }: EcrSession, address: RepositoryAddress, signal: AbortSignal): PolicyStore {
  return {
    get: (): Promise<RepositoryPolicy | undefined> => getRepositoryPolicy(client, address, signal),
    set: (policyText, force = false) => setRepositoryPolicy(client, address, policyText, force, signal),
    remove: () => deleteRepositoryPolicy(client, address, signal),
  };
}
