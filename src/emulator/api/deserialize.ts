import type { Shape, StructureShape } from '../../wire/model.ts';
import { SHAPES, type ShapeName } from '../../wire/shapes.ts';
import { ServiceError } from '../service-error.ts';
import { decodeBase64 } from './base64.ts';

/**
 * Checks the JSON types of the members that the structure declares and decodes blobs; members that it does not know, and those that are
 * null, are left out. Throws SerializationException at the first value of another type.
 */
export function deserializeStructure(
  structure: StructureShape,
  value: unknown,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(value, 'structure');
  }
  const members: Record<string, unknown> = {};
  for (const [name, shapeName] of Object.entries(structure.members)) {
    const member: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : null;
    if (member !== null) members[name] = deserialize(findShape(shapeName), member);
  }
  return members;
}

/** The shape of that name; `wire` names no shape that it does not describe. */
export function findShape(name: string): Shape {
  return SHAPES[name as ShapeName]; // as: see above
}

function deserialize(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
      return deserializeStructure(shape, value);
    case 'list':
      if (!Array.isArray(value)) throw wrongType(value, 'list');
      return value.map((item: unknown) =>
        item === null ? null : deserialize(findShape(shape.member), item),
      );
    case 'string':
      return typeof value === 'string' ? value : reject(value, 'String');
    case 'boolean':
      return typeof value === 'boolean' ? value : reject(value, 'Boolean');
    case 'integer':
      return isWhole(value, 2 ** 31) ? value : reject(value, 'Integer');
    case 'long':
      return isWhole(value, 2 ** 63) ? value : reject(value, 'Long');
    case 'timestamp':
      return typeof value === 'number' ? value : reject(value, 'Date');
    case 'blob':
      return decodeBlob(value);
  }
}

function decodeBlob(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value !== 'string') return reject(value, 'ByteBuffer');
  const bytes = decodeBase64(value);
  if (bytes === undefined) throw new ServiceError('SerializationException', 'Invalid base64 encoding');
  return bytes;
}

function isWhole(value: unknown, bound: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= -bound && value < bound;
}

function reject(value: unknown, type: string): never {
  throw wrongType(value, type);
}

function wrongType(value: unknown, type: string): ServiceError {
  return new ServiceError(
    'SerializationException',
    type === 'list' || type === 'structure'
      ? `Expected ${type} but found ${nameToken(value)}`
      : `${nameToken(value)} can not be converted to ${type === 'Integer' ? 'an' : 'a'} ${type}`,
  );
}

/** Name of a JSON value as the service's parser calls it. */
function nameToken(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT';
}
