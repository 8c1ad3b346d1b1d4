import { findPrimaryAlias } from '../served-registry.ts';
import { issueAuthorizationToken } from '../tokens.ts';
import { type CallContext, type Handler, type Handlers, toEpochSeconds } from './context.ts';
import { paginate } from './paginate.ts';

/** Describes only the caller's own registry. */
const describeRegistries: Handler<'DescribeRegistries'> = (context, input) => {
  const { registryId, aliases } = context.registry;
  // Throws for a token: there is no second page.
  paginate([registryId], input, 'registries');
  return {
    registries: [
      {
        registryId,
        registryArn: `arn:aws:ecr-public::${registryId}:registry/${registryId}`,
        registryUri: `${context.registryHost}/${findPrimaryAlias(context.registry)}`,
        verified: false,
        aliases,
      },
    ],
  };
};

const getAuthorizationToken: Handler<'GetAuthorizationToken', CallContext> = (context) => {
  const { tokens, principal, now } = context;
  const { token, expiresAt } = issueAuthorizationToken(tokens, principal, now());
  return { authorizationData: { authorizationToken: token, expiresAt: toEpochSeconds(expiresAt) } };
};

export const registryHandlers: Handlers<'DescribeRegistries' | 'GetAuthorizationToken'> = {
  DescribeRegistries: describeRegistries,
  GetAuthorizationToken: getAuthorizationToken,
};
