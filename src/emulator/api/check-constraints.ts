import type {
  BlobShape,
  ListShape,
  NumberShape,
  Shape,
  StringShape,
  StructureShape,
} from '../../wire/model.ts';
import { CHOICES } from '../choices.ts';
import { invalidParameter } from '../texts.ts';
import { findShape } from './deserialize.ts';

/**
 * Throws InvalidParameterException for the first member, in the order of the model, that is missing or outside its constraints.
 * The texts are recorded ones of ECR, see `texts.ts`; inside a structure the innermost member is named.
 */
export function checkStructure(structure: StructureShape, value: Readonly<Record<string, unknown>>): void {
  for (const [member, shapeName] of Object.entries(structure.members)) {
    if (value[member] !== undefined) checkMember(member, findShape(shapeName), value[member]);
    else if (structure.required?.includes(member))
      throw invalidParameter(member, CHOICES.missingMemberReason.value);
  }
}

function checkMember(member: string, shape: Shape, value: unknown): void {
  if (shape.type === 'structure') {
    checkStructure(shape, value as Readonly<Record<string, unknown>>); // as: deserialized by this shape
    return;
  }
  const reason = findViolation(shape, value);
  if (reason !== undefined) throw invalidParameter(member, reason);
  if (shape.type === 'list') checkItems(member, findShape(shape.member), value as readonly unknown[]); // as: same
}

function checkItems(member: string, shape: Shape, items: readonly unknown[]): void {
  for (const item of items) {
    if (item === null) throw invalidParameter(member, CHOICES.missingMemberReason.value);
    if (shape.type === 'structure') checkMember(member, shape, item);
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

/** The length is judged first, so that no pattern meets a string of any length but where the model sets none. */
function findStringViolation(shape: StringShape, value: string): string | undefined {
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = shape;
  const length = countCharacters(value);
  if (length < min) return `must have length greater than or equal to ${min}`;
  if (length > max) return `must have length less than or equal to ${max}`;
  if (pattern !== undefined && !matchesWhole(pattern, value)) {
    return `must satisfy regular expression '${pattern}'`;
  }
  return undefined;
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

/** All constraints of a list's item: the service names the whole set when one is not met. */
function listConstraints(shape: Shape): string[] {
  if (shape.type !== 'string') return [];
  const { min, max, pattern } = shape;
  return [
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
