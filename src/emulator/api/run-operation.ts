import { type InputOf, OPERATIONS, type OperationName, type OutputOf } from '../../wire/operations.ts';
import type { Effect } from '../faults/fault-rules.ts';
import type { ParsedObject } from '../json.ts';
import { authorize, enterRegistry, nameRegistry } from '../operations/authorization.ts';
import { catalogDataHandlers } from '../operations/catalog-data.ts';
import type { AuthenticatedContext, CallContext, Handler, Handlers } from '../operations/context.ts';
import { imageHandlers } from '../operations/images.ts';
import { layerHandlers } from '../operations/layers.ts';
import { policyHandlers } from '../operations/policies.ts';
import { putImageHandlers } from '../operations/put-image.ts';
import { registryHandlers } from '../operations/registries.ts';
import { repositoryHandlers } from '../operations/repositories.ts';
import { resourceTagHandlers } from '../operations/resource-tags.ts';
import { checkStructure, deserializeStructure } from './read-input.ts';

/** Every operation of the JSON API. */
const HANDLERS: Handlers<OperationName> = {
  ...catalogDataHandlers,
  ...imageHandlers,
  ...layerHandlers,
  ...policyHandlers,
  ...putImageHandlers,
  ...registryHandlers,
  ...repositoryHandlers,
  ...resourceTagHandlers,
};

/** Validates the members of a body, authorizes the call and runs the operation. With the effect `forget-part`, a layer part is acknowledged but not stored. */
export async function runOperation<Name extends OperationName>(
  operation: Name,
  body: ParsedObject,
  context: AuthenticatedContext,
  effects: readonly Effect[],
): Promise<OutputOf<Name>> {
  const input = readInput(operation, body, context);
  const { principal } = context;
  const served = enterRegistry(context, { principal, operation, target: input });
  const handlers: { readonly [Each in OperationName]: Handler<Each, CallContext> } = effects.some(
    isForgetting,
  )
    ? { ...HANDLERS, UploadLayerPart: acknowledgePart }
    : HANDLERS;
  return handlers[operation]({ ...context, ...served }, input);
}

function readInput<Name extends OperationName>(
  operation: Name,
  body: ParsedObject,
  context: AuthenticatedContext,
): InputOf<Name> {
  const structure = OPERATIONS[operation].input;
  const input = deserializeStructure(structure, body);
  const call = { principal: context.principal, operation, target: input };
  authorize(nameRegistry(context, call), call);
  checkStructure(structure, input);
  return input as InputOf<Name>; // as: checked against the structure that describes this type
}

function isForgetting(effect: Effect): boolean {
  return effect.kind === 'forget-part';
}

const acknowledgePart: Handler<'UploadLayerPart'> = ({ registry }, input) => ({
  registryId: registry.registryId,
  repositoryName: input.repositoryName,
  uploadId: input.uploadId,
  lastByteReceived: input.partLastByte,
});
