import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  readSuggestions,
  writeSuggestions,
} from '../../../../../src/cli/commands/completion/suggestion-cache.ts';
import { makeHome } from '../../../../support/cli.ts';

let home: Awaited<ReturnType<typeof makeHome>>;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

const key = { endpoint: 'us-east-1', accessKeyId: 'AKIDEXAMPLE', subject: 'repositories' };
const NOW = Date.parse('2026-11-28T12:00:00Z');
const MINUTE_MS = 60_000;

it('names last ten minutes, for the same keys, endpoint and subject', () => {
  writeSuggestions(home.directory, key, ['a', 'b'], NOW);
  const read = (afterMs: number, other: Partial<typeof key> = {}) =>
    readSuggestions(home.directory, { ...key, ...other }, NOW + afterMs);
  expect(read(0)).toEqual(['a', 'b']);
  expect(read(10 * MINUTE_MS)).toEqual(['a', 'b']);
  expect(read(0, { accessKeyId: 'AKIDOTHER' })).toBeUndefined();
  expect(read(0, { endpoint: 'http://127.0.0.1:5100' })).toBeUndefined();
  expect(read(0, { subject: 'tags of a' })).toBeUndefined();
  // The clock was set back.
  expect(read(-1)).toBeUndefined();
  expect(read(10 * MINUTE_MS + 1)).toBeUndefined();
});

it('files hold no access key, and damaged ones are as good as none', async () => {
  writeSuggestions(home.directory, key, ['a'], NOW);
  const directory = join(home.directory, 'suggestions');
  const [name = ''] = await readdir(directory);
  expect(name).toMatch(/^[0-9a-f]{32}\.json$/);
  for (const text of ['', '{', '[]', '{"savedMs":"x","names":[]}', '{"savedMs":1,"names":"a"}']) {
    await writeFile(join(directory, name), text);
    expect(readSuggestions(home.directory, key, NOW)).toBeUndefined();
  }
});

it('a directory that cannot be written is no error', async () => {
  const file = join(home.directory, 'file');
  await writeFile(file, '');
  writeSuggestions(file, key, ['a'], NOW);
  expect(readSuggestions(file, key, NOW)).toBeUndefined();
});
