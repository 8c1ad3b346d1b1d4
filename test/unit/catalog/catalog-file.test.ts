import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkCatalogFile, loadCatalogFile } from '../../../src/catalog/catalog-file.ts';
import { makePng } from '../../support/png.ts';
import { load, refuse, useDirectory } from './files.ts';

const directory = useDirectory();
const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));

describe('loadCatalogFile', () => {
  it('loads the fixtures of both forms', async () => {
    const logo = await readFile(join(fixtures, 'logo.png'));
    const data = await loadCatalogFile('catalog.json', fixtures);
    expect(data).toEqual({
      path: 'catalog.json',
      catalogData: {
        description: expect.any(String),
        architectures: ['x86-64', 'ARM 64'],
        operatingSystems: ['Linux'],
        logoImageBlob: logo,
        aboutText: await readFile(join(fixtures, 'about.md'), 'utf8'),
        usageText: await readFile(join(fixtures, 'usage.md'), 'utf8'),
      },
      tags: [],
      warnings: [],
    });
    const input = await loadCatalogFile(join(fixtures, 'create-repository.yaml'));
    expect(input.repositoryName).toBe('team/hello');
    expect(input.tags).toEqual([{ Key: 'team', Value: 'tools' }]);
    expect(input.catalogData.logoImageBlob).toEqual(logo);
  });

  it('gives the input of the API, from JSON and from YAML', async () => {
    const logoImageBlob = makePng(60, 2048);
    const content = {
      repositoryName: 'app',
      catalogData: {
        description: 'Ünï 😀',
        architectures: [],
        logoImageBlob: logoImageBlob.toString('base64'),
      },
      tags: [{ Key: 'team', Value: 'a=b' }, { Key: 'empty' }],
    };
    const expected = {
      repositoryName: 'app',
      catalogData: { description: 'Ünï 😀', architectures: [], logoImageBlob },
      tags: [
        { Key: 'team', Value: 'a=b' },
        { Key: 'empty', Value: '' },
      ],
      warnings: [],
    };
    expect(await load(directory(), content)).toEqual({ path: 'catalog.json', ...expected });
    expect(await load(directory(), content, 'catalog.yaml')).toEqual({ path: 'catalog.yaml', ...expected });
    expect(await load(directory(), `\ufeff${JSON.stringify(content, null, '\t')}`, 'catalog')).toEqual({
      path: 'catalog',
      ...expected,
    });
  });

  it('accepts an empty object, a name without data, and tags as a map', async () => {
    expect((await load(directory(), {})).catalogData).toEqual({});
    expect((await load(directory(), { repositoryName: 'a' })).catalogData).toEqual({});
    const { tags } = await load(directory(), 'tags:\n  team: tools\n  "": ""\n', 'x.yml').catch(
      (error) => error,
    );
    expect(tags).toBeUndefined();
    expect((await load(directory(), 'tags:\n  team: tools\n  stage: ""\n', 'x.yml')).tags).toEqual([
      { Key: 'team', Value: 'tools' },
      { Key: 'stage', Value: '' },
    ]);
  });

  it('reads a pipe, for process substitution of shells', async () => {
    const pipe = join(directory(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [file] = await Promise.all([
      loadCatalogFile(pipe),
      writeFile(pipe, '{"description":"from a pipe"}'),
    ]);
    expect(file.catalogData).toEqual({ description: 'from a pipe' });
  });

  it('reports all problems at once, each with its member', async () => {
    const error = await refuse(directory(), {
      repositoryName: 7,
      catalogData: {
        desciption: 'x',
        architectures: ['x86', 5, '', 'y'.repeat(51)],
        operatingSystems: 'Linux',
        aboutText: 'a',
        aboutFile: './about.md',
        usageFile: './missing.md',
      },
      tags: [{ key: 'a' }, 'b=c', { Key: 'aws:x', Value: true }],
      aboutText: 'outside',
    });
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message.split('\n  - ')).toEqual([
      'catalog file catalog.json has 14 problems:',
      'repositoryName must be text, not the number 7; put it in quotes',
      'aboutText belongs in catalogData',
      'catalogData.desciption is not known here; did you mean description?',
      'catalogData.architectures[1] must be text, not the number 5; put it in quotes',
      'catalogData.architectures[2] is empty',
      'catalogData.architectures[3] has 51 characters; 50 are allowed',
      'catalogData.operatingSystems must be a list, not text; write ["Linux"]',
      'catalogData.aboutText and catalogData.aboutFile are both given; give one of them',
      `catalogData.usageFile: ${join(directory(), 'missing.md')} does not exist`,
      'tags[0].key is not known here; did you mean Key?',
      'tags[0] has no Key',
      'tags[1] must be an object with Key and Value, not text',
      'tags[2].Value must be text, not the boolean true; put it in quotes',
      'tags[2]: keys that begin with aws: are reserved for AWS',
    ]);
  });

  it('counts code points, in texts of files as well', async () => {
    const most = { description: '😀'.repeat(1024), aboutText: 'é'.repeat(25_600), usageFile: 'usage.md' };
    await writeFile(join(directory(), 'usage.md'), '😀'.repeat(25_600));
    expect((await load(directory(), most)).catalogData.usageText).toBe('😀'.repeat(25_600));
    await writeFile(join(directory(), 'usage.md'), 'x'.repeat(25_601));
    const error = await refuse(directory(), { ...most, description: 'x'.repeat(1025) });
    expect(error.message).toContain('description has 1,025 characters; 1,024 are allowed');
    expect(error.message).toMatch(/usageFile: \S+usage\.md has 25,601 characters; 25,600 are allowed/);
  });

  it('limits the lists', async () => {
    expect(
      (await load(directory(), { architectures: Array(50).fill('ARM') })).catalogData.architectures,
    ).toHaveLength(50);
    const error = await refuse(directory(), {
      catalogData: { operatingSystems: Array(51).fill('Linux') },
      tags: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v'])),
    });
    expect(error.message).toContain('catalogData.operatingSystems has 51 entries; 50 are allowed');
    expect(error.message).toContain('tags has 51 entries; 50 are allowed');
  });

  it.each([
    [{ logoUrl: 'https://x' }, 'logoUrl is not known here; only the service sets it'],
    [{ about: 'x' }, 'about is not known here; did you mean aboutText?'],
    [{ ABOUTTEXT: 'x' }, 'ABOUTTEXT is not known here; did you mean aboutText?'],
    [{ operating_systems: [] }, 'operating_systems is not known here; did you mean operatingSystems?'],
    [{ wholly: 'x' }, 'wholly is not known here; known are description, architectures,'],
    [{ description: null }, 'description must be text, not null'],
    [{ catalogData: [] }, 'catalogData must be an object, not a list'],
    [{ tags: 'a=b' }, 'tags must be a list of {Key, Value} or a map, not text'],
    [{ tags: [{ Key: 'a' }, { Key: 'a' }] }, 'tags has the key "a" twice'],
    [{ tags: { [`k${'x'.repeat(128)}`]: '' } }, 'the key has 129 characters; 128 are allowed'],
    [{ tags: { k: 'x'.repeat(257) } }, 'the value has 257 characters; 256 are allowed'],
    [[], 'it must hold an object, not a list'],
    ['"text"', 'it must hold an object, not text'],
    ['', 'it is empty'],
  ])('refuses %j', async (content, message) => {
    expect((await refuse(directory(), content)).message).toContain(message);
  });

  it('does not read members of the prototype', async () => {
    const error = await refuse(directory(), '{"__proto__": {"description": 5}, "constructor": 1}');
    expect(error.message).toContain('__proto__ is not known here');
    expect(error.message).toContain('constructor is not known here');
  });

  it('warns of names that will not become a badge', async () => {
    const { warnings } = await load(directory(), {
      architectures: ['amd64', 'ARM 64'],
      operatingSystems: ['linux'],
    });
    expect(warnings).toEqual([
      'architectures[0]: "amd64" will not become a badge in the Gallery; "x86-64" will',
      'operatingSystems[0]: "linux" will not become a badge in the Gallery; "Linux" will',
    ]);
  });

  it('explains a problem of the file itself', async () => {
    await mkdir(join(directory(), 'folder'));
    await symlink('circle', join(directory(), 'circle'));
    await writeFile(join(directory(), 'latin1'), Buffer.from([0x7b, 0xe9, 0x7d]));
    await writeFile(join(directory(), 'large'), Buffer.alloc(3_000_000, 0x20));
    const told = async (path: string) => (await checkCatalogFile(path, directory())).problems;
    expect(await told('missing')).toEqual(['it does not exist']);
    expect(await told('folder')).toEqual(['it is a directory']);
    expect(await told('latin1')).toEqual(['it is not UTF-8 text']);
    expect(await told('large')).toEqual(['it has more than 2,048,000 bytes']);
    expect(await told('/dev/zero')).toEqual(['it has more than 2,048,000 bytes']);
    expect(await told('circle')).toEqual([expect.stringContaining('it cannot be read: ELOOP')]);
  });
});
