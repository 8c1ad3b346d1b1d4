import { Agent, type ClientRequest, type RequestOptions } from 'node:http';
import type { SecureContext } from 'node:tls';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { ForwardProxy, ProxyChooser } from './choose-proxy.ts';
import { ProxyError } from './connection-error.ts';

export interface PoolSettings {
  readonly keepAlive: boolean;
  /** Maximum number of connections to a host. */
  readonly maxSockets: number;
  /** Roots to trust. Undefined: Node's own. */
  readonly secureContext?: SecureContext | undefined;
}

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];

/** Node's hook for agents, which each new request calls. It is missing in Node's types. */
interface RequestTaker extends Agent {
  addRequest(request: ClientRequest, options: RequestOptions): void;
}

/** Hands each request to the pool that leads to its host: that of a proxy, or the direct one. `destroy` ends all connections. */
export class ProxiedAgent extends Agent {
  /** Node compares it with the protocol of the URL. */
  readonly protocol: 'http:' | 'https:';
  readonly defaultPort: number;
  readonly #chooseProxy: ProxyChooser;
  readonly #direct: RequestTaker;
  readonly #settings: PoolSettings;
  /** By the origin of the proxy. */
  readonly #proxied = new Map<string, RequestTaker>();

  constructor(
    protocol: 'http:' | 'https:',
    chooseProxy: ProxyChooser,
    direct: Agent,
    settings: PoolSettings,
  ) {
    super({ keepAlive: settings.keepAlive });
    this.protocol = protocol;
    this.defaultPort = protocol === 'https:' ? 443 : 80;
    this.#chooseProxy = chooseProxy;
    this.#direct = takeRequests(direct);
    this.#settings = settings;
  }

  /** Chooses the pool at once: a proxy changes the head of the request. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    const secureEndpoint = this.protocol === 'https:';
    const proxy = this.#chooseProxy(makeUrl(this.protocol, options));
    const agent = proxy === undefined ? this.#direct : this.#findProxied(proxy);
    agent.addRequest(request, proxy === undefined ? options : Object.assign(options, { secureEndpoint }));
  }

  override destroy(): void {
    super.destroy();
    this.#direct.destroy();
    for (const agent of this.#proxied.values()) agent.destroy();
  }

  #findProxied(proxy: ForwardProxy): RequestTaker {
    const AgentOfProxy = this.protocol === 'https:' ? TunnelAgent : ForwardingAgent;
    const agent = this.#proxied.get(proxy.origin) ?? takeRequests(new AgentOfProxy(proxy, this.#settings));
    this.#proxied.set(proxy.origin, agent);
    return agent;
  }
}

function takeRequests(agent: Agent): RequestTaker {
  // All of Node's agents have the hook.
  return agent as RequestTaker;
}

/** Connects to HTTPS hosts through CONNECT. A proxy's refusal is an error, never the host's answer. */
class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #proxy: ForwardProxy;
  readonly #secureContext: SecureContext | undefined;

  constructor(proxy: ForwardProxy, { secureContext, ...pool }: PoolSettings) {
    // The package logs the URL, so the login is not part of it.
    super(proxy.origin, { ...pool, headers: makeHeaders(proxy), ...(secureContext && { secureContext }) });
    this.#proxy = proxy;
    this.#secureContext = secureContext;
  }

  override async connect(request: ClientRequest, options: ConnectOptions) {
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

/** Sends requests to HTTP hosts through a proxy that forwards them. */
class ForwardingAgent extends HttpProxyAgent<string> {
  readonly #proxy: ForwardProxy;

  constructor(proxy: ForwardProxy, { maxSockets }: PoolSettings) {
    // A connection for each request: tinyproxy closes it after an answer without notice, which would cost an attempt.
    super(proxy.origin, { keepAlive: false, maxSockets, headers: makeHeaders(proxy) });
    this.#proxy = proxy;
  }

  override async connect(request: Parameters<HttpProxyAgent<string>['connect']>[0], options: ConnectOptions) {
    return super.connect(request, options).catch((cause: unknown) => {
      throw ProxyError.ofConnection(this.#proxy, cause);
    });
  }
}

function makeHeaders({ authorization }: ForwardProxy): Record<string, string> {
  return authorization === undefined ? {} : { 'Proxy-Authorization': authorization };
}

function makeUrl(protocol: string, { host, port }: RequestOptions): URL {
  const name = host ?? 'localhost';
  const isBareAddress = name.includes(':') && !name.startsWith('[');
  return new URL(
    `${protocol}//${isBareAddress ? `[${name}]` : name}:${port ?? (protocol === 'https:' ? 443 : 80)}`,
  );
}
