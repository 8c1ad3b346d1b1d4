import { accessDenied } from '../texts.ts';
import type { CallContext } from './context.ts';

/** Throws AccessDeniedException for another account's registry where no repository is named; see `CHOICES.foreignRegistry`. */
export function refuseForeignRegistry(
  { identity, principal }: CallContext,
  registryId: string | undefined,
  action: string,
): void {
  if (registryId === undefined || registryId === identity.registryId) return;
  throw accessDenied(principal.arn, `ecr-public:${action}`, `arn:aws:ecr-public::${registryId}:repository/*`);
}
