import { ECRPUBLICClient } from '@aws-sdk/client-ecr-public';
import { REGION } from '../wire/service.ts';
import { limitAttempt } from './attempt.ts';
import { type Caller, makeCaller } from './call.ts';
import type { ApiEvent } from './call-event.ts';
import { chooseCredentials, silentLogger } from './credentials.ts';

const CONNECTION_TIMEOUT_MS = 10_000;
/** A connection on which no byte moves for this long, or for the whole budget, is given up, and the attempt repeated. */
const STALL_MS = 60_000;

export interface EcrClientSettings {
  /** As `resolveEndpoint` found it: nothing else is looked up. */
  readonly endpointUrl: string;
  /** For signatures; us-east-1 when not given. */
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Layers in flight; each needs up to two connections. */
  readonly concurrency?: number | undefined;
  /** How long calls are repeated while none makes progress; default 5 min, or 10 s while the endpoint has never answered. */
  readonly retryBudgetMs?: number | undefined;
  readonly onEvent?: ((event: ApiEvent) => void) | undefined;
  /** Told when a call waits for something else than the service, as for a process that gives credentials; returns what ends that. */
  readonly startWait?: ((what: string) => () => void) | undefined;
}

/** A client of ECR Public; the functions of this room take it. `close` ends its connections. */
export interface EcrClient {
  readonly sdk: ECRPUBLICClient;
  readonly call: Caller;
  /** Of the credentials in use; no secret. Throws AUTH when there are none. */
  findAccessKeyId(): Promise<string>;
  close(): void;
}

/** Makes a client; nothing is sent yet. */
export function createEcrClient(settings: EcrClientSettings): EcrClient {
  // The SDK's own switch for its notice about old Node versions; the package says which ones it supports.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const credentials = chooseCredentials(settings.profile, settings.env);
  const concurrency = Math.max(settings.concurrency ?? 4, 4);
  // One more for each layer than it needs, as some are still closing.
  const agent = { keepAlive: true, maxSockets: concurrency * 3 };
  const sdk = new ECRPUBLICClient({
    region: settings.region ?? REGION,
    endpoint: settings.endpointUrl,
    // The endpoint says it already; the SDK refuses to combine one that is given with these.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    credentials: credentials.provide,
    maxAttempts: 1,
    retryMode: 'standard',
    logger: silentLogger,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      socketTimeout: Math.min(STALL_MS, settings.retryBudgetMs ?? STALL_MS),
      logger: silentLogger,
    },
  });
  const call = makeCaller({
    endpoint: settings.endpointUrl,
    onEvent: settings.onEvent,
    limitAttempt: (bodyBytes) => limitAttempt(bodyBytes, concurrency),
    // Whoever gives a budget has it kept in any case.
    ...(settings.retryBudgetMs !== undefined && {
      budgetMs: settings.retryBudgetMs,
      unreachedBudgetMs: settings.retryBudgetMs,
    }),
    refreshCredentials: credentials.refreshable
      ? async () => {
          await sdk.config.credentials({ forceRefresh: true });
        }
      : undefined,
  });
  return {
    sdk,
    call,
    findAccessKeyId: async () => (await sdk.config.credentials()).accessKeyId,
    close: () => sdk.destroy(),
  };
}
