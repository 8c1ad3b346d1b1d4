import { expect, it } from 'vitest';
import { formatPlatform, parsePlatform } from '../../../src/oci/platform.ts';

it.each(['linux/amd64', 'linux/arm64/v8', 'linux/arm/v7', 'windows/amd64'])('reads and writes %s', (text) => {
  expect(formatPlatform(parsePlatform(text))).toBe(text);
});

it.each(['linux', 'linux/', '/amd64', 'linux/arm64/v8/x', 'Linux/amd64', 'linux amd64', ''])(
  'refuses %j',
  (text) => {
    expect(() => parsePlatform(text)).toThrowError(/is not a platform/);
  },
);
