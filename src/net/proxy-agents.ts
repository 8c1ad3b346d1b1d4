import type { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { SecureContext } from 'node:tls';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { ForwardProxy, ProxyChooser } from './choose-proxy.ts';
import { ProxyError } from './proxy-error.ts';

export interface PoolSettings {
  readonly keepAlive: boolean;
  /** For each host. */
  readonly maxSockets: number;
  /** Roots to trust; undefined: Node's own. */
  readonly secureContext?: SecureContext | undefined;
}

/** The pools of connections that go to hosts directly. */
export interface DirectAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

/** Decides for each connection whether a proxy leads to its host; `destroy` ends those of all pools. */
export class ProxiedAgent extends Agent {
  readonly #chooseProxy: ProxyChooser;
  readonly #direct: DirectAgents;
  readonly #settings: PoolSettings;
  /** By the proxy's origin, and whether what lies behind it is HTTPS. */
  readonly #proxied = new Map<string, HttpAgent>();

  constructor(chooseProxy: ProxyChooser, direct: DirectAgents, settings: PoolSettings) {
    super({ keepAlive: settings.keepAlive });
    this.#chooseProxy = chooseProxy;
    this.#direct = direct;
    this.#settings = settings;
  }

  override connect(_request: ClientRequest, options: AgentConnectOpts): HttpAgent {
    const { secureEndpoint, host, port } = options;
    const { httpAgent, httpsAgent } = this.#direct;
    const proxy = this.#chooseProxy(makeUrl(secureEndpoint, host, port));
    if (proxy === undefined) return secureEndpoint ? httpsAgent : httpAgent;
    const key = `${secureEndpoint ? 'tunnel' : 'forward'} ${proxy.origin}`;
    const agent =
      this.#proxied.get(key) ??
      (secureEndpoint ? new TunnelAgent(proxy, this.#settings) : new ForwardingAgent(proxy, this.#settings));
    this.#proxied.set(key, agent);
    return agent;
  }

  override destroy(): void {
    super.destroy();
    this.#direct.httpAgent.destroy();
    this.#direct.httpsAgent.destroy();
    for (const agent of this.#proxied.values()) agent.destroy();
  }
}

/** Connects to HTTPS hosts through CONNECT; a proxy's refusal is an error, and never taken for the host's answer. */
class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #proxy: ForwardProxy;
  readonly #secureContext: SecureContext | undefined;

  constructor(proxy: ForwardProxy, { secureContext, ...pool }: PoolSettings) {
    // The package logs the URL it is given, so the login is not part of that.
    super(proxy.origin, { ...pool, headers: makeHeaders(proxy), ...(secureContext && { secureContext }) });
    this.#proxy = proxy;
    this.#secureContext = secureContext;
  }

  override async connect(request: ClientRequest, options: AgentConnectOpts) {
    let status: number | undefined;
    request.once('proxyConnect', (answer: { readonly statusCode: number }) => {
      status = answer.statusCode;
    });
    const secured = this.#secureContext ? { ...options, secureContext: this.#secureContext } : options;
    const socket = await super.connect(request, secured).catch((cause: unknown) => {
      throw ProxyError.ofConnection(this.#proxy, cause);
    });
    if (status === 200) return socket;
    socket.destroy();
    throw ProxyError.ofStatus(this.#proxy, status ?? 0, options.host ?? 'the host');
  }
}

/** Sends requests to HTTP hosts through a proxy that passes them on. */
class ForwardingAgent extends HttpProxyAgent<string> {
  readonly #proxy: ForwardProxy;

  constructor(proxy: ForwardProxy, { secureContext, ...pool }: PoolSettings) {
    super(proxy.origin, { ...pool, headers: makeHeaders(proxy), ...(secureContext && { secureContext }) });
    this.#proxy = proxy;
  }

  override async connect(
    request: Parameters<HttpProxyAgent<string>['connect']>[0],
    options: AgentConnectOpts,
  ) {
    return super.connect(request, options).catch((cause: unknown) => {
      throw ProxyError.ofConnection(this.#proxy, cause);
    });
  }
}

function makeHeaders({ authorization }: ForwardProxy): Record<string, string> {
  return authorization === undefined ? {} : { 'Proxy-Authorization': authorization };
}

function makeUrl(isSecure: boolean, host = 'localhost', port: number | undefined): URL {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return new URL(`${isSecure ? 'https' : 'http'}://${name}:${port ?? (isSecure ? 443 : 80)}`);
}
