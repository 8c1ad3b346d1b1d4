import type { InputOf, OutputOf } from '../../wire/operations.ts';
import { OPERATIONS, type OperationName } from '../../wire/operations.ts';
import { authorize } from '../authorize.ts';
import type { Effect } from '../faults/parse-fault.ts';
import type { JsonObject } from '../json.ts';
import type { AuthenticatedContext, CallContext, Handler } from '../operations/context.ts';
import { enterRegistry, nameRegistry } from '../operations/enter-registry.ts';
import { HANDLERS } from '../operations/operation-table.ts';
import { checkStructure } from './check-constraints.ts';
import { deserializeStructure } from './deserialize.ts';

/** From the members of a request's body to the operation's output. With the effect `forget-part`, a layer part is acknowledged and not stored. */
export async function runOperation<Name extends OperationName>(
  operation: Name,
  body: JsonObject,
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
  body: JsonObject,
  context: AuthenticatedContext,
): InputOf<Name> {
  const structure = OPERATIONS[operation].input;
  const input = deserializeStructure(structure, body);
  const { principal } = context;
  authorize(nameRegistry(context, { principal, operation, target: input }), principal, operation, input);
  checkStructure(structure, input);
  return input as InputOf<Name>; // as: the structure that describes the type has just been checked
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
