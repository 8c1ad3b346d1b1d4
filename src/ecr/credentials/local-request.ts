import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isObject } from '../../json.ts';
import { readBody } from '../../net/send-request.ts';
import { USER_AGENT } from '../../net/user-agent.ts';
import type { AwsCredentials } from './source.ts';

// Questions to a service on this machine or its link, which gives the credentials of a role.

/** Such a service accepts a connection at once, or is not there. */
const CONNECT_MS = 1_000;
/** Many times the size of a role's credentials. */
const MAX_BYTES = 64 * 1024;

export interface LocalRequest {
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface LocalAnswer {
  readonly status: number;
  readonly text: string;
}

/** Nothing accepts the connection: the service is not there. */
export class UnreachableError extends Error {}

/**
 * Sends a request to a service on this machine or its link, never through a proxy: the proxy would see the keys of a role.
 * Throws `UnreachableError` when no connection is made within a second, the signal's reason when aborted.
 */
export function requestLocal(
  url: URL,
  { method = 'GET', headers, signal }: LocalRequest,
): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    // NODE_USE_ENV_PROXY gives the global agent a proxy, hence none.
    const request: ClientRequest = send(url, {
      method,
      headers: { 'user-agent': USER_AGENT, ...headers },
      signal,
      agent: false,
    });
    let isConnected = false;
    const fail = (error: Error): void => {
      if (signal.aborted) reject(signal.reason);
      else reject(isConnected ? error : new UnreachableError(`no connection: ${error.message}`));
      request.destroy();
    };
    const timer = setTimeout(() => fail(new Error(`none within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        isConnected = true;
        clearTimeout(timer);
      });
    });
    request.once('error', fail);
    request.once('close', () => clearTimeout(timer));
    request.once('response', (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), fail);
    });
    request.end();
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  return (await readBody(response, { maxBytes: MAX_BYTES })).toString('utf8');
}

/** Reads the credentials of a role out of the answer of a metadata service. Throws the service's own words when it gives none. */
export function parseRoleAnswer({ status, text }: LocalAnswer): AwsCredentials {
  const members = parseMembers(text);
  const words = [members.Code ?? members.code, members.Message ?? members.message].filter(isText).join(': ');
  const { AccessKeyId, SecretAccessKey, Token, Expiration, AccountId } = members;
  if (status !== 200 || !isText(AccessKeyId) || !isText(SecretAccessKey) || !isText(Token)) {
    const detail = words === '' || words === 'Success' ? 'no credentials in it' : words;
    throw new Error(`it returned HTTP ${status}: ${detail}`);
  }
  const expiration = new Date(isText(Expiration) ? Expiration : Number.NaN);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    ...(!Number.isNaN(expiration.getTime()) && { expiration }),
    ...(isText(AccountId) && { accountId: AccountId }),
  };
}

function parseMembers(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
