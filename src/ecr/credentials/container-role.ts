import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EcrpError } from '../../errors.ts';
import type { Environment } from '../../io.ts';
import { isLoopbackHost } from '../../net/local-hosts.ts';
import { checkEndpointUrl } from '../endpoint-url.ts';
import { assertPlain } from './keys.ts';
import { type LocalAnswer, parseRoleAnswer, requestLocal } from './local-request.ts';
import { askOverHttp, type Identity, type SourceContext } from './source.ts';

const ECS_ORIGIN = 'http://169.254.170.2';
/** Besides loopback, ECS and EKS may give credentials over plain HTTP. */
const PLAIN_HOSTS: readonly string[] = ['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'];
/** How an endpoint that cannot give credentials is refused. Its path is all that a process needs to get them. */
const REFUSAL = {
  code: 'AUTH',
  hint: 'Use https, or a host of ECS or EKS or of this machine; or unset the variable.',
  showsUrl: false,
} as const;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 500;

/**
 * Finds the role of an ECS task, an EKS pod or the like. Returns undefined when the environment names no endpoint. Throws AUTH.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function findContainerRole(context: SourceContext): Promise<Identity | undefined> {
  const place = locateEndpoint(context.env);
  if (place === undefined) return undefined;
  const { url, variable } = place;
  const source = {
    what: `the container credentials service at ${url.origin} (${variable})`,
    hint: 'Check the role of the task or pod; unset the variable to use other credentials.',
  };
  const credentials = await askOverHttp(source, context, async (signal) =>
    parseRoleAnswer(await requestWithRetries(url, await makeHeaders(context.env), signal)),
  );
  return {
    credentials,
    source: { kind: 'container', description: `the role of the container (${variable})` },
  };
}

function locateEndpoint(env: Environment): { readonly url: URL; readonly variable: string } | undefined {
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  if (relative) {
    const variable = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
    return {
      url: parseUrl(`${ECS_ORIGIN}${relative.startsWith('/') ? '' : '/'}${relative}`, variable),
      variable,
    };
  }
  const full = env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  const variable = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
  return full ? { url: parseUrl(full, variable), variable } : undefined;
}

function parseUrl(text: string, variable: string): URL {
  // A query is fine here: it is part of the path.
  checkEndpointUrl(text.replace(/[?#].*$/s, ''), variable, REFUSAL);
  const url = new URL(text);
  if (url.protocol !== 'https:' && !PLAIN_HOSTS.includes(url.hostname) && !isLoopbackHost(url.hostname)) {
    throw new EcrpError(REFUSAL.code, `${variable}: keys must not travel in clear to ${url.hostname}`, {
      hint: REFUSAL.hint,
    });
  }
  return url;
}

async function makeHeaders(env: Environment): Promise<Record<string, string>> {
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = file ? await readFile(file, 'utf8') : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  if (!token) return {};
  if (/[\r\n]/.test(token))
    assertPlain(token, file ? `the token in ${file}` : 'AWS_CONTAINER_AUTHORIZATION_TOKEN');
  return { authorization: token };
}

/** Asks again when no answer or a server's error comes back. */
async function requestWithRetries(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<LocalAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await requestLocal(url, { headers, signal });
      if (attempt === MAX_ATTEMPTS || (answer.status < 500 && answer.status !== 429)) return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === MAX_ATTEMPTS) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
