import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const { home, emulator } = await startWorkplace();

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory });
}

let count = 0;
/** A new repository for each test. */
let name = '';
beforeEach(async () => {
  count += 1;
  name = `catalog${count}`;
  await ecrp('repo', 'create', name);
});

async function getCatalog(repository = name): Promise<Record<string, unknown>> {
  const { catalogData } = (await ecrp('catalog', 'get', repository, '--json')).json();
  // As `ecrp catalog get` prints it.
  return catalogData as Record<string, unknown>;
}

function write(file: string, content: unknown): Promise<void> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return writeFile(join(home.directory, file), text);
}

function countPuts(): number {
  return emulator.count('PutRepositoryCatalogData');
}

const full = {
  description: 'A small image',
  architectures: ['x86-64', 'ARM 64'],
  operatingSystems: ['Linux'],
  logoUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/logo\/[0-9a-f]{64}\.png$/),
  aboutText: '# About\n\nText\n',
  usageText: '# Usage\n\nText\n',
};

/** Sets all fields from a file, with the logo of the fixtures. */
async function setFull(): Promise<CliResult> {
  const { logoUrl: _, ...texts } = full;
  await write('full.json', { ...texts, logo: join(fixtures, 'logo.png') });
  return ecrp('catalog', 'set', name, '--catalog', 'full.json', '--json');
}

describe('catalog set', () => {
  it('sets all fields of a file, and says what changed', async () => {
    const { status, stderr, json } = await setFull();
    expect(status).toBe(0);
    expect(json()).toEqual({
      schemaVersion: 1,
      repositoryName: name,
      status: 'changed',
      catalogData: full,
      changes: [
        { field: 'description', change: 'added', after: full.description },
        { field: 'architectures', change: 'added', after: full.architectures },
        { field: 'operatingSystems', change: 'added', after: full.operatingSystems },
        { field: 'logoImageBlob', change: 'added', after: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
        { field: 'aboutText', change: 'added', after: full.aboutText },
        { field: 'usageText', change: 'added', after: full.usageText },
      ],
      warnings: [],
    });
    expect(stderr).toContain(`Changed 6 fields of ${name}:\n  description       added\n`);
    expect(stderr).toContain('  architectures     added: + x86-64, + ARM 64\n');
    expect(stderr).toContain(`Gallery: https://gallery.ecr.aws/${emulator.registryAlias}/${name}\n`);
    expect(await getCatalog()).toEqual(full);
  });

  it('sets one field, and keeps the others and the logo', async () => {
    await setFull();
    const before = await getCatalog();
    await write('about.md', '# Other\n');
    const { json } = await ecrp('catalog', 'set', name, '--about-file', 'about.md', '--json');
    expect(json()).toMatchObject({ changes: [{ field: 'aboutText', change: 'changed' }] });
    expect(await getCatalog()).toEqual({ ...before, aboutText: '# Other\n' });
  });

  it('sets and clears fields in one go', async () => {
    await setFull();
    const set = ['--description', 'Other', '--architecture', 'ARM', '--os', 'Linux', '--os', 'Windows'];
    const { json, stderr } = await ecrp(
      'catalog',
      'set',
      name,
      ...set,
      '--clear',
      'usage',
      '--clear',
      'logo',
      '--json',
    );
    expect(json().changes).toEqual([
      { field: 'description', change: 'changed', before: full.description, after: 'Other' },
      { field: 'architectures', change: 'changed', before: full.architectures, after: ['ARM'] },
      { field: 'operatingSystems', change: 'changed', before: ['Linux'], after: ['Linux', 'Windows'] },
      { field: 'logoImageBlob', change: 'removed' },
      { field: 'usageText', change: 'removed', before: full.usageText },
    ]);
    expect(stderr).toContain('architectures     changed: - x86-64, - ARM 64, + ARM\n');
    expect(await getCatalog()).toEqual({
      description: 'Other',
      architectures: ['ARM'],
      operatingSystems: ['Linux', 'Windows'],
      aboutText: full.aboutText,
    });
  });

  it('sends nothing if nothing changes: line ends and the order of lists do not matter', async () => {
    await setFull();
    const puts = countPuts();
    await write('same.json', {
      architectures: ['ARM 64', 'x86-64'],
      aboutText: full.aboutText.replaceAll('\n', '\r\n'),
      usageText: full.usageText.trimEnd(),
      logo: join(fixtures, 'logo.png'),
    });
    const { status, stderr, json } = await ecrp('catalog', 'set', name, '--catalog', 'same.json', '--json');
    expect(status).toBe(0);
    expect(json()).toMatchObject({ status: 'unchanged', changes: [], catalogData: full });
    expect(stderr).toContain(`${name} is unchanged`);
    expect(countPuts()).toBe(puts);
  });

  it('takes single fields over those of the file', async () => {
    await write('file.json', { description: 'From the file', usageText: 'From the file' });
    await ecrp('catalog', 'set', name, '--catalog', 'file.json', '--description', 'From the line');
    expect(await getCatalog()).toEqual({ description: 'From the line', usageText: 'From the file' });
  });

  it.each([
    [[], 'nothing to set is given'],
    [['--clear', 'about', '--about-file', 'a.md'], 'about is both given and cleared'],
    [['--clear', 'everything'], 'Allowed fields are description, about, usage, logo, architecture, os'],
  ])('refuses %j as usage', async (options, message) => {
    const { status, stderr } = await ecrp('catalog', 'set', name, ...options);
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });

  it('refuses bad fields with status 3, and sends nothing', async () => {
    const before = emulator.requests.length;
    const options = ['--description', 'x'.repeat(1025), '--logo', 'missing.png', '--architecture', ''];
    const { status, stderr } = await ecrp('catalog', 'set', name, ...options);
    expect({ status, stderr }).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('has 3 problems:'),
    });
    expect(emulator.requests).toHaveLength(before);
  });

  it('refuses a file for another repository, and leaves its resource tags out', async () => {
    await write('other.json', { repositoryName: 'other', catalogData: { description: 'x' } });
    const other = await ecrp('catalog', 'set', name, '--catalog', 'other.json');
    expect(other).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('but other in the catalog file'),
    });
    await write('tags.json', { catalogData: { description: 'x' }, tags: { team: 'web' } });
    const { json } = await ecrp('catalog', 'set', name, '--catalog', 'tags.json', '--json');
    expect(json()).toMatchObject({ status: 'changed', warnings: [expect.stringContaining('resource tags')] });
  });
});

