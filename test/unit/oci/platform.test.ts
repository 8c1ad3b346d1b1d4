import { expect, it } from 'vitest';
import {
  formatPlatform,
  identifyPlatform,
  matchesPlatform,
  parsePlatform,
} from '../../../src/oci/platform.ts';

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

it.each([
  ['linux/amd64', 'linux/amd64/v1', true],
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/arm', 'linux/arm/v7', true],
  ['linux/arm', 'linux/arm/v6', false],
  ['linux/amd64', 'linux/amd64/v3', false],
  ['linux/amd64', 'windows/amd64', false],
  ['linux/s390x', 'linux/s390x', true],
])('an index has one place for %s and %s: %s', (one, other, isOne) => {
  const [first, second] = [one, other].map((text) => identifyPlatform(parsePlatform(text)));
  expect(first === second).toBe(isOne);
});

it('an index has one place for a build of Windows, and one for each set of features', () => {
  const windows = { os: 'windows', architecture: 'amd64' };
  const of = (version: string, ...features: readonly string[]) =>
    identifyPlatform({ ...windows, 'os.version': version, 'os.features': features });
  expect(of('10.0.20348.1')).toBe(of('10.0.20348.2227'));
  expect(of('10.0.20348.1')).not.toBe(of('10.0.17763.1'));
  expect(of('10.0.20348.1', 'a', 'b')).toBe(of('10.0.20348.1', 'b', 'a'));
  expect(of('10.0.20348.1', 'a')).not.toBe(of('10.0.20348.1'));
});
