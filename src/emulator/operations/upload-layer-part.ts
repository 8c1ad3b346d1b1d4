import { MAX_LAYER_BYTES, MAX_PARTS_PER_LAYER } from '../../wire/limits.ts';
import type { InputOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';
import type { Handler, OperationContext } from './context.ts';
import { findRepository } from './find-repository.ts';
import { uploadNotFound } from './upload-not-found.ts';

/** Parts are taken strictly one after the other; how small they are is judged when the upload is completed. */
export const uploadLayerPart: Handler<'UploadLayerPart'> = async (context, input) => {
  const { name } = findRepository(context, input);
  const { uploadId, partFirstByte, partLastByte, layerPartBlob } = input;
  const upload = context.store.findUpload(name, uploadId);
  if (upload === undefined) throw uploadNotFound(context, name, uploadId);
  if (layerPartBlob.length === 0 || layerPartBlob.length !== partLastByte - partFirstByte + 1) {
    const text = CHOICES.partSizeText.value(layerPartBlob.length, partFirstByte, partLastByte);
    throw invalidLayerPart(context, input, upload.nextByte, text);
  }
  const result = await context.store.appendPart(name, uploadId, {
    firstByte: partFirstByte,
    bytes: layerPartBlob,
    maximumParts: MAX_PARTS_PER_LAYER,
    maximumBytes: MAX_LAYER_BYTES,
  });
  switch (result.kind) {
    case 'appended':
      return {
        registryId: context.registry.registryId,
        repositoryName: name,
        uploadId,
        lastByteReceived: partLastByte,
      };
    case 'unknown-upload':
      throw uploadNotFound(context, name, uploadId);
    case 'not-consecutive': {
      const text = `First byte of the layer part is ${partFirstByte} instead of ${result.expected}`;
      throw invalidLayerPart(context, input, result.expected, text);
    }
    case 'too-many-parts':
      throw new ServiceError(
        'LimitExceededException',
        CHOICES.tooManyPartsText.value(uploadId, MAX_PARTS_PER_LAYER),
      );
    case 'too-large':
      throw layerTooLarge(uploadId);
  }
};

export function layerTooLarge(uploadId: string): ServiceError {
  return new ServiceError(
    'LimitExceededException',
    CHOICES.layerTooLargeText.value(uploadId, MAX_LAYER_BYTES),
  );
}

/** `lastValidByteReceived` cannot say that there is none: it is left out then. */
function invalidLayerPart(
  context: OperationContext,
  input: InputOf<'UploadLayerPart'>,
  nextByte: number,
  message: string,
): ServiceError {
  return new ServiceError('InvalidLayerPartException', message, {
    registryId: context.registry.registryId,
    repositoryName: input.repositoryName,
    uploadId: input.uploadId,
    ...(nextByte > 0 && { lastValidByteReceived: nextByte - 1 }),
  });
}
