import type { Environment } from '../net/choose-proxy.ts';
import type { CaBundle } from '../net/trusted-roots.ts';

/** Finds the bundle that the aws CLI would use: `AWS_CA_BUNDLE`, else `ca_bundle` of the profile in the shared config file. */
export async function findCaBundle(
  profile: string | undefined,
  env: Environment,
): Promise<CaBundle | undefined> {
  if (env.AWS_CA_BUNDLE) return { path: env.AWS_CA_BUNDLE, source: 'AWS_CA_BUNDLE' };
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const name = profile ?? (env.AWS_PROFILE || 'default');
  // The SDK reads these files as well, and once.
  const { configFile, credentialsFile } = await loadSharedConfigFiles({
    ...(env.AWS_CONFIG_FILE && { configFilepath: env.AWS_CONFIG_FILE }),
    ...(env.AWS_SHARED_CREDENTIALS_FILE && { filepath: env.AWS_SHARED_CREDENTIALS_FILE }),
  });
  const path = configFile[name]?.ca_bundle ?? credentialsFile[name]?.ca_bundle;
  return path ? { path, source: `ca_bundle of the profile '${name}'` } : undefined;
}
