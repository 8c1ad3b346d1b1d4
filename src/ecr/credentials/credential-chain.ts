import { EcrpError } from '../../errors.ts';
import {
  checkConfigFiles,
  DEFAULT_PROFILE,
  explainMissingProfile,
  type NamedProfile,
} from '../shared-config.ts';
import { findContainerRole } from './container-role.ts';
import { findInstanceRole, isMetadataDisabled, locateInstanceMetadata } from './instance-role.ts';
import { findProfileCredentials } from './profile-credentials.ts';
import { assumeRoleWithWebIdentity } from './sdk-sources.ts';
import type { Identity, SourceContext } from './source.ts';

/**
 * Finds credentials as the aws CLI does when the environment has no keys: the named profile, else web identity and the default
 * profile, else the role of the container, else the role of the instance. Throws AUTH when a configured source fails: any other
 * source could be another account.
 */
export async function findCredentials(
  named: NamedProfile | undefined,
  context: SourceContext,
): Promise<Identity> {
  const { config } = context;
  await checkConfigFiles(config);
  const section = config.findProfile(named?.name ?? DEFAULT_PROFILE);
  if (named !== undefined && section === undefined) throw explainMissingProfile(config, named);
  const name = named?.name ?? DEFAULT_PROFILE;
  const ofProfile = async () => section && findProfileCredentials(name, section, context);
  // botocore's order, except that a named profile comes before the web identity of the environment.
  const hasRole = named !== undefined || section?.role_arn !== undefined;
  const found = hasRole
    ? ((await ofProfile()) ?? (await findWebIdentity(named, context)))
    : ((await findWebIdentity(named, context)) ?? (await ofProfile()));
  if (found !== undefined) return found;
  const role = (await findContainerRole(context)) ?? (await findRoleOfInstance(named, context));
  return named === undefined ? role : { ...role, source: { ...role.source, passedProfile: named.name } };
}

/** Uses the web identity that the environment configures, as in a pod of EKS. `--profile` excludes it. */
async function findWebIdentity(
  named: NamedProfile | undefined,
  context: SourceContext,
): Promise<Identity | undefined> {
  const tokenFile = context.env.AWS_WEB_IDENTITY_TOKEN_FILE;
  if (!tokenFile || named?.origin === '--profile') return undefined;
  const { section } = await context.loadProfile();
  const roleArn = context.env.AWS_ROLE_ARN || section?.role_arn;
  if (!roleArn) {
    throw new EcrpError(
      'AUTH',
      'the environment: AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is missing',
      {
        hint: 'Set AWS_ROLE_ARN too, or unset AWS_WEB_IDENTITY_TOKEN_FILE.',
      },
    );
  }
  const sessionName = context.env.AWS_ROLE_SESSION_NAME || undefined;
  const credentials = await assumeRoleWithWebIdentity({ tokenFile, roleArn, sessionName, section }, context);
  const source = {
    kind: 'web-identity' as const,
    description: `the web identity of the environment, as ${roleArn}`,
  };
  return {
    credentials,
    source: named === undefined ? source : { ...source, passedProfile: named.name },
  };
}

/** Throws AUTH, naming every source that has none. It keeps the instance's own words: on other clouds, another service answers there. */
async function findRoleOfInstance(
  named: NamedProfile | undefined,
  context: SourceContext,
): Promise<Identity> {
  const { env } = context;
  try {
    const role = await findInstanceRole(context);
    if (role !== undefined) return role;
  } catch (error) {
    if (!(error instanceof EcrpError) || error.code !== 'AUTH') throw error;
    throw explainNone(named, error.message, error);
  }
  const { section } = await context.loadProfile();
  throw explainNone(
    named,
    isMetadataDisabled(env)
      ? 'no instance role (AWS_EC2_METADATA_DISABLED)'
      : `no instance metadata service at ${locateInstanceMetadata(env, section).origin}`,
  );
}

function explainNone(named: NamedProfile | undefined, instance: string, cause?: EcrpError): EcrpError {
  const profile = named?.name ?? DEFAULT_PROFILE;
  const keys =
    named?.origin === '--profile' ? 'the environment is ignored with --profile' : 'none in the environment';
  return new EcrpError(
    'AUTH',
    `No AWS credentials: ${keys}, none in the profile '${profile}', no container role, ${instance}`,
    {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with --profile, or give the instance an IAM role.',
      cause,
    },
  );
}
