import { getAuthorizationToken } from '../../../ecr/authorization.ts';
import type { CommandContext } from '../../command-context.ts';
import { withEcr } from '../../ecr-session.ts';
import { chooseLoginHosts } from '../../login-hosts.ts';
import type { Outcome } from '../../output.ts';

export interface TokenOptions {
  readonly password?: boolean;
}

/** Gets a token and prints it, or its password. Only this command and `login --password-stdout` print a secret. */
export async function printToken(
  context: CommandContext,
  host: string | undefined,
  options: TokenOptions,
): Promise<Outcome> {
  const given = host === undefined ? [] : [host];
  const [place] = await chooseLoginHosts(context, 'token', given);
  const { registryHost } = place;
  const authorization = await withEcr(
    context,
    ({ client }) => getAuthorizationToken(client, context.io.signal),
    { place },
  );
  const { authorizationToken, password, username, expiresAt } = authorization;
  return {
    result: {
      registryHost,
      ...(options.password ? { username, password } : { authorizationToken }),
      expiresAt: expiresAt.toISOString(),
    },
    view: options.password ? password : authorizationToken,
  };
}
