import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { LAYER_DIGEST_PATTERN } from '../patterns.ts';
import { isBlobDigest, type StoredRepository } from '../storage/model.ts';
import type { Handler } from './context.ts';
import { findRepository } from './find-repository.ts';

const wellFormed = new RegExp(`^${LAYER_DIGEST_PATTERN}$`);

/** Bad digests become failures of their own; only repository, registry or shape fail the call. */
export const batchCheckLayerAvailability: Handler<'BatchCheckLayerAvailability'> = (context, input) => {
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
