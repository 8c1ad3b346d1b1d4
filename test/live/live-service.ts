import { isObject, type JsonObject } from '../../src/json.ts';
import { type RequestToSign, type Signer, sendSigned } from '../support/signed-request.ts';

/** Where to ask, and as whom. */
export interface LivePlace {
  readonly signer: Signer;
  /** `https://public.ecr.aws` */
  readonly registryUrl: string;
  /** Waits. A test need not. */
  readonly pause: (ms: number) => Promise<void>;
  /** Environment in which `ecrp` reaches the same service as the same principal. */
  readonly env: NodeJS.ProcessEnv;
}

/** An output, or an exception with `code` and `message`. */
export interface LiveAnswer {
  readonly status: number;
  readonly output: JsonObject;
  /** Name of the exception. Undefined after success. */
  readonly code: string | undefined;
  readonly message: string;
}

export interface RegistryRequest {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the token of the account. Empty: none. */
  readonly authorization?: string;
}

/** A repository that questions may fill, and the calls to ask with. */
export interface LiveService {
  readonly registryId: string;
  readonly registryAlias: string;
  readonly repositoryName: string;
  readonly repositoryArn: string;
  readonly pause: LivePlace['pause'];
  readonly env: LivePlace['env'];
  /** Calls an operation. `change` replaces the body or details of the signature. */
  call(operation: string, input: object, change?: Partial<RequestToSign>): Promise<LiveAnswer>;
  /** Calls an operation that must succeed: throws an `Error` that names the exception otherwise. */
  must(operation: string, input: object): Promise<JsonObject>;
  /** Calls both ways for the repository: adds `repositoryName`. */
  ask(operation: string, input?: object): Promise<LiveAnswer>;
  /** Sends a request to `/v2/ALIAS/REPOSITORY/PATH`, or to a path that begins with `/` or `http`. Follows no redirect. */
  fetch(method: string, path: string, request?: RegistryRequest): Promise<Response>;
}

const TRANSIENT = ['ThrottlingException', 'ServerException', 'RequestLimitExceeded'];
const MOST_ATTEMPTS = 6;

/** Calls an operation, again if it is throttled or fails inside the service. Rejects if no JSON comes back. */
export async function callLive(
  { signer, pause }: LivePlace,
  operation: string,
  input: object,
  change: Partial<RequestToSign> = {},
): Promise<LiveAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, text } = await sendSigned(signer, { operation, body: JSON.stringify(input), ...change });
    const answer = readAnswer(status, text, operation);
    const passes = answer.code !== undefined && TRANSIENT.includes(answer.code);
    if (!passes || attempt === MOST_ATTEMPTS) return answer;
    await pause(250 * 2 ** attempt);
  }
}

/** Calls an operation that must succeed. */
export async function mustCall(place: LivePlace, operation: string, input: object): Promise<JsonObject> {
  const { output, code, message } = await callLive(place, operation, input);
  if (code !== undefined) throw new Error(`${operation}: ${code}: ${message}`);
  return output;
}

function readAnswer(status: number, text: string, operation: string): LiveAnswer {
  const output = parseObject(text);
  if (output === undefined) throw new Error(`${operation}: HTTP ${status} without a JSON object`);
  const type = typeof output.__type === 'string' ? output.__type.replace(/^.*#/, '') : undefined;
  const code = type ?? (status === 200 ? undefined : `HTTP ${status}`);
  return { status, output, code, message: String(output.message ?? output.Message ?? '') };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the calls for a repository. Gets a token for the registry. */
export async function openLiveService(
  place: LivePlace,
  repository: Pick<LiveService, 'registryId' | 'registryAlias' | 'repositoryName' | 'repositoryArn'>,
): Promise<LiveService> {
  const { repositoryName, registryAlias } = repository;
  const { authorizationData } = await mustCall(place, 'GetAuthorizationToken', {});
  const bearer = `Bearer ${read(authorizationData, 'authorizationToken')}`;
  const base = `${place.registryUrl}/v2/${registryAlias}/${repositoryName}/`;
  return {
    ...repository,
    pause: place.pause,
    env: place.env,
    call: (operation, input, change) => callLive(place, operation, input, change),
    must: (operation, input) => mustCall(place, operation, { repositoryName, ...input }),
    ask: (operation, input = {}) => callLive(place, operation, { repositoryName, ...input }),
    fetch: (method, path, { body, headers = {}, authorization = bearer } = {}) =>
      fetch(new URL(path, base), {
        method,
        redirect: 'manual',
        headers: { ...headers, ...(authorization !== '' && { authorization }) },
        ...(body !== undefined && { body }),
      }),
  };
}

/** Reads a member of members, and of lists by position. Undefined if it is missing. */
export function read(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, name) => {
    if (Array.isArray(inner)) return inner[Number(name)];
    return isObject(inner) ? inner[name] : undefined;
  }, value);
}
