import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import {
  API_HOST,
  API_HOST_PATTERN,
  DUAL_STACK_API_HOST,
  FIPS_API_HOST,
  FIPS_DUAL_STACK_API_HOST,
  LIMITED_REGION,
  REGION,
} from '../wire/service.ts';
import { checkEndpointUrl } from './endpoint-url.ts';
import { type LoadProfile, type ProfileInUse, prepareProfile } from './shared-config.ts';

/** Service id of the service model. The names of the variable and of the services section derive from it. */
const SERVICE_ID = 'ECR PUBLIC';

/** Where the API answers. */
export interface Endpoint {
  /** Without a user name or password, so it may be shown. */
  readonly url: string;
  /** True for ECR Public itself, false for an emulator or a gateway. */
  readonly isAws: boolean;
  /** For signatures. */
  readonly region: string;
  /** Names the service in records. All names of AWS's own endpoint are one service. */
  readonly id: string;
}

export interface EndpointSettings {
  /** `--endpoint-url` */
  readonly endpointUrl?: string | undefined;
  /** `--region`. The default is us-east-1, whatever the profile or AWS_REGION says. */
  readonly region?: string | undefined;
  /** `--profile` */
  readonly profile?: string | undefined;
  readonly env: Environment;
}

/**
 * Finds the endpoint by the rules of the AWS SDKs: the option, the environment, the chosen profile, else AWS's own.
 * Throws USAGE when one of them is not an HTTP URL, and when AWS's own endpoint is wanted in another region.
 */
export async function resolveEndpoint(settings: EndpointSettings): Promise<Endpoint> {
  const { endpointUrl, region, profile, env } = settings;
  const loadProfile = prepareProfile(profile, env);
  const given: ConfiguredEndpoint | undefined =
    endpointUrl === undefined
      ? await findConfiguredEndpoint(SERVICE_ID, env, loadProfile)
      : checkConfigured(endpointUrl, '--endpoint-url');
  const host = given && new URL(given.url).hostname;
  const hostRegion = host === undefined ? REGION : API_HOST_PATTERN.exec(host)?.[1];
  if (given !== undefined && hostRegion === undefined) {
    return { url: given.url, isAws: false, region: region ?? REGION, id: given.url };
  }
  if (given !== undefined && hostRegion !== REGION) throw refuseRegion(given.origin, hostRegion ?? '');
  if (region !== undefined && region !== REGION) throw refuseRegion('--region', region);
  const url = given?.url ?? `https://${await chooseHost(env, loadProfile)}`;
  return { url, isAws: true, region: REGION, id: REGION };
}

async function chooseHost(env: Environment, loadProfile: LoadProfile): Promise<string> {
  const dualStack = await readSwitch('USE_DUALSTACK_ENDPOINT', env, loadProfile);
  const fips = await readSwitch('USE_FIPS_ENDPOINT', env, loadProfile);
  if (fips) return dualStack ? FIPS_DUAL_STACK_API_HOST : FIPS_API_HOST;
  return dualStack ? DUAL_STACK_API_HOST : API_HOST;
}

function refuseRegion(origin: string, region: string): EcrpError {
  const also =
    region === LIMITED_REGION
      ? `; its endpoint in ${region} supports some operations only, and not GetAuthorizationToken`
      : '';
  return new EcrpError('USAGE', `${origin}: ECR Public is in ${REGION} only, not in ${region}${also}`, {
    hint: origin === '--region' ? 'Leave out --region.' : `Name https://${API_HOST}, or no endpoint at all.`,
  });
}

/** An endpoint that an option, the environment or the AWS configuration names. */
export interface ConfiguredEndpoint {
  readonly url: string;
  /** The setting that names it, for messages. */
  readonly origin: string;
}

/**
 * Finds the endpoint of a service by the rules of the AWS SDKs: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's
 * `services` section, its `endpoint_url`. Throws USAGE when it is not an HTTP URL, or the `services` section is missing.
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
    if (value) return checkConfigured(value, name);
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
    if (url !== undefined) return checkConfigured(url, `endpoint_url of the services section '${services}'`);
  }
  return endpointUrl === undefined
    ? undefined
    : checkConfigured(endpointUrl, `endpoint_url of the profile '${name}'`);
}

/** Throws USAGE unless `url` is an HTTP URL. */
export function checkConfigured(url: string, origin: string): ConfiguredEndpoint {
  return { url: checkEndpointUrl(url, origin), origin };
}

/**
 * Reads a switch of the AWS SDKs: the variable `AWS_<NAME>`, else the member of that name, in lower case, of the chosen profile.
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
