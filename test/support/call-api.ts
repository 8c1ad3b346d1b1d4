import { expect } from 'vitest';
import { COMMON_EXCEPTIONS } from '../../src/wire/exceptions.ts';
import type { Operation, Shape, StructureShape } from '../../src/wire/model.ts';
import { OPERATIONS, type OperationName, type OutputOf } from '../../src/wire/operations.ts';
import {
  PRIVATE_OPERATIONS,
  PRIVATE_SHAPES,
  type PrivateOperationName,
  type PrivateOutputOf,
} from '../../src/wire/private/operations.ts';
import { SHAPES } from '../../src/wire/shapes.ts';
import { type Signer, sendSigned } from './signed-request.ts';

export interface ApiError {
  readonly __type: string;
  readonly message?: string;
  readonly [member: string]: unknown;
}

/** What describes one of the two services. */
interface Described {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

function modelOf({ service }: Signer): Described {
  return service === undefined
    ? { operations: OPERATIONS, shapes: SHAPES }
    : { operations: PRIVATE_OPERATIONS, shapes: PRIVATE_SHAPES };
}

/** Calls an operation that must succeed. Its output must match the service model. */
export async function callApi<Name extends OperationName>(
  signer: Signer,
  operation: Name,
  input: object = {},
): Promise<OutputOf<Name>> {
  return (await call(signer, operation, input)) as OutputOf<Name>; // as: compared with the structure that describes the type
}

/** The same of private ECR, for a signer of `privateOf`. */
export async function callPrivate<Name extends PrivateOperationName>(
  signer: Signer,
  operation: Name,
  input: object = {},
): Promise<PrivateOutputOf<Name>> {
  return (await call(signer, operation, input)) as PrivateOutputOf<Name>; // as: same
}

/** Calls an operation that must fail with an exception that it declares. */
export function failApi(signer: Signer, operation: OperationName, input: object | string): Promise<ApiError> {
  return fail(signer, operation, input);
}

/** The same of private ECR, for a signer of `privateOf`. */
export function failPrivate(
  signer: Signer,
  operation: PrivateOperationName,
  input: object | string,
): Promise<ApiError> {
  return fail(signer, operation, input);
}

async function call(signer: Signer, operation: string, input: object): Promise<unknown> {
  const model = modelOf(signer);
  const body = JSON.stringify(input);
  const answer = await sendSigned(signer, { operation, body });
  const output: unknown = JSON.parse(answer.text);
  expect(output, `${operation} failed`).not.toHaveProperty('__type');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  const structure = model.operations[operation]?.output;
  if (structure === undefined) throw new Error(`${operation} is not described`);
  expectStructure(model.shapes, structure, output, operation);
  return output;
}

async function fail(signer: Signer, operation: string, input: object | string): Promise<ApiError> {
  const model = modelOf(signer);
  const body = typeof input === 'string' ? input : JSON.stringify(input);
  const answer = await sendSigned(signer, { operation, body });
  const error = JSON.parse(answer.text) as ApiError; // as: the next lines compare what is taken from it
  const exceptions = model.operations[operation]?.exceptions ?? [];
  const declared: readonly string[] = [...exceptions, ...COMMON_EXCEPTIONS];
  expect(declared, `${operation} answered ${answer.text}`).toContain(error.__type);
  expect(answer.status).toBe(error.__type === 'ServerException' ? 500 : 400);
  return error;
}

function expectStructure(
  shapes: Described['shapes'],
  structure: StructureShape,
  value: unknown,
  where: string,
): void {
  expect(value, where).toBeTypeOf('object');
  const members = Object.entries(Object(value));
  expect(Object.keys(structure.members), where).toEqual(
    expect.arrayContaining(members.map(([name]) => name)),
  );
  for (const name of structure.required ?? []) expect(value, where).toHaveProperty(name);
  for (const [name, member] of members) {
    expectShape(shapes, structure.members[name] ?? '', member, `${where}.${name}`);
  }
}

function expectShape(shapes: Described['shapes'], name: string, value: unknown, where: string): void {
  const shape = shapes[name];
  if (shape === undefined) throw new Error(`${where}: shape ${name} is not described`);
  if (shape.type === 'structure') expectStructure(shapes, shape, value, where);
  else if (shape.type === 'list') {
    expect(Array.isArray(value), where).toBe(true);
    for (const item of Object.values(Object(value))) expectShape(shapes, shape.member, item, where);
  } else if (shape.type === 'map') {
    expect(value, where).toBeTypeOf('object');
    for (const item of Object.values(Object(value))) expectShape(shapes, shape.value, item, where);
  } else if (shape.type === 'boolean') expect(value, where).toBeTypeOf('boolean');
  else if (shape.type === 'string') {
    expect(value, where).toBeTypeOf('string');
    if (shape.pattern !== undefined) expect(value, where).toMatch(new RegExp(`^(?:${shape.pattern})$`));
    if (shape.enum !== undefined) expect(shape.enum, where).toContain(value);
  } else expect(value, where).toBeTypeOf('number');
}
