import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PULLS_PER_SECOND, REQUESTS_PER_SECOND } from '../wire/limits.ts';
import { PRIVATE_SIGNING_NAME } from '../wire/private/service.ts';
import { BufferPool } from './api/buffer-pool.ts';
import type { ApiContext } from './api/handle-api-request.ts';
import type { RequestLogEntry } from './exchange.ts';
import { FaultPlan, parseFaults } from './faults/fault-rules.ts';
import { formatHost, isLoopbackName, startHttpServer } from './http-server.ts';
import { deriveIdentity, deriveSecret, type IdentityOptions } from './identity.ts';
import { MANIFEST_SWITCHES, type ManifestSwitches } from './operations/manifest.ts';
import { type PrivateOptions, startPrivate } from './private/start-private.ts';
import { HANDLERS, PUBLIC_SERVICE } from './public-service.ts';
import { Quotas } from './quotas.ts';
import { BodyBudget } from './receive-body.ts';
import { PUBLIC_FRONT } from './registry/public-front.ts';
import { REGISTRY_RULES, type RegistryMode } from './registry/rules.ts';
import { routeRequest } from './route-request.ts';
import type { RegistryIdentity, ServedRegistry } from './served-registry.ts';
import type { SharedContext, StartServer } from './start-server.ts';
import { openStore } from './storage/open-store.ts';
import { deriveTokenKey, openTokenKey } from './tokens.ts';

/** The limit for all request bodies in memory together: eighteen layer parts of 10 MiB. */
const MOST_BODY_BYTES = 256 * 1024 * 1024;

export interface EmulatorOptions extends IdentityOptions {
  /** The address to listen on. Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** Names and addresses by which clients reach the emulator, without ports. Loopback names and `host` are always allowed. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Default: 0, a free one. */
  readonly port?: number | undefined;
  /** Default: a temporary directory that `close` removes. */
  readonly dataDirectory?: string | undefined;
  /** Serves private ECR as well, on a port of its own. Default: not. */
  readonly private?: PrivateOptions | undefined;
  /** `real`: the service's limits of requests per second. Default: `off`. */
  readonly quotas?: 'real' | 'off' | undefined;
  /** `aws`: `/v2/` behaves like public.ecr.aws. `oci`: like the OCI distribution specification. Default: `aws`. */
  readonly registryMode?: RegistryMode | undefined;
  /** Choices about manifests that differ from the table of choices. */
  readonly manifestSwitches?: Partial<ManifestSwitches> | undefined;
  /** Rules of `parseFault`. */
  readonly faults?: readonly string[] | undefined;
  readonly onRequest?: ((entry: RequestLogEntry) => void) | undefined;
  /** Called with errors of the emulator itself. Clients see ServerException. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface Emulator {
  /** The endpoint of the JSON API. */
  readonly url: string;
  /** The host and port of image references. */
  readonly registryHost: string;
  readonly registryId: string;
  readonly registryAlias: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only for temporary keys. */
  readonly sessionToken: string | undefined;
  /** The endpoint of the JSON API of private ECR. Only with `EmulatorOptions.private`. */
  readonly privateUrl?: string;
  /** The host and port of image references of private ECR. Likewise. */
  readonly privateRegistryHost?: string;
  /** Closes connections, waits for running writes, then frees the port and the data directory. */
  close(): Promise<void>;
}

