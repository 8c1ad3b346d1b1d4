import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { Environment } from '../io.ts';
import { type ForwardProxy, readProxies } from './choose-proxy.ts';
import type { CaBundle } from './trusted-roots.ts';

export interface ConnectionSettings {
  readonly env: Environment;
  /** Maximum number of connections to a host. */
  readonly maxSockets: number;
  /** Finds the bundle of certificates to trust besides Node's roots, if one is named. */
  readonly findCaBundle?: (() => Promise<CaBundle | undefined>) | undefined;
  /** Finds further ones. */
  readonly findOtherBundles?: (() => Promise<readonly CaBundle[]>) | undefined;
}

export type HttpProtocol = 'http:' | 'https:';

/** The connections of a command. They go through the proxies of the environment, and are kept for further requests. */
export interface Connections {
  /** Reads the bundle of certificates for `https:` only. Throws USAGE when the bundle cannot be used. */
  findAgent(protocol: HttpProtocol): Promise<HttpAgent>;
  /** Finds the proxy that leads to a URL, for messages. */
  findProxy(url: URL): ForwardProxy | undefined;
  close(): void;
}

/** Opens nothing yet. Throws USAGE when a proxy of the environment is not the URL of an HTTP proxy. */
export function prepareConnections({
  env,
  maxSockets,
  findCaBundle,
  findOtherBundles,
}: ConnectionSettings): Connections {
  const chooseProxy = readProxies(env);
  const pool = { keepAlive: true, maxSockets };
  const agents = new Map<HttpProtocol, Promise<HttpAgent>>();

  const trustBundle = async (): Promise<SecureContext | undefined> => {
    const named = await findCaBundle?.();
    const bundles = [...(named === undefined ? [] : [named]), ...((await findOtherBundles?.()) ?? [])];
    return bundles.length > 0 ? (await import('./trusted-roots.ts')).trustBundles(bundles, env) : undefined;
  };
  const makeAgent = async (protocol: HttpProtocol): Promise<HttpAgent> => {
    const secureContext = protocol === 'https:' ? await trustBundle() : undefined;
    const direct =
      protocol === 'https:'
        ? new HttpsAgent({ ...pool, ...(secureContext && { secureContext }) })
        : new HttpAgent(pool);
    if (chooseProxy === undefined) return direct;
    const { ProxiedAgent } = await import('./proxy-agents.ts');
    return new ProxiedAgent(protocol, chooseProxy, direct, { ...pool, secureContext });
  };

  return {
    findAgent(protocol) {
      const agent = agents.get(protocol) ?? makeAgent(protocol);
      agents.set(protocol, agent);
      return agent;
    },
    findProxy: (url) => chooseProxy?.(url),
    close() {
      for (const made of agents.values()) {
        void made.then(
          (agent) => agent.destroy(),
          () => undefined,
        );
      }
    },
  };
}
