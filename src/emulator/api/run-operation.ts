import type { Effect } from '../faults/fault-rules.ts';
import type { ParsedObject } from '../json.ts';
import { authorize, enterRegistry, nameRegistry } from '../operations/authorization.ts';
import type { AnyHandler, AuthenticatedContext, CallContext } from '../operations/context.ts';
import { checkStructure, deserializeStructure } from './read-input.ts';

/** The context of a request whose operation runs. */
export interface RunContext extends AuthenticatedContext {
  readonly handlers: Readonly<Record<string, AnyHandler>>;
}

/** Validates the members of a body, authorizes the call and runs the operation. With the effect `forget-part`, a layer part is acknowledged but not stored. */
export async function runOperation(
  operation: string,
  body: ParsedObject,
  context: RunContext,
  effects: readonly Effect[],
): Promise<object> {
  const input = readInput(operation, body, context);
  const { principal } = context;
  const served = enterRegistry(context, { principal, operation, target: input });
  const handle = effects.some(isForgetting) ? acknowledgePart : context.handlers[operation];
  if (handle === undefined) throw new Error(`operation ${operation} has no handler`);
  return handle({ ...context, ...served }, input as never); // as: checked against the structure of this operation
}

function readInput(operation: string, body: ParsedObject, context: RunContext): ParsedObject {
  const { operations, shapes } = context.service;
  const structure = operations[operation]?.input;
  if (structure === undefined) throw new Error(`operation ${operation} is not described`);
  const input = deserializeStructure(shapes, structure, body);
  const call = { principal: context.principal, operation, target: input };
  authorize(context, nameRegistry(context, call), call);
  checkStructure(shapes, structure, input);
  return input;
}

/** True only for UploadLayerPart: a rule with this effect names no other operation. */
function isForgetting(effect: Effect): boolean {
  return effect.kind === 'forget-part';
}

function acknowledgePart({ registry }: CallContext, input: ParsedObject): object {
  return {
    registryId: registry.registryId,
    repositoryName: input.repositoryName,
    uploadId: input.uploadId,
    lastByteReceived: input.partLastByte,
  };
}