/** Starts a local ECR Public, and private ECR on request. Rejects with an `Error` for a malformed option, a port in use or an unusable data directory. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1', port = 0, allowedHosts = [] } = options;
  const given = deriveIdentity(options);
  const servesPrivate = options.private !== undefined;
  const faults = new FaultPlan(parseFaults(options.faults ?? [], servesPrivate), servesPrivate);
  const { onRequest = () => undefined, onError = () => undefined } = options;
  const releases: (() => Promise<void>)[] = [];
  try {
    const dataDirectory = options.dataDirectory ?? (await makeTemporaryDirectory(releases));
    const registries = await openRegistries(given.registries, dataDirectory, onError, releases);
    const tokenKey = openTokenKey(dataDirectory);
    const names = new Set([formatHost(host), ...allowedHosts].map((name) => name.toLowerCase()));
    // The derived keys are public. When other machines can connect, perhaps through a front, the secret must be unpredictable.
    const isSafe = options.secretAccessKey !== undefined || [...names].every(isLoopbackName);
    const identity = isSafe ? given : deriveIdentity({ ...options, secretAccessKey: deriveSecret(tokenKey) });
    const closing = new AbortController();
    const shared: SharedContext = {
      identity,
      manifestSwitches: { ...MANIFEST_SWITCHES, ...options.manifestSwitches },
      now: Date.now,
      faults,
      bufferPool: new BufferPool(),
      bodyBudget: new BodyBudget(MOST_BODY_BYTES),
      closing: closing.signal,
      onError,
    };
    const start: StartServer = async (at, parts, answer) => {
      const server = await startHttpServer(host, at, (request, response) =>
        routeRequest(request, response, context, names, onRequest, answer),
      );
      releases.push(() => server.close());
      // Set before the first request: no connection is read before this function returns to the event loop.
      const context: ApiContext = { ...shared, ...parts, registryHost: server.authority, scheme: 'http' };
      return server;
    };
    const limitsRates = options.quotas === 'real';
    const server = await start(port, {
      service: PUBLIC_SERVICE,
      handlers: HANDLERS,
      front: PUBLIC_FRONT,
      registryRules: REGISTRY_RULES[options.registryMode ?? 'aws'],
      registries,
      tokens: { ...identity, tokenKey },
      quotas: new Quotas(limitsRates ? { ...REQUESTS_PER_SECOND, ...PULLS_PER_SECOND } : {}, Date.now),
    });
    const privateServer =
      options.private === undefined
        ? undefined
        : await startPrivate(start, options.private, {
            registries: await openRegistries(
              given.registries,
              join(dataDirectory, 'private'),
              onError,
              releases,
            ),
            tokens: { ...identity, tokenKey: deriveTokenKey(tokenKey, PRIVATE_SIGNING_NAME) },
            limitsRates,
            registryMode: options.registryMode ?? 'aws',
          });
    const { registryId, registryAlias, principal } = identity;
    const { accessKeyId, secretAccessKey, sessionToken } = principal;
    let closed: Promise<void> | undefined;
    return {
      url: `http://${server.authority}`,
      registryHost: server.authority,
      registryId,
      registryAlias,
      accessKeyId,
      secretAccessKey,
      sessionToken,
      ...(privateServer !== undefined && {
        privateUrl: `http://${privateServer.authority}`,
        privateRegistryHost: privateServer.authority,
      }),
      close: () => {
        closing.abort();
        closed ??= releaseAll(releases);
        return closed;
      },
    };
  } catch (error) {
    await releaseAll(releases);
    throw error;
  }
}

async function makeTemporaryDirectory(releases: (() => Promise<void>)[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ecrp-emulator-'));
  releases.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens each registry's store. The first is in `dataDirectory` itself, the others in subdirectories. */
async function openRegistries(
  identities: readonly RegistryIdentity[],
  dataDirectory: string,
  onDamage: (message: string) => void,
  releases: (() => Promise<void>)[],
): Promise<readonly ServedRegistry[]> {
  const served: ServedRegistry[] = [];
  for (const registry of identities) {
    const directory =
      served.length === 0 ? dataDirectory : join(dataDirectory, 'registries', registry.registryId);
    const store = await openStore(directory, { onDamage });
    releases.push(() => store.close());
    served.push({ registry, store });
  }
  return served;
}

/** In reverse order. */
async function releaseAll(releases: readonly (() => Promise<void>)[]): Promise<void> {
  for (const release of releases.toReversed()) await release();
}
