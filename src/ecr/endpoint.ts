import { EcrpError } from '../errors.ts';

/** The one region whose endpoint answers every operation of ECR Public. */
export const DEFAULT_REGION = 'us-east-1';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Endpoint that the option or the environment names, by the AWS SDKs' rules for service-specific endpoints;
 * undefined leaves it to the shared config file and the region. Throws USAGE when it is not an HTTP URL.
 */
export function chooseEndpoint(endpointUrl: string | undefined, env: Environment): string | undefined {
  if (endpointUrl !== undefined) {
    return checkEndpoint(endpointUrl, '--endpoint-url');
  }
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true') {
    return undefined;
  }
  for (const name of ['AWS_ENDPOINT_URL_ECR_PUBLIC', 'AWS_ENDPOINT_URL']) {
    const value = env[name];
    if (value) {
      return checkEndpoint(value, name);
    }
  }
  return undefined;
}

function checkEndpoint(value: string, name: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new EcrpError('USAGE', `${name}: '${value}' is not an HTTP URL`, {
      hint: 'Give the scheme, host and port, such as http://127.0.0.1:5100.',
    });
  }
  return value;
}
