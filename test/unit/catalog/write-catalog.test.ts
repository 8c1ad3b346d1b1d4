import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadCatalogFile } from '../../../src/catalog/catalog-file.ts';
import { formatCatalogDirectory, formatCatalogFile } from '../../../src/catalog/write-catalog.ts';
import { makePng } from '../../support/png.ts';
import { useDirectory } from './files.ts';

const directory = useDirectory();

const texts = [
  ['Markdown', '# A\n\n* one\n* two\n\n```sh\necho "x"\n```\n'],
  ['what YAML gives a meaning to', '- yes\n? : #no\n  & * ! | > %@`\n"q" \'q\' {a: [b]}\n---\n...\n'],
  ['blanks at the start and the end', '  \n   indented\n\n\ttab\n trailing  \n\n\n'],
  ['carriage returns and other controls', 'a\r\nb\rc\u0007d\u2028e\u0085f\n'],
  ['no line end', 'no line end'],
  ['other scripts', 'Ünï 😀 漢字 \u202e\n'],
  ['as many lines as are allowed', 'x\n'.repeat(12_800)],
  ['one long line', 'word '.repeat(5000)],
  ['numbers and flags', 'true'],
  ['a null', 'null'],
] as const;

it.each(texts)('writes files that are read back unchanged: %s', async (_, text) => {
  const data = {
    description: text.slice(0, 1000),
    architectures: ['x86-64', 'no'],
    logoImageBlob: makePng(60, 60),
    aboutText: text,
    usageText: text,
  };
  for (const name of ['one.json', 'one.yaml']) {
    await writeFile(join(directory(), name), formatCatalogFile(data, name));
  }
  for (const { name, content } of formatCatalogDirectory(data)) {
    await writeFile(join(directory(), name), content);
  }
  for (const name of ['one.json', 'one.yaml', 'catalog.json']) {
    expect((await loadCatalogFile(name, directory())).catalogData, name).toEqual(data);
  }
});

it('leaves out what is empty', () => {
  const data = { description: '', architectures: [], aboutText: undefined };
  expect(formatCatalogDirectory(data)).toEqual([{ name: 'catalog.json', content: '{}\n' }]);
  expect(formatCatalogFile(data, 'x.yml')).toBe('{}\n');
});
