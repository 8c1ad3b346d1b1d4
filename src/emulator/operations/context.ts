import type { OperationName } from '../../wire/operations.ts';
import type { InputOf, OutputOf } from '../../wire/values.ts';
import type { Identity } from '../identity.ts';
import type { Principal } from '../principal.ts';
import type { Quotas } from '../quotas.ts';
import type { Store } from '../storage/store.ts';

/** What operations work with. */
export interface OperationContext {
  readonly store: Store;
  readonly identity: Identity;
  /** Host and port under which images are pulled; the service's own is public.ecr.aws. */
  readonly registryHost: string;
  readonly quotas: Quotas;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What an operation that asks who calls it works with. */
export interface CallContext extends OperationContext {
  readonly principal: Principal;
}

/** One operation: from validated input to output, or a `ServiceError`. Whatever it looks up is still true until its next `await`. */
export type Handler<Name extends OperationName, Context = OperationContext> = (
  context: Context,
  input: InputOf<Name>,
) => OutputOf<Name> | Promise<OutputOf<Name>>;
