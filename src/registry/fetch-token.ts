import { isObject } from '../json.ts';
import type { Connections } from '../net/connections.ts';
import type { HttpRequest } from '../net/send-request.ts';
import { parseJson } from '../oci/json.ts';
import { readBytes } from './read-answer.ts';
import { sendFollowing } from './send-following.ts';

/** Maximum length of a token endpoint's answer, in bytes. Tokens of ECR Public have some thousand. */
const MAX_TOKEN_BYTES = 1024 * 1024;

export interface BearerChallenge {
  /** URL of the token endpoint. */
  readonly realm: string;
  readonly service?: string;
  readonly scope?: string;
}

/**
 * Reads a `WWW-Authenticate: Bearer realm="…",service="…",scope="…"` header, which may hold other challenges beside it. Returns undefined
 * without one, and for a realm that is no URL.
 */
export function parseBearerChallenge(header: string | undefined): BearerChallenge | undefined {
  const [, parameters] = /(?:^|,)\s*Bearer\s+(.+)$/is.exec(header ?? '') ?? [];
  if (parameters === undefined) return undefined;
  const found = new Map<string, string>();
  for (const [, name = '', quoted, bare] of parameters.matchAll(
    /([a-z_]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/gi,
  )) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, quoted ?? bare ?? '');
  }
  const realm = found.get('realm');
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const service = found.get('service');
  const scope = found.get('scope');
  return { realm, ...(service !== undefined && { service }), ...(scope !== undefined && { scope }) };
}

/** The answer of a token endpoint holds no token. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
}

/** Who asks for a token; nobody by default. */
export interface TokenRequest extends HttpRequest {
  readonly authorization?: string | undefined;
  /** True when the endpoint is on another host than the registry, for messages. */
  readonly isElsewhere?: boolean;
  /** True to follow no redirect from HTTPS to plain HTTP. */
  readonly staysSecure?: boolean;
}

/**
 * Gets the token that a challenge points to. With a body, which then has service and scope, the URL stays as it is. Throws `UnexpectedStatus`
 * when the endpoint refuses, `NoTokenError` when it gives no token.
 */
export async function fetchToken(
  connections: Connections,
  { realm, service, scope }: BearerChallenge,
  signal: AbortSignal,
  { authorization, isElsewhere = false, staysSecure = false, ...request }: TokenRequest = {},
): Promise<string> {
  const url = new URL(realm);
  if (request.body === undefined) {
    if (service !== undefined) url.searchParams.set('service', service);
    if (scope !== undefined) url.searchParams.set('scope', scope);
  }
  const answer = await sendFollowing(connections, url, request, authorization, signal, staysSecure);
  const bytes = await readBytes({ ...answer, isElsewhere }, MAX_TOKEN_BYTES);
  const body = parseTokenAnswer(bytes, url.host);
  const token = isObject(body) ? (body.token ?? body.access_token) : undefined;
  // Only printable ASCII can go into a header.
  if (typeof token !== 'string' || !/^[\x20-\x7e]+$/.test(token)) {
    throw new NoTokenError(`${url.host} gave no token`);
  }
  return token;
}

function parseTokenAnswer(bytes: Buffer, host: string): unknown {
  try {
    return parseJson(bytes, `the token of ${host}`, MAX_TOKEN_BYTES);
  } catch (error) {
    // parseJson blames the user's input, which this is not.
    throw new NoTokenError(error instanceof Error ? error.message : String(error));
  }
}
