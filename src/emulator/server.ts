import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PULLS_PER_SECOND, REQUESTS_PER_SECOND } from '../wire/limits.ts';
import type { ApiContext } from './api/api-context.ts';
import { BufferPool } from './api/buffer-pool.ts';
import { ByteBudget } from './byte-budget.ts';
import type { RequestLogEntry } from './exchange.ts';
import { FaultPlan } from './faults/fault-plan.ts';
import { parseFault } from './faults/parse-fault.ts';
import { formatHost, isLoopbackName } from './host-names.ts';
import { startHttpServer } from './http-server.ts';
import { deriveIdentity, deriveSecret, type IdentityOptions } from './identity.ts';
import { Quotas } from './quotas.ts';
import { REGISTRY_RULES, type RegistryMode } from './registry/rules.ts';
import type { RegistryIdentity } from './registry-identity.ts';
import { routeRequest } from './route-request.ts';
import type { ServedRegistry } from './served-registry.ts';
import { openStore } from './storage/open-store.ts';
import { openTokenKey } from './tokens.ts';

/** Limit for all request bodies in memory together: eighteen layer parts of 10 MiB. */
const MOST_BODY_BYTES = 256 * 1024 * 1024;

export interface EmulatorOptions extends IdentityOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Names and addresses by which clients reach it, besides those of loopback and `host`; without ports. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Default 0, a free one. */
  readonly port?: number | undefined;
  /** Default: a temporary directory that `close` removes. */
  readonly dataDirectory?: string | undefined;
  /** `real`: as many requests a second as the service takes. Default `off`. */
  readonly quotas?: 'real' | 'off' | undefined;
  /** Whether `/v2/` is like public.ecr.aws or like the OCI distribution specification. Default `aws`. */
  readonly registryMode?: RegistryMode | undefined;
  /** Rules of `parseFault`. */
  readonly faults?: readonly string[] | undefined;
  readonly onRequest?: ((entry: RequestLogEntry) => void) | undefined;
  /** Told of errors inside the emulator, which its clients see as ServerException. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface Emulator {
  /** Endpoint of the JSON API. */
  readonly url: string;
  /** Host and port under which images are pulled. */
  readonly registryHost: string;
  readonly registryId: string;
  readonly registryAlias: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** With temporary keys alone. */
  readonly sessionToken: string | undefined;
  /** Ends requests in flight after what they have begun to write, and gives port and data directory free. */
  close(): Promise<void>;
}

/** Starts a local ECR Public. Rejects with an `Error` when an option is malformed, the port is taken or the data directory cannot be used. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = '127.0.0.1', port = 0, allowedHosts = [] } = options;
  const given = deriveIdentity(options);
  const faults = new FaultPlan((options.faults ?? []).map(parseFault));
  const { onRequest = () => undefined, onError = () => undefined } = options;
  const releases: (() => Promise<void>)[] = [];
  try {
    const dataDirectory = options.dataDirectory ?? (await makeTemporaryDirectory(releases));
    const registries = await openRegistries(given.registries, dataDirectory, onError, releases);
    const tokenKey = openTokenKey(dataDirectory);
    // The usual keys are public; other machines must not know the keys beforehand.
    const isKnown = options.secretAccessKey === undefined && !isLoopbackName(formatHost(host));
    const identity = isKnown
      ? deriveIdentity({ ...options, secretAccessKey: deriveSecret(tokenKey) })
      : given;
    const closing = new AbortController();
    const names = new Set([formatHost(host), ...allowedHosts].map((name) => name.toLowerCase()));
    const server = await startHttpServer(host, port, (request, response) =>
      routeRequest(request, response, context, names, onRequest),
    );
    releases.push(() => server.close());
    // In place before the first request: nothing is read from a connection before this function returns to the event loop.
    const context: ApiContext = {
      identity,
      registries,
      tokens: { ...identity, tokenKey },
      registryHost: server.authority,
      quotas: new Quotas(
        options.quotas === 'real' ? { ...REQUESTS_PER_SECOND, ...PULLS_PER_SECOND } : {},
        Date.now,
      ),
      registryRules: REGISTRY_RULES[options.registryMode ?? 'aws'],
      now: Date.now,
      faults,
      bufferPool: new BufferPool(),
      bodyBudget: new ByteBudget(MOST_BODY_BYTES),
      closing: closing.signal,
      onError,
    };
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

/** Each registry's data in a directory of its own: the first one's in `dataDirectory` itself. */
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

/** The last one first. */
async function releaseAll(releases: readonly (() => Promise<void>)[]): Promise<void> {
  for (const release of releases.toReversed()) await release();
}
