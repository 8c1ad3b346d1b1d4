import { expect, test } from 'vitest';
import {
  groupParentsFirst,
  hasOwnTag,
  linkImages,
  type ManifestLinks,
} from '../../../src/retention/links.ts';
import type { RetainableImage } from '../../../src/retention/rules.ts';

function make(imageDigest: string, imageTags: readonly string[] = []): RetainableImage {
  return { imageDigest, imageTags, pushedAtMs: 0, mediaType: undefined };
}

function list(children: readonly string[]): ManifestLinks {
  return { children, subject: undefined };
}

test('an index comes in an earlier group than its children, however deep', () => {
  const images = ['leaf', 'inner', 'top', 'alone'].map((name) => make(name));
  const known = new Map([
    ['top', list(['inner', 'leaf'])],
    ['inner', list(['leaf'])],
  ]);
  const linked = linkImages(images, known);
  expect(groupParentsFirst(linked, [0, 1, 2, 3])).toEqual([[2, 3], [1], [0]]);
  expect(groupParentsFirst(linked, [0, 1])).toEqual([[1], [0]]);
  expect(groupParentsFirst(linked, [])).toEqual([]);
});

test('manifests in a circle, which cannot exist, end all the same', () => {
  const known = new Map([
    ['a', list(['b'])],
    ['b', list(['a'])],
  ]);
  const groups = groupParentsFirst(linkImages([make('a'), make('b')], known), [0, 1]);
  expect(groups.flat().sort()).toEqual([0, 1]);
});

test.each([
  [['1.0'], true],
  [[`sha256-${'a'.repeat(64)}`], false],
  [[`sha256-${'a'.repeat(64)}.sig`], false],
  [[`sha256-${'a'.repeat(64)}.sig`, '1.0'], true],
  [['sha256-abc'], true],
  [[], false],
])('%j has a tag of its own: %s', (tags, expected) => {
  expect(hasOwnTag(make('x', tags))).toBe(expected);
});
