import { getAuthorizationToken } from '../../ecr/authorization.ts';
import type { CommandContext } from '../command-context.ts';
import { withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';
import { requireRegistryHost } from '../registry-host.ts';

export interface TokenOptions {
  readonly password?: boolean;
}

/** Gets a token and prints it, or the password in it: the one command whose result is a secret. */
export async function printToken(context: CommandContext, options: TokenOptions): Promise<Outcome> {
  const registryHost = await requireRegistryHost(context, 'token');
  const authorization = await withEcr(context, ({ client }) =>
    getAuthorizationToken(client, context.io.signal),
  );
  const { authorizationToken, password, username, expiresAt } = authorization;
  return {
    result: {
      ...(options.password ? { password } : { authorizationToken }),
      expiresAt: expiresAt.toISOString(),
      username,
      registryHost,
    },
    view: options.password ? password : authorizationToken,
  };
}
