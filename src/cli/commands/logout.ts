import { OWN_HELPER, removeLogin } from '../../docker/login.ts';
import type { CommandContext } from '../command-context.ts';
import { findCacheDirectory, findDockerConfigDirectory } from '../directories.ts';
import { DOCKER_LOGINS, warnAboutEnvironment } from '../login-warnings.ts';
import type { JsonObject, Outcome } from '../outcome.ts';
import { chooseRegistryHosts } from '../registry-host.ts';
import { forgetTokens } from '../token-cache.ts';

/** Removes what docker has as logins of the hosts, and the tokens that our credential helper keeps. */
export async function logout(context: CommandContext, hosts: readonly string[]): Promise<Outcome> {
  const { io, messages } = context;
  const registryHosts = await chooseRegistryHosts(context, 'logout', hosts);
  const configDirectory = findDockerConfigDirectory(io);
  const results: JsonObject[] = [];
  for (const registryHost of registryHosts) {
    const place = { configDirectory, registryHost, env: io.env, signal: io.signal };
    const { configFile, removed } = await context.waiting.during(DOCKER_LOGINS, () => removeLogin(place));
    messages.note(
      removed.length > 0
        ? `Removed the login for ${registryHost}.`
        : `There was no login for ${registryHost} in ${configFile}.`,
    );
    results.push({ registryHost, configFile, removed });
  }
  if (forgetTokens(findCacheDirectory(io)))
    messages.note(`Removed the tokens of docker-credential-${OWN_HELPER}.`);
  warnAboutEnvironment(context, registryHosts);
  const [first, ...others] = results;
  return { result: first !== undefined && others.length === 0 ? first : { logouts: results } };
}
