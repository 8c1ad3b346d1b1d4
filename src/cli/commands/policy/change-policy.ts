import type { RepositoryPolicy } from '../../../ecr/policies.ts';
import { EcrpError } from '../../../errors.ts';
import { isSamePolicy } from '../../../policy/compare-policies.ts';
import { fitsPolicy, formatPolicyText, type ParsedPolicy, parsePolicy } from '../../../policy/policy-text.ts';
import { MAX_POLICY_CHARS } from '../../../wire/limits.ts';

/** The policy of one repository. Undefined: it has none. */
export interface PolicyStore {
  readonly get: () => Promise<RepositoryPolicy | undefined>;
  readonly set: (policyText: string, force?: boolean) => Promise<RepositoryPolicy>;
  readonly remove: () => Promise<RepositoryPolicy | undefined>;
}

/** How often a change is made again after other clients have overwritten it. */
const MOST_ROUNDS = 3;

/**
 * Reads a policy, edits it and puts the whole back. The API has nothing that keeps two clients from doing that at once, so the
 * policy is read once more: if the change is not in it, it is made again. This finds what others overwrote here, not what this
 * command overwrote. Throws CONFLICT if the policy cannot be read as JSON, or if others overwrite the change again and again.
 * @param name For messages.
 * @param edit Returns the wanted policy; undefined for none. It changes nothing in a policy that it has edited before.
 */
export async function changePolicy(
  store: PolicyStore,
  name: string,
  edit: (policy: ParsedPolicy | undefined) => ParsedPolicy | undefined,
): Promise<{ before: RepositoryPolicy | undefined; after: RepositoryPolicy | undefined }> {
  const before = await store.get();
  let current = before;
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const known = current && readKnown(current, name);
    const wanted = edit(known);
    if (isSamePolicy(known, wanted)) return { before, after: current };
    const put = wanted === undefined ? undefined : await store.set(formatWanted(wanted, name));
    if (wanted === undefined) await store.remove();
    const now = await store.get();
    // The service may write a principal in another way than it was sent, so its own answer counts.
    if (isSamePolicy(now && parsePolicy(now.policyText), put && parsePolicy(put.policyText))) {
      return { before, after: now };
    }
    current = now;
  }
  throw new EcrpError('CONFLICT', `the policy of ${name}: another client keeps changing it`, {
    hint: `Run 'ecrp policy get ${name}' to see it, and run this again when the other client has ended.`,
  });
}

function readKnown({ policyText }: RepositoryPolicy, name: string): ParsedPolicy {
  const policy = parsePolicy(policyText);
  if (policy !== undefined) return policy;
  throw new EcrpError(
    'CONFLICT',
    `the policy of ${name} is not JSON with statements, so it cannot be edited`,
    {
      hint: `See it with 'ecrp policy get ${name}', and replace it with 'ecrp policy set ${name} --policy FILE'.`,
    },
  );
}

function formatWanted(policy: ParsedPolicy, name: string): string {
  const text = formatPolicyText(policy);
  if (fitsPolicy(text)) return text;
  throw new EcrpError('LIMIT', `the policy of ${name} would be longer than ${MAX_POLICY_CHARS} characters`, {
    hint: `Remove principals or statements first: 'ecrp policy get ${name}' shows them.`,
  });
}
