import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EcrpError } from '../../errors.ts';
import type { Environment } from '../../io.ts';
import { findUrlProblem } from '../endpoint-url.ts';
import { askOverHttp } from './ask-source.ts';
import { assertPlain } from './check-keys.ts';
import type { Identity, SourceContext } from './identity.ts';
import { type LocalAnswer, requestLocal } from './request-local.ts';
import { parseRoleAnswer } from './role-answer.ts';

const ECS_ORIGIN = 'http://169.254.170.2';
/** Hosts that credentials may come from in clear, beside loopback: ECS, EKS. */
const PLAIN_HOSTS =
  /^(?:169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\]|localhost|\[::1\]|127(?:\.\d{1,3}){3})$/;
const ATTEMPTS = 3;
const RETRY_MS = 500;

/**
 * The role of an ECS task, an EKS pod or the like; undefined when the environment names no place to ask. Throws AUTH.
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
    parseRoleAnswer(await requestOften(url, await makeHeaders(context.env), signal)),
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
  const problem = findUrlProblem(text.replace(/[?#].*$/s, ''));
  if (problem !== undefined) throw refuseUrl(`${variable}: the URL ${problem}`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && !PLAIN_HOSTS.test(url.hostname)) {
    throw refuseUrl(`${variable}: keys must not travel in clear to ${url.hostname}`);
  }
  return url;
}

function refuseUrl(message: string): EcrpError {
  return new EcrpError('AUTH', message, {
    hint: 'Use https, or a host of ECS or EKS or of this machine; or unset the variable.',
  });
}

async function makeHeaders(env: Environment): Promise<Record<string, string>> {
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = file ? await readFile(file, 'utf8') : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  if (!token) return {};
  if (/[\r\n]/.test(token))
    assertPlain(token, file ? `the token in ${file}` : 'AWS_CONTAINER_AUTHORIZATION_TOKEN');
  return { authorization: token };
}

/** Asks again when nothing or a server's error comes back. */
async function requestOften(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<LocalAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await requestLocal(url, { headers, signal });
      if (attempt === ATTEMPTS || (answer.status < 500 && answer.status !== 429)) return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === ATTEMPTS) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
