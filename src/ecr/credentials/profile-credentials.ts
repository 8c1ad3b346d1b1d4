import { EcrpError } from '../../errors.ts';
import type { Profile } from '../shared-config.ts';
import { findContainerRole } from './container-role.ts';
import { runCredentialProcess } from './credential-process.ts';
import { findInstanceRole } from './instance-role.ts';
import { assertPlainKeys, assertWhole, readEnvironmentKeys } from './keys.ts';
import {
  assumeRole,
  assumeRoleWithWebIdentity,
  getLoginCredentials,
  getSsoCredentials,
} from './sdk-sources.ts';
import type { Identity, IdentitySource, SourceContext } from './source.ts';

/** Members of a profile for SSO. One suffices to tell. */
export const SSO_MEMBERS: readonly string[] = [
  'sso_session',
  'sso_start_url',
  'sso_account_id',
  'sso_role_name',
];

/**
 * Finds the credentials that a profile configures. Returns undefined when it configures none, and throws AUTH when the configured
 * source fails. The order is that of botocore's `ProfileProviderBuilder`.
 */
export async function findProfileCredentials(
  name: string,
  section: Profile,
  context: SourceContext,
  visited: readonly string[] = [name],
): Promise<Identity | undefined> {
  if (section.role_arn && !section.web_identity_token_file) {
    return assumeRoleOfProfile(name, section, section.role_arn, context, visited);
  }
  if (section.web_identity_token_file) {
    return takeWebIdentity(name, section, section.web_identity_token_file, context);
  }
  if (SSO_MEMBERS.some((member) => section[member])) return takeSso(name, section, context);
  const keys = readProfileKeys(name, section);
  if (keys !== undefined) return keys;
  if (section.login_session) {
    const credentials = await getLoginCredentials(name, context);
    return { credentials, source: describe(name, `the 'aws login' of the profile '${name}'`) };
  }
  if (section.credential_process) return runCredentialProcess(name, section.credential_process, context);
  if (section.credential_source) return takeNamedSource(name, section.credential_source, context);
  return undefined;
}

async function assumeRoleOfProfile(
  name: string,
  section: Profile,
  roleArn: string,
  context: SourceContext,
  visited: readonly string[],
): Promise<Identity> {
  const source = await findSourceOfRole(name, section, context, visited);
  const mfaCode = section.mfa_serial ? await askForCode(name, section.mfa_serial, context) : undefined;
  const role = { profile: name, section, roleArn, source: source.credentials, mfaCode };
  const credentials = await assumeRole(role, context);
  const description = `the role ${roleArn} of the profile '${name}', taken with ${source.source.description}`;
  return { credentials, source: describe(name, description) };
}

async function findSourceOfRole(
  name: string,
  { source_profile: sourceName, credential_source: sourceKind }: Profile,
  context: SourceContext,
  visited: readonly string[],
): Promise<Identity> {
  if (sourceName && sourceKind) {
    throw refuse(name, 'has both source_profile and credential_source', 'Take one of them out');
  }
  if (sourceKind) return takeNamedSource(name, sourceKind, context);
  if (!sourceName) {
    throw refuse(name, 'has role_arn, but neither source_profile nor credential_source', 'Add one of them');
  }
  const section = context.config.findProfile(sourceName);
  if (section === undefined) {
    throw refuse(name, `has the source_profile '${sourceName}', which does not exist`, 'Add or correct it');
  }
  const keys = readProfileKeys(sourceName, section);
  if (keys !== undefined) return keys;
  if (visited.includes(sourceName)) {
    throw refuse(
      name,
      `leads back to itself: ${[...visited, sourceName].join(' → ')}`,
      'Correct source_profile',
    );
  }
  const source = await findProfileCredentials(sourceName, section, context, [...visited, sourceName]);
  if (source === undefined) {
    throw refuse(
      name,
      `has the source_profile '${sourceName}', which configures no credentials`,
      'Add keys or another source to it',
    );
  }
  return source;
}

