import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import { checkUrl } from './endpoint-url.ts';
import type { LoadProfile, ProfileInUse } from './shared-config.ts';

/** An endpoint that the environment or the AWS configuration names. */
export interface ConfiguredEndpoint {
  readonly url: string;
  /** What named it, for messages. */
  readonly origin: string;
}

/**
 * Finds the endpoint of a service by the rules of the AWS SDKs: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's
 * `services` section, its `endpoint_url`. Throws USAGE when it is no HTTP URL, or the `services` section is missing.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export async function findConfiguredEndpoint(
  serviceId: string,
  env: Environment,
  loadProfile: LoadProfile,
): Promise<ConfiguredEndpoint | undefined> {
  if (isTrue(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)) return undefined;
  const words = serviceId.replaceAll(' ', '_');
  for (const name of [`AWS_ENDPOINT_URL_${words.toUpperCase()}`, 'AWS_ENDPOINT_URL']) {
    const value = env[name];
    if (value) return { url: checkUrl(value, name), origin: name };
  }
  const profile = await loadProfile();
  if (isTrue(profile.section?.ignore_configured_endpoint_urls)) return undefined;
  return findInProfile(profile, words.toLowerCase());
}

function findInProfile(
  { config, name, section: { services, endpoint_url: endpointUrl } = {} }: ProfileInUse,
  service: string,
): ConfiguredEndpoint | undefined {
  if (services !== undefined) {
    const section = config.findServices(services);
    if (section === undefined) {
      throw new EcrpError(
        'USAGE',
        `the profile '${name}' names the services section '${services}', which is not in ${config.configFile}`,
        { hint: `Add a section [services ${services}], or take 'services' out of the profile.` },
      );
    }
    const url = section[`${service}.endpoint_url`];
    const origin = `endpoint_url of the services section '${services}'`;
    if (url !== undefined) return { url: checkUrl(url, origin), origin };
  }
  const origin = `endpoint_url of the profile '${name}'`;
  return endpointUrl === undefined ? undefined : { url: checkUrl(endpointUrl, origin), origin };
}

/**
 * Reads a switch of the AWS SDKs: the variable `AWS_<NAME>`, else the chosen profile's member of that name in lower case.
 * Throws USAGE when it is neither true nor false.
 */
export async function readSwitch(name: string, env: Environment, loadProfile: LoadProfile): Promise<boolean> {
  const variable = `AWS_${name}`;
  if (env[variable]) return parseSwitch(env[variable], variable);
  const member = name.toLowerCase();
  const profile = await loadProfile();
  const value = profile.section?.[member];
  return value !== undefined && parseSwitch(value, `${member} of the profile '${profile.name}'`);
}

function parseSwitch(value: string, origin: string): boolean {
  if (/^(true|false)$/i.test(value)) return isTrue(value);
  throw new EcrpError('USAGE', `${origin}: '${value}' is neither true nor false`, {
    hint: 'Set it to true or false, or unset it.',
  });
}

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}
