import type {
  BlobShape,
  ListShape,
  NumberShape,
  Shape,
  StringShape,
  StructureShape,
} from '../../wire/model.ts';
import { CHOICES } from '../choices.ts';
import { decodeBase64 } from '../json.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';

/**
 * Checks the JSON types of a structure's members and decodes blobs. Leaves out unknown members and those that are null. Throws SerializationException at
 * the first value of another type.
 */
export function deserializeStructure(
  shapes: Shapes,
  structure: StructureShape,
  value: unknown,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(value, 'structure');
  }
  const members: Record<string, unknown> = {};
  for (const [name, shapeName] of Object.entries(structure.members)) {
    const member: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : null;
    if (member !== null) members[name] = deserialize(shapes, findShape(shapes, shapeName), member);
  }
  return members;
}

/** The shapes of a service, by name. */
type Shapes = Readonly<Record<string, Shape>>;

function findShape(shapes: Shapes, name: string): Shape {
  const shape = shapes[name];
  if (shape === undefined) throw new Error(`shape ${name} is not described`);
  return shape;
}

function deserialize(shapes: Shapes, shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
      return deserializeStructure(shapes, shape, value);
    case 'list':
      if (!Array.isArray(value)) throw wrongType(value, 'list');
      return value.map((item: unknown) =>
        item === null ? null : deserialize(shapes, findShape(shapes, shape.member), item),
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
    case 'map':
      throw new Error('no input has a map');
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

/** The name of a JSON value in the service's parser. */
function nameToken(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT';
}

/**
 * Throws InvalidParameterException for the first member, in the order of the model, that is missing or violates its constraints. Names the innermost
 * member of a nested structure. The texts are recorded.
 */
export function checkStructure(
  shapes: Shapes,
  structure: StructureShape,
  value: Readonly<Record<string, unknown>>,
): void {
  for (const [member, shapeName] of Object.entries(structure.members)) {
    if (value[member] !== undefined) checkMember(shapes, member, findShape(shapes, shapeName), value[member]);
    else if (structure.required?.includes(member))
      throw invalidParameter(member, CHOICES.missingMemberReason.value);
  }
}

function checkMember(shapes: Shapes, member: string, shape: Shape, value: unknown): void {
  if (shape.type === 'structure') {
    checkStructure(shapes, shape, value as Readonly<Record<string, unknown>>); // as: deserialized by this shape
    return;
  }
  const reason = findViolation(shape, value);
  if (reason !== undefined) throw invalidParameter(member, reason);
  if (shape.type === 'list')
    checkItems(shapes, member, findShape(shapes, shape.member), value as readonly unknown[]); // as: same
}

function checkItems(shapes: Shapes, member: string, shape: Shape, items: readonly unknown[]): void {
  for (const item of items) {
    if (item === null) throw invalidParameter(member, CHOICES.missingMemberReason.value);
    if (shape.type === 'structure') checkMember(shapes, member, shape, item);
    else if (findViolation(shape, item) !== undefined) {
      throw invalidParameter(
        member,
        `Member must satisfy constraint: [${listConstraints(shape).join(', ')}]`,
      );
    }
  }
}

function findViolation(shape: Shape, value: unknown): string | undefined {
  switch (shape.type) {
    case 'string':
      return findStringViolation(shape, String(value));
    case 'list':
    case 'blob':
      return findRangeViolation(shape, (value as { length: number }).length, 'length'); // as: deserialized by this shape
    case 'integer':
    case 'long':
      return findRangeViolation(shape, Number(value), 'value');
    default:
      return undefined;
  }
}

/** Checks the length first, so that a pattern meets a string of unlimited length only if the model sets no limit. */
function findStringViolation(shape: StringShape, value: string): string | undefined {
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = shape;
  if (shape.enum !== undefined && !shape.enum.includes(value)) return describeEnum(shape.enum);
  const length = countCharacters(value);
  if (length < min) return `must have length greater than or equal to ${min}`;
  if (length > max) return `must have length less than or equal to ${max}`;
  if (pattern !== undefined && !matchesWhole(pattern, value)) {
    return `must satisfy regular expression '${pattern}'`;
  }
  return undefined;
}

/** The frame is recorded from private. */
function describeEnum(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(', ')}]`;
}

function countCharacters(text: string): number {
  if (CHOICES.lengthOfText.value === 'UTF-16 code unit') return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function findRangeViolation(
  shape: NumberShape | BlobShape | ListShape,
  actual: number,
  what: 'length' | 'value',
): string | undefined {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = shape;
  if (actual < min) return `Member must have ${what} greater than or equal to ${min}`;
  if (actual > max) return `Member must have ${what} less than or equal to ${max}`;
  return undefined;
}

/** All constraints of a list's item. The service names all of them when one is violated. */
function listConstraints(shape: Shape): string[] {
  if (shape.type !== 'string') return [];
  const { min, max, pattern } = shape;
  return [
    shape.enum === undefined ? '' : describeEnum(shape.enum),
    max === undefined ? '' : `Member must have length less than or equal to ${max}`,
    min === undefined ? '' : `Member must have length greater than or equal to ${min}`,
    pattern === undefined ? '' : `Member must satisfy regular expression pattern: ${pattern}`,
  ].filter((text) => text !== '');
}

const compiled = new Map<string, RegExp>();

function matchesWhole(pattern: string, value: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(`^(?:${pattern})$`);
    compiled.set(pattern, expression);
  }
  return expression.test(value);
}
