import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import {
  COSIGN_SUFFIXES,
  findCosignSubject,
  findListedSubject,
  nameCosignTag,
} from '../../../src/oci/referrer-tags.ts';

const digest = digestOf('an image');
const name = digest.replace(':', '-');

describe('tags that stand for what refers to an image', () => {
  test("are the list of its referrers, and cosign's tags", () => {
    expect(findListedSubject(name)).toBe(digest);
    expect(findCosignSubject(name)).toBeUndefined();
    for (const suffix of COSIGN_SUFFIXES) {
      expect(findCosignSubject(nameCosignTag(digest, suffix))).toBe(digest);
      expect(findListedSubject(nameCosignTag(digest, suffix))).toBeUndefined();
    }
  });

  test.each([
    'latest',
    'sha256',
    'sha256-',
    name.slice(0, -1),
    `${name}0`,
    name.toUpperCase(),
    `${name}.sig.sig`,
    `x${name}`,
    `${name}.`,
  ])('not %s', (tag) => {
    expect([findListedSubject(tag), findCosignSubject(tag)]).toEqual([undefined, undefined]);
  });
});
