import { issueAuthorizationToken } from '../tokens.ts';
import type { CallContext, Handler } from './context.ts';
import { formatSeconds } from './timestamps.ts';

export const getAuthorizationToken: Handler<'GetAuthorizationToken', CallContext> = (context) => {
  const { tokens, principal, now } = context;
  const { token, expiresAt } = issueAuthorizationToken(tokens, principal, now());
  return { authorizationData: { authorizationToken: token, expiresAt: formatSeconds(expiresAt) } };
};
