import { issueAuthorizationToken } from '../tokens.ts';
import type { Handler } from './context.ts';
import { formatSeconds } from './timestamps.ts';

export const getAuthorizationToken: Handler<'GetAuthorizationToken'> = (context) => {
  const { token, expiresAt } = issueAuthorizationToken(context.identity, context.now());
  return { authorizationData: { authorizationToken: token, expiresAt: formatSeconds(expiresAt) } };
};