describe('catalog get', () => {
  it('shows the fields, then the texts', async () => {
    await setFull();
    const { stdout } = await ecrp('catalog', 'get', name);
    expect(stdout.split('\n')).toEqual([
      `description       ${full.description}`,
      'architectures     x86-64, ARM 64',
      'operatingSystems  Linux',
      expect.stringMatching(/^logoUrl {11}http:/),
      ...['aboutText:', '  # About', '', '  Text', 'usageText:', '  # Usage', '', '  Text', ''],
    ]);
  });

  it('says that nothing is set yet', async () => {
    const empty = await ecrp('catalog', 'get', name, '--json');
    expect(empty.json()).toEqual({ schemaVersion: 1, repositoryName: name, catalogData: {} });
    expect(empty.stderr).toContain(`ecrp catalog set ${name} --catalog FILE`);
  });

  it.each(['saved', 'saved.json', 'saved.yaml'])(
    'writes %s, which set takes back unchanged',
    async (place) => {
      await setFull();
      const got = await ecrp('catalog', 'get', name, '--output', place, '--json');
      const file = place === 'saved' ? join(place, 'catalog.json') : place;
      expect(got.status).toBe(0);
      expect(got.json().files).toContain(file);
      const puts = countPuts();
      const back = await ecrp('catalog', 'set', name, '--catalog', file, '--json');
      expect(back.json()).toMatchObject({ status: 'unchanged', changes: [] });
      expect(countPuts()).toBe(puts);
      // The same in another repository.
      await ecrp('repo', 'create', `${name}/copy`);
      await ecrp('catalog', 'set', `${name}/copy`, '--catalog', file);
      expect(await getCatalog(`${name}/copy`)).toEqual(await getCatalog());
    },
  );

  it('writes the logo and the texts beside the file in a directory', async () => {
    await setFull();
    await ecrp('catalog', 'get', name, '--output', 'beside');
    const read = (file: string) => readFile(join(home.directory, 'beside', file));
    expect(JSON.parse(String(await read('catalog.json')))).toEqual({
      description: full.description,
      architectures: full.architectures,
      operatingSystems: full.operatingSystems,
      logo: './logo.png',
      aboutFile: './about.md',
      usageFile: './usage.md',
    });
    expect(await read('logo.png')).toEqual(await readFile(join(fixtures, 'logo.png')));
    expect(String(await read('usage.md'))).toBe(full.usageText);
  });

  it.each([
    ['plain/inside', 'the directory plain/inside cannot be written: a part of the path is not a directory'],
    ['missing/inside', 'the directory missing/inside cannot be written: no such file or directory'],
    ['missing/inside.yaml', 'the file missing/inside.yaml cannot be written: no such file or directory'],
    // On Linux, mkdir with all parents never ends there.
    ['/proc/inside', 'the directory /proc/inside cannot be written'],
  ])('explains that %s cannot be written', async (place, message) => {
    await write('plain', '');
    const { status, stderr } = await ecrp('catalog', 'get', name, '--output', place);
    expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringContaining(message) });
  });

  it('writes over what it wrote before, and over no other file of the directory', async () => {
    await setFull();
    await ecrp('catalog', 'get', name, '--output', 'again');
    await write('again/README.md', 'mine');
    await ecrp('catalog', 'set', name, '--clear', 'about', '--clear', 'logo');
    const { stdout } = await ecrp('catalog', 'get', name, '--output', 'again/');
    expect(stdout).toBe('again/usage.md\nagain/catalog.json\n');
    expect(await readFile(join(home.directory, 'again', 'README.md'), 'utf8')).toBe('mine');
    const back = await ecrp('catalog', 'set', name, '--catalog', 'again/catalog.json', '--json');
    expect(back.json()).toMatchObject({ status: 'unchanged' });
  });
});

