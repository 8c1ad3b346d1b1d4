import type { PrivateInputOf, PrivateOperationName, PrivateOutputOf } from '../../wire/private/operations.ts';
import type { CallContext } from '../operations/context.ts';

/** One operation of private ECR: from validated input to output, or a `ServiceError`. */
export type PrivateHandler<Name extends PrivateOperationName> = (
  context: CallContext,
  input: PrivateInputOf<Name>,
) => PrivateOutputOf<Name> | Promise<PrivateOutputOf<Name>>;

/** The handlers of a subject's operations, by name. */
export type PrivateHandlers<Names extends PrivateOperationName> = {
  readonly [Name in Names]: PrivateHandler<Name>;
};
