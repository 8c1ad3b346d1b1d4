import {
  askCallerIdentity,
  type CallerIdentity,
  type IdentityQuestion,
} from '../../../ecr/caller-identity.ts';
import type { EcrClient } from '../../../ecr/client.ts';
import type { Identity } from '../../../ecr/credentials/source.ts';
import { EcrpError } from '../../../errors.ts';
import type { Environment } from '../../../io.ts';
import { type Finding, fail, pass, warn } from './check.ts';

// The credentials: where they come from, and whose they are.

/** Describes the credentials without their secrets. Warns if the environment names a profile as well. */
export function checkCredentials(identity: Identity, env: Environment): Finding {
  const { credentials, source } = identity;
  const until = credentials.expiration === undefined ? '' : `, until ${credentials.expiration.toISOString()}`;
  const detail = `${source.description}, access key ${shortenKey(credentials.accessKeyId)}${until}`;
  const found = { identity };
  if (credentials.expiration !== undefined && credentials.expiration.getTime() <= Date.now()) {
    return fail(
      new EcrpError('AUTH', `the credentials have expired: ${detail}`, {
        hint: 'Get new credentials and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.',
      }),
    );
  }
  const ignored = source.kind === 'environment' ? env.AWS_PROFILE : undefined;
  if (!ignored) return pass(detail, found);
  return warn(
    `${detail}; they come before AWS_PROFILE=${ignored}, which is ignored`,
    'Unset AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to use the profile.',
    found,
  );
}

/** `AKIA…MPLE`: enough to tell keys apart. */
export function shortenKey(accessKeyId: string): string {
  return accessKeyId.length < 12 ? '…' : `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}`;
}

/** Asks AWS whose the credentials are. Throws AUTH and UNAVAILABLE. */
export async function checkIdentity(
  client: EcrClient,
  question: IdentityQuestion,
  signal: AbortSignal,
): Promise<Finding> {
  const { account, arn }: CallerIdentity = await askCallerIdentity(client, question, signal);
  return pass(`${arn}, account ${account}`, { account });
}
