import type { ReadPlace } from '../ecr/private/source/get-image.ts';
import type { PrivateRegistry } from '../oci/private-host.ts';
import { formatRepository, type RepositoryReference } from '../oci/reference.ts';
import type { EcrSession } from './ecr-session.ts';
import { addressPrivate, assertSameService } from './own-registry.ts';

/** A reference to a repository of private ECR. */
export interface PrivateReference extends RepositoryReference {
  readonly privateRegistry: PrivateRegistry;
}

/** Addresses a repository of private ECR for its API. Throws INTERNAL when the session is open to another registry. */
export function locatePrivate(session: EcrSession, repository: PrivateReference): ReadPlace {
  assertSameService(session, repository);
  return {
    client: session.client,
    address: addressPrivate(repository.repositoryName, repository.privateRegistry),
    name: formatRepository(repository),
  };
}
