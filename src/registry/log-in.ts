import { raceAbort } from '../async/abort.ts';
import type { Connections } from '../net/connections.ts';
import { isLoopbackHost } from '../net/local-hosts.ts';
import { discardBody, type HttpAnswer } from '../net/send-request.ts';
import type { SendRequest } from './client.ts';
import { type BearerChallenge, fetchToken, parseBearerChallenge, type TokenRequest } from './fetch-token.ts';
import { RedirectError, UnexpectedStatus } from './read-answer.ts';
import { sendFollowing } from './send-following.ts';

/** What a registry takes from a user. `origin` names where it comes from, for messages. */
export type PresentedLogin =
  | { readonly kind: 'password'; readonly username: string; readonly secret: string; readonly origin: string }
  | { readonly kind: 'identity-token' | 'registry-token'; readonly secret: string; readonly origin: string };

/**
 * One way into a repository. `login`: with what the user has stored or given, undefined when there is nothing. `token`: with a token that is
 * the registry's own, undefined when the user has no credentials for it. `anonymous`: as everyone.
 */
export type Entrance =
  | { readonly kind: 'anonymous'; readonly find?: undefined }
  | {
      readonly kind: 'login';
      readonly find: (signal: AbortSignal) => Promise<PresentedLogin | undefined>;
    }
  | { readonly kind: 'token'; readonly find: (signal: AbortSignal) => Promise<string | undefined> };

export interface LogInSettings {
  readonly connections: Connections;
  /** As in `/v2/PATH/`, for the scope of a challenge that states none. */
  readonly repositoryPath: string;
  /** Ways to try one after another. Each is tried once it is needed. */
  readonly entrances: readonly Entrance[];
  /** Called when a login is refused, and the next entrance is tried. */
  readonly onRefused: (login: PresentedLogin) => void;
}