describe('catalog validate', () => {
  it('shows what a file has against the limits, and prints what would be sent as JSON', async () => {
    const before = emulator.requests.length;
    const { status, stdout, stderr } = await ecrp(
      'catalog',
      'validate',
      join(fixtures, 'create-repository.yaml'),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^valid\ndescription +29 of 1,024 characters\narchitectures +x86-64, ARM 64\n/);
    expect(stdout).toMatch(/\nlogo +\d+ × \d+ pixels, [\d.]+ k?B\n/);
    expect(stdout).toMatch(/\ntags +team=tools\n$/);
    const { json } = await ecrp('catalog', 'validate', join(fixtures, 'create-repository.yaml'), '--json');
    const logo = await readFile(join(fixtures, 'logo.png'));
    expect(json()).toEqual({
      schemaVersion: 1,
      repositoryName: 'team/hello',
      catalogData: expect.objectContaining({ logoImageBlob: logo.toString('base64') }),
      tags: [{ Key: 'team', Value: 'tools' }],
      warnings: [],
    });
    expect(emulator.requests).toHaveLength(before);
  });

  it('answers the catalog file of the tutorial of AWS with status 3 and the way out', async () => {
    const logoImageBlob = '$(cat myrepoimage.png |base64 -w 0)';
    await write('tutorial.json', {
      description: 'd',
      architectures: ['ARM'],
      logoImageBlob,
      aboutText: '# About',
    });
    const { status, stdout, stderr } = await ecrp('catalog', 'validate', 'tutorial.json');
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain('logoImageBlob is a shell expression, which no JSON or YAML file expands');
    expect(stderr).toContain('give the path of the PNG as "logo" instead');
  });

  it('prints warnings and ends with 0', async () => {
    await write('warned.json', { architectures: ['amd64'] });
    const { json, stderr, status } = await ecrp('catalog', 'validate', 'warned.json', '--json');
    const warning = 'architectures[0]: "amd64" will not become a badge in the Gallery; "x86-64" will';
    expect({ status, warnings: json().warnings }).toEqual({ status: 0, warnings: [warning] });
    expect(stderr).toBe(`warning: catalog file warned.json: ${warning}\n`);
  });
});

describe('catalog diff', () => {
  it('shows texts line by line and lists as sets', async () => {
    await setFull();
    await write('next.json', {
      description: 'A large image',
      architectures: ['x86', 'x86-64'],
      aboutText: `${full.aboutText}\nMore\n`,
      logo: join(fixtures, 'logo.png'),
    });
    const { status, stdout } = await ecrp('catalog', 'diff', name, 'next.json');
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      ...['description (changed)', '-A small image', '+A large image'],
      ...['architectures (changed)', '- ARM 64', '+ x86'],
      ...['aboutText (changed)', '@@ -1,3 +1,5 @@', ' # About', ' ', ' Text', '+', '+More'],
      '',
    ]);
    expect(await getCatalog()).toEqual(full);
  });

  it('ends with status 10 for differences only with --detailed-exitcode', async () => {
    await write('other.json', { description: 'x' });
    const differs = await ecrp('catalog', 'diff', name, 'other.json', '--detailed-exitcode', '--json');
    expect(differs.status).toBe(10);
    expect(differs.json()).toEqual({
      schemaVersion: 1,
      repositoryName: name,
      catalogData: {},
      changes: [{ field: 'description', change: 'added', after: 'x' }],
      warnings: [],
    });
    await ecrp('catalog', 'set', name, '--catalog', 'other.json');
    const same = await ecrp('catalog', 'diff', name, 'other.json', '--detailed-exitcode');
    expect(same).toMatchObject({ status: 0, stdout: '', stderr: expect.stringContaining('No differences') });
  });

  it('is coloured where standard output is a terminal', async () => {
    await write('colored.json', { description: 'x', architectures: ['\u001b[1mARM'] });
    const settings = { env: { ...home.env, ...emulator.env }, cwd: home.directory, stdoutColumns: 80 };
    const { stdout } = await runCli(['catalog', 'diff', name, 'colored.json'], settings);
    expect(stdout).toContain('\u001b[32m+x\u001b[39m\n');
    expect(stdout).toContain('\u001b[32m+ \\x1b[1mARM\u001b[39m\n');
    const plain = await runCli(['catalog', 'diff', name, 'colored.json', '--no-color'], settings);
    expect(plain.stdout).not.toContain('\u001b');
  });
});
