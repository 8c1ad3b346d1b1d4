import { expect } from 'vitest';
import { COMMON_EXCEPTIONS } from '../../src/wire/exceptions.ts';
import type { StructureShape } from '../../src/wire/model.ts';
import { OPERATIONS, type OperationName, type OutputOf } from '../../src/wire/operations.ts';
import { SHAPES, type ShapeName } from '../../src/wire/shapes.ts';
import { type Signer, sendSigned } from './signed-request.ts';

export interface ApiError {
  readonly __type: string;
  readonly message?: string;
  readonly [member: string]: unknown;
}

/** Calls an operation that must succeed. Its output must match the service model. */
export async function callApi<Name extends OperationName>(
  signer: Signer,
  operation: Name,
  input: object = {},
): Promise<OutputOf<Name>> {
  const answer = await sendSigned(signer, { operation, body: JSON.stringify(input) });
  const output: unknown = JSON.parse(answer.text);
  expect(output, `${operation} failed`).not.toHaveProperty('__type');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  expectStructure(OPERATIONS[operation].output, output, operation);
  return output as OutputOf<Name>; // as: compared with the structure that describes the type
}

/** Calls an operation that must fail with an exception that it declares. */
export async function failApi(
  signer: Signer,
  operation: OperationName,
  input: object | string,
): Promise<ApiError> {
  const body = typeof input === 'string' ? input : JSON.stringify(input);
  const answer = await sendSigned(signer, { operation, body });
  const error = JSON.parse(answer.text) as ApiError; // as: the next lines compare what is taken from it
  const declared: readonly string[] = [...OPERATIONS[operation].exceptions, ...COMMON_EXCEPTIONS];
  expect(declared, `${operation} answered ${answer.text}`).toContain(error.__type);
  expect(answer.status).toBe(error.__type === 'ServerException' ? 500 : 400);
  return error;
}

function expectStructure(structure: StructureShape, value: unknown, where: string): void {
  expect(value, where).toBeTypeOf('object');
  const members = Object.entries(Object(value));
  expect(Object.keys(structure.members), where).toEqual(
    expect.arrayContaining(members.map(([name]) => name)),
  );
  for (const name of structure.required ?? []) expect(value, where).toHaveProperty(name);
  for (const [name, member] of members) {
    expectShape(structure.members[name] ?? '', member, `${where}.${name}`);
  }
}

function expectShape(name: string, value: unknown, where: string): void {
  const shape = SHAPES[name as ShapeName]; // as: a name out of the tables
  if (shape.type === 'structure') expectStructure(shape, value, where);
  else if (shape.type === 'list') {
    expect(Array.isArray(value), where).toBe(true);
    for (const item of Object.values(Object(value))) expectShape(shape.member, item, where);
  } else if (shape.type === 'boolean') expect(value, where).toBeTypeOf('boolean');
  else if (shape.type === 'string') {
    expect(value, where).toBeTypeOf('string');
    if ('pattern' in shape) expect(value, where).toMatch(new RegExp(`^(?:${shape.pattern})$`));
    if ('enum' in shape) expect(shape.enum, where).toContain(value);
  } else expect(value, where).toBeTypeOf('number');
}
