import { isTimeoutError, withDeadline } from '../../async/abort.ts';
import { EcrpError } from '../../errors.ts';
import type { Environment } from '../../io.ts';
import { checkEndpointUrl } from '../endpoint-url.ts';
import type { Profile } from '../shared-config.ts';
import { type LocalAnswer, parseRoleAnswer, requestLocal, UnreachableError } from './local-request.ts';
import { type AwsCredentials, askOverHttp, type Identity, type SourceContext } from './source.ts';

const ENDPOINTS = { ipv4: 'http://169.254.169.254', ipv6: 'http://[fd00:ec2::254]' };
const TOKEN_PATH = '/latest/api/token';
const ROLES_PATH = '/latest/meta-data/iam/security-credentials/';
const TOKEN_SECONDS = '21600';
/** Share of the time limit that the session token may take. With a hop limit of 1, its answer never reaches a container. */
const TOKEN_SHARE = 0.3;

/** Returns where the metadata service of an instance is, whether it is there or not. Throws AUTH when the setting is not a URL. */
export function locateInstanceMetadata(env: Environment, profile: Profile | undefined): URL {
  const given = env.AWS_EC2_METADATA_SERVICE_ENDPOINT || profile?.ec2_metadata_service_endpoint;
  if (given) {
    const origin = env.AWS_EC2_METADATA_SERVICE_ENDPOINT
      ? 'AWS_EC2_METADATA_SERVICE_ENDPOINT'
      : 'ec2_metadata_service_endpoint of the profile';
    const hint = `Unset it; the service of an instance is at ${ENDPOINTS.ipv4}.`;
    return new URL(checkEndpointUrl(given, origin, { code: 'AUTH', hint, showsUrl: true }));
  }
  const mode = env.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE || profile?.ec2_metadata_service_endpoint_mode;
  return new URL(mode?.toLowerCase() === 'ipv6' ? ENDPOINTS.ipv6 : ENDPOINTS.ipv4);
}

/**
 * Finds the role of an EC2 instance. Returns undefined without a metadata service, or when it is switched off. Throws AUTH.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
 */
export async function findInstanceRole(context: SourceContext): Promise<Identity | undefined> {
  const { env } = context;
  if (isMetadataDisabled(env)) return undefined;
  const { section } = await context.loadProfile();
  const origin = locateInstanceMetadata(env, section);
  const source = {
    what: `the instance metadata service at ${origin.origin}`,
    hint: 'Check the IAM role of the instance, and the hop limit of its metadata service (2 for containers).',
  };
  const allowsV1 = !isSet(env.AWS_EC2_METADATA_V1_DISABLED || section?.ec2_metadata_v1_disabled);
  try {
    const credentials = await askOverHttp(source, context, (signal) =>
      askForRole(origin, allowsV1, context.httpTimeoutMs * TOKEN_SHARE, signal),
    );
    return { credentials, source: { kind: 'instance', description: 'the role of the instance' } };
  } catch (error) {
    if (error instanceof EcrpError && error.cause instanceof UnreachableError) return undefined;
    throw error;
  }
}

async function askForRole(
  origin: URL,
  allowsV1: boolean,
  tokenMs: number,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const token = await askForToken(origin, tokenMs, signal);
  if (token === undefined && !allowsV1)
    throw new Error('it gives no session token, and version 1 is switched off');
  const headers = token === undefined ? {} : { 'x-aws-ec2-metadata-token': token };
  const roles = await requestLocal(new URL(ROLES_PATH, origin), { headers, signal });
  const [role] = roles.text.trim().split('\n');
  if (roles.status === 404 || (roles.status === 200 && !role))
    throw new Error('the instance has no IAM role');
  // Source of the pattern: IAM's rule for role names.
  if (roles.status !== 200 || !role || !/^[\w+=,.@-]+$/.test(role)) {
    throw new Error(
      roles.status === 200 ? 'its answer holds no name of a role' : `it returned HTTP ${roles.status}`,
    );
  }
  return parseRoleAnswer(await requestLocal(new URL(ROLES_PATH + role, origin), { headers, signal }));
}

/** Gets a session token of version 2. Returns undefined where only version 1 answers. */
async function askForToken(origin: URL, mostMs: number, signal: AbortSignal): Promise<string | undefined> {
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_SECONDS };
  let answer: LocalAnswer;
  try {
    answer = await withDeadline(signal, mostMs, (inner) =>
      requestLocal(new URL(TOKEN_PATH, origin), { method: 'PUT', headers, signal: inner }),
    );
  } catch (error) {
    if (isTimeoutError(error) && !signal.aborted) return undefined;
    throw error;
  }
  if (answer.status === 200) return answer.text;
  if ([403, 404, 405].includes(answer.status)) return undefined;
  throw new Error(`it returned HTTP ${answer.status} when asked for a session token`);
}

export function isMetadataDisabled(env: Environment): boolean {
  return isSet(env.AWS_EC2_METADATA_DISABLED);
}

function isSet(value: string | undefined): boolean {
  return Boolean(value) && value?.toLowerCase() !== 'false';
}
