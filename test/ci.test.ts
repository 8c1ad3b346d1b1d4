import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
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
