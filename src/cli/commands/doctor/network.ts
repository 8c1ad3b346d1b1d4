import { access, constants } from 'node:fs/promises';
import type { Endpoint } from '../../../ecr/endpoint.ts';
import { describeFileError } from '../../../files/file-errors.ts';
import type { Environment } from '../../../io.ts';
import type { Connections } from '../../../net/connections.ts';
import type { CaBundle } from '../../../net/trusted-roots.ts';
import { formatDuration } from '../../format.ts';
import { type CheckResult, type Finding, pass, skip, warn } from './check.ts';

// The way to the service: region, proxies, certificates, clock.

/** A setting that names a region. */
export interface NamedRegion {
  readonly origin: string;
  readonly region: string | undefined;
}

/** Warns if a setting names another region: ecrp ignores it, but the aws CLI does not. `service` is the one of its commands. */
export function checkRegion(
  endpoint: Endpoint,
  named: readonly NamedRegion[],
  service: 'ecr' | 'ecr-public',
): Finding {
  const detail = `requests go to ${endpoint.url}, signed for ${endpoint.region}`;
  const other = named.find(
    ({ region }) => region !== undefined && region !== '' && region !== endpoint.region,
  );
  if (other === undefined || !endpoint.isAws) return pass(detail, { endpoint });
  return warn(
    `${detail}; ${other.origin} says ${other.region}, which ecrp ignores and the aws CLI does not`,
    `Add --region ${endpoint.region} to each 'aws ${service}' command.`,
    { endpoint },
  );
}

/** Says which proxy leads to each URL. */
export function checkProxy(routes: Connections, urls: readonly URL[], env: Environment): Finding {
  const ways = [...new Set(urls.map((url) => url.origin))].map((origin) => {
    const proxy = routes.findProxy(new URL(origin));
    return { origin, proxy };
  });
  const found = { routes };
  const others = ['ALL_PROXY', 'all_proxy'].filter((name) => env[name]);
  if (ways.every(({ proxy }) => proxy === undefined) && others.length > 0) {
    const [name = ''] = others;
    return warn(
      `${name} is set, but ecrp does not read it: all connections are direct`,
      'Set https_proxy to the URL of an HTTP proxy if this network needs one.',
      found,
    );
  }
  const texts = ways.map(({ origin, proxy }) =>
    proxy === undefined ? `${origin} directly` : `${origin} through ${proxy.origin} (${proxy.variable})`,
  );
  return pass(texts.join(', '), found);
}

/** Loads the certificates to trust, and says which they are. Throws USAGE when the bundle cannot be used. */
export async function checkCertificates(
  routes: Connections,
  urls: readonly URL[],
  bundle: CaBundle | undefined,
  env: Environment,
): Promise<Finding> {
  const found = { connections: routes };
  const hosts = [...new Set(urls.filter(({ protocol }) => protocol === 'https:').map(({ host }) => host))];
  if (hosts.length === 0) return pass('not needed: all connections are plain HTTP', found);
  await routes.findAgent('https:');
  const extra = env.NODE_EXTRA_CA_CERTS;
  if (extra) {
    const problem = await access(extra, constants.R_OK).then(() => undefined, describeFileError);
    if (problem !== undefined) {
      return warn(
        `NODE_EXTRA_CA_CERTS: ${extra}: ${problem}, so Node ignores it`,
        'Set NODE_EXTRA_CA_CERTS to a file of certificates in PEM, or unset it.',
        found,
      );
    }
  }
  const roots = [
    "Node's own roots",
    ...(extra ? [`${extra} (NODE_EXTRA_CA_CERTS)`] : []),
    ...(bundle === undefined ? [] : [`${bundle.path} (${bundle.source})`]),
  ];
  return pass(`${roots.join(' and ')}, for ${hosts.join(' and ')}`, found);
}

/** AWS refuses a signature that is off by more. */
const TOLERATED_MS = 5 * 60_000;

/** Judges how far the service's clock is ahead of this machine's. Undefined: the service did not say. */
export function checkClockOffset(offsetMs: number | undefined): CheckResult {
  if (offsetMs === undefined) return skip('the service did not say its time');
  const difference = formatDuration(Math.abs(offsetMs));
  const side = offsetMs < 0 ? 'ahead of' : 'behind';
  if (Math.abs(offsetMs) <= TOLERATED_MS) return pass(`within ${difference} of the service's`);
  return warn(
    `the clock of this machine is ${difference} ${side} the service's; ecrp signs by the service's, other tools fail`,
    "Set the clock, for example with 'sudo timedatectl set-ntp true'.",
  );
}
