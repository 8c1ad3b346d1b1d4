import type { ECRClient } from '@aws-sdk/client-ecr';
import type { ECRPUBLICClient, ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public';
import type { Clock } from '../clock.ts';
import type { Environment } from '../io.ts';
import { type Connections, prepareConnections } from '../net/connections.ts';
import { RetryBudget } from '../net/retry-budget.ts';
import { USER_AGENT } from '../net/user-agent.ts';
import { REGION } from '../wire/service.ts';
import type { ApiEvent, Caller } from './api-call.ts';
import { limitAttempt } from './attempt.ts';
import { makeCaller } from './call.ts';
import { chooseCredentials } from './credentials/choose-credentials.ts';
import type { CredentialSource } from './credentials/credential-source.ts';
import type { Identity, IdentitySource, PromptMfa } from './credentials/source.ts';
import { diagnoseScheme } from './diagnose-scheme.ts';
import type { SharedOperations } from './operations.ts';
import { Pacer } from './pacing.ts';
import { RequestHandler, silentLogger } from './request-handler.ts';
import { findCaBundle, provideSdkHome } from './shared-config.ts';
import { shareMiddleware } from './shared-middleware.ts';

export interface EcrClientSettings {
  /** From `resolveEndpoint`. The client looks nothing up. */
  readonly endpointUrl: string;
  /** For signatures, default us-east-1. */
  readonly region?: string | undefined;
  /** For messages: host of the private registry; undefined: the service is ECR Public. */
  readonly privateHost?: string | undefined;
  readonly profile?: string | undefined;
  readonly env: Environment;
  /** Layers in flight. Each needs up to two connections. */
  readonly concurrency?: number | undefined;
  /** `--retry-budget`: how long calls are retried while none makes progress. It is never exceeded. */
  readonly retryBudgetMs?: number | undefined;
  /** The same without `--retry-budget`, default 60 s. While the endpoint has never answered, it is 10 s. */
  readonly defaultBudgetMs?: number | undefined;
  /** How long an attempt of a small call may receive nothing, default 10 s. */
  readonly silentMs?: number | undefined;
  /** For the waits between attempts and the budget, default the machine's. */
  readonly clock?: Clock | undefined;
  readonly onEvent?: ((event: ApiEvent) => void) | undefined;
  /** Called when a call waits for something besides the service, such as a credential process. Returns the function that ends the wait. */
  readonly startWait?: ((what: string) => () => void) | undefined;
  /** Undefined without a terminal. */
  readonly promptMfa?: PromptMfa | undefined;
  /** Called once, with the source of the credentials. */
  readonly onIdentity?: ((source: IdentitySource) => void) | undefined;
  /** Those of another client that is open for longer; undefined: the profile and the environment choose them. */
  readonly credentials?: CredentialSource | undefined;
}

/** Configuration of the SDK, the same for both services. */
export type SdkConfig = Required<
  Pick<
    ECRPUBLICClientConfig,
    | 'region'
    | 'endpoint'
    | 'useDualstackEndpoint'
    | 'useFipsEndpoint'
    | 'credentials'
    | 'maxAttempts'
    | 'retryMode'
    | 'logger'
    | 'customUserAgent'
    | 'cacheMiddleware'
  >
> & { readonly requestHandler: RequestHandler };

/** The service that a client talks to. */
export type EcrService =
  | { readonly kind: 'public'; readonly sdk: ECRPUBLICClient }
  | { readonly kind: 'private'; readonly sdk: ECRClient };

/** One of the two services, with what it shares with the other. */
export interface BoundService {
  readonly service: EcrService;
  readonly operations: SharedOperations;
  /** Requests per second by operation. */
  readonly quotas: Readonly<Record<string, number>>;
}

/** A client of ECR Public or of private ECR. The functions of this room take it. `close` ends its connections. */
export interface EcrClient {
  /** For operations that only one service has: see `requirePublic` and `requirePrivate`. */
  readonly service: EcrService;
  readonly operations: SharedOperations;
  readonly call: Caller;
  /** Where the API answers. */
  readonly endpointUrl: string;
  /** For the registry of the same service: same proxies, same trusted certificates. */
  readonly connections: Connections;
  /** For another client of the same user. */
  readonly credentials: CredentialSource;
  /** Finds the credentials in use and their source. Throws AUTH when there are none, the signal's reason when aborted. */
  findIdentity(signal: AbortSignal): Promise<Identity>;
  close(): void;
}

/** The SDK's client of an operation that only ECR Public has. Commands refuse private repositories before they call one. */
export function requirePublic({ service }: EcrClient): ECRPUBLICClient {
  if (service.kind === 'public') return service.sdk;
  throw new TypeError('this operation is one of ECR Public alone');
}

/** The SDK's client of an operation that only private ECR has. */
export function requirePrivate({ service }: EcrClient): ECRClient {
  if (service.kind === 'private') return service.sdk;
  throw new TypeError('this operation is one of private ECR alone');
}

/** Makes a client of the service that `bind` connects. Sends nothing yet. */
export function makeEcrClient(
  settings: EcrClientSettings,
  bind: (config: SdkConfig) => BoundService,
): EcrClient {
  // Silences the SDK's notice about old Node versions: package.json says which ones ecrp supports.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  provideSdkHome();
  const concurrency = Math.max(settings.concurrency ?? 4, 4);
  const connections = prepareConnections({
    env: settings.env,
    // One more for each layer than it needs: some are still closing.
    maxSockets: concurrency * 3,
    findCaBundle: () => findCaBundle(settings.profile, settings.env),
  });
  const { profile, env, promptMfa, startWait, onIdentity } = settings;
  const makeRequestHandler = () => new RequestHandler({ connections, answers: 'any' });
  const source =
    settings.credentials ??
    chooseCredentials({ profile, env, promptMfa, startWait, onIdentity, makeRequestHandler });
  const life = new AbortController();
  const requestHandler = new RequestHandler({
    connections,
    answers: 'json',
    silentMs: settings.silentMs,
    mostSilentMs: settings.retryBudgetMs,
  });
  const { service, operations, quotas } = bind({
    region: settings.region ?? REGION,
    endpoint: settings.endpointUrl,
    // The endpoint's host says it already. The SDK refuses an endpoint together with these.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    // `authenticate` has found them. The SDK asks again when they are about to expire.
    credentials: async () => (await source.provide(life.signal)).credentials,
    maxAttempts: 1,
    retryMode: 'standard',
    logger: silentLogger,
    customUserAgent: USER_AGENT,
    cacheMiddleware: true,
    requestHandler,
  });
  shareMiddleware(service.sdk, requestHandler);
  const { sdk } = service;
  const budget = new RetryBudget({
    givenMs: settings.retryBudgetMs,
    defaultMs: settings.defaultBudgetMs,
    clock: settings.clock,
  });
  const call = makeCaller({
    endpoint: nameEndpoint(settings.endpointUrl, connections),
    privateHost: settings.privateHost,
    onEvent: settings.onEvent,
    diagnose: diagnoseScheme(new URL(settings.endpointUrl), connections, settings.retryBudgetMs),
    limitAttempt: (bodyBytes) => limitAttempt(bodyBytes, concurrency),
    budget,
    pacer: new Pacer(quotas, budget.clock),
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
    service,
    operations,
    call,
    endpointUrl: settings.endpointUrl,
    connections,
    credentials: source,
    findIdentity: source.provide,
    close: () => {
      life.abort();
      if (settings.credentials === undefined) source.close();
      sdk.destroy();
      connections.close();
    },
  };
}

/** Names the endpoint for messages, with the proxy that leads to it. */
function nameEndpoint(endpoint: string, connections: Connections): string {
  const proxy = connections.findProxy(new URL(endpoint));
  return proxy === undefined ? endpoint : `${endpoint} (through the proxy ${proxy.origin})`;
}
