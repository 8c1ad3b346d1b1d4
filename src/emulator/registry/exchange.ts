import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OperationName } from '../../wire/operations.ts';
import type { EmulatorContext } from '../operations/context.ts';
import type { BodyBudget } from '../receive-body.ts';
import type { Principal, ServedRegistry } from '../served-registry.ts';
import type { BlobDigest, StoredRepository } from '../storage/model.ts';
import { type RegistryError, repositoryUnknown } from './registry-error.ts';
import type { RegistryRules } from './rules.ts';

/** The emulator, as requests to the registry see it. */
export interface RegistryContext extends EmulatorContext {
  readonly registryRules: RegistryRules;
  readonly front: RegistryFront;
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

/** A request for a repository. Its context has the registry and repository that the path names. */
export interface RepositoryExchange extends RegistryExchange {
  readonly context: RegistryContext & PathPlace;
  /** The name in the path. Addresses in answers have it too. */
  readonly name: string;
  readonly caller: RegistryCaller;
}

/** The holder of a request's token. Everybody may pull from ECR Public. */
export type RegistryCaller = Principal | 'anonymous';

/** What a request does, as an operation of the JSON API. Everybody may pull from ECR Public. Private ECR wants permission for a pull too. */
export type PathAttempt =
  | { readonly kind: 'push'; readonly operation: OperationName }
  | { readonly kind: 'pull'; readonly operation: PullOperation };

/** `DescribeRepositories` is the list of repositories. `ListImages` is the list of tags. */
export type PullOperation =
  | 'BatchCheckLayerAvailability'
  | 'BatchGetImage'
  | 'DescribeRepositories'
  | 'GetDownloadUrlForLayer'
  | 'ListImages';

/** What the name in a path means. The repository need not exist. */
export interface PathPlace extends ServedRegistry {
  readonly repositoryName: string;
  /** Stands in errors as the id of the registry. */
  readonly registryName: string;
}

/** How clients get into the registry of a service: who they are, whose registry a path names, what they may do there. */
export interface RegistryFront {
  /** Finds out who sends a request to `/v2/`. Throws the service's answer to missing or invalid credentials. */
  authenticate(exchange: RegistryExchange): RegistryCaller;
  /** The answer to a request without credentials. `origin` as in `RegistryExchange`. */
  challenge(origin: string): RegistryError;
  /** Finds the registry and repository of a path's name. Throws NAME_UNKNOWN, DENIED, and the `ServiceError`s of permissions and quotas. */
  enter(exchange: RegistryExchange, caller: RegistryCaller, name: string, attempt: PathAttempt): PathPlace;
  /** Counts the GET of a manifest that exists. Throws ThrottlingException. */
  countPull(context: RegistryContext, caller: RegistryCaller): void;
  /** Lists all repositories that the caller may see, as `_catalog` names them. */
  listRepositories(exchange: RegistryExchange, caller: RegistryCaller): readonly string[];
  /** The repository of the same registry that `from` of a mount names. Undefined when nothing can be mounted from there. */
  findMountSource(exchange: RepositoryExchange, from: string, digest: BlobDigest): string | undefined;
  /** The address that GET of a blob redirects to. It needs no credentials and is valid for an hour. */
  locateLayer(exchange: RepositoryExchange, digest: BlobDigest): string;
  /** Answers a request beside `/v2/`. Throws for an unknown path. */
  serveBeside(exchange: RegistryExchange, path: string): void | Promise<void>;
}

/** Finds the repository that the path names. Throws NAME_UNKNOWN. */
export function findRepositoryByPath({ store, repositoryName, registryName }: PathPlace): StoredRepository {
  const repository = store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryUnknown(repositoryName, registryName);
  return repository;
}

export function isReading({ request }: RegistryExchange): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
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
export function sendError(response: ServerResponse, error: RegistryError): void {
  const { status, code, message, headers, form } = error;
  const body = form === 'text' ? `${message}\n` : `${JSON.stringify({ errors: [{ code, message }] })}\n`;
  response.writeHead(status, {
    ...headers,
    'content-type': `${form === 'text' ? 'text/plain' : 'application/json'}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
