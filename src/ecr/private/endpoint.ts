import { EcrpError } from '../../errors.ts';
import type { PrivateRegistry } from '../../oci/private-host.ts';
import { DEFAULT_REGION, PARTITIONS, PRIVATE_API_HOST_PATTERN } from '../../wire/private/regions.ts';
import {
  checkConfigured,
  type Endpoint,
  type EndpointSettings,
  findConfiguredEndpoint,
  readSwitch,
} from '../endpoint.ts';
import { type LoadProfile, prepareProfile } from '../shared-config.ts';

/** Service id of the service model. The names of the variable and of the services section derive from it. */
const SERVICE_ID = 'ECR';

/**
 * Finds the endpoint of a private registry's API. The region is that of the host, whatever the profile says; an emulator's host has the
 * configured one. The host also chooses FIPS and dual-stack, and so do the switches of the AWS SDKs. Throws USAGE for an endpoint or
 * `--region` of another region, for an emulator's host beside AWS's endpoint, and as `findConfiguredEndpoint` does.
 */
export async function resolvePrivateEndpoint(
  settings: EndpointSettings,
  registry: PrivateRegistry,
): Promise<Endpoint> {
  const { endpointUrl, profile, env } = settings;
  const loadProfile = prepareProfile(profile, env);
  const { registryHost } = registry;
  if (registry.region !== undefined && settings.region !== undefined && settings.region !== registry.region) {
    throw new EcrpError(
      'USAGE',
      `--region: ${registryHost} is in ${registry.region}, not in ${settings.region}`,
      { hint: `Leave out --region, or name the registry of ${settings.region}.` },
    );
  }
  const region = registry.region ?? (await findRegion(settings, loadProfile));
  const given =
    endpointUrl === undefined
      ? await findConfiguredEndpoint(SERVICE_ID, env, loadProfile)
      : checkConfigured(endpointUrl, '--endpoint-url');
  const hostRegion = given && PRIVATE_API_HOST_PATTERN.exec(new URL(given.url).hostname)?.[1];
  if (given !== undefined && hostRegion === undefined) {
    return { url: given.url, isAws: false, region, id: given.url };
  }
  if (hostRegion !== undefined && hostRegion !== region) {
    throw new EcrpError('USAGE', `${given?.origin}: ${registryHost} is in ${region}, not in ${hostRegion}`, {
      hint: 'Name an endpoint in the region of the registry, or no endpoint at all.',
    });
  }
  if (registry.registryId === undefined) throw refuseHost(registryHost, region);
  const url = given?.url ?? `https://${await chooseHost(region, registry, env, loadProfile)}`;
  return { url, isAws: true, region, id: `ecr.${region}` };
}

/** Without this, a command that names an emulator would change the caller's registry at AWS. */
function refuseHost(registryHost: string, region: string): EcrpError {
  return new EcrpError('USAGE', `the API is AWS's in ${region}, but ${registryHost} is not AWS's`, {
    hint: 'Set AWS_ENDPOINT_URL_ECR to the API of the emulator at that host.',
  });
}

async function findRegion({ region, env }: EndpointSettings, loadProfile: LoadProfile): Promise<string> {
  const named = region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION);
  return named ?? (await loadProfile()).section?.region ?? DEFAULT_REGION;
}

async function chooseHost(
  region: string,
  registry: PrivateRegistry,
  env: EndpointSettings['env'],
  loadProfile: LoadProfile,
): Promise<string> {
  const isDualStack = registry.isDualStack || (await readSwitch('USE_DUALSTACK_ENDPOINT', env, loadProfile));
  const isFips = registry.isFips || (await readSwitch('USE_FIPS_ENDPOINT', env, loadProfile));
  const partition = PARTITIONS.find(({ regions }) => regions.test(region));
  const service = isFips ? 'ecr-fips' : 'ecr';
  return isDualStack
    ? `${service}.${region}.${partition?.dualStackSuffix}`
    : `api.${service}.${region}.${partition?.dnsSuffix}`;
}
