import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../../../src/cli/command-context.ts';
import { warnAboutHelper } from '../../../../../src/cli/commands/login/warn-about-helper.ts';
import type { Io } from '../../../../../src/io.ts';
import { useTemporaryDirectories } from '../../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

/** Makes directories that PATH may name, and returns what is warned of with them. */
async function makePlace() {
  const root = await makeDirectory();
  const at = (...names: string[]) => join(root, ...names);
  for (const name of ['package/bin', 'home/bin', 'other', 'app/node_modules/.bin']) {
    await mkdir(at(name), { recursive: true });
  }
  const program = at('package/bin/docker-credential-ecrp.js');
  await writeFile(program, '#!/usr/bin/env node\n', { mode: 0o755 });
  const warn = async (
    path: readonly string[],
    more: Record<string, string> = {},
    from = at('package/bin'),
  ) => {
    const stderr = new PassThrough();
    const io: Io = {
      stdin: Object.assign(new PassThrough(), {}),
      stdout: new PassThrough(),
      stderr,
      env: { HOME: at('home'), PATH: path.join(delimiter), ...more },
      cwd: '/',
      programDirectory: from,
      signal: new AbortController().signal,
    };
    const style = { json: false, verbose: false, jsonLines: false, color: false };
    await warnAboutHelper(createContext(io, style, { progress: 'none', color: false }), []);
    return String(stderr.read() ?? '');
  };
  return {
    at,
    program,
    warn,
    link: (directory: string) => symlink(program, at(directory, 'docker-credential-ecrp')),
  };
}

const missing = 'warning: docker-credential-ecrp is not on PATH, so docker will not find it: ';

describe.skipIf(process.platform === 'win32')('a credential helper', () => {
  it('on PATH is no reason to warn', async () => {
    const { at, warn, link } = await makePlace();
    await link('other');
    expect(await warn([at('home/bin'), at('other')])).toBe('');
  });

  it('that is not on PATH is linked into a directory of the user on PATH', async () => {
    const { at, program, warn } = await makePlace();
    expect(await warn(['relative', at('nowhere'), at('other'), at('home/bin')])).toBe(
      `${missing}run: ln -s ${program} ${at('home/bin/docker-credential-ecrp')}\n`,
    );
    expect(await warn([at('other')])).toBe(
      `${missing}run: ln -s ${program} ${at('other/docker-credential-ecrp')}\n`,
    );
    const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
    expect(await warn([at('nowhere'), '/usr/bin', '/bin'])).toBe(
      `${missing}run: ${sudo}ln -s ${program} /usr/local/bin/docker-credential-ecrp\n`,
    );
  });

  it('that only npm has put on PATH is not there when docker runs', async () => {
    const { at, program, warn, link } = await makePlace();
    await link('app/node_modules/.bin');
    const path = [at('app/node_modules/.bin'), at('home/bin')];
    expect(await warn(path)).toBe('');
    expect(await warn(path, { npm_execpath: '/usr/lib/npm.js' })).toBe(
      `${missing}run: ln -s ${program} ${at('home/bin/docker-credential-ecrp')}\n`,
    );
  });

  it('that npx runs is to be installed', async () => {
    const { at, warn } = await makePlace();
    const directory = at('home/.npm/_npx/1a2b/node_modules/ecrp/bin');
    expect(await warn([at('home/bin')], { npm_execpath: 'npx' }, directory)).toBe(
      `${missing}install ecrp with 'npm install --global'\n`,
    );
  });

  it('that is not executable is not there', async () => {
    const { at, program, warn, link } = await makePlace();
    await link('other');
    await chmod(program, 0o644);
    expect(await warn([at('other')])).toContain(missing);
  });
});
