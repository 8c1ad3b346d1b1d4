import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;

const { home, emulator } = await startWorkplace();
const temporaryDirectory = join(home.directory, 'temporary');
const bomb = join(home.directory, 'bomb.tar.gz');
const archive = join(home.directory, 'archive.tar');
const packed = join(home.directory, 'archive.tar.gz');
beforeAll(async () => {
  await mkdir(temporaryDirectory);
  await writeDockerArchive(archive, [await makeImage({ seed: 5, layers: [{ size: 3 * MIB }] })], {
    style: 'skopeo',
  });
  const tar = await readFile(archive);
  await writeFile(packed, gzipSync(tar));
  await writeFile(bomb, gzipSync(Buffer.concat([tar.subarray(0, -1024), Buffer.alloc(64 * MIB)])));
});

/** A dry run needs the whole of a source before anything else, so it goes into the temporary directory. */
async function push(source: string, limit: string, stdin?: Buffer) {
  const env = { ...home.env, ...emulator.env, TMPDIR: temporaryDirectory, ECRP_SPOOL_LIMIT: limit };
  const argv = ['push', source, 'spooled:1', '--create-repo', '--dry-run', '--json'];
  const result = await runCli(argv, { env, ...(stdin && { stdin }) });
  expect(await readdir(temporaryDirectory)).toEqual([]);
  return result;
}

describe('ECRP_SPOOL_LIMIT', () => {
  it.each([
    ['a compressed file that unpacks to more', bomb, false],
    ['a compressed pipe that unpacks to more', bomb, true],
    ['a pipe that is longer', archive, true],
  ])('gives up %s, naming the variable', async (_name, path, isPiped) => {
    const before = emulator.requests.length;
    const result = isPiped ? await push('-', '2M', await readFile(path)) : await push(path, '2M');
    expect(result.status).toBe(3);
    expect(result.json()).toMatchObject({
      error: {
        code: 'INVALID_INPUT',
        message: expect.stringMatching(
          /needs more than 2097152 bytes in .*, the most that it may use there$/,
        ),
        hint: expect.stringContaining('ECRP_SPOOL_LIMIT'),
      },
    });
    expect(emulator.requests.length).toBe(before);
  });

  it('leaves alone what is within it, and what needs no temporary file', async () => {
    expect(await push(packed, '4M')).toMatchObject({ status: 0 });
    expect(await push('-', '0.004G', await readFile(packed))).toMatchObject({ status: 0 });
    expect(await push(archive, '0')).toMatchObject({ status: 0 });
  });

  it.each(['lots', '-1', '10X', '1e9', '5 M'])('is a size, and %j is none', async (limit) => {
    const result = await push(packed, limit);
    expect(result.status).toBe(2);
    expect(result.json()).toMatchObject({
      error: {
        code: 'USAGE',
        message: expect.stringContaining('ECRP_SPOOL_LIMIT'),
        hint: expect.stringContaining('500M'),
      },
    });
  });
});
