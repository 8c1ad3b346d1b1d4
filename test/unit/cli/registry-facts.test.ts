import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRegistryFacts, writeRegistryFacts } from '../../../src/cli/registry-facts.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
});
afterEach(async () => {
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true });
});

const key = { endpoint: 'http://127.0.0.1:5100', owner: 'AKIAEXAMPLE' };
const facts = { registryId: '123456789012', registryAlias: 'a1b2c3d4', aliases: ['a1b2c3d4', 'mine'] };

it('gives back what was written, to the same key at the same endpoint only', async () => {
  await writeRegistryFacts(directory, key, facts);
  expect(await readRegistryFacts(directory, key)).toEqual(facts);
  expect(await readRegistryFacts(directory, { ...key, owner: 'AKIAOTHER' })).toBeUndefined();
  expect(await readRegistryFacts(directory, { ...key, endpoint: 'https://other' })).toBeUndefined();
});

it('keeps no access key id in plain text', async () => {
  await writeRegistryFacts(directory, key, facts);
  const [name = ''] = await readdir(join(directory, 'registries'));
  expect(name + (await readFile(join(directory, 'registries', name), 'utf8'))).not.toContain('AKIAEXAMPLE');
});

it.each([
  ['', 'nothing'],
  ['{"registryId":"1234', 'cut short'],
  ['null', 'null'],
  ['{"registryId":"123456789012"}', 'without an alias'],
  ['{"registryId":"123456789012","registryAlias":"../x","aliases":["../x"]}', 'an alias that nobody has'],
  [
    '{"registryId":"123456789012","registryAlias":"a1","aliases":["a1","\\u001b[2J"]}',
    'one that is none among others',
  ],
  ['{"registryId":"123456789012","registryAlias":"a1","aliases":["b2"]}', 'not one of its aliases'],
  ['{"registryId":"123456789012","registryAlias":"a1b2c3d4"}', 'of an earlier version'],
  ['{"registryId":7,"registryAlias":"a1b2c3d4","aliases":["a1b2c3d4"]}', 'a wrong type'],
])('ignores a damaged file: %j (%s)', async (text) => {
  await writeRegistryFacts(directory, key, facts);
  const [name = ''] = await readdir(join(directory, 'registries'));
  await writeFile(join(directory, 'registries', name), text);
  expect(await readRegistryFacts(directory, key)).toBeUndefined();
});

it('is silent where it cannot write', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  await writeRegistryFacts(file, key, facts);
  expect(await readRegistryFacts(file, key)).toBeUndefined();
});
