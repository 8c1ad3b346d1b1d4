import { ECRPUBLICClient } from '@aws-sdk/client-ecr-public';
import type { Clock } from '../clock.ts';
import { type Connections, prepareConnections } from '../net/connections.ts';
import { RetryBudget } from '../net/retry-budget.ts';
import { REGION } from '../wire/service.ts';
import { limitAttempt } from './attempt.ts';
import { findCaBundle } from './ca-bundle.ts';
import { type Caller, makeCaller } from './call.ts';
import type { ApiEvent } from './call-event.ts';
import { chooseCredentials } from './credentials/choose-credentials.ts';
import type { Identity, IdentitySource, PromptMfa } from './credentials/identity.ts';
import { silentLogger } from './credentials/silent-logger.ts';
import { diagnoseScheme } from './diagnose-scheme.ts';
import { RequestHandler } from './request-handler.ts';
import { provideSdkHome } from './sdk-home.ts';

export interface EcrClientSettings {
  /** As `resolveEndpoint` found it: nothing else is looked up. */
  readonly endpointUrl: string;
  /** For signatures; us-east-1 when not given. */
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Layers in flight; each needs up to two connections. */
  readonly concurrency?: number | undefined;
  /** `--retry-budget`: how long calls go on while none makes progress; kept in any case. */
  readonly retryBudgetMs?: number | undefined;
  /** The same when none is given; default 60 s, and 10 s while the endpoint has never answered. */
  readonly defaultBudgetMs?: number | undefined;
  /** How long a small call may be silent before its attempt is given up; default 10 s. */
  readonly silentMs?: number | undefined;
  /** Of the waits between attempts and of the budget; default the machine's. */
  readonly clock?: Clock | undefined;
  readonly onEvent?: ((event: ApiEvent) => void) | undefined;
  /** Told when a call waits for something else than the service, as for a process that gives credentials; returns what ends that. */
  readonly startWait?: ((what: string) => () => void) | undefined;
  /** Undefined when there is no terminal to ask on. */
  readonly promptMfa?: PromptMfa | undefined;
  /** Called once, with the source of the credentials. */
  readonly onIdentity?: ((source: IdentitySource) => void) | undefined;
}

/** A client of ECR Public; the functions of this room take it. `close` ends its connections. */
export interface EcrClient {
  readonly sdk: ECRPUBLICClient;
  readonly call: Caller;
  /** For the registry of the same service: the same proxies, and the same certificates are trusted. */
  readonly connections: Connections;
  /** The credentials in use, and where they come from. Throws AUTH when there are none, the signal's reason when it is aborted. */
  findIdentity(signal: AbortSignal): Promise<Identity>;
  close(): void;
}

/** Makes a client; nothing is sent yet. */
export function createEcrClient(settings: EcrClientSettings): EcrClient {
  // The SDK's own switch for its notice about old Node versions; the package says which ones it supports.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  provideSdkHome();
  const concurrency = Math.max(settings.concurrency ?? 4, 4);
  const connections = prepareConnections({
    env: settings.env,
    // One more for each layer than it needs, as some are still closing.
    maxSockets: concurrency * 3,
    findCaBundle: () => findCaBundle(settings.profile, settings.env),
  });
  const { profile, env, promptMfa, startWait, onIdentity } = settings;
  const makeRequestHandler = () => new RequestHandler({ connections, answers: 'any' });
  const source = chooseCredentials({ profile, env, promptMfa, startWait, onIdentity, makeRequestHandler });
  const life = new AbortController();
  const sdk = new ECRPUBLICClient({
    region: settings.region ?? REGION,
    endpoint: settings.endpointUrl,
    // The endpoint says it already; the SDK refuses to combine one that is given with these.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    // `authenticate` has found them; the SDK asks again when they are about to end.
    credentials: async () => (await source.provide(life.signal)).credentials,
    maxAttempts: 1,
    retryMode: 'standard',
    logger: silentLogger,
    requestHandler: new RequestHandler({
      connections,
      answers: 'json',
      silentMs: settings.silentMs,
      mostSilentMs: settings.retryBudgetMs,
    }),
  });
  const call = makeCaller({
    endpoint: nameEndpoint(settings.endpointUrl, connections),
    onEvent: settings.onEvent,
    diagnose: diagnoseScheme(new URL(settings.endpointUrl), connections, settings.retryBudgetMs),
    limitAttempt: (bodyBytes) => limitAttempt(bodyBytes, concurrency),
    budget: new RetryBudget({
      givenMs: settings.retryBudgetMs,
      defaultMs: settings.defaultBudgetMs,
      clock: settings.clock,
    }),
    authenticate: async (signal) => {
      await source.provide(signal);
    },
    refreshCredentials: source.isRefreshable
      ? async (signal) => {
          await source.refresh(signal);
          await sdk.config.credentials({ forceRefresh: true });
        }
      : undefined,
  });
  return {
    sdk,
    call,
    connections,
    findIdentity: source.provide,
    close: () => {
      life.abort();
      source.close();
      sdk.destroy();
      connections.close();
    },
  };
}

/** For messages, with the proxy that leads there. */
function nameEndpoint(endpoint: string, connections: Connections): string {
  const proxy = connections.findProxy(new URL(endpoint));
  return proxy === undefined ? endpoint : `${endpoint} (through the proxy ${proxy.origin})`;
}
