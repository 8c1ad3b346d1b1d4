import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHome } from '../support/cli.ts';
import { findDeadLinks } from '../support/markdown-links.ts';

// The package as a stranger gets it: packed by npm, and installed into an empty directory without a registry, a cache or settings.

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** What `npm pack` reads in a checkout. */
const SOURCES = ['.build', 'bin', 'fixtures', 'src', 'LICENSE', 'README.md', 'package.json'];

/** What is in the package besides the schemas, the man pages, and the chunks of the program, whose names the bundler chooses. */
const FILES = [
  'LICENSE',
  'README.md',
  'bin/README.md',
  'bin/SCRIPTING.md',
  'bin/code-cache.js',
  'bin/completion/ecrp.bash',
  'bin/completion/ecrp.fish',
  'bin/completion/ecrp.zsh',
  'bin/docker-credential-ecrp.js',
  'bin/ecrp.js',
  'bin/package.json',
  'bin/push.svg',
  'dist/deflate.wasm',
  'dist/licenses.txt',
  'package.json',
  'src/compress/deflate/README.md',
  'src/emulator/README.md',
];

const home = await makeHome();
afterAll(home.remove);
const checkout = join(home.directory, 'checkout');
const place = join(home.directory, 'place');
const installed = join(place, 'node_modules', 'ecrp');
const env = {
  HOME: home.directory,
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  npm_config_registry: 'http://127.0.0.1:1',
  npm_config_offline: 'true',
  npm_config_audit: 'false',
  npm_config_update_notifier: 'false',
};

/** All that `npm install` printed. */
let said = '';

beforeAll(async () => {
  for (const name of SOURCES) cpSync(join(root, name), join(checkout, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  mkdirSync(join(checkout, 'dist'));
  for (const name of ['main.cjs', 'old.cjs'])
    writeFileSync(join(checkout, 'dist', name), 'throw new Error()');
  await run('npm', ['pack'], { cwd: checkout, env });
  const tarball = readdirSync(checkout).find((name) => name.endsWith('.tgz')) ?? '';
  mkdirSync(place);
  const { stdout, stderr } = await run('npm', ['install', join(checkout, tarball)], { cwd: place, env });
  said = stdout + stderr;
});

/** Runs an installed program in the empty directory. */
const runInstalled = (program: string, ...argv: string[]) =>
  run(join(place, 'node_modules', '.bin', program), argv, { cwd: place, env });

const listInstalled = (): string[] =>
  readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(installed, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();

const readInstalled = (path: string): string => readFileSync(join(installed, path), 'utf8');

describe('the installed package', () => {
  it('has no script that npm would run or warn of', () => {
    expect(said).not.toMatch(/warn/i);
    const { scripts } = JSON.parse(readInstalled('package.json'));
    expect(Object.keys(scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^((pre|post)?install|prepare)$/)]),
    );
  });

  it('fetched nothing', () => {
    expect(readdirSync(join(place, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'ecrp',
    ]);
  });

  it('has its documents, its programs and what they load, all freshly built', () => {
    const isOneOfMany = (path: string): boolean =>
      /^(?:dist\/[\w-]+\.cjs|dist\/code-cache\/[\w.-]+\/[\w-]+\.cjs\.bin|bin\/schemas\/[\w-]+\.json|dist\/man\/[\w-]+\.1)$/.test(
        path,
      );
    expect(listInstalled().filter((path) => !isOneOfMany(path))).toEqual(FILES);
    expect(listInstalled()).not.toContain('dist/old.cjs');
  });

  it('has the code cache of its chunks for this Node', () => {
    const { directory } = createRequire(import.meta.url)('../../bin/code-cache.js');
    const cache = relative(root, directory).split(sep).join('/');
    const cached = listInstalled().filter((path) => path.startsWith(`${cache}/`));
    expect(cached).toEqual(
      expect.arrayContaining(['start', 'ecr', 'push'].map((chunk) => `${cache}/${chunk}.cjs.bin`)),
    );
  });

  it('pushes the image of the demo to its own emulator', async () => {
    const image = join(root, 'fixtures', 'archives', 'docker-20.10-one.tar');
    const push = [join(place, 'node_modules', '.bin', 'ecrp'), 'push', image, 'hello:1.0', '--create-repo'];
    const { stdout } = await runInstalled('ecrp', 'emulator', '--port', '0', '--', ...push);
    expect(stdout).toMatch(/\/hello:1\.0@sha256:[0-9a-f]{64}$/m);
  });

  it('has the credential helper', async () => {
    const { stdout } = await runInstalled('docker-credential-ecrp', 'version');
    expect(stdout).toContain(JSON.parse(readInstalled('package.json')).version);
  });

  it.each(['bash', 'zsh', 'fish'])('has the completion of %s', async (shell) => {
    const { stdout } = await runInstalled('ecrp', 'completion', shell);
    expect(stdout).toBe(readFileSync(join(root, 'bin', 'completion', `ecrp.${shell}`), 'utf8'));
  });

  it('has the man pages that it lists', () => {
    const pages = listInstalled().filter((path) => path.startsWith('dist/man/'));
    expect(pages).toContain('dist/man/ecrp-push.1');
    expect(pages).toEqual(JSON.parse(readInstalled('package.json')).man.toSorted());
  });

  it('lets others import its package.json and nothing else', () => {
    const { resolve } = createRequire(join(place, 'index.js'));
    expect(resolve('ecrp/package.json')).toBe(join(installed, 'package.json'));
    for (const path of ['ecrp', 'ecrp/dist/main.cjs', 'ecrp/bin/ecrp.js']) {
      expect(() => resolve(path)).toThrow(expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }));
    }
  });

  it('mentions no source map, because it has no sources', () => {
    const mapped = listInstalled().filter((path) => /sourceMappingURL=/.test(readInstalled(path)));
    expect(mapped).toEqual([]);
  });

  it('has no dead link', () => {
    expect(findDeadLinks(listInstalled(), readInstalled)).toEqual([]);
  });

  it('passes publint', async () => {
    const { messages } = await publint({ pkgDir: installed, pack: false });
    expect(messages).toEqual([]);
  });
});

describe('the script that npm runs after an install', () => {
  /** Runs the script in a checkout without the packages that the build needs. */
  const runScript = (npm: Readonly<Record<string, string>>): Promise<unknown> => {
    cpSync(join(root, '.build'), join(home.directory, 'bare', '.build'), { recursive: true });
    const cwd = join(home.directory, 'bare');
    return run(process.execPath, ['.build/build-clone.js'], { cwd, env: { ...env, ...npm } });
  };

  it('builds nothing in a checkout', async () => {
    await runScript({ npm_command: 'ci' });
    expect(readdirSync(join(home.directory, 'bare'))).toEqual(['.build']);
  });

  it('builds in the clone of an install from git, and fails if it cannot', async () => {
    const npm = { npm_command: 'install', _PACOTE_NO_PREPARE_: 'git+file:///ecrp' };
    await expect(runScript(npm)).rejects.toThrow('Cannot find package');
  });
});