/** What opens a repository that refuses requests without it. */
interface RegistryLogIn {
  /** Value of `Authorization` for the next request; undefined: none. */
  readonly authorization: string | undefined;
  /**
   * Finds another one after a refusal, and returns false when nothing is left to try.
   * @param sent What the refused request had.
   */
  tryAfter(refusal: HttpAnswer, sent: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** Notes that a request with `sent` was not refused. */
  noteAccepted(sent: string | undefined): void;
}

/** More often than any registry and login need. */
const MAX_TRIES = 8;
/** Statuses after which a login may help. ECR Public answers an expired token with 400, and a used-up quota with 429. */
const REFUSALS: readonly number[] = [400, 401, 403, 429];
/** Statuses with which token endpoints refuse a login. */
const TOKEN_REFUSALS: readonly number[] = [400, 401, 403, 404, 405];
const BASIC_CHALLENGE = /(?:^|,)\s*Basic(?:\s|,|$)/i;

/**
 * Makes the function that sends requests to one registry and logs in when it is challenged, not before. A login goes to the registry's own host, and to the token
 * endpoint that this host names. What was accepted before is renewed when it is refused; what is refused at once is given up for the next
 * entrance.
 */
export function sendLoggedIn(settings: LogInSettings): SendRequest {
  const logIn = createLogIn(settings);
  return async (url, request, signal) => {
    for (let tries = 0; ; tries += 1) {
      const sent = logIn.authorization;
      const answer = await sendFollowing(settings.connections, url, request, sent, signal, true);
      const isRefused = REFUSALS.includes(answer.status) && answer.isElsewhere !== true;
      if (!isRefused) logIn.noteAccepted(sent);
      if (!isRefused || tries === MAX_TRIES || !(await logIn.tryAfter(answer, sent, signal))) return answer;
      await discardBody(answer);
    }
  };
}

function createLogIn({ connections, repositoryPath, entrances, onRefused }: LogInSettings): RegistryLogIn {
  const rest = [...entrances];
  let authorization: string | undefined;
  /** True when `authorization` has opened the repository. */
  let isProven = false;
  let presented: PresentedLogin | undefined;
  /** Requests that are refused at the same time wait for one another: one token serves them all. */
  let turn: Promise<unknown> = Promise.resolve();

  /** Moves to the next entrance. False: it was the last; a later request tries that again. */
  const giveUp = (): boolean => {
    authorization = undefined;
    isProven = false;
    if (rest.length <= 1) return false;
    rest.shift();
    if (presented !== undefined) onRefused(presented);
    presented = undefined;
    return true;
  };

  /** Finds the challenge of a refusal. Some registries refuse without one, and challenge at `/v2/` alone. */
  const findChallenge = async (
    { url, headers }: HttpAnswer,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const header = headers['www-authenticate'];
    if (header !== undefined) return header;
    const answer = await sendFollowing(connections, new URL('/v2/', url), {}, undefined, signal, true);
    await discardBody(answer);
    return answer.isElsewhere ? undefined : answer.headers['www-authenticate'];
  };

  const answerChallenge = async (
    refusal: HttpAnswer,
    login: PresentedLogin | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const { url } = refusal;
    const header = await findChallenge(refusal, signal);
    const challenge = parseBearerChallenge(header);
    if (challenge === undefined) {
      if (login?.kind === 'password' && BASIC_CHALLENGE.test(header ?? '')) return encodeBasic(login);
      // Nobody has seen it, so nobody has refused it.
      presented = undefined;
      return undefined;
    }
    if (login?.kind === 'registry-token') return `Bearer ${login.secret}`;
    checkRealm(new URL(challenge.realm), url);
    const scoped = { ...challenge, scope: challenge.scope ?? `repository:${repositoryPath}:pull` };
    const isElsewhere = new URL(challenge.realm).host !== url.host;
    const request = { ...presentLogin(login, scoped), isElsewhere, staysSecure: true };
    try {
      return `Bearer ${await fetchToken(connections, scoped, signal, request)}`;
    } catch (error) {
      if (error instanceof UnexpectedStatus && TOKEN_REFUSALS.includes(error.status)) return undefined;
      throw error;
    }
  };

  /** Gets what the first entrance gives that can be used. */
  const enter = async (
    refusal: HttpAnswer,
    sent: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> => {
    do {
      isProven = false;
      const [entrance] = rest;
      if (entrance?.kind === 'token') {
        const token = await entrance.find(signal);
        authorization = token === undefined ? undefined : `Bearer ${token}`;
      } else if (refusal.status !== 401 && sent !== undefined) {
        // Only a challenge says how to log in, and only a request without a token gets one.
        authorization = undefined;
        return true;
      } else {
        presented = await entrance?.find?.(signal);
        const isEmpty = entrance?.kind === 'login' && presented === undefined;
        authorization = isEmpty ? undefined : await answerChallenge(refusal, presented, signal);
      }
      if (authorization !== undefined) return true;
    } while (giveUp());
    return false;
  };

  const decide = async (
    refusal: HttpAnswer,
    sent: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> => {
    // Another request has found something else meanwhile.
    if (sent !== authorization) return true;
    const { status } = refusal;
    if (sent === undefined && status === 400) return false;
    if (status === 429 || (status === 403 && (sent === undefined || isProven))) {
      // A user who is known may have a larger quota, or see more.
      if (rest[1]?.kind === 'token') rest.shift();
      else if (status === 429 || (isProven && rest[0]?.kind !== 'token')) return false;
      return enter(refusal, sent, signal);
    }
    if (sent !== undefined && !isProven && !giveUp()) return false;
    return enter(refusal, sent, signal);
  };

  return {
    get authorization() {
      return authorization;
    },
    tryAfter(refusal, sent, signal) {
      const mine = turn.then(() => decide(refusal, sent, signal));
      turn = mine.catch(() => undefined);
      return raceAbort(mine, signal);
    },
    noteAccepted(sent) {
      if (sent === authorization) isProven = true;
    },
  };
}

/** How a login is presented to a token endpoint (distribution specification, "Token Authentication" and "OAuth2 Token Authentication"). */
function presentLogin(
  login: PresentedLogin | undefined,
  { service = '', scope = '' }: BearerChallenge,
): TokenRequest {
  if (login === undefined) return {};
  if (login.kind === 'password') return { authorization: encodeBasic(login) };
  const form = {
    grant_type: 'refresh_token',
    service,
    scope,
    client_id: 'ecrp',
    refresh_token: login.secret,
  };
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  };
}

function encodeBasic({ username, secret }: { readonly username: string; readonly secret: string }): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
}

/**
 * Throws `RedirectError` for a token endpoint in plain HTTP, unless the registry itself is read in plain HTTP and the endpoint is on this
 * machine or on the registry's own: a login must not cross a network in the clear.
 */
function checkRealm(realm: URL, registry: URL): void {
  if (realm.protocol === 'https:') return;
  const isNear = isLoopbackHost(realm.hostname) || realm.hostname === registry.hostname;
  if (realm.protocol === 'http:' && registry.protocol === 'http:' && isNear) return;
  throw new RedirectError(
    `${registry.host} asks to log in at ${realm.protocol}//${realm.host}, which is not HTTPS`,
  );
}
