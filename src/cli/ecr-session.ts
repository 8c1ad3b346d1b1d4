import type { Answered, ApiCall, ApiEvent, Caller } from '../ecr/api-call.ts';
import type { EcrClient, EcrClientSettings } from '../ecr/client.ts';
import { checkRegionVariables } from '../ecr/credentials/keys.ts';
import type { IdentitySource } from '../ecr/credentials/source.ts';
import type { Endpoint } from '../ecr/endpoint.ts';
import type { Registry } from '../ecr/registries.ts';
import type { PrivateRegistry } from '../oci/private-host.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { REGION } from '../wire/service.ts';
import { prepareMfaPrompt } from './ask.ts';
import type { CommandContext } from './command-context.ts';
import { findCacheDirectory } from './directories.ts';
import { formatCount, formatDuration } from './format.ts';
import { type RegistryFacts, readRegistryFacts, writeRegistryFacts } from './registry-facts.ts';
import { findEndpoint, findPrivateEndpoint } from './service-address.ts';

/** The API's client of one command, and facts about the caller's registry. */
export interface EcrSession {
  readonly client: EcrClient;
  /** The registry of private ECR that the client talks to; undefined: ECR Public. */
  readonly privateRegistry: PrivateRegistry | undefined;
  /** Identifies the service in saved records: the URL of the API, or the region of AWS's own. */
  readonly endpoint: string;
  /** Asks once for the caller's registry, and saves its facts. Undefined if the account has no registry yet. */
  askRegistry(signal: AbortSignal): Promise<Registry | undefined>;
  /** Reads facts that an earlier command saved. Makes no call. */
  recallRegistry(): Promise<RegistryFacts | undefined>;
  /** Saves facts for later commands. */
  rememberRegistry(facts: RegistryFacts): Promise<void>;
  /** Reports an event like those of the client. */
  noteEvent(event: ApiEvent): void;
}

export interface EcrSessionSettings {
  /** What the command acts on. A repository of private ECR opens a client of its registry. Default ECR Public. */
  readonly place?: Pick<RepositoryReference, 'privateRegistry'>;
  /** Layers in flight. */
  readonly concurrency?: number | undefined;
  /** How long to retry without progress if `--retry-budget` is not given. Default 60 s. */
  readonly defaultBudgetMs?: number | undefined;
  readonly onEvent?: (event: ApiEvent) => void;
  /** Saves no facts on this machine. */
  readonly leavesNothing?: boolean;
  /** A session that is open for longer, and whose credentials this one uses too. */
  readonly credentialsOf?: EcrSession | undefined;
}

/** Runs `use` with a client for the command's options, then closes the client. */
export async function withEcr<T>(
  context: CommandContext,
  use: (session: EcrSession) => Promise<T>,
  settings: EcrSessionSettings = {},
): Promise<T> {
  const session = await openEcr(context, settings);
  try {
    return await use(session);
  } finally {
    session.client.close();
  }
}

/** Opens a session with a client for the command's options. Close the client. */
export async function openEcr(
  context: CommandContext,
  settings: EcrSessionSettings = {},
): Promise<EcrSession> {
  const { io, options } = context;
  const privateRegistry = settings.place?.privateRegistry;
  checkRegionVariables(io.env);
  const { endpoint, createClient } = await (privateRegistry === undefined
    ? chooseEcrPublic(context)
    : choosePrivateEcr(context, privateRegistry));
  const noteEvent = (event: ApiEvent): void => {
    reportApiEvent(context, event);
    context.waiting.noteCall(event);
    settings.onEvent?.(event);
  };
  const bare = createClient({
    endpointUrl: endpoint.url,
    region: endpoint.region,
    privateHost: privateRegistry?.registryHost,
    profile: options.profile,
    env: io.env,
    concurrency: settings.concurrency,
    retryBudgetMs: options.retryBudget,
    defaultBudgetMs: settings.defaultBudgetMs,
    startWait: (what) => context.waiting.start(what),
    promptMfa: prepareMfaPrompt(context),
    onIdentity: (source) => reportIdentity(context, source),
    onEvent: noteEvent,
    credentials: settings.credentialsOf?.client.credentials,
  });
  // Facts of a registry are its aliases, and private ECR has none.
  const directory =
    settings.leavesNothing || privateRegistry !== undefined ? undefined : findCacheDirectory(io);
  const client = { ...bare, call: announceCalls(bare.call, context, endpoint.url) };
  const findKey = async () => {
    const { accountId, accessKeyId } = (await client.findIdentity(io.signal)).credentials;
    return { endpoint: endpoint.id, owner: accountId ?? accessKeyId };
  };
  const rememberRegistry = async (facts: RegistryFacts): Promise<void> =>
    writeRegistryFacts(directory, await findKey(), facts);
  return {
    client,
    privateRegistry,
    endpoint: endpoint.id,
    recallRegistry: async () => readRegistryFacts(directory, await findKey()),
    rememberRegistry,
    noteEvent,
    askRegistry:
      privateRegistry === undefined ? makeRegistryQuestion(client, rememberRegistry) : async () => undefined,
  };
}

