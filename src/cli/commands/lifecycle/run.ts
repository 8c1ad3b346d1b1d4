import { isAccessDenied } from '../../../ecr/errors.ts';
import {
  deleteLifecyclePolicy,
  getLifecyclePolicy,
  putLifecyclePolicy,
} from '../../../ecr/private/lifecycle-policies.ts';
import type { RepositoryAddress } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import { checkLifecycle } from '../../../policy/lifecycle/check-lifecycle.ts';
import { compareLifecycles } from '../../../policy/lifecycle/compare-lifecycles.ts';
import {
  fitsLifecycle,
  type ParsedLifecycle,
  parseLifecycle,
} from '../../../policy/lifecycle/lifecycle-text.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, withEcr } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { readRepository, resolveRepository } from '../../own-registry.ts';
import { type PolicyKind, readPolicyFile } from '../../read-policy-file.ts';
import { type ChangedLifecycle, reportLifecycleChange, viewLifecycle } from './view.ts';

const KIND: PolicyKind<ParsedLifecycle> = {
  name: 'lifecycle policy',
  command: 'lifecycle set',
  check: checkLifecycle,
  fits: fitsLifecycle,
};

export async function getLifecycle(context: CommandContext, name: string): Promise<Outcome> {
  const { signal } = context.io;
  const found = await withPrivate(context, name, ({ client }, address) =>
    getLifecyclePolicy(client, address, signal),
  );
  if (found !== undefined) return viewLifecycle(context, found);
  throw new EcrpError('NOT_FOUND', `the repository ${name} has no lifecycle policy`, {
    hint: `Set one with 'ecrp lifecycle set ${name} --policy FILE'.`,
    operation: 'GetLifecyclePolicy',
    awsError: 'LifecyclePolicyNotFoundException',
  });
}

export interface LifecycleSetOptions {
  /** Path, or `-`. */
  readonly policy: string;
}

export async function setLifecycle(
  context: CommandContext,
  name: string,
  { policy: file }: LifecycleSetOptions,
): Promise<Outcome> {
  const { signal } = context.io;
  readPrivateRepository(context, name);
  const { policy, policyText } = await readPolicyFile(context, file, KIND);
  const change = await withPrivate(context, name, async ({ client }, address): Promise<ChangedLifecycle> => {
    const before = await getLifecyclePolicy(client, address, signal).catch(ignoreDenial);
    const known = before === 'unread' ? undefined : before && parseLifecycle(before.lifecyclePolicyText);
    if (before !== 'unread' && known !== undefined && compareLifecycles(known, policy).length === 0) {
      return { before, after: before };
    }
    return { before, after: await putLifecyclePolicy(client, address, policyText, signal) };
  });
  return reportLifecycleChange(
    context,
    name,
    change,
    `The lifecycle policy of ${name} means the same already.`,
  );
}

/** A policy can be set without the permission to read it. */
function ignoreDenial(error: unknown): 'unread' {
  if (isAccessDenied(error)) return 'unread';
  throw error;
}

export async function deleteLifecycle(context: CommandContext, name: string): Promise<Outcome> {
  const { signal } = context.io;
  const before = await withPrivate(context, name, ({ client }, address) =>
    deleteLifecyclePolicy(client, address, signal),
  );
  const change = { before, after: undefined };
  return reportLifecycleChange(context, name, change, `The repository ${name} has no lifecycle policy.`);
}

/** Parses the repository of a command that only private ECR has. */
function readPrivateRepository(context: CommandContext, name: string): RepositoryReference {
  const reference = readRepository(context, name);
  if (reference.privateRegistry !== undefined) return reference;
  throw new EcrpError('USAGE', `${name}: ECR Public has no lifecycle policies`, {
    hint: `Name a repository of private ECR, or delete old images with 'ecrp image prune ${name}'.`,
  });
}

async function withPrivate<T>(
  context: CommandContext,
  name: string,
  use: (session: EcrSession, address: RepositoryAddress) => Promise<T>,
): Promise<T> {
  const reference = readPrivateRepository(context, name);
  return withEcr(
    context,
    async (session) => use(session, await resolveRepository(session, reference, context.io.signal)),
    { place: reference },
  );
}
