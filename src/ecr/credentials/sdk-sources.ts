import type { Environment } from '../../io.ts';
import { USER_AGENT } from '../../net/user-agent.ts';
import { findConfiguredEndpoint } from '../endpoint.ts';
import { silentLogger } from '../request-handler.ts';
import type { Profile } from '../shared-config.ts';
import { assertPlain } from './keys.ts';
import { type AwsCredentials, askOverHttp, type SourceContext } from './source.ts';

// The sources that are services of AWS. The SDK's own clients ask them.

/** Of STS, which answers in every region. */
const DEFAULT_REGION = 'us-east-1';

/** A role to assume with credentials that are there already. */
export interface RoleToAssume {
  readonly profile: string;
  readonly section: Profile;
  readonly roleArn: string;
  /** Credentials to assume the role with. */
  readonly source: AwsCredentials;
  readonly mfaCode: string | undefined;
}

/** Calls sts:AssumeRole. Throws AUTH. */
export async function assumeRole(role: RoleToAssume, context: SourceContext): Promise<AwsCredentials> {
  const { profile, section, roleArn, source, mfaCode } = role;
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const seconds = Number.parseInt(section.duration_seconds ?? '', 10);
  const provide = fromTemporaryCredentials({
    masterCredentials: source,
    params: {
      RoleArn: roleArn,
      RoleSessionName: section.role_session_name ?? makeSessionName(),
      ExternalId: section.external_id,
      ...(seconds > 0 && { DurationSeconds: seconds }),
      ...(mfaCode !== undefined && { SerialNumber: section.mfa_serial }),
    },
    ...(mfaCode !== undefined && { mfaCodeProvider: async () => mfaCode }),
    clientConfig: { ...(await configureClient('STS', context)), region: findRegion(section, context.env) },
    logger: silentLogger,
  });
  const asked = {
    what: `AWS STS, asked for the role ${roleArn} of the profile '${profile}'`,
    hint: `See what 'aws sts get-caller-identity --profile ${profile}' says.`,
  };
  return askOverHttp(asked, context, () => provide());
}

/** A role to assume with a token of another identity provider. */
export interface WebIdentity {
  readonly tokenFile: string;
  readonly roleArn: string;
  readonly sessionName: string | undefined;
  readonly section: Profile | undefined;
}

/** Calls sts:AssumeRoleWithWebIdentity. Throws AUTH. */
export async function assumeRoleWithWebIdentity(
  { tokenFile, roleArn, sessionName, section }: WebIdentity,
  context: SourceContext,
): Promise<AwsCredentials> {
  const { fromTokenFile } = await import('@aws-sdk/credential-providers');
  const provide = fromTokenFile({
    webIdentityTokenFile: tokenFile,
    roleArn,
    roleSessionName: sessionName ?? makeSessionName(),
    clientConfig: { ...(await configureClient('STS', context)), region: findRegion(section, context.env) },
    logger: silentLogger,
  });
  const asked = {
    what: `AWS STS, asked for the role ${roleArn} with the token in ${tokenFile}`,
    hint: 'Check the token file, and the trust policy of the role.',
  };
  return askOverHttp(asked, context, () => provide());
}

/** Gets the credentials of an SSO login. Throws AUTH, also when `aws sso login` is due. */
export async function getSsoCredentials(profile: string, context: SourceContext): Promise<AwsCredentials> {
  const { fromSSO } = await import('@aws-sdk/credential-providers');
  const provide = fromSSO({
    profile,
    ...nameFiles(context),
    clientConfig: await configureClient('SSO', context),
    logger: silentLogger,
  });
  const asked = {
    what: `AWS SSO, for the profile '${profile}'`,
    hint: `'aws sso login --profile ${profile}' renews the session.`,
  };
  return askOverHttp(asked, context, () => provide());
}

/** Gets the credentials of an `aws login`. Throws AUTH, also when it is due again. */
export async function getLoginCredentials(profile: string, context: SourceContext): Promise<AwsCredentials> {
  const { fromLoginCredentials } = await import('@aws-sdk/credential-providers');
  const provide = fromLoginCredentials({
    profile,
    ...nameFiles(context),
    clientConfig: await configureClient('Signin', context),
    logger: silentLogger,
  });
  const asked = {
    what: `the session of 'aws login' of the profile '${profile}'`,
    hint: `'aws login --profile ${profile}' renews the session.`,
  };
  return askOverHttp(asked, context, () => provide());
}

/** Makes the settings that all clients of these services share. Their endpoints follow the same rules as ours. */
async function configureClient(serviceId: string, context: SourceContext) {
  const { env, loadProfile, makeRequestHandler, httpTimeoutMs } = context;
  const endpoint = await findConfiguredEndpoint(serviceId, env, loadProfile);
  return {
    logger: silentLogger,
    customUserAgent: USER_AGENT,
    maxAttempts: 3,
    ...(endpoint && { endpoint: endpoint.url, useDualstackEndpoint: false, useFipsEndpoint: false }),
    requestHandler: makeRequestHandler?.() ?? {
      connectionTimeout: httpTimeoutMs,
      socketTimeout: httpTimeoutMs,
      logger: silentLogger,
    },
  };
}

function nameFiles({ config: { configFile, credentialsFile } }: SourceContext) {
  return {
    ...(configFile !== undefined && { configFilepath: configFile }),
    ...(credentialsFile !== undefined && { filepath: credentialsFile }),
    ignoreCache: true,
  };
}

function findRegion(section: Profile | undefined, env: Environment): string {
  const region = section?.region || env.AWS_REGION || env.AWS_DEFAULT_REGION || DEFAULT_REGION;
  assertPlain(region, 'the region for AWS STS');
  return region;
}

function makeSessionName(): string {
  return `ecrp-${Date.now()}`;
}