interface ChosenService {
  readonly endpoint: Endpoint;
  readonly createClient: (settings: EcrClientSettings) => EcrClient;
}

async function chooseEcrPublic(context: CommandContext): Promise<ChosenService> {
  const { createEcrClient } = await import('../ecr/public/client.ts');
  reportIgnoredRegion(context);
  return { endpoint: await findEndpoint(context), createClient: createEcrClient };
}

async function choosePrivateEcr(context: CommandContext, registry: PrivateRegistry): Promise<ChosenService> {
  const { createPrivateClient } = await import('../ecr/private/client.ts');
  return { endpoint: await findPrivateEndpoint(context, registry), createClient: createPrivateClient };
}

/** Registers every call as a wait of the command. */
function announceCalls(call: Caller, { waiting }: CommandContext, endpoint: string): Caller {
  const place = new URL(endpoint).host;
  const announced = <Answer extends Answered, Result>(given: ApiCall<Answer, Result>, signal: AbortSignal) =>
    waiting.during(`${place} (${given.operation})`, () => call(given, signal), true);
  return Object.assign(announced, { isHeld: call.isHeld });
}

/** Makes `askRegistry`: it caches an answer while the command runs, and never a failure. */
function makeRegistryQuestion(
  client: EcrClient,
  remember: EcrSession['rememberRegistry'],
): EcrSession['askRegistry'] {
  let asked: Promise<Registry | undefined> | undefined;
  const ask = async (signal: AbortSignal): Promise<Registry | undefined> => {
    const { describeRegistry } = await import('../ecr/registries.ts');
    const registry = await describeRegistry(client, signal);
    if (registry?.registryAlias !== undefined) {
      const { registryId, registryAlias, activeAliases: aliases } = registry;
      await remember({ registryId, registryAlias, aliases });
    }
    return registry;
  };
  return (signal) => {
    asked ??= ask(signal).catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}

/** Reports a retry as an event of its own in NDJSON. All else is a detail, shown with `--verbose`. */
function reportApiEvent({ messages, style }: CommandContext, event: ApiEvent): void {
  const { kind, ...members } = event;
  if (style.jsonLines && kind === 'retry') messages.event(kind, members);
  else messages.detail(describeApiEvent(event), { event: kind, ...members });
}

function describeApiEvent(event: ApiEvent): string {
  if (event.kind === 'retry') {
    const { operation, attempt, delayMs, reason } = event;
    return `${operation}: attempt ${attempt} failed (${reason}), retrying in ${formatDuration(delayMs)}`;
  }
  const { operation, ms, attempts, requestId, error } = event;
  const parts = [
    `${operation}: ${ms} ms`,
    formatCount(attempts, 'attempt'),
    error,
    requestId && `request ${requestId}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function reportIgnoredRegion({ io, options, messages }: CommandContext): void {
  const region = io.env.AWS_REGION || io.env.AWS_DEFAULT_REGION;
  if (options.region === undefined && region && region !== REGION) {
    messages.detail(`the environment's region ${region} is ignored: ECR Public is in ${REGION}`);
  }
}

/** Reports the identity: with `--verbose`, and always if the chosen profile configures no credentials. */
function reportIdentity({ messages }: CommandContext, source: IdentitySource): void {
  const { description, passedProfile, kind, profile } = source;
  const text = `Credentials: ${description}`;
  messages.detail(text, { event: 'detail', message: text, source: kind, profile });
  if (passedProfile !== undefined) {
    messages.note(`The profile '${passedProfile}' configures no credentials; using ${description}.`);
  }
}
