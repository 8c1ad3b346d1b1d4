import type { Environment } from '../io.ts';
import type { CaBundle } from '../net/trusted-roots.ts';
import { prepareProfile } from './shared-config.ts';

/** Finds the bundle that the aws CLI would use: `AWS_CA_BUNDLE`, else `ca_bundle` of the profile. */
export async function findCaBundle(
  profile: string | undefined,
  env: Environment,
): Promise<CaBundle | undefined> {
  if (env.AWS_CA_BUNDLE) return { path: env.AWS_CA_BUNDLE, source: 'AWS_CA_BUNDLE' };
  const { name, section } = await prepareProfile(profile, env)();
  const path = section?.ca_bundle;
  return path ? { path, source: `ca_bundle of the profile '${name}'` } : undefined;
}
