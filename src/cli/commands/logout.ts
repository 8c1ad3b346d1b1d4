import { removeLogin } from '../../docker/login.ts';
import type { CommandContext } from '../command-context.ts';
import { findDockerConfigDirectory } from '../directories.ts';
import type { Outcome } from '../outcome.ts';
import { requireRegistryHost } from '../registry-host.ts';

export async function logout(context: CommandContext): Promise<Outcome> {
  const { io, messages } = context;
  const registryHost = await requireRegistryHost(context, 'logout');
  const { configFile, removed } = await removeLogin({
    configDirectory: findDockerConfigDirectory(io),
    registryHost,
    env: io.env,
    signal: io.signal,
  });
  messages.note(
    removed
      ? `Removed the login for ${registryHost}.`
      : `There was no login for ${registryHost} in ${configFile}.`,
  );
  return { result: { registryHost, configFile, removed } };
}
