import { MIN_PART_BYTES } from '../../wire/limits.ts';
import type { InputOf, OutputOf, ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';
import { isBlobDigest, type StoredRepository } from '../storage/model.ts';
import { LAYER_DIGEST_PATTERN } from '../text-choices.ts';
import {
  type EmulatorContext,
  findRepository,
  type Handler,
  type Handlers,
  type OperationContext,
} from './context.ts';

const wellFormed = new RegExp(`^${LAYER_DIGEST_PATTERN}$`);

/** A malformed digest becomes a failure in the response. Only a wrong repository, registry or type fails the call. */
const batchCheckLayerAvailability: Handler<'BatchCheckLayerAvailability'> = (context, input) => {
  const repository = findRepository(context, input);
  const layers: ValueOf<'Layer'>[] = [];
  const failures: ValueOf<'LayerFailure'>[] = [];
  for (const layerDigest of input.layerDigests) {
    const failure = findFailure(layerDigest);
    if (failure === undefined) layers.push(describeLayer(repository, layerDigest));
    else failures.push({ layerDigest, ...failure });
  }
  return { layers, failures };
};

function describeLayer(repository: StoredRepository, layerDigest: string): ValueOf<'Layer'> {
  const layer = isBlobDigest(layerDigest) ? repository.layers.get(layerDigest) : undefined;
  if (layer === undefined) return { layerDigest, layerAvailability: CHOICES.unknownLayer.value };
  return { layerDigest, layerAvailability: 'AVAILABLE', layerSize: layer.size, mediaType: layer.mediaType };
}

function findFailure(
  layerDigest: string,
): { failureCode: ValueOf<'LayerFailureCode'>; failureReason: string } | undefined {
  if (layerDigest === '') {
    return { failureCode: 'MissingLayerDigest', failureReason: CHOICES.missingLayerDigestReason.value };
  }
  if (wellFormed.test(layerDigest)) return undefined;
  return { failureCode: 'InvalidLayerDigest', failureReason: CHOICES.invalidLayerDigestReason.value };
}

const initiateLayerUpload: Handler<'InitiateLayerUpload'> = (context, input) => {
  const { name } = findRepository(context, input);
  return { uploadId: context.store.initiateUpload(name).uploadId, partSize: CHOICES.partBytes.value };
};

/** Takes parts strictly in order. Their minimum size is checked when the upload is completed. */
const uploadLayerPart: Handler<'UploadLayerPart'> = async (context, input) => {
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
    maximumParts: context.service.maximumPartsPerLayer,
    maximumBytes: context.service.maximumLayerBytes,
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
      throw tooManyParts(context, uploadId);
    case 'too-large':
      throw layerTooLarge(context, uploadId);
  }
};

export function tooManyParts({ service }: EmulatorContext, uploadId: string): ServiceError {
  return new ServiceError(
    'LimitExceededException',
    CHOICES.tooManyPartsText.value(uploadId, service.maximumPartsPerLayer),
  );
}

export function layerTooLarge({ service }: EmulatorContext, uploadId: string): ServiceError {
  return new ServiceError(
    'LimitExceededException',
    CHOICES.layerTooLargeText.value(uploadId, service.maximumLayerBytes),
  );
}

/** Before the first part there is no `lastValidByteReceived`. See `CHOICES.lastValidByteBeforeFirstPart`. */
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

/** Rules for the parts of an upload. */
export interface UploadRules {
  /** The minimum for every part but the last. */
  readonly minimumPartBytes: number;
  /** True when a blob of zero bytes is allowed. */
  readonly takesEmptyBlobs: boolean;
}

const completeLayerUpload: Handler<'CompleteLayerUpload'> = (context, input) =>
  endUpload(context, input, { minimumPartBytes: MIN_PART_BYTES, takesEmptyBlobs: false });

export const layerHandlers: Handlers<
  'BatchCheckLayerAvailability' | 'InitiateLayerUpload' | 'UploadLayerPart' | 'CompleteLayerUpload'
> = {
  BatchCheckLayerAvailability: batchCheckLayerAvailability,
  InitiateLayerUpload: initiateLayerUpload,
  UploadLayerPart: uploadLayerPart,
  CompleteLayerUpload: completeLayerUpload,
};

/** Completes an upload. The store checks in the service's order: no parts, part too small, digest, layer exists already. */
export async function endUpload(
  context: OperationContext,
  input: InputOf<'CompleteLayerUpload'>,
  rules: UploadRules,
): Promise<OutputOf<'CompleteLayerUpload'>> {
  const { name } = findRepository(context, input);
  const { registryId } = context.registry;
  const { uploadId, layerDigests } = input;
  const result = await context.store.completeUpload(name, uploadId, {
    digests: layerDigests,
    minimumPartBytes: rules.minimumPartBytes,
    takesEmpty: rules.takesEmptyBlobs,
  });
  switch (result.kind) {
    case 'completed':
      return { registryId, repositoryName: name, uploadId, layerDigest: result.digest };
    case 'unknown-upload':
      throw uploadNotFound(context, name, uploadId);
    case 'empty':
      throw new ServiceError(
        'EmptyUploadException',
        `The upload with id '${uploadId}' in the repository with name '${name}' in registry with id '${registryId}' cannot be completed because it does not have any parts`,
      );
    case 'part-too-small':
      throw new ServiceError(
        'LayerPartTooSmallException',
        'All layer parts except the last part should be at least 5MB',
      );
    case 'mismatch':
      throw new ServiceError(
        'InvalidLayerException',
        'None of the provided layer digests match the calculated layer digest',
      );
    case 'exists':
      throw new ServiceError(
        'LayerAlreadyExistsException',
        CHOICES.layerAlreadyExistsText.value(result.digest, name, registryId),
      );
  }
}

export function uploadNotFound(
  context: OperationContext,
  repositoryName: string,
  uploadId: string,
): ServiceError {
  const text = CHOICES.uploadNotFoundText.value(uploadId, repositoryName, context.registry.registryId);
  return new ServiceError('UploadNotFoundException', text);
}
