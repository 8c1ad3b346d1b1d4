import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiContext } from './api/api-context.ts';
import { BufferPool } from './api/buffer-pool.ts';
import type { RequestLogEntry } from './exchange.ts';
import { FaultPlan } from './faults/fault-plan.ts';
import { parseFault } from './faults/parse-fault.ts';
import { deriveIdentity, type IdentityOptions } from './identity.ts';
import { routeRequest } from './route-request.ts';
import { openStore } from './storage/open-store.ts';

export interface EmulatorOptions extends IdentityOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0, a free one. */
  readonly port?: number | undefined;
  /** Default: a temporary directory that `close` removes. */
  readonly dataDirectory?: string | undefined;
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
  /** Ends requests in flight after what they have begun to write, and gives port and data directory free. */
  close(): Promise<void>;
}

/** How long an idle connection is kept, in ms: longer than clients keep theirs, so that none writes to one that is being closed. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** For a whole request, its body included. */
const REQUEST_TIMEOUT_MS = 300_000;
const MAX_CONNECTIONS = 1000;

/** Starts a local ECR Public. Rejects with an `Error` when an option is malformed, the port is taken or the data directory cannot be used. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const identity = deriveIdentity(options);
  const faults = new FaultPlan((options.faults ?? []).map(parseFault));
  const temporary =
    options.dataDirectory === undefined ? await mkdtemp(join(tmpdir(), 'ecrp-emulator-')) : undefined;
  const removeTemporary = async () => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  const { onRequest = () => undefined, onError = () => undefined } = options;
  const closing = new AbortController();
  const inFlight = new Set<Promise<void>>();
  try {
    const store = await openStore(options.dataDirectory ?? temporary ?? '', { onDamage: onError });
    const server = createServer();
    try {
      const registryHost = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
      const context: ApiContext = {
        store,
        identity,
        registryHost,
        now: Date.now,
        faults,
        bufferPool: new BufferPool(),
        closing: closing.signal,
        onError,
      };
      server.on('request', (request, response) => {
        const handled = routeRequest(request, response, context, onRequest).finally(() => {
          inFlight.delete(handled);
        });
        inFlight.add(handled);
      });
      const { registryId, registryAlias, accessKeyId, secretAccessKey } = identity;
      let closed: Promise<void> | undefined;
      const close = async () => {
        closing.abort();
        server.close();
        server.closeAllConnections();
        await Promise.all(inFlight);
        await store.close();
        await removeTemporary();
      };
      return {
        url: `http://${registryHost}`,
        registryHost,
        registryId,
        registryAlias,
        accessKeyId,
        secretAccessKey,
        close: () => {
          closed ??= close();
          return closed;
        },
      };
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    await removeTemporary();
    throw error;
  }
}

/** Host and port, as a URL has them. */
async function listen(server: Server, host: string, port: number): Promise<string> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return `${host.includes(':') ? `[${host}]` : host}:${actualPort}`;
}
