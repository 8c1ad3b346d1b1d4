import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHome } from '../support/cli.ts';

// V8's code cache of the chunks, in a copy of the program. It is made here, because another Node may have built the program.

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const { directory }: { directory: string } = createRequire(import.meta.url)('../../bin/code-cache.js');
const recorder = join(root, '.build', 'code-cache', 'record.cjs');
const reporter = join(root, 'test', 'support', 'report-code-cache.cjs');

const home = await makeHome();
afterAll(home.remove);
const copy = join(home.directory, 'copy');
const cache = join(copy, relative(root, directory));
const program = join(copy, 'bin', 'ecrp.js');
const made = join(home.directory, 'made');
const report = join(home.directory, 'report');

beforeAll(async () => {
  cpSync(join(root, 'bin'), join(copy, 'bin'), { recursive: true });
  const isCache = (path: string): boolean => path.startsWith(join(root, 'dist', 'code-cache'));
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true, filter: (path) => !isCache(path) });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  const env = { ...home.env, ECRP_CODE_CACHE: made };
  await run(process.execPath, ['--require', recorder, program, '--version'], { env });
});

/** Prints the version with a code cache, and tells what V8 did with the part of each chunk. */
async function runWith(options: readonly string[], damage: (bytes: Buffer) => Buffer) {
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(made)) {
    writeFileSync(join(cache, name), damage(readFileSync(join(made, name))));
  }
  const env = { ...home.env, ECRP_TEST_CODE_CACHE: report };
  const argv = [...options, '--require', reporter, program, '--version'];
  const { stdout, stderr } = await run(process.execPath, argv, { env });
  const lines = readFileSync(report, 'utf8').split('\n').sort();
  return { stdout, stderr, what: new Set(lines.map((line) => line.split(' ')[1])), lines };
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const chunks = ['main', 'process-io', 'rolldown-runtime', 'start'];

describe('the code cache', () => {
  it('is used', async () => {
    const { stdout, stderr, lines } = await runWith([], (bytes) => bytes);
    expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: '' });
    expect(lines).toEqual(chunks.map((chunk) => `${chunk}.cjs used`));
  });

  it.each([
    { title: 'with an option of Node that changes the code', options: ['--stack-size=900'] },
    { title: 'cut off', damage: (bytes: Buffer) => bytes.subarray(0, bytes.length / 2) },
    { title: 'empty', damage: () => Buffer.alloc(0) },
    { title: 'of zeros', damage: (bytes: Buffer) => Buffer.alloc(bytes.length) },
  ])(
    'is rejected $title, and the program runs',
    async ({ options = [], damage = (bytes: Buffer) => bytes }) => {
      const { stdout, stderr, what } = await runWith(options, damage);
      expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: '' });
      expect(what).toEqual(new Set(['rejected']));
    },
  );

  it('may be of another version of V8: the program runs', async () => {
    rmSync(cache, { recursive: true, force: true });
    cpSync(made, join(copy, 'dist', 'code-cache', 'other'), { recursive: true });
    const { stdout, stderr } = await run(process.execPath, [program, '--version'], { env: home.env });
    expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: '' });
  });

  // Node has it since 22.1.
  it.skipIf(!('enableCompileCache' in nodeModule))(
    'is made by other Nodes in the same directory, and nowhere else',
    async () => {
      const caches = join(copy, 'dist', 'code-cache');
      rmSync(caches, { recursive: true, force: true });
      const TMPDIR = join(home.directory, 'no-place');
      await run(process.execPath, [program, '--version'], { env: { ...home.env, TMPDIR } });
      expect(readdirSync(caches)).toHaveLength(1);
      expect(existsSync(TMPDIR)).toBe(false);
    },
  );

  it('keeps the places of errors', async () => {
    const file = join(home.directory, 'throws.cjs');
    writeFileSync(file, "const { join } = require('node:path');\n\nthrow new Error(join('a', 'b'));\n");
    const load = `require(${JSON.stringify(join(root, 'bin', 'code-cache.js'))}).loadChunks('none'); require(${JSON.stringify(file)});`;
    const failed = expect(run(process.execPath, ['--eval', load], { env: home.env })).rejects;
    await failed.toThrow(`${file}:3\nthrow new Error(join('a', 'b'));\n^\n\nError: ${join('a', 'b')}`);
  });
});
