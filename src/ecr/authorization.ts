import { EcrpError } from '../errors.ts';
import { readTime, UnexpectedMember } from './answers.ts';
import type { EcrClient } from './client.ts';

/** Access to the registry for reading and for docker clients. It is secret. */
export interface Authorization {
  /** Base64 of `username:password`. The registry takes it as `Authorization: Bearer`. */
  readonly authorizationToken: string;
  readonly username: string;
  readonly password: string;
  readonly expiresAt: Date;
}

const MAX_TOKEN_CHARS = 1024 * 1024;

/** Gets a token. It is valid for twelve hours, or as long as the credentials that requested it. */
export async function getAuthorizationToken(client: EcrClient, signal: AbortSignal): Promise<Authorization> {
  const { authorizationToken, expiresAt } = await client.call(
    {
      operation: 'GetAuthorizationToken',
      send: (abortSignal) => client.operations.getAuthorizationToken({}, { abortSignal }),
      read: ({ authorizationData }) => {
        const token = readToken(authorizationData?.authorizationToken);
        const until = readTime(authorizationData?.expiresAt, 'expiresAt');
        return token && until ? { authorizationToken: token, expiresAt: until } : undefined;
      },
    },
    signal,
  );
  const decoded = Buffer.from(authorizationToken, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  // It goes to terminals, files and headers, which take printable ASCII.
  if (colon < 1 || !/^[\x21-\x7e]+$/.test(decoded)) {
    throw new EcrpError(
      'UNAVAILABLE',
      'GetAuthorizationToken: the token is not base64 of USERNAME:PASSWORD',
      {
        operation: 'GetAuthorizationToken',
        hint: 'Check the endpoint if you gave one, and whether a proxy is between; then run it again.',
      },
    );
  }
  return {
    authorizationToken,
    username: decoded.slice(0, colon),
    password: decoded.slice(colon + 1),
    expiresAt,
  };
}

/** Throws `UnexpectedMember`. The value is secret, so the message does not repeat it. */
function readToken(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.length <= MAX_TOKEN_CHARS) return value;
  throw new UnexpectedMember('authorizationToken is not a token');
}
