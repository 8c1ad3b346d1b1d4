import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type Environment, type ForwardProxy, readProxies } from './choose-proxy.ts';
import type { CaBundle } from './trusted-roots.ts';

export interface ConnectionSettings {
  readonly env: Environment;
  /** Most connections to a host. */
  readonly maxSockets: number;
  /** The bundle of certificates to trust besides Node's roots, when one is named. */
  readonly findCaBundle?: (() => Promise<CaBundle | undefined>) | undefined;
}

export interface Agents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpAgent;
}

/** The connections of a command: through proxies where the environment says so, and kept for further requests. */
export interface Connections {
  /** Throws USAGE when the bundle of certificates cannot be used. */
  findAgents(): Promise<Agents>;
  /** The proxy that leads to a URL, for messages. */
  findProxy(url: URL): ForwardProxy | undefined;
  close(): void;
}

/** Opens nothing yet. Throws USAGE when a proxy of the environment is not a URL of one. */
export function prepareConnections({ env, maxSockets, findCaBundle }: ConnectionSettings): Connections {
  const chooseProxy = readProxies(env);
  const pool = { keepAlive: true, maxSockets };
  let agents: Promise<Agents> | undefined;

  const makeAgents = async (): Promise<Agents> => {
    const bundle = await findCaBundle?.();
    const secureContext = bundle && (await (await import('./trusted-roots.ts')).trustBundle(bundle, env));
    const httpAgent = new HttpAgent(pool);
    const httpsAgent = new HttpsAgent({ ...pool, ...(secureContext && { secureContext }) });
    if (chooseProxy === undefined) return { httpAgent, httpsAgent };
    const { ProxiedAgent } = await import('./proxy-agents.ts');
    const settings = { ...pool, secureContext };
    return {
      httpAgent: new ProxiedAgent('http:', chooseProxy, httpAgent, settings),
      httpsAgent: new ProxiedAgent('https:', chooseProxy, httpsAgent, settings),
    };
  };

  return {
    findAgents() {
      agents ??= makeAgents();
      return agents;
    },
    findProxy: (url) => chooseProxy?.(url),
    close() {
      void agents?.then(
        ({ httpAgent, httpsAgent }) => {
          httpAgent.destroy();
          httpsAgent.destroy();
        },
        () => undefined,
      );
    },
  };
}