/** Takes what `credential_source` names: the keys of the environment, or the role of the container or instance. */
async function takeNamedSource(name: string, kind: string, context: SourceContext): Promise<Identity> {
  const finders: Readonly<Record<string, () => Identity | undefined | Promise<Identity | undefined>>> = {
    Environment: () => readEnvironmentKeys(context.env),
    EcsContainer: () => findContainerRole(context),
    Ec2InstanceMetadata: () => findInstanceRole(context),
  };
  const find = Object.hasOwn(finders, kind) ? finders[kind] : undefined;
  if (find === undefined) {
    const known = Object.keys(finders).join(', ');
    throw refuse(name, `has an unknown credential_source, '${kind}'`, `Use one of ${known}`);
  }
  const identity = await find();
  if (identity === undefined) {
    throw refuse(
      name,
      `has the credential_source ${kind}, which gives no credentials here`,
      'Change credential_source',
    );
  }
  return identity;
}

async function takeWebIdentity(
  name: string,
  section: Profile,
  tokenFile: string,
  context: SourceContext,
): Promise<Identity> {
  const { role_arn: roleArn, role_session_name: sessionName } = section;
  if (!roleArn) throw refuse(name, 'has web_identity_token_file, but no role_arn', 'Add role_arn');
  const credentials = await assumeRoleWithWebIdentity({ tokenFile, roleArn, sessionName, section }, context);
  return { credentials, source: describe(name, `the web identity of the profile '${name}', as ${roleArn}`) };
}

async function takeSso(name: string, section: Profile, context: SourceContext): Promise<Identity> {
  const session = section.sso_session;
  const sessionSection = session ? context.config.findSsoSession(session) : undefined;
  if (session && sessionSection === undefined) {
    const file = context.config.configFile;
    throw refuse(
      name,
      `has the sso_session '${session}', which is not in ${file}`,
      `Add [sso-session ${session}]`,
    );
  }
  const members = { ...section, ...sessionSection };
  const needed = ['sso_start_url', 'sso_region', 'sso_account_id', 'sso_role_name'];
  const missing = needed.filter((member) => !members[member]);
  if (missing.length > 0) {
    throw refuse(name, `is for SSO, but lacks ${missing.join(', ')}`, 'Add what is missing');
  }
  const credentials = await getSsoCredentials(name, context);
  return { credentials, source: describe(name, `the SSO login of the profile '${name}'`) };
}

/** Reads the keys that stand in a profile. Throws AUTH for half a pair, and for keys that cannot be sent. */
export function readProfileKeys(name: string, section: Profile): Identity | undefined {
  const { aws_access_key_id, aws_secret_access_key, aws_session_token, aws_account_id } = section;
  assertWhole({ aws_access_key_id, aws_secret_access_key }, `the profile '${name}'`);
  if (!aws_access_key_id || !aws_secret_access_key) return undefined;
  const credentials = {
    accessKeyId: aws_access_key_id,
    secretAccessKey: aws_secret_access_key,
    ...(aws_session_token && { sessionToken: aws_session_token }),
    ...(aws_account_id && { accountId: aws_account_id }),
  };
  const place = `of the profile '${name}'`;
  assertPlainKeys(credentials, {
    accessKeyId: `aws_access_key_id ${place}`,
    secretAccessKey: `aws_secret_access_key ${place}`,
    sessionToken: `aws_session_token ${place}`,
  });
  return { credentials, source: describe(name, `the keys ${place}`) };
}

async function askForCode(name: string, serial: string, context: SourceContext): Promise<string> {
  if (context.promptMfa === undefined) {
    throw new EcrpError(
      'AUTH',
      `the profile '${name}' needs a code of the MFA device ${serial}, and there is no terminal to ask on`,
      {
        hint: `Run it on a terminal, or first: eval "$(aws configure export-credentials --profile ${name} --format env)"`,
      },
    );
  }
  return context.promptMfa(serial, context.signal);
}

function describe(profile: string, description: string): IdentitySource {
  return { kind: 'profile', profile, description };
}

function refuse(name: string, problem: string, remedy: string): EcrpError {
  return new EcrpError('AUTH', `the profile '${name}' ${problem}`, {
    hint: `${remedy} in the AWS configuration.`,
  });
}
