import { expect } from 'vitest';
import type { Operation, Shape, StructureShape } from '../../../../src/wire/model.ts';
import { type Signer, sendSigned } from '../../../support/signed-request.ts';

// Values just inside and just outside each constraint of each input member of a service, nested members included.

/** The tables of a service in `wire/`, and for its shapes with a pattern the edges, written by hand. */
export interface ConstraintTable {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly patterned: Readonly<Record<string, Pick<Edges, 'inside' | 'outside'>>>;
}

/** Every member of every input. */
export function findPlaces(table: ConstraintTable): readonly Place[] {
  return Object.entries(table.operations).flatMap(([operation, { input }]) => {
    // as: an input is a structure, which is wrapped in nothing
    const wrap = (value: unknown) => value as Record<string, unknown>;
    return [...listMembers(table, input, { operation, path: '', wrap })];
  });
}

/** The names of the shapes with a pattern among the places. */
export function listPatterned(table: ConstraintTable, places: readonly Place[]): ReadonlySet<string> {
  return new Set(places.map(({ shape }) => shape).filter((shape) => 'pattern' in findShape(table, shape)));
}

function findShape({ shapes }: ConstraintTable, name: string): Shape {
  const shape = shapes[name];
  if (shape === undefined) throw new Error(`shape ${name} is not described`);
  return shape;
}

/** Values of the JSON that are at the edges of a shape, and one that is of another type. */
export interface Edges {
  readonly inside: readonly unknown[];
  readonly outside: readonly unknown[];
  readonly wrongType: unknown;
}

function findEdges(table: ConstraintTable, name: string): Edges {
  const shape = findShape(table, name);
  const around = (make: (size: number) => unknown, least = 0): Pick<Edges, 'inside' | 'outside'> => {
    const { min, max }: { min?: number; max?: number } = 'min' in shape || 'max' in shape ? shape : {};
    return {
      inside: [min, max].flatMap((size) => (size === undefined ? [] : [make(size)])),
      outside: [
        ...(min !== undefined && min > least ? [make(min - 1)] : []),
        ...(max === undefined ? [] : [make(max + 1)]),
      ],
    };
  };
  switch (shape.type) {
    case 'string':
      if (shape.enum !== undefined) return { inside: shape.enum, outside: ['OTHER', ''], wrongType: 7 };
      return { ...(table.patterned[name] ?? around((size) => 'x'.repeat(size))), wrongType: 7 };
    case 'integer':
    case 'long':
      return { ...around((size) => size, Number.NEGATIVE_INFINITY), wrongType: 1.5 };
    case 'list':
      return { ...around((size) => Array(size).fill(findSample(table, shape.member))), wrongType: {} };
    case 'blob':
      return { ...around((size) => Buffer.alloc(size).toString('base64')), wrongType: 'no base64!' };
    case 'boolean':
      return { inside: [true, false], outside: [], wrongType: 'true' };
    case 'structure':
      return { inside: [{}], outside: [], wrongType: [] };
    case 'timestamp':
    case 'map':
      throw new Error(`no input has a ${shape.type}`);
  }
}

/** A value inside all constraints. */
function findSample(table: ConstraintTable, name: string): unknown {
  const shape = findShape(table, name);
  if (shape.type === 'structure') return fillRequired(table, shape);
  if (shape.type === 'list') return [findSample(table, shape.member)];
  // The longest of its edges takes a second of each call.
  if (shape.type === 'blob') return 'AA==';
  if (shape.type === 'string' && shape.enum !== undefined) return shape.enum[0];
  if (shape.type === 'string' && shape.pattern === undefined) return 'x'.repeat(Math.max(1, shape.min ?? 1));
  return findEdges(table, name).inside[0] ?? 0;
}

function fillRequired(
  table: ConstraintTable,
  { members, required = [] }: StructureShape,
): Record<string, unknown> {
  return Object.fromEntries(required.map((member) => [member, findSample(table, members[member] ?? '')]));
}

/** A member somewhere in an input. `wrap` puts a value into its place in a whole one. */
export interface Place {
  readonly operation: string;
  readonly path: string;
  /** What an error names: an item goes by the name of its list. */
  readonly member: string;
  readonly shape: string;
  readonly wrap: (value: unknown) => Record<string, unknown>;
}

function* listPlaces(table: ConstraintTable, place: Place): Generator<Place> {
  yield place;
  const shape = findShape(table, place.shape);
  if (shape.type === 'list') {
    yield* listPlaces(table, {
      ...place,
      path: `${place.path}[]`,
      shape: shape.member,
      wrap: (value) => place.wrap([value]),
    });
  } else if (shape.type === 'structure') {
    yield* listMembers(table, shape, { ...place, path: `${place.path}.` });
  }
}

function* listMembers(
  table: ConstraintTable,
  structure: StructureShape,
  place: Omit<Place, 'member' | 'shape'>,
): Generator<Place> {
  for (const [member, shape] of Object.entries(structure.members)) {
    const wrap = (value: unknown) => place.wrap({ ...fillRequired(table, structure), [member]: value });
    yield* listPlaces(table, { ...place, path: `${place.path}${member}`, member, shape, wrap });
  }
}

/** What the layer in front of operations says of a member that is outside its constraints. */
const complaint = (member: string) =>
  new RegExp(
    `^Invalid parameter at '${member}' failed to satisfy constraint: '(?:must have length|Member must have|Member must satisfy|must satisfy regular expression)`,
  );

/** Compares the answers of a service at the edges of one place with its constraints. */
export async function checkEdges(
  table: ConstraintTable,
  signer: Signer,
  { operation, member, shape, wrap }: Place,
): Promise<void> {
  const { inside, outside, wrongType } = findEdges(table, shape);
  const ask = async (value: unknown) => {
    const { text, status } = await sendSigned(signer, { operation, body: JSON.stringify(wrap(value)) });
    const { __type, message = '' }: { __type?: string; message?: string } = JSON.parse(text);
    return { status, __type, message };
  };
  for (const value of inside) {
    const { status, __type, message } = await ask(value);
    expect([200, 400], message).toContain(status);
    expect(__type).not.toBe('SerializationException');
    expect(message).not.toMatch(complaint(member));
  }
  for (const value of outside) {
    expect(await ask(value)).toEqual({
      ...{ status: 400, __type: 'InvalidParameterException' },
      message: expect.stringMatching(complaint(member)),
    });
  }
  expect(await ask(wrongType)).toMatchObject({ status: 400, __type: 'SerializationException' });
}
