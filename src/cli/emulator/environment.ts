import type { Emulator } from '../../emulator/server.ts';
import { quoteForShell } from '../quote-for-shell.ts';

type Environment = Readonly<Record<string, string>>;

/** What a client of the emulator needs in its environment, `inherited` being what it has already. */
export function describeEnvironment(
  emulator: Emulator,
  inherited: Readonly<Record<string, string | undefined>>,
): Environment {
  const noProxy = exceptFromProxy(inherited.no_proxy ?? inherited.NO_PROXY, emulator.registryHost);
  return {
    AWS_ENDPOINT_URL_ECR_PUBLIC: emulator.url,
    AWS_ACCESS_KEY_ID: emulator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
    ...(emulator.sessionToken !== undefined && { AWS_SESSION_TOKEN: emulator.sessionToken }),
    AWS_REGION: 'us-east-1',
    ECRP_REGISTRY_HOST: emulator.registryHost,
    NO_PROXY: noProxy,
    // Most programs look at this one first.
    ...(inherited.no_proxy !== undefined && { no_proxy: noProxy }),
  };
}

/** Lines for a shell. */
export function formatExports(environment: Environment): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
}

/** The hosts that are reached without a proxy, with this one among them; entries are separated by commas, and the port is no part of one. */
function exceptFromProxy(noProxy: string | undefined, authority: string): string {
  const host = authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const entries = (noProxy ?? '').split(',').map((entry) => entry.trim());
  return [...new Set([...entries.filter((entry) => entry !== ''), host])].join(',');
}
