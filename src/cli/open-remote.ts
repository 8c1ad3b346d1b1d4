import type { Clock } from '../clock.ts';
import type { Login } from '../docker/helper-protocol.ts';
import { EcrpError } from '../errors.ts';
import { type Connections, prepareConnections } from '../net/connections.ts';
import { RetryBudget } from '../net/retry-budget.ts';
import type { HttpAnswer } from '../net/send-request.ts';
import {
  type AddressedRepository,
  findRequestHost,
  formatAddressedRepository,
} from '../oci/image-address.ts';
import { isSameRegistryHost, type RepositoryReference } from '../oci/reference.ts';
import { isRegistryId } from '../oci/repository-name.ts';
import { createRemoteRepository, type RemoteRepository } from '../registry/remote-repository.ts';
import type { FailureWords, RetryOptions } from '../registry/retry-reading.ts';
import type { CommandContext } from './command-context.ts';
import { listCertificateDirectories } from './directories.ts';
import type { EcrSession } from './ecr-session.ts';
import { formatDuration } from './format.ts';
import { prepareRemoteLogin } from './remote-login.ts';
import { findRegistryHost, isRegistryOfApi, requireRegistryHost } from './service-address.ts';

export interface RemoteOptions {
  /** For messages: `copy`. */
  readonly command: string;
  /** The session of the command. Without one, one is opened when the user's own registry needs it. */
  readonly session?: EcrSession | undefined;
  /** Blobs read at the same time, default 4. */
  readonly concurrency?: number | undefined;
  /** How long to retry without progress if `--retry-budget` is not given. Default 60 s. */
  readonly defaultBudgetMs?: number | undefined;
  /** For the waits between attempts and the budget, default the machine's. */
  readonly clock?: Clock | undefined;
  /** Plain HTTP, as with `--from-plain-http`. This machine needs no option. */
  readonly plainHttp?: boolean | undefined;
  /** `--from-username` and the password of standard input. */
  readonly givenLogin?: Login | undefined;
  /** `--from-profile`: whose AWS credentials read from private ECR. */
  readonly fromProfile?: string | undefined;
}

/**
 * Opens a repository of any registry for reading: with the proxies, certificates, time limits and messages of the command. Close it. Throws
 * USAGE for a name without a host when the registry host is unknown, NOT_FOUND when the alias of the user's own registry is.
 */
export async function openRemoteRepository(
  context: CommandContext,
  address: AddressedRepository,
  options: RemoteOptions,
): Promise<RemoteRepository> {
  const { privateRegistry } = address;
  const isOwn = isSameRegistryHost(address.registryHost, findRegistryHost(context));
  const reading = prepareRemoteReading(context, options);
  if (isOwn || privateRegistry !== undefined) assertOneEndpoint(context, address, options.session);
  if (privateRegistry !== undefined && options.givenLogin === undefined) {
    const { openPrivateRemote } = await import('./open-private-remote.ts');
    const remote = await openPrivateRemote(context, { ...address, privateRegistry }, options, reading);
    if (remote !== undefined) return remote;
  }
  const repositoryPath = isOwn ? await findOwnPath(context, address, options) : address.repositoryPath;
  const named = { registryHost: address.registryHost, repositoryPath };
  const connections = connect(context, address.registryHost, options);
  const { send, hintFor } = prepareRemoteLogin(context, named, {
    connections,
    given: options.givenLogin,
    findToken: isOwn ? authorizeIfPossible(context, options.session) : undefined,
  });
  return createRemoteRepository({
    repository: {
      registryHost: findRequestHost(address.registryHost),
      repositoryPath,
      plainHttp: options.plainHttp,
      name: formatAddressedRepository(named),
    },
    connections,
    access: { send },
    reading: { ...reading, words: { ...reading.words, hintFor } },
    onAnswer: tellRateLimit(context, address.registryHost),
    watchWait: (what, work) => context.waiting.during(what, work),
  });
}

/** Throws USAGE if `--endpoint-url` would have to lead to both services: it is one address. */
function assertOneEndpoint(
  { options }: CommandContext,
  { privateRegistry }: AddressedRepository,
  session: EcrSession | undefined,
): void {
  if (options.endpointUrl === undefined || session === undefined) return;
  if ((session.privateRegistry === undefined) === (privateRegistry === undefined)) return;
  throw new EcrpError(
    'USAGE',
    '--endpoint-url is one address, but the command reads and writes in two services',
    {
      hint: 'Set AWS_ENDPOINT_URL_ECR and AWS_ENDPOINT_URL_ECR_PUBLIC in its place.',
    },
  );
}

