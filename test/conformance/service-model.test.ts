import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/ecr/error-table.ts';
import { EXCEPTIONS } from '../../src/wire/exceptions.ts';
import { OPERATIONS } from '../../src/wire/operations.ts';
import { PRIVATE_EXCEPTIONS } from '../../src/wire/private/exceptions.ts';
import { PRIVATE_OPERATIONS, PRIVATE_SHAPES } from '../../src/wire/private/operations.ts';
import { PRIVATE_SIGNING_NAME, PRIVATE_TARGET_PREFIX } from '../../src/wire/private/service.ts';
import { CONTENT_TYPE, SIGNING_NAME, TARGET_PREFIX } from '../../src/wire/service.ts';
import { SHAPES } from '../../src/wire/shapes.ts';
import { describeUnlessMissing, NEW_BOTO3 } from './support/clients.ts';

// Compares AWS's description of the service, from the botocore inside the aws CLI, with our literals.

interface ModelShape {
  type: string;
  required?: string[];
  members?: Record<string, { shape: string }>;
  member?: { shape: string };
  key?: { shape: string };
  value?: { shape: string };
  min?: number;
  max?: number;
  pattern?: string;
  enum?: string[];
  exception?: boolean;
  fault?: boolean;
}

interface Model {
  metadata: { jsonVersion: string; targetPrefix: string; signingName: string };
  operations: Record<
    string,
    { input: { shape: string }; output: { shape: string }; errors: { shape: string }[] }
  >;
  shapes: Record<string, ModelShape>;
}

const modelPath = findModel('ecr-public', '2020-10-30');
const missing = modelPath === undefined ? ['botocore, which comes with the aws CLI'] : [];
describeUnlessMissing('the service model', missing, () => {
  let model: Model;
  beforeAll(() => {
    model = readModel(modelPath ?? '');
  });
  const at = (name: string): ModelShape => model.shapes[name] ?? { type: 'absent' };

  test('protocol', () => {
    expect(model.metadata.targetPrefix).toBe(TARGET_PREFIX);
    expect(model.metadata.signingName).toBe(SIGNING_NAME);
    expect(CONTENT_TYPE).toBe(`application/x-amz-json-${model.metadata.jsonVersion}`);
  });

  test('operations: names, members, required members, exceptions in order', () => {
    const theirs = Object.entries(model.operations).map(([name, operation]) => [
      name,
      {
        input: reduceShape(at(operation.input.shape)),
        output: reduceShape(at(operation.output.shape)),
        exceptions: operation.errors.map((error) => error.shape),
      },
    ]);
    expect(withNewerAliases(Object.fromEntries(theirs))).toEqual(OPERATIONS);
  });

  test('shapes: types, lengths, ranges, patterns, enumerations', () => {
    const ends = new Set(
      Object.values(model.operations).flatMap((operation) => [operation.input.shape, operation.output.shape]),
    );
    const theirs = Object.entries(model.shapes)
      .filter(([name, shape]) => shape.exception === undefined && !ends.has(name))
      .map(([name, shape]) => [name, reduceShape(shape)]);
    expect(Object.fromEntries(theirs)).toEqual(SHAPES);
  });

  test('every error that an operation declares is in the table of errors', () => {
    const declared = Object.values(model.operations).flatMap(({ errors }) =>
      errors.map(({ shape }) => shape),
    );
    expect(Object.keys(ERROR_TABLE)).toEqual(expect.arrayContaining([...new Set(declared)]));
  });

  test('exceptions: names, status, members', () => {
    const theirs = Object.entries(model.shapes)
      .filter(([, shape]) => shape.exception)
      .map(([name, shape]) => [
        name,
        { status: shape.fault ? 500 : 400, members: reduceShape(shape).members },
      ]);
    expect(Object.fromEntries(theirs)).toEqual(EXCEPTIONS);
  });
});

