import { statfsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  findCacheDirectory,
  findDockerConfigDirectory,
  findSpoolLimit,
  findStateDirectory,
} from '../../../src/cli/directories.ts';
import type { Io } from '../../../src/io.ts';

/** Only what these functions read. */
const makeIo = (env: Record<string, string>): Io => ({ cwd: '/here', env }) as unknown as Io;

test.each([
  ['ECRP_CACHE_DIR', findCacheDirectory],
  ['ECRP_STATE_DIR', findStateDirectory],
  ['DOCKER_CONFIG', findDockerConfigDirectory],
] as const)('%s is taken as it is, but never with a line break', (name, find) => {
  expect(find(makeIo({ [name]: 'a place ' }))).toBe('/here/a place ');
  for (const path of ['/place\n', '/place\r', '/one\n/two']) {
    expect(() => find(makeIo({ [name]: path }))).toThrow(`${name}: it contains a line break`);
  }
});

// Not by a command: it would write there.
test.each([{}, { HOME: '' }])('with %j they are in the home of the passwd entry', (env) => {
  const { homedir } = userInfo();
  expect(findDockerConfigDirectory(makeIo(env))).toBe(join(homedir, '.docker'));
  for (const find of [findCacheDirectory, findStateDirectory]) {
    expect(find(makeIo(env))?.startsWith(join(homedir, '/'))).toBe(true);
  }
});

const GIB = 1024 ** 3;

test.each([
  ['0', 0],
  ['1000', 1000],
  ['1K', 1024],
  ['500M', 500 * 1024 ** 2],
  ['20G', 20 * GIB],
  ['20gib', 20 * GIB],
  ['20GB', 20 * GIB],
  ['1.5T', 1536 * GIB],
  [' 2G\n', 2 * GIB],
])('ECRP_SPOOL_LIMIT=%j is %d bytes, whatever is free', (text, bytes) => {
  expect(findSpoolLimit({ env: { ECRP_SPOOL_LIMIT: text } }, '/nonexistent')).toBe(bytes);
});

test('without it, is what is free less 1 GiB, and 64 GiB at most', () => {
  const { blocks, bsize } = statfsSync(tmpdir());
  const limit = findSpoolLimit({ env: {} }, tmpdir());
  expect(limit).toBeGreaterThanOrEqual(0);
  expect(limit).toBeLessThanOrEqual(Math.max(0, Math.min(blocks * bsize - GIB, 64 * GIB)));
  expect(findSpoolLimit({ env: {} }, '/nonexistent')).toBe(64 * GIB);
});