/** Finds the path of a repository in the registry of the API. A name without an alias, or with a registry id, needs a session. */
async function findOwnPath(
  context: CommandContext,
  { registryHost, repositoryPath, lacksAlias }: AddressedRepository,
  { command, session }: RemoteOptions,
): Promise<string> {
  const [first = '', ...rest] = repositoryPath.split('/');
  if (!lacksAlias && !isRegistryId(first)) return repositoryPath;
  if (lacksAlias) await requireRegistryHost(context, command);
  const reference: RepositoryReference = lacksAlias
    ? { registryHost, repositoryName: repositoryPath, privateRegistry: undefined }
    : { registryHost, registryAlias: first, repositoryName: rest.join('/'), privateRegistry: undefined };
  const { requireNamedRepository } = await import('./commands/image/place.ts');
  const name = await useSession(context, session, (open) => requireNamedRepository(context, open, reference));
  return name.repositoryPath;
}

async function useSession<Result>(
  context: CommandContext,
  session: EcrSession | undefined,
  use: (session: EcrSession) => Promise<Result>,
): Promise<Result> {
  if (session !== undefined && session.privateRegistry === undefined) return use(session);
  const { withEcr } = await import('./ecr-session.ts');
  if (session === undefined) return withEcr(context, use);
  // `--region` is that of the private registry.
  const { region: _, ...options } = context.options;
  return withEcr({ ...context, options }, use, { credentialsOf: session });
}

/** Makes the login of the user's own registry, which can do without one: without credentials it stays anonymous, at one pull a second. */
function authorizeIfPossible(
  context: CommandContext,
  session: EcrSession | undefined,
): (signal: AbortSignal) => Promise<string | undefined> {
  let isRefused = false;
  return async (signal) => {
    if (isRefused || !(await isRegistryOfApi(context))) return undefined;
    try {
      const { getAuthorizationToken } = await import('../ecr/authorization.ts');
      const token = await useSession(context, session, ({ client }) => getAuthorizationToken(client, signal));
      return token.authorizationToken;
    } catch (error) {
      if (!(error instanceof EcrpError) || error.code !== 'AUTH') throw error;
      isRefused = true;
      context.messages.detail(`Reading without a login: ${error.message}`);
      return undefined;
    }
  };
}

/** Questions that a registry gets at the same time. A link of 40 ms answers 50 in three round trips. */
export const MOST_QUESTIONS = 20;

function connect(
  { io, options }: CommandContext,
  registryHost: string,
  { concurrency = 4 }: RemoteOptions,
): Connections {
  return prepareConnections({
    env: io.env,
    // A blob has one connection to its registry and one to where that redirects; some are still closing.
    maxSockets: Math.max(concurrency * 3, MOST_QUESTIONS),
    findCaBundle: async () => {
      const { findCaBundle } = await import('../ecr/shared-config.ts');
      return findCaBundle(options.profile, io.env);
    },
    findOtherBundles: async () => {
      const { findHostCertificates } = await import('../docker/host-certificates.ts');
      return findHostCertificates(listCertificateDirectories(io), registryHost);
    },
  });
}

/** Says how many pulls Docker Hub still allows (its headers `ratelimit-limit` and `ratelimit-remaining`: `100;w=21600`). */
function tellRateLimit(
  { messages }: CommandContext,
  registryHost: string,
): (answer: Pick<HttpAnswer, 'headers'>) => void {
  let shown: string | undefined;
  return ({ headers }) => {
    const [limit, remaining] = [headers['ratelimit-limit'], headers['ratelimit-remaining']].map((header) =>
      /^(\d{1,9})(?:;w=(\d{1,9}))?/.exec(String(header ?? '')),
    );
    if (!limit || !remaining) return;
    const during = limit[2] === undefined ? '' : ` in ${formatDuration(Number(limit[2]) * 1000)}`;
    const text = `${registryHost}: ${remaining[1]} of ${limit[1]} pulls left${during}`;
    if (text !== shown) messages.detail(text);
    shown = text;
  };
}

function prepareRemoteReading(
  { io, options, messages, style }: CommandContext,
  { defaultBudgetMs: defaultMs, clock }: RemoteOptions,
): RetryOptions & { readonly words: FailureWords } {
  return {
    waitsMs: [],
    budget: new RetryBudget({ givenMs: options.retryBudget, defaultMs, clock }),
    words: { problem: 'cannot be read', hint: 'Run the command again in a minute.' },
    signal: io.signal,
    onRetry: ({ subject, attempt, reason, delayMs }) => {
      if (style.jsonLines) messages.event('retry', { operation: subject, attempt, delayMs, reason });
      else
        messages.detail(`${subject} could not be read (${reason}), retrying in ${formatDuration(delayMs)}`);
    },
  };
}
