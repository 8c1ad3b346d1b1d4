import type { AwsCredentials } from './identity.ts';
import type { LocalAnswer } from './request-local.ts';

/** Reads the credentials of a role out of what a metadata service answers. Throws its own words when it gives none. */
export function parseRoleAnswer({ status, text }: LocalAnswer): AwsCredentials {
  const members = parseMembers(text);
  const words = [members.Code ?? members.code, members.Message ?? members.message].filter(isText).join(': ');
  const { AccessKeyId, SecretAccessKey, Token, Expiration, AccountId } = members;
  if (status !== 200 || !isText(AccessKeyId) || !isText(SecretAccessKey) || !isText(Token)) {
    const detail = words === '' || words === 'Success' ? 'no credentials in it' : words;
    throw new Error(`it returned HTTP ${status}: ${detail}`);
  }
  const expiration = new Date(isText(Expiration) ? Expiration : Number.NaN);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    ...(!Number.isNaN(expiration.getTime()) && { expiration }),
    ...(isText(AccountId) && { accountId: AccountId }),
  };
}

function parseMembers(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    // An object by the check; its members stay unknown.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
