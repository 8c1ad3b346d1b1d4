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
import { type ConfiguredEndpoint, findConfiguredEndpoint, readSwitch } from './configured-endpoint.ts';
import { checkUrl } from './endpoint-url.ts';
import { type LoadProfile, prepareProfile } from './shared-config.ts';

/** In the service model; the variable's and the services section's names are made of it. */
const SERVICE_ID = 'ECR PUBLIC';

/** Where the API is asked. */
export interface Endpoint {
  /** Without a user name or password, so it may be shown. */
  readonly url: string;
  /** Whether it is ECR Public itself, and no emulator or gateway. */
  readonly isAws: boolean;
  /** For signatures. */
  readonly region: string;
  /** Names the service in records: every name of AWS's own endpoint is one service. */
  readonly id: string;
}

export interface EndpointSettings {
  /** `--endpoint-url` */
  readonly endpointUrl?: string | undefined;
  /** `--region`; us-east-1 when not given, whatever the profile or AWS_REGION says. */
  readonly region?: string | undefined;
  /** `--profile` */
  readonly profile?: string | undefined;
  readonly env: Environment;
}

/**
 * Finds the endpoint by the rules of the AWS SDKs: the option, the environment, the chosen profile, else AWS's own.
 * Throws USAGE when what one of them says is no HTTP URL, and when AWS's own endpoint is asked for in another region.
 */
export async function resolveEndpoint(settings: EndpointSettings): Promise<Endpoint> {
  const { endpointUrl, region, profile, env } = settings;
  const loadProfile = prepareProfile(profile, env);
  const given: ConfiguredEndpoint | undefined =
    endpointUrl === undefined
      ? await findConfiguredEndpoint(SERVICE_ID, env, loadProfile)
      : { url: checkUrl(endpointUrl, '--endpoint-url'), origin: '--endpoint-url' };
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
