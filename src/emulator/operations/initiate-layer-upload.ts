import { CHOICES } from '../choices.ts';
import type { Handler } from './context.ts';
import { findRepository } from './find-repository.ts';

export const initiateLayerUpload: Handler<'InitiateLayerUpload'> = (context, input) => {
  const { name } = findRepository(context, input);
  return { uploadId: context.store.initiateUpload(name).uploadId, partSize: CHOICES.partBytes.value };
};
