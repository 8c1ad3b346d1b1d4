import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';
import { isLocalHost } from './local-hosts.ts';
import { type Destination, type NoProxy, parseNoProxy } from './no-proxy.ts';

export interface ForwardProxy {
  /** Scheme, host and port; safe to show. */
  readonly origin: string;
  /** The variable that names it, for hints. */
  readonly variable: string;
  /** Value of `Proxy-Authorization`; a secret. */
  readonly authorization: string | undefined;
}

/** Which proxy leads to a URL; undefined: none. */
export type ProxyChooser = (url: URL) => ForwardProxy | undefined;

/**
 * Reads the proxies of the environment, as curl does: `https_proxy` or `HTTPS_PROXY` for HTTPS, `http_proxy` for HTTP, in lower case
 * only, as a web server's `HTTP_PROXY` is a header that its clients set; `no_proxy` or `NO_PROXY` excepts hosts.
 * Undefined when no proxy is set. Throws USAGE when one is not the URL of an HTTP proxy.
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

/** The first variable that is set counts; one that is empty means no proxy. */
function readProxy(env: Environment, variables: readonly string[]): ForwardProxy | undefined {
  const variable = variables.find((name) => env[name] !== undefined);
  const value = variable === undefined ? '' : (env[variable]?.trim() ?? '');
  return variable === undefined || value === '' ? undefined : parseProxy(value, variable);
}

function parseProxy(value: string, variable: string): ForwardProxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The value may hold a password, so the message does not.
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
