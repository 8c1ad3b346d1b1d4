import type { InputOf, OperationName, OutputOf } from '../../wire/operations.ts';
import type { EmulatorIdentity } from '../identity.ts';
import type { Quotas } from '../quotas.ts';
import type { Principal, ServedRegistry } from '../served-registry.ts';
import type { EmulatedService } from '../service.ts';
import { repositoryNotFound } from '../service-error.ts';
import type { StoredRepository } from '../storage/model.ts';
import type { TokenContext } from '../tokens.ts';
import type { ManifestSwitches } from './manifest.ts';

/** The emulator, as every request sees it. */
export interface EmulatorContext {
  readonly service: EmulatedService;
  readonly identity: EmulatorIdentity;
  readonly tokens: TokenContext;
  /** The registries of `identity`, in the same order. */
  readonly registries: readonly ServedRegistry[];
  /** The host and port by which the client reached the emulator. They stand in repository URIs, where the service has its own host. */
  readonly registryHost: string;
  /** How the client reached it: HTTPS through a front that terminates TLS. */
  readonly scheme: 'http' | 'https';
  /** The port of signed download addresses. ECR Public has none. */
  readonly downloadPort?: number;
  readonly quotas: Quotas;
  readonly manifestSwitches: ManifestSwitches;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The context of an operation. `registry` and `store` belong to the registry that the call acts on. */
export interface OperationContext extends EmulatorContext, ServedRegistry {}

/** The context of a request whose signature has been verified. */
export interface AuthenticatedContext extends EmulatorContext {
  readonly principal: Principal;
}

/** The context of an operation that needs to know its caller. */
export interface CallContext extends OperationContext, AuthenticatedContext {}

/** One operation: from validated input to output, or a `ServiceError`. A lookup in the store stays true until the next `await`. */
export type Handler<Name extends OperationName, Context = OperationContext> = (
  context: Context,
  input: InputOf<Name>,
) => OutputOf<Name> | Promise<OutputOf<Name>>;

/** The handlers of a subject's operations, by name. */
export type Handlers<Names extends OperationName> = {
  readonly [Name in Names]: Handler<Name, CallContext>;
};

/** One operation of any service, when its input has been validated by its structure. */
export type AnyHandler = (context: CallContext, input: never) => object | Promise<object>;

/** Finds a repository of the registry that the call acts on. Throws RepositoryNotFoundException. */
export function findRepository(
  { store, registry }: OperationContext,
  { repositoryName }: { readonly repositoryName: string },
): StoredRepository {
  const repository = store.repositories.get(repositoryName);
  if (repository === undefined) throw repositoryNotFound(repositoryName, registry.registryId);
  return repository;
}

// Timestamps are epoch seconds. Recorded samples have milliseconds in `createdAt` and `expiresAt`, and whole seconds in `imagePushedAt`.

/** Epoch seconds with milliseconds as decimals. */
export function toEpochSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}

/** Whole epoch seconds. */
export function toWholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
