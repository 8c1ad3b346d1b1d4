import type { PrivateOperationName } from '../../wire/private/operations.ts';
import { imageHandlers } from '../operations/images.ts';
import { layerHandlers } from '../operations/layers.ts';
import { policyHandlers } from '../operations/policies.ts';
import { putImageHandlers } from '../operations/put-image.ts';
import { listTagsForResource, resourceTagHandlers } from '../operations/resource-tags.ts';
import { accountSettingHandlers } from './account-settings.ts';
import { afterCreating } from './create-on-push.ts';
import { getDownloadUrlForLayer } from './download-address.ts';
import type { PrivateHandlers } from './handler.ts';
import { privateImageHandlers } from './images.ts';
import { lifecyclePolicyHandlers } from './lifecycle-policies.ts';
import { listImageReferrers } from './referrers.ts';
import { getPrivateAuthorizationToken } from './registries.ts';
import { privateRepositoryHandlers } from './repositories.ts';
import { templateHandlers } from './templates.ts';

/** Every operation of private ECR that the emulator serves. Those that both services answer alike are the handlers of ECR Public. */
export const PRIVATE_HANDLERS: PrivateHandlers<PrivateOperationName> = {
  ...accountSettingHandlers,
  ...layerHandlers,
  ...policyHandlers,
  ...templateHandlers,
  ...lifecyclePolicyHandlers,
  ...privateImageHandlers,
  ...privateRepositoryHandlers,
  BatchDeleteImage: imageHandlers.BatchDeleteImage,
  GetAuthorizationToken: getPrivateAuthorizationToken,
  InitiateLayerUpload: afterCreating(layerHandlers.InitiateLayerUpload),
  PutImage: afterCreating(putImageHandlers.PutImage),
  GetDownloadUrlForLayer: getDownloadUrlForLayer,
  ListImageReferrers: listImageReferrers,
  ListTagsForResource: listTagsForResource,
  TagResource: resourceTagHandlers.TagResource,
  UntagResource: resourceTagHandlers.UntagResource,
};
