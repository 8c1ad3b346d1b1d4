import { expect, test } from 'vitest';
import {
  findCacheDirectory,
  findDockerConfigDirectory,
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
