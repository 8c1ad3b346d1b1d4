import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EmulatorContext } from '../operations/context.ts';
import type { BodyBudget } from '../receive-body.ts';
import type { Principal, ServedRegistry } from '../served-registry.ts';
import type { StoredRepository } from '../storage/model.ts';
import { type RegistryError, repositoryUnknown } from './registry-error.ts';
import type { RegistryRules } from './rules.ts';

/** The emulator, as requests to the registry see it. */
export interface RegistryContext extends EmulatorContext {
  readonly registryRules: RegistryRules;
  /** The budget for bodies that are kept in memory. */
  readonly bodyBudget: BodyBudget;
  /** Called with errors of the emulator itself. Clients see status 500. */
  readonly onError: (error: unknown) => void;
}

/** One request to the registry, and its response. */
export interface RegistryExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: RegistryContext;
  readonly query: URLSearchParams;
  /** The scheme, host and port by which the client reached the emulator. Addresses in answers begin with it. */
  readonly origin: string;
  /** The bytes of the request's body so far. */
  readonly received: { bytes: number };
}

/** A request for a repository. Its context has the registry that the path names. */
export interface RepositoryExchange extends RegistryExchange {
  readonly context: RegistryContext & ServedRegistry;
}

/** The holder of a request's token. Everybody may pull. */
export type RegistryCaller = Principal | 'anonymous';

/** Splits the name in a path, `<alias>/<repository>`, at its first slash. */
export function splitName(name: string): { readonly alias: string; readonly repositoryName: string } {
  const slash = name.indexOf('/');
  return slash === -1
    ? { alias: name, repositoryName: '' }
    : { alias: name.slice(0, slash), repositoryName: name.slice(slash + 1) };
}

/** Finds the repository of a path's name in the registry of its alias. Throws NAME_UNKNOWN. */
export function findRepositoryByPath({ store }: ServedRegistry, name: string): StoredRepository {
  const { alias, repositoryName } = splitName(name);
  const repository = store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryUnknown(repositoryName, alias);
  return repository;
}

/** Yields the chunks of a request's body and counts them in `received`. */
export async function* streamBody(exchange: RegistryExchange): AsyncGenerator<Buffer> {
  // as: no encoding is set, so chunks are buffers
  for await (const chunk of exchange.request as AsyncIterable<Buffer>) {
    exchange.received.bytes += chunk.length;
    yield chunk;
  }
}

/** Sends a whole body. For a HEAD request, node:http sends only the headers. */
export function sendBody(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Sends an error document with the service's final line feed. */
export function sendError(response: ServerResponse, { status, code, message, headers }: RegistryError): void {
  const body = `${JSON.stringify({ errors: [{ code, message }] })}\n`;
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
