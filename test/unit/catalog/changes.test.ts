import { describe, expect, it } from 'vitest';
import { findCatalogChanges, findTagChanges, mergeCatalogData } from '../../../src/catalog/changes.ts';

const logo = Buffer.from('logo');
const current = {
  data: {
    description: 'd',
    architectures: ['ARM', 'x86'],
    logoUrl: 'https://x/logo.png',
    aboutText: 'a\nb\n',
  },
  logo,
};

describe('findCatalogChanges', () => {
  it.each([
    ['absent members', {}],
    ['members that are the same', { description: 'd', logoImageBlob: Buffer.from('logo') }],
    ['another order, and a name twice', { architectures: ['x86', 'ARM', 'x86'] }],
    ['other line ends and blank ends', { aboutText: '\ufeffa\r\nb \n\n' }],
    ['removing what is not there', { usageText: '', operatingSystems: [] }],
  ])('ignores %s', (_, wanted) => {
    expect(findCatalogChanges(current, wanted)).toEqual([]);
  });

  it('names what is added, changed and removed, in the order of the API', () => {
    const wanted = {
      usageText: 'u',
      logoImageBlob: Buffer.alloc(0),
      aboutText: 'a\n b\n',
      architectures: [],
      description: '',
    };
    expect(findCatalogChanges(current, wanted)).toEqual([
      { field: 'description', change: 'removed', before: 'd' },
      { field: 'architectures', change: 'removed', before: ['ARM', 'x86'] },
      { field: 'logoImageBlob', change: 'removed', before: expect.stringMatching(/^sha256:/) },
      { field: 'aboutText', change: 'changed', before: 'a\nb\n', after: 'a\n b\n' },
      { field: 'usageText', change: 'added', after: 'u' },
    ]);
  });

  it('takes a logo that could not be fetched for another one', () => {
    const [change] = findCatalogChanges({ data: current.data }, { logoImageBlob: logo });
    expect(change).toMatchObject({ field: 'logoImageBlob', change: 'changed', before: undefined });
  });
});

it('merges what is wanted into the whole, and keeps empty members that clear', () => {
  expect(mergeCatalogData(current, { description: '', usageText: 'u', aboutText: undefined })).toEqual({
    description: '',
    architectures: ['ARM', 'x86'],
    logoImageBlob: logo,
    aboutText: 'a\nb\n',
    usageText: 'u',
  });
});

it('finds resource tags that are new or have another value', () => {
  const tags = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '2' },
  ];
  const wanted = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '3' },
    { Key: 'c', Value: '' },
  ];
  expect(findTagChanges(tags, wanted)).toEqual([
    { field: 'tags.b', change: 'changed', before: '2', after: '3' },
    { field: 'tags.c', change: 'added', before: undefined, after: '' },
  ]);
});
