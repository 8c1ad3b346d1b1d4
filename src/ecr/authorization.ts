import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public';
import { EcrpError } from '../errors.ts';
import type { EcrClient } from './client.ts';

/** Access to the registry for reading and for docker clients; a secret. */
export interface Authorization {
  /** Base64 of `username:password`; what `Authorization: Bearer` takes at the registry. */
  readonly authorizationToken: string;
  readonly username: string;
  readonly password: string;
  readonly expiresAt: Date;
}

/** A number that is no time makes a Date of its own kind. */
function isTime(date: Date | undefined): date is Date {
  return date !== undefined && !Number.isNaN(date.getTime());
}

/** Gets a token; it lives twelve hours, or as long as the credentials that asked for it. */
export async function getAuthorizationToken(client: EcrClient, signal: AbortSignal): Promise<Authorization> {
  const { authorizationToken, expiresAt } = await client.call(
    {
      operation: 'GetAuthorizationToken',
      send: (abortSignal) => client.sdk.send(new GetAuthorizationTokenCommand({}), { abortSignal }),
      read: ({ authorizationData }) =>
        authorizationData?.authorizationToken && isTime(authorizationData.expiresAt)
          ? {
              authorizationToken: authorizationData.authorizationToken,
              expiresAt: authorizationData.expiresAt,
            }
          : undefined,
    },
    signal,
  );
  const decoded = Buffer.from(authorizationToken, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) {
    throw new EcrpError(
      'UNAVAILABLE',
      'GetAuthorizationToken: the token is not base64 of USERNAME:PASSWORD',
      {
        operation: 'GetAuthorizationToken',
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
