import { findProgram } from '../docker/credential-store.ts';
import { isLoginInEnvironment, OWN_HELPER } from '../docker/login.ts';
import type { CommandContext } from './command-context.ts';

/** What a command waits for while another run has the config, or a credential store asks its user. */
export const DOCKER_LOGINS = "docker's config or its credential store";

/** Warns when DOCKER_AUTH_CONFIG has a login for a host: docker prefers it to a stored one. */
export function warnAboutEnvironment(
  { io, messages }: CommandContext,
  registryHosts: readonly string[],
): void {
  for (const host of registryHosts) {
    if (!isLoginInEnvironment(host, io.env)) continue;
    messages.warn(
      `DOCKER_AUTH_CONFIG has a login for ${host}; docker uses that one until the variable is unset`,
    );
  }
}

/** Warns when docker will not find our credential helper, and about options that the helper cannot know. */
export async function warnAboutHelper({ io, messages, options }: CommandContext): Promise<void> {
  const program = `docker-credential-${OWN_HELPER}`;
  if ((await findProgram(program, io.env)) === undefined) {
    messages.warn(
      `${program} is not on the PATH, so docker will not find it: add the directory of ecrp to PATH`,
    );
  }
  const unknown = [
    [options.profile, `--profile ${options.profile}`, `AWS_PROFILE=${options.profile}`],
    [options.endpointUrl, '--endpoint-url', `AWS_ENDPOINT_URL_ECR_PUBLIC=${options.endpointUrl}`],
    [options.registryHost, '--registry-host', `ECRP_REGISTRY_HOST=${options.registryHost}`],
  ] as const;
  for (const [given, option, variable] of unknown) {
    if (given === undefined) continue;
    messages.warn(`${program} does not know ${option}: set ${variable} where docker runs`);
  }
}
