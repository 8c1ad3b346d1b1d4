import type { InputOf, OperationName, OutputOf } from '../../wire/operations.ts';
import type { Identity } from '../identity.ts';
import type { Principal } from '../principal.ts';
import type { Quotas } from '../quotas.ts';
import type { ServedRegistry } from '../served-registry.ts';
import type { TokenContext } from '../tokens.ts';

/** What every request works with. */
export interface EmulatorContext {
  readonly identity: Identity;
  readonly tokens: TokenContext;
  /** Those of `identity`, in the same order. */
  readonly registries: readonly ServedRegistry[];
  /** Host and port by which the client reached the emulator, and pulls images; the service's own is public.ecr.aws. */
  readonly registryHost: string;
  readonly quotas: Quotas;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What operations work with: `registry` and `store` are those that the call acts on. */
export interface OperationContext extends EmulatorContext, ServedRegistry {}

/** What is known of a request once its signature has been verified. */
export interface AuthenticatedContext extends EmulatorContext {
  readonly principal: Principal;
}

/** What an operation that asks who calls it works with. */
export interface CallContext extends OperationContext, AuthenticatedContext {}

/** One operation: from validated input to output, or a `ServiceError`. Whatever it looks up is still true until its next `await`. */
export type Handler<Name extends OperationName, Context = OperationContext> = (
  context: Context,
  input: InputOf<Name>,
) => OutputOf<Name> | Promise<OutputOf<Name>>;
