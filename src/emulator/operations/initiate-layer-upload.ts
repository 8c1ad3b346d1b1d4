import { CHOICES } from '../choices.ts';
import type { Handler } from './context.ts';
import { findPushTarget } from './find-repository.ts';

export const initiateLayerUpload: Handler<'InitiateLayerUpload'> = (context, input) => {
  const { name } = findPushTarget(context, input);
  return { uploadId: context.store.initiateUpload(name).uploadId, partSize: CHOICES.partBytes.value };
};
