import type { ImageTarget } from '../../ends/image-target.ts';
import { createPartUploader } from '../parts/upload-blob.ts';
import { connectPush } from '../push.ts';
import { createOnPush } from './create-on-push.ts';
import { createPrivateReader } from './image-reader.ts';
import { ECR_PRIVATE_LIMITS, ECR_PRIVATE_PARTS } from './limits.ts';
import { createTagLocator } from './locate-tags.ts';
import { respectImmutableTags } from './put-image.ts';
import type { ReadPlace } from './source/get-image.ts';

export interface PrivateTargetSettings {
  /** Upper bound of a part in bytes; the service asks for a size of its own. */
  readonly mostPartBytes: number | undefined;
  /** `--retry-budget`, in ms: shortens waits for news. */
  readonly retryBudgetMs: number | undefined;
  /** Called when a template of the registry created the repository. Undefined: no template is tried. */
  readonly onCreatedByTemplate: (() => void) | undefined;
  /** As in `ImageTarget`. */
  readonly createRepository?: ImageTarget['createRepository'] | undefined;
}

/** Makes a repository of private ECR a target. Everything goes through the API, so that no token of the registry is needed. */
export function connectPrivateTarget(place: ReadPlace, settings: PrivateTargetSettings): ImageTarget {
  const { mostPartBytes, onCreatedByTemplate, createRepository } = settings;
  const plain = connectPush(place.client, place.address);
  const service = onCreatedByTemplate === undefined ? plain : createOnPush(plain, onCreatedByTemplate);
  const locator = createTagLocator(place, settings.retryBudgetMs);
  const reader = createPrivateReader(place, locator.note);
  return {
    limits: ECR_PRIVATE_LIMITS,
    findAvailable: service.findAvailable,
    uploadBlob: createPartUploader(service, mostPartBytes, ECR_PRIVATE_PARTS),
    putManifest: respectImmutableTags(service.putImage, locator, place.name),
    locateTag: locator.locateTag,
    glanceAtTag: locator.glanceAtTag,
    openReader: async () => reader,
    ...(createRepository && { createRepository }),
  };
}
