import { registerCredentialHelper, storeLogin } from '../../docker/login.ts';
import { type Authorization, getAuthorizationToken } from '../../ecr/authorization.ts';
import { EcrpError } from '../../errors.ts';
import type { CommandContext } from '../command-context.ts';
import { findDockerConfigDirectory } from '../directories.ts';
import { withEcr } from '../ecr-session.ts';
import type { Outcome } from '../outcome.ts';
import { requireRegistryHost } from '../registry-host.ts';

export interface LoginOptions {
  readonly passwordStdout?: boolean;
  readonly credentialHelper?: boolean;
}

/** Gets a token and stores it where docker looks for one; or prints its password; or registers our helper instead. */
export async function login(context: CommandContext, options: LoginOptions): Promise<Outcome> {
  const { io, messages } = context;
  const registryHost = await requireRegistryHost(context, 'login');
  if (options.passwordStdout && context.style.json) {
    throw new EcrpError(
      'USAGE',
      '--password-stdout prints the password alone, so it does not go with --json',
      {
        hint: "'ecrp token --password --json' gives it as JSON.",
      },
    );
  }
  if (options.passwordStdout) {
    const { password } = await getAuthorization(context);
    return { view: password };
  }
  const place = {
    configDirectory: findDockerConfigDirectory(io),
    registryHost,
    env: io.env,
    signal: io.signal,
  };
  if (options.credentialHelper) {
    const configFile = await registerCredentialHelper(place);
    messages.note(`docker asks docker-credential-ecrp for ${registryHost} from now on (${configFile}).`);
    return { result: { registryHost, configFile, credentialHelper: 'ecrp' } };
  }
  const { username, password, expiresAt } = await getAuthorization(context);
  const facts = { expiresAt: expiresAt.toISOString(), username, registryHost };
  const { configFile, helper } = await storeLogin({ ...place, username, secret: password });
  const where = helper === undefined ? configFile : `docker-credential-${helper}`;
  messages.note(`Logged in to ${registryHost} as ${username} until ${facts.expiresAt}; stored in ${where}.`);
  if (helper === undefined) {
    messages.note("The token is stored in plain text; 'ecrp login --credential-helper' stores none.");
  }
  return { result: { ...facts, configFile } };
}

function getAuthorization(context: CommandContext): Promise<Authorization> {
  return withEcr(context, ({ client }) => getAuthorizationToken(client, context.io.signal));
}
