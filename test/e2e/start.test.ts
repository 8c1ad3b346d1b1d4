import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHome, spawnCli } from '../support/cli.ts';
import { startTestEmulator, type TestEmulator } from '../support/emulator.ts';

// What the programs load when they start: every file takes its time, and the start is most of what an unchanged push takes.

const root = join(import.meta.dirname, '..', '..');
const dist = join(root, 'dist');
const layout = join(root, 'fixtures', 'archives', 'skopeo-oci-dir');
const start = [
  ...['bin/ecrp.js', 'bin/code-cache.js'],
  ...['main', 'process-io', 'rolldown-runtime', 'start'].map((chunk) => `dist/${chunk}.cjs`),
];

let home: Awaited<ReturnType<typeof makeHome>>;
let emulator: TestEmulator;
beforeAll(async () => {
  home = await makeHome();
  emulator = await startTestEmulator();
});
afterAll(async () => {
  await emulator.close();
  await home.remove();
});

/** Runs a program that must succeed, and tells which files it loaded, from the root of the package. */
async function listLoaded(argv: readonly string[], program = 'ecrp.js'): Promise<readonly string[]> {
  const list = join(home.directory, 'loaded');
  const { status, stderr } = await spawnCli(argv, {
    program,
    env: {
      ...home.env,
      ...emulator.env,
      NODE_OPTIONS: `--require ${JSON.stringify(join(root, 'test/support/report-loaded.cjs'))}`,
      ECRP_TEST_LOADED: list,
    },
  }).ended;
  expect(status, stderr).toBe(0);
  return (await readFile(list, 'utf8'))
    .split('\n')
    .map((file) => relative(root, file))
    .sort();
}

describe('loaded', () => {
  it('by ecrp --version: the command line alone', async () => {
    expect(await listLoaded(['--version'])).toEqual(start.toSorted());
  });

  it('by a push with keys of the environment: the client, and no other provider of credentials', async () => {
    const push = ['push', layout, 'loaded:1', '--create-repo'];
    await listLoaded([...push, '--quiet']);
    expect(await listLoaded(push)).toEqual(
      [...start, 'dist/ecr.cjs', 'dist/push.cjs', 'dist/session.cjs'].sort(),
    );
  });

  it('by ecrp repo list: the client, and not the engine of push', async () => {
    const loaded = await listLoaded(['repo', 'list']);
    expect(loaded).toContain('dist/ecr.cjs');
    expect(loaded).not.toContain('dist/push.cjs');
  });

  it('by ecrp doctor without a terminal: nothing that measures text', async () => {
    const loaded = await listLoaded(['doctor']);
    expect(loaded).toContain('dist/ecr.cjs');
    expect(loaded).not.toContain('dist/fit-text.cjs');
  });

  it('by the completion of a command: no client', async () => {
    const loaded = await listLoaded(['__complete', '--', 'pu']);
    expect(loaded).not.toContain('dist/ecr.cjs');
    expect(loaded).not.toContain('dist/session.cjs');
  });

  it('by docker-credential-ecrp list: no client', async () => {
    const loaded = await listLoaded(['list'], 'docker-credential-ecrp.js');
    expect(loaded).toContain('dist/credential-helper.cjs');
    expect(loaded).not.toContain('dist/ecr.cjs');
  });
});

describe('dist', () => {
  const chunks = readdirSync(dist).filter((file) => file.endsWith('.cjs'));
  // As the bundler writes it; a message of the SDK has it in single quotes.
  const listNeeded = (chunk: string): readonly string[] =>
    Array.from(
      readFileSync(join(dist, chunk), 'utf8').matchAll(/\b(?:require|import)\("([^"]+)"\)/g),
      ([, specifier = '']) => specifier,
    );

  it('needs no package', () => {
    const needed = chunks.flatMap(listNeeded);
    expect(needed).toContain('node:https');
    expect(needed.filter((specifier) => !specifier.startsWith('./') && !isBuiltin(specifier))).toEqual([]);
  });

  // What a thread loads takes memory in each of them.
  it('has little for threads', () => {
    const listOwn = (chunk: string) => listNeeded(chunk).filter((specifier) => !isBuiltin(specifier));
    expect(listOwn('deflate-worker.cjs')).toEqual(['./deflater.cjs']);
    expect(['deflater.cjs', 'hash-worker.cjs'].flatMap(listOwn)).toEqual([]);
  });

  // V8 keeps the source of other chunks in two bytes per character.
  it('is ASCII', () => {
    const others = chunks.filter((chunk) => readFileSync(join(dist, chunk)).some((byte) => byte > 0x7f));
    expect(others).toEqual([]);
  });

  it('has the licenses of what is in it', () => {
    const parts = `\n${readFileSync(join(dist, 'licenses.txt'), 'utf8')}`.split(/^-{80}$/m);
    const names = [
      '@aws-sdk/client-ecr-public',
      '@aws-sdk/nested-clients',
      '@smithy/core',
      'commander',
      'yaml',
    ];
    // Parts of the compilers are in what they compile.
    for (const name of [...names, 'assemblyscript', 'rolldown']) {
      expect(
        parts.some((text) => text.includes(`\n${name} `)),
        name,
      ).toBe(true);
    }
    for (const part of parts) {
      const [titles, ...text] = part.trim().split('\n\n');
      expect(text.join(), titles).toMatch(/license|copyright/i);
    }
  });
});
