import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

/** A checkout with `.ci/run` in it, where all other programs that it starts are the scripts given. */
async function makeCheckout(scripts: Readonly<Record<string, string>>): Promise<string> {
  const directory = await makeDirectory();
  for (const name of ['.ci', 'bin']) await mkdir(join(directory, name));
  await copyFile(join(import.meta.dirname, '..', '.ci', 'run'), join(directory, '.ci', 'run'));
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(directory, name), `#!/usr/bin/env bash\n${script}\n`);
    await chmod(join(directory, name), 0o755);
  }
  return directory;
}

test('.ci/run that fails early leaves no build of the Go clients behind', async () => {
  const directory = await makeCheckout({
    // Like `go install`, a child of the script that builds. Reading `building` ends when the child is gone.
    '.ci/go-clients': `bash -c 'exec 3>building; echo >begun; read <never'; true`,
    'bin/dpkg-query': 'echo installed',
    'bin/sleep': 'true',
    // Fails when the build has begun.
    'bin/npm': 'until [ -e begun ]; do true; done; exit 1',
  });
  await promisify(execFile)('mkfifo', ['never', 'building'], { cwd: directory });
  const gone = readFile(join(directory, 'building'));
  const run = promisify(execFile)(join(directory, '.ci', 'run'), {
    env: { PATH: `${join(directory, 'bin')}:${process.env.PATH}` },
  });
  await expect(run).rejects.toMatchObject({ code: 1 });
  await gone;
});

describe('the workflows of GitHub', () => {
  const root = join(import.meta.dirname, '..');
  const directory = join(root, '.github', 'workflows');
  const text = readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\n');
  const listAll = (pattern: RegExp): string[] =>
    Array.from(text.matchAll(pattern), ([, found = '']) => found);
  // npm has written it.
  const { scripts, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
    engines: { node: string };
  };

  test('run scripts that exist', () => {
    const names = listAll(/\bnpm run ([\w:]+)/g);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(names));
    const files = listAll(/(?:run: |^ +)(\.ci\/[\w-]+)/gm);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect([names.length, files.length]).not.toContain(0);
  });

  test('use actions of one commit each, with its version beside it', () => {
    const uses = listAll(/uses: (.*)$/gm);
    const isPinned = (use: string): boolean => /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use);
    expect(uses.filter((use) => !isPinned(use))).toEqual(['./.github/workflows/test.yml']);
  });

  test('test the oldest Node that the package allows', () => {
    expect(listAll(/^ +node: \[([\d.]+)/gm)).toEqual([`${engines.node.replace('>=', '')}.0`]);
  });
});
