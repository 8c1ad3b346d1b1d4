import type { Environment } from '../../io.ts';
import { DEFAULT_PROFILE, findNamedProfile, loadSharedConfig } from '../shared-config.ts';
import { readEnvironmentKeys } from './keys.ts';
import { readProfileKeys, SSO_MEMBERS } from './profile-credentials.ts';
import type { AwsCredentials } from './source.ts';

/**
 * Finds credentials that cost nothing: the keys of the environment, or those that stand in the profile. Undefined if the chain would ask
 * somebody for them: STS, SSO, a process, a container, an instance or a person. Asks nobody itself. Throws AUTH for keys that cannot be
 * used.
 */
export async function findFreeCredentials(
  profile: string | undefined,
  env: Environment,
): Promise<AwsCredentials | undefined> {
  const keys = profile === undefined ? readEnvironmentKeys(env) : undefined;
  if (keys !== undefined) return keys.credentials;
  const named = findNamedProfile(profile, env);
  if (named === undefined && env.AWS_WEB_IDENTITY_TOKEN_FILE) return undefined;
  const name = named?.name ?? DEFAULT_PROFILE;
  const section = (await loadSharedConfig(env)).findProfile(name);
  if (section === undefined) return undefined;
  // In a profile, these come before keys.
  const asked = ['role_arn', 'web_identity_token_file', ...SSO_MEMBERS];
  if (asked.some((member) => section[member])) return undefined;
  return readProfileKeys(name, section)?.credentials;
}
