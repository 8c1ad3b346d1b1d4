import { expect, it } from 'vitest';
import { formatPlatform, matchesPlatform, parsePlatform } from '../../../src/oci/platform.ts';

it.each(['linux/amd64', 'linux/arm64/v8', 'linux/arm/v7', 'windows/amd64'])('reads and writes %s', (text) => {
  expect(formatPlatform(parsePlatform(text))).toBe(text);
});

it.each(['linux', 'linux/', '/amd64', 'linux/arm64/v8/x', 'Linux/amd64', 'linux amd64', ''])(
  'refuses %j',
  (text) => {
    expect(() => parsePlatform(text)).toThrowError(/is not a platform/);
  },
);

it.each([
  ['linux/amd64', 'linux/amd64', true],
  ['linux/amd64/v3', 'linux/amd64', true],
  ['linux/amd64', 'linux/amd64/v1', true],
  ['linux/amd64', 'linux/amd64/v3', false],
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/arm64/v8', 'linux/arm64', true],
  ['linux/arm/v6', 'linux/arm', true],
  ['linux/arm/v6', 'linux/arm/v7', false],
  ['linux/arm', 'linux/arm/v7', true],
  ['linux/s390x', 'linux/s390x/z', false],
  ['windows/amd64', 'linux/amd64', false],
  ['linux/arm64', 'linux/arm', false],
])('an image for %s, asked for %s: %s', (found, asked, matches) => {
  expect(matchesPlatform(parsePlatform(found), parsePlatform(asked))).toBe(matches);
});
