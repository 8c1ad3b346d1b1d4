import type { ImageReader, ImageTarget } from '../../ends/image-target.ts';
import { createRegistryReader } from '../../registry/registry-reader.ts';
import { getAuthorizationToken } from '../authorization.ts';
import type { EcrClient } from '../client.ts';
import { ECR_PUBLIC_LIMITS } from '../limits.ts';
import { createPartUploader } from '../parts/upload-blob.ts';
import { connectPush } from '../push.ts';
import { glanceAtTags, locateTags, type RepositoryPlace, type WatchWait } from './find-tags.ts';

export interface TargetSettings {
  /** Upper bound of a part in bytes; the service asks for a size of its own. */
  readonly mostPartBytes: number | undefined;
  /** `--retry-budget`, in ms: shortens waits for the registry. */
  readonly retryBudgetMs: number | undefined;
  readonly watchWait: WatchWait;
  /** As in `ImageTarget`. */
  readonly createRepository?: ImageTarget['createRepository'] | undefined;
}

/** Makes a repository of ECR Public a target. It writes through the API and reads through the registry. */
export function connectTarget(
  client: EcrClient,
  place: RepositoryPlace,
  settings: TargetSettings,
): ImageTarget {
  const { registryHost, registryAlias: registryId, repositoryName } = place;
  const service = connectPush(client, { registryId, repositoryName });
  const { createRepository } = settings;
  const openReader: ImageTarget['openReader'] = async (access, signal): Promise<ImageReader | undefined> => {
    const registryAlias = place.readsRegistry ? await place.findAlias(signal) : undefined;
    if (registryAlias === undefined) return undefined;
    const authorize = async (inner: AbortSignal): Promise<string> =>
      (await getAuthorizationToken(client, inner)).authorizationToken;
    return createRegistryReader(
      client.connections,
      { registryHost, repositoryPath: `${registryAlias}/${repositoryName}` },
      access === 'authorized' ? { authorize } : {},
    );
  };
  return {
    limits: ECR_PUBLIC_LIMITS,
    findAvailable: service.findAvailable,
    uploadBlob: createPartUploader(service, settings.mostPartBytes),
    putManifest: service.putImage,
    locateTag: locateTags(client, place, settings.retryBudgetMs),
    ...(place.readsRegistry && { glanceAtTag: glanceAtTags(client, place, settings) }),
    openReader,
    ...(createRepository && { createRepository }),
  };
}
