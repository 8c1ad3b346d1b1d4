import { getAuthorizationToken } from '../../../ecr/authorization.ts';
import type { ImageTarget } from '../../../ends/image-target.ts';
import { RetryBudget } from '../../../net/retry-budget.ts';
import { type AddressedRepository, formatAddressedRepository } from '../../../oci/image-address.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import { mountBlobs } from '../../../registry/upload/mount-blobs.ts';
import { UploadChannel } from '../../../registry/upload/upload-channel.ts';
import { findPrivateEndpoint } from '../../service-address.ts';
import { PUSH_BUDGET_MS } from '../push/push-budget.ts';
import type { PushRun } from '../push/push-run.ts';

/**
 * Prepares a target of private ECR to mount blobs of FROM, if both are in one registry (`BLOB_MOUNTING` of the account, user guide "Blob
 * mounting"). The API has no such operation. Undefined for other targets.
 */
export async function prepareMounts(
  { context, session }: PushRun,
  from: AddressedRepository,
  to: RepositoryReference,
): Promise<((target: ImageTarget) => ImageTarget) | undefined> {
  const { privateRegistry } = to;
  if (privateRegistry === undefined || !areInOneRegistry(from, to)) return undefined;
  // A token of another API must not go to AWS's registry.
  const { isAws } = await findPrivateEndpoint(context, privateRegistry);
  if (!isAws && privateRegistry.registryId !== undefined) return undefined;
  const { registryHost, repositoryName: repositoryPath } = to;
  const channel = new UploadChannel({
    connections: session.client.connections,
    registryHost,
    repositoryPath,
    authorize: async (signal) =>
      `Basic ${(await getAuthorizationToken(session.client, signal)).authorizationToken}`,
    budget: new RetryBudget({ givenMs: context.options.retryBudget, defaultMs: PUSH_BUDGET_MS }),
    onEvent: (event) => {
      if (event.kind === 'request')
        context.messages.detail(`${event.operation} (mount): HTTP ${event.status}, ${event.ms} ms`);
    },
  });
  const onMounted = (): void =>
    context.messages.note(
      `${registryHost} mounts blobs of ${formatAddressedRepository(from)}, so they do not travel.`,
    );
  return (target) => mountBlobs(target, { channel, from: from.repositoryPath, onMounted });
}

/** Whether both are of one account and region, by whatever host. */
function areInOneRegistry(from: AddressedRepository, to: RepositoryReference): boolean {
  const [one, other] = [from.privateRegistry, to.privateRegistry];
  if (one === undefined || other === undefined || from.repositoryPath === to.repositoryName) return false;
  if (one.registryId === undefined || other.registryId === undefined)
    return one.registryHost === other.registryHost;
  return one.registryId === other.registryId && one.region === other.region;
}
