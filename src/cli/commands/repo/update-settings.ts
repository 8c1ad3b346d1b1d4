import type { CatalogChange } from '../../../catalog/changes.ts';
import type { EcrClient } from '../../../ecr/client.ts';
import { makeTagsImmutable, startScanning } from '../../../ecr/private/repository-settings.ts';
import type { NewRepositorySettings, Repository } from '../../../ecr/repositories.ts';
import { EcrpError } from '../../../errors.ts';

/**
 * Sets the given settings of a repository of private ECR that exists, and returns what changed. Throws CONFLICT for another encryption key: it is
 * fixed when a repository is created.
 */
export async function updateSettings(
  client: EcrClient,
  repository: Repository,
  { immutableTags, scanOnPush, kmsKey }: NewRepositorySettings,
  signal: AbortSignal,
): Promise<readonly CatalogChange[]> {
  const { repositoryName, registryId, settings } = repository;
  const address = { registryId, repositoryName };
  if (kmsKey !== undefined) assertSameKey(repository, kmsKey);
  const changes: CatalogChange[] = [];
  const before = settings?.imageTagMutability;
  // Tags that a pattern excludes stay as they are: an update removes nothing.
  if (immutableTags && !before?.startsWith('IMMUTABLE')) {
    await makeTagsImmutable(client, address, signal);
    changes.push({ field: 'imageTagMutability', change: 'changed', before, after: 'IMMUTABLE' });
  }
  if (scanOnPush && !settings?.scanOnPush) {
    await startScanning(client, address, signal);
    changes.push({ field: 'scanOnPush', change: 'changed', before: 'false', after: 'true' });
  }
  return changes;
}

/** An alias cannot be compared: only KMS knows the key behind it. */
function assertSameKey({ repositoryName, settings }: Repository, kmsKey: string): void {
  const stored = settings?.kmsKey;
  const isSame = stored !== undefined && (stored === kmsKey || stored.endsWith(`:key/${kmsKey}`));
  const isAlias = /(?:^|:)alias\//.test(kmsKey);
  if (isSame || (isAlias && stored !== undefined)) return;
  const current = stored ?? `${settings?.encryptionType ?? 'AES256'}, without a key of KMS`;
  throw new EcrpError(
    'CONFLICT',
    `the repository ${repositoryName} is encrypted with another key: ${current}`,
    {
      hint: "The key is fixed when a repository is created. Create another one, and move the images with 'ecrp copy'.",
    },
  );
}
