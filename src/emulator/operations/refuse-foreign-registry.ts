import { ServiceError } from '../service-error.ts';
import type { OperationContext } from './context.ts';

/** Throws AccessDeniedException for another account's registry where no repository is named; see `CHOICES.foreignRegistry`. */
export function refuseForeignRegistry(
  context: OperationContext,
  registryId: string | undefined,
  action: string,
): void {
  const { registryId: ownId } = context.identity;
  if (registryId === undefined || registryId === ownId) return;
  throw new ServiceError(
    'AccessDeniedException',
    `User: arn:aws:iam::${ownId}:root is not authorized to perform: ecr-public:${action} on resource: arn:aws:ecr-public::${registryId}:repository/*`,
  );
}
