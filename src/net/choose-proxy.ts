import { BlockList, isIP } from 'node:net';
import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import { isLocalHost } from './local-hosts.ts';

export interface ForwardProxy {
  /** Scheme, host and port. It holds no secret. */
  readonly origin: string;
  /** The variable that names it, for hints. */
  readonly variable: string;
  /** Value of `Proxy-Authorization`. It is secret. */
  readonly authorization: string | undefined;
}

/** Chooses the proxy that leads to a URL. Undefined: none. */
export type ProxyChooser = (url: URL) => ForwardProxy | undefined;

/**
 * Reads the proxies of the environment, as curl does: `https_proxy` or `HTTPS_PROXY` for HTTPS, `http_proxy` for HTTP. The latter only
 * in lower case: in a web server, `HTTP_PROXY` is a header that its clients set. `no_proxy` or `NO_PROXY` excepts hosts. Returns undefined
 * when no proxy is set. Throws USAGE when one is not the URL of an HTTP proxy.
 */
export function readProxies(env: Environment): ProxyChooser | undefined {
  const secure = readProxy(env, ['https_proxy', 'HTTPS_PROXY']);
  const plain = readProxy(env, ['http_proxy']);
  if (secure === undefined && plain === undefined) return undefined;
  const isExcepted: NoProxy = parseNoProxy(env.no_proxy ?? env.NO_PROXY ?? '');
  const containerUri = env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '';
  const containerHost = URL.canParse(containerUri) ? new URL(containerUri).host : undefined;
  return (url) => {
    const destination = findDestination(url);
    if (isLocalHost(destination.host) || url.host === containerHost || isExcepted(destination)) {
      return undefined;
    }
    return url.protocol === 'https:' ? secure : plain;
  };
}

function findDestination(url: URL): Destination {
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { host: host.replace(/\.$/, ''), port };
}

/** Uses the first variable that is set. An empty one means no proxy. */
function readProxy(env: Environment, variables: readonly string[]): ForwardProxy | undefined {
  const variable = variables.find((name) => env[name] !== undefined);
  const value = variable === undefined ? '' : (env[variable]?.trim() ?? '');
  return variable === undefined || value === '' ? undefined : parseProxy(value, variable);
}

function parseProxy(value: string, variable: string): ForwardProxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The value may hold a password, so the message does not repeat it.
  if (url === undefined) throw refuse(variable, 'not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refuse(variable, `${url.protocol}// proxies are not supported`);
  }
  return { origin: url.origin, variable, authorization: readAuthorization(url, variable) };
}

function readAuthorization({ username, password }: URL, variable: string): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(login).toString('base64')}`;
  } catch {
    throw refuse(variable, 'the user or password is not percent-encoded correctly');
  }
}

function refuse(variable: string, problem: string): EcrpError {
  return new EcrpError('USAGE', `${variable}: ${problem}`, {
    hint: `Set ${variable} to http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or unset it.`,
  });
}

/** Destination of a request, as `no_proxy` sees it. */
interface Destination {
  /** In lower case, without brackets and without a trailing dot. */
  readonly host: string;
  readonly port: number;
}

/** Returns true when the entries of `no_proxy` cover a destination. */
type NoProxy = (destination: Destination) => boolean;

/**
 * Reads `no_proxy` as curl does: entries separated by commas or spaces. `*` covers everything. A host covers itself and its subdomains,
 * with or without a leading `.` or `*.`. `HOST:PORT` covers that port alone. `10.0.0.0/8` and `fd00::/8` cover addresses, but no names:
 * names are not looked up. A malformed entry covers nothing.
 */
function parseNoProxy(text: string): NoProxy {
  const rules = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => parseEntry(entry.toLowerCase()));
  return (destination) => rules.some((covers) => covers(destination));
}

function parseEntry(entry: string): NoProxy {
  if (entry === '*') return () => true;
  const [, network, bits] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined) return parseNetwork(network, Number(bits));
  const { host, port } = splitPort(entry);
  const coversPort = (destination: Destination): boolean => port === undefined || destination.port === port;
  if (isIP(host) !== 0) {
    const coversHost = parseNetwork(host, isIP(host) === 4 ? 32 : 128);
    return (destination) => coversPort(destination) && coversHost(destination);
  }
  const suffix = host.replace(/^\*?\./, '').replace(/\.$/, '');
  if (suffix === '') return () => false;
  return (destination) =>
    coversPort(destination) && (destination.host === suffix || destination.host.endsWith(`.${suffix}`));
}

/** An IPv6 address without brackets has no port. */
function splitPort(entry: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, bare, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  return { host: bracketed ?? bare ?? entry, port: port === undefined ? undefined : Number(port) };
}

function parseNetwork(network: string, bits: number): NoProxy {
  const version = isIP(network);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return () => false;
  const list = new BlockList();
  list.addSubnet(network, bits, version === 4 ? 'ipv4' : 'ipv6');
  return ({ host }) => isIP(host) !== 0 && list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