const privatePath = findModel('ecr', '2015-09-21');
const privateModel = privatePath === undefined ? undefined : readModel(privatePath);
const missingPrivate = privateModel?.operations.ListImageReferrers === undefined ? [NEW_BOTO3] : [];
describeUnlessMissing('the service model of private ECR', missingPrivate, () => {
  const { metadata, operations, shapes } = privateModel ?? readModel('');
  const at = (name: string): ModelShape => shapes[name] ?? { type: 'absent' };

  test('protocol', () => {
    expect(metadata.targetPrefix).toBe(PRIVATE_TARGET_PREFIX);
    expect(metadata.signingName).toBe(PRIVATE_SIGNING_NAME);
    expect(CONTENT_TYPE).toBe(`application/x-amz-json-${metadata.jsonVersion}`);
  });

  test.each(Object.entries(PRIVATE_OPERATIONS))('%s', (name, ours) => {
    const { input, output, errors } = operations[name] ?? {
      ...{ input: { shape: '' }, output: { shape: '' }, errors: [] },
    };
    expect({
      input: reduceShape(at(input.shape)),
      output: reduceShape(at(output.shape)),
      exceptions: errors.map((error) => error.shape),
    }).toEqual(ours);
  });

  test('pages: the members that botocore reads lists by', () => {
    const pagers = Object.entries(readPagers(privatePath ?? '')).filter(([name]) =>
      Object.hasOwn(PRIVATE_OPERATIONS, name),
    );
    const theirs = pagers.map(([name, { input_token, limit_key, output_token, result_key }]) => ({
      name,
      input: [input_token, limit_key],
      output: [String(result_key), output_token],
    }));
    const ours = Object.entries(PRIVATE_OPERATIONS).flatMap(([name, { input, output }]) =>
      // botocore has no pager of it.
      'nextToken' in input.members && name !== 'ListImageReferrers'
        ? [{ name, input: ['nextToken', 'maxResults'], output: Object.keys(output.members).filter(isPaged) }]
        : [],
    );
    const sort = (rows: typeof ours) => [...rows].sort((a, b) => a.name.localeCompare(b.name));
    expect(sort(ours)).toEqual(sort(theirs));
  });

  test('exactly the shapes that these operations and their exceptions reach', () => {
    const reached = new Set<string>();
    const reach = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const next of listReferences(at(name))) reach(next);
    };
    const ends = Object.values(PRIVATE_OPERATIONS).flatMap(({ input, output }) => [input, output]);
    for (const { members } of [...ends, ...Object.values(PRIVATE_EXCEPTIONS)]) {
      for (const name of Object.values(members)) reach(name);
    }
    const theirs = Object.fromEntries([...reached].map((name) => [name, reduceShape(at(name))]));
    expect(theirs).toEqual(PRIVATE_SHAPES);
  });

  test('the exceptions that these operations declare', () => {
    const declared = Object.values(PRIVATE_OPERATIONS).flatMap(({ exceptions }) => exceptions);
    const theirs = [...new Set<string>(declared)].map((name) => [
      name,
      { status: at(name).fault ? 500 : 400, members: reduceShape(at(name)).members },
    ]);
    expect(Object.fromEntries(theirs)).toEqual(PRIVATE_EXCEPTIONS);
  });
});

function listReferences({ members = {}, member, key, value }: ModelShape): readonly string[] {
  return [...Object.values(members), member, key, value].flatMap((reference) => reference?.shape ?? []);
}

/** Converts a shape of the model to the form of our tables: references by name, no documentation. */
function reduceShape(shape: ModelShape) {
  const { type, required, min, max, pattern, enum: values } = shape;
  const members =
    shape.members === undefined
      ? undefined
      : Object.fromEntries(Object.entries(shape.members).map(([name, member]) => [name, member.shape]));
  return dropAbsent({
    type,
    required,
    members,
    member: shape.member?.shape,
    key: shape.key?.shape,
    value: shape.value?.shape,
    min,
    max,
    pattern,
    enum: values,
  });
}

function dropAbsent<T extends object>(value: T): T {
  // The filter removes only undefined members.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

/** In botocore before 1.43, BatchDeleteImage has a plain registry ID. The service accepts an alias as well. */
function withNewerAliases(
  operations: Record<string, { input: { members?: Record<string, string> | undefined } }>,
) {
  const members = operations.BatchDeleteImage?.input.members;
  if (members !== undefined) members.registryId = 'RegistryIdOrAlias';
  return operations;
}

function readModel(path: string): Model {
  const bytes = readFileSync(path);
  // The file has botocore's form. The tests below compare everything that they read from it.
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()) as Model;
}

/** How botocore reads lists page by page: the names of the members that do it. */
interface Pager {
  readonly input_token: string;
  readonly output_token: string;
  readonly limit_key: string;
  readonly result_key: string | readonly string[];
}

/** Every other member is a list or its token. */
function isPaged(member: string): boolean {
  return member !== 'registryId';
}

/** Reads the pagers beside a model, by operation. */
function readPagers(modelPath: string): Readonly<Record<string, Pager>> {
  const path = join(dirname(modelPath), 'paginators-1.json');
  if (!existsSync(path)) return {};
  return (JSON.parse(readFileSync(path, 'utf8')) as { pagination: Record<string, Pager> }).pagination;
}

function findModel(service: string, version: string): string | undefined {
  const below = join('data', service, version);
  return findBotocores()
    .flatMap((directory) =>
      ['service-2.json.gz', 'service-2.json'].map((file) => join(directory, below, file)),
    )
    .find((path) => existsSync(path));
}

/** Lists directories of botocore: as a Python package, or inside the awscli package of Debian. */
function findBotocores(): string[] {
  const ask = (command: string, ...options: string[]) => {
    try {
      return execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      return '';
    }
  };
  const packaged = ask('dpkg', '-L', 'awscli')
    .split('\n')
    .filter((path) => path.endsWith('botocore/__init__.py'));
  return [ask('python3', '-c', 'import botocore; print(botocore.__file__)'), ...packaged]
    .filter((path) => path !== '')
    .map((path) => dirname(path));
}
