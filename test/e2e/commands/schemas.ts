import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

const directory = join(import.meta.dirname, '../../../bin/schemas');

/** Names of the schemas, without `.json`. */
export const schemaNames = readdirSync(directory).map((file) => file.replace(/\.json$/, ''));

function readSchema(name: string): unknown {
  return JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8'));
}

/** Members of each event, by the schema. */
export const eventMembers = listEventMembers();

// The file has them; anything else fails a test.
function listEventMembers(): ReadonlyMap<string, readonly string[]> {
  const { $defs } = readSchema('event') as { $defs: Record<string, { properties: object }> };
  return new Map(
    Object.entries($defs).map(([kind, { properties }]) => [
      kind,
      Object.keys(properties).filter((member) => member !== 'event'),
    ]),
  );
}

const ajv = new Ajv2020({ strict: true, allErrors: true });
for (const name of schemaNames) {
  // `forbidOthers` keeps an object an object.
  ajv.addSchema(forbidOthers(readSchema(name)) as object);
}

/**
 * Forbids members that a schema does not declare. The schemas in the package allow them, because later versions may add members. Here
 * they would be members that nobody described.
 */
function forbidOthers(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forbidOthers);
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.entries(schema).map(([name, value]) => [name, forbidOthers(value)] as const);
  const isObject = 'properties' in schema && 'type' in schema;
  return { ...(isObject && { additionalProperties: false }), ...Object.fromEntries(members) };
}

/** Fails if a value is not as the schema says: `push`, or `event#/$defs/retry`. */
export function expectValid(value: unknown, schema: string): void {
  const [name = '', fragment = ''] = schema.split('#');
  const reference = `${name}.json${fragment && `#${fragment}`}`;
  const validate = ajv.getSchema(reference);
  if (validate === undefined) throw new Error(`bin/schemas: there is no ${reference}`);
  const problems = validate(value) ? [] : (validate.errors ?? []);
  const lines = problems.map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  expect(lines, `${reference}: ${JSON.stringify(value)}`).toEqual([]);
}

/** Checks a line of standard error with `--progress json`. */
export function expectEvent(line: string): void {
  const event: unknown = JSON.parse(line);
  const kind = typeof event === 'object' && event !== null && 'event' in event ? event.event : undefined;
  expectValid(event, `event#/$defs/${String(kind)}`);
}
