import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Shape, StructureShape } from '../../../../src/wire/model.ts';
import { OPERATIONS, type OperationName } from '../../../../src/wire/operations.ts';
import { SHAPES, type ShapeName } from '../../../../src/wire/shapes.ts';
import { failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { sendSigned } from '../../../support/signed-request.ts';

// The emulator against the tables in `wire/`: values just inside and just outside each constraint of each input member, nested members included.
// `conformance/service-model.test.ts` compares these tables with AWS's service model.

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator.close());

/** Of shapes with a pattern: its edges, written by hand. */
const patterned: Readonly<Record<string, { inside: readonly string[]; outside: readonly string[] }>> = {
  RepositoryName: {
    inside: ['a0', 'a/b', 'a.b_c-d/0', `${'ab/'.repeat(68)}c`, 'a'.repeat(205)],
    outside: [
      'a',
      'a'.repeat(206),
      'A0',
      '/a',
      'a/',
      'a//b',
      'a__b',
      'a.-b',
      '-a',
      'a_',
      'a b',
      'é0',
      'a0\n',
    ],
  },
  RegistryId: {
    inside: ['000000000000', '999999999999'],
    outside: ['', '00000000000', '0000000000000', '00000000000a', '123456789012\n'],
  },
  UploadId: {
    inside: ['01234567-89ab-cdef-0123-456789abcdef', '01234567-89AB-CDEF-0123-456789ABCDEF'],
    outside: ['', '01234567-89ab-cdef-0123-456789abcde', '0123456789abcdef0123456789abcdef', 'g'.repeat(36)],
  },
  LayerDigest: {
    inside: ['a:0', 'A9-_+.:aF', `sha256:${'0'.repeat(64)}`],
    outside: ['', ':0', 'a:', 'a:g', 'a0', 'a:b:0', '/:0'],
  },
};

/** Values of the JSON that are at the edges of a shape, and one that is of another type. */
interface Edges {
  readonly inside: readonly unknown[];
  readonly outside: readonly unknown[];
  readonly wrongType: unknown;
}

function findEdges(name: string): Edges {
  const shape = SHAPES[name as ShapeName] as Shape; // as: a name out of the tables
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
      return { ...(patterned[name] ?? around((size) => 'x'.repeat(size))), wrongType: 7 };
    case 'integer':
    case 'long':
      return { ...around((size) => size, Number.NEGATIVE_INFINITY), wrongType: 1.5 };
    case 'list':
      return { ...around((size) => Array(size).fill(findSample(shape.member))), wrongType: {} };
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
function findSample(name: string): unknown {
  const shape = SHAPES[name as ShapeName] as Shape; // as: a name out of the tables
  if (shape.type === 'structure') return fillRequired(shape);
  if (shape.type === 'list') return [findSample(shape.member)];
  // The longest of its edges takes a second of each call.
  if (shape.type === 'blob') return 'AA==';
  if (shape.type === 'string' && shape.pattern === undefined) return 'x'.repeat(Math.max(1, shape.min ?? 1));
  return findEdges(name).inside[0] ?? 0;
}

function fillRequired({ members, required = [] }: StructureShape): Record<string, unknown> {
  return Object.fromEntries(required.map((member) => [member, findSample(members[member] ?? '')]));
}

/** A member somewhere in an input. `wrap` puts a value into its place in a whole one. */
interface Place {
  readonly operation: OperationName;
  readonly path: string;
  /** What an error names: an item goes by the name of its list. */
  readonly member: string;
  readonly shape: string;
  readonly wrap: (value: unknown) => Record<string, unknown>;
}

function* listPlaces(place: Place): Generator<Place> {
  yield place;
  const shape = SHAPES[place.shape as ShapeName] as Shape; // as: a name out of the tables
  if (shape.type === 'list') {
    yield* listPlaces({
      ...place,
      path: `${place.path}[]`,
      shape: shape.member,
      wrap: (value) => place.wrap([value]),
    });
  } else if (shape.type === 'structure') {
    yield* listMembers(shape, { ...place, path: `${place.path}.` });
  }
}

function* listMembers(structure: StructureShape, place: Omit<Place, 'member' | 'shape'>): Generator<Place> {
  for (const [member, shape] of Object.entries(structure.members)) {
    const wrap = (value: unknown) => place.wrap({ ...fillRequired(structure), [member]: value });
    yield* listPlaces({ ...place, path: `${place.path}${member}`, member, shape, wrap });
  }
}

const places = Object.entries(OPERATIONS).flatMap(([name, { input }]) => {
  const operation = name as OperationName; // as: a key of the table
  // as: an input is a structure, which is wrapped in nothing
  const wrap = (value: unknown) => value as Record<string, unknown>;
  return [...listMembers(input, { operation, path: '', wrap })];
});

/** What the layer in front of operations says of a member that is outside its constraints. */
const complaint = (member: string) =>
  new RegExp(
    `^Invalid parameter at '${member}' failed to satisfy constraint: '(?:must have length|Member must have|Member must satisfy|must satisfy regular expression)`,
  );

describe('each member', () => {
  test.each(places.map((place) => [place.operation, place.path, place] as const))(
    '%s %s',
    async (operation, _path, { member, shape, wrap }) => {
      const { inside, outside, wrongType } = findEdges(shape);
      for (const value of inside) {
        const { text, status } = await sendSigned(emulator, { operation, body: JSON.stringify(wrap(value)) });
        expect([200, 400], text.slice(0, 500)).toContain(status);
        const { message = '', __type } = JSON.parse(text);
        expect(__type).not.toBe('SerializationException');
        expect(message).not.toMatch(complaint(member));
      }
      for (const value of outside) {
        const error = await failApi(emulator, operation, wrap(value));
        expect(error.__type).toBe('InvalidParameterException');
        expect(error.message).toMatch(complaint(member));
      }
      expect((await failApi(emulator, operation, wrap(wrongType))).__type).toBe('SerializationException');
    },
  );

  test('there are as many as the model has, and every pattern has its edges', () => {
    expect(places.length).toBeGreaterThan(90);
    const withPattern = places.filter(({ shape }) => 'pattern' in SHAPES[shape as ShapeName]); // as: a name out of the tables
    expect(new Set(withPattern.map(({ shape }) => shape))).toEqual(new Set(Object.keys(patterned)));
  });
});
