import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;

const { home, emulator } = await startWorkplace();
let archive: string;
beforeAll(async () => {
  archive = join(home.directory, 'app.tar');
  // Three parts; random bytes stay as long as they are when compressed.
  await writeDockerArchive(archive, [await makeImage({ seed: 91, layers: [{ size: 10.125 * MIB }] })], {
    style: 'skopeo',
  });
});

function ecrp(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCli(argv, { env: { ...home.env, ...emulator.env, ...env }, cwd: home.directory });
}

/** A push that fails at the third part of its layer; the config is sent before. */
async function failPush(repositoryName: string, env: Readonly<Record<string, string>> = {}) {
  await setFaults(emulator, ['UploadLayerPart error AccessDeniedException on=4']);
  const argv = ['push', archive, `${repositoryName}:1.0`, '--create-repo', '--part-size', '5'];
  const result = await ecrp([...argv, '--concurrency', '1'], env);
  await setFaults(emulator, []);
  return result;
}

describe('uploads', () => {
  it('are listed after a push that failed, and gone when one went through', async () => {
    const env = { ECRP_STATE_DIR: 'state' };
    expect(await ecrp(['uploads', 'list'], env)).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'No interrupted uploads.\n',
    });
    expect(await failPush('listed/app', env)).toMatchObject({ status: 4 });
    const { uploads } = (await ecrp(['uploads', 'list', '--json'], env)).json();
    expect(uploads).toEqual([
      {
        endpoint: emulator.url,
        repositoryName: 'listed/app',
        diffId: expect.stringMatching(/^sha256:/),
        encoding: expect.stringMatching(/^gzip-/),
        uploadId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        sentBytes: 10 * MIB,
        updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        inUse: false,
      },
    ]);
    // An object with these members, as the line above says.
    const [{ updatedAt }] = uploads as [{ updatedAt: string }];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(updatedAt) + (2 * 60 + 7) * 60_000 });
    const list = await ecrp(['uploads', 'list'], env);
    vi.useRealTimers();
    expect(list.stdout).toMatch(
      /^TARGET +LAYER +SENT +AGE\nlisted\/app +sha256:[0-9a-f]{64} +10\.5 MB +2 h 07 min\n$/,
    );
    const pushed = await ecrp(['push', archive, 'listed/app:1.0', '--part-size', '5', '--json'], env);
    expect(pushed.json().bytes).toMatchObject({ resumed: 10 * MIB });
    expect(pushed.stderr).toContain('resumes at 10.5 MB');
    expect(pushed.stderr).toMatch(/Pushed in .*10\.5 MB resumed, 1 blob there already\./);
    expect((await ecrp(['uploads', 'list', '--json'], env)).json()).toEqual({
      schemaVersion: 1,
      uploads: [],
    });
  });

  it('are forgotten by clear', async () => {
    const env = { XDG_STATE_HOME: join(home.directory, 'xdg') };
    await failPush('cleared/app', env);
    expect((await ecrp(['uploads', 'clear'], env)).stdout).toBe('Discarded 1 interrupted upload.\n');
    expect((await ecrp(['uploads', 'clear', '--json'], env)).json()).toEqual({
      schemaVersion: 1,
      removed: 0,
      inUse: 0,
    });
    const pushed = await ecrp(['push', archive, 'cleared/app:1.0', '--json', '-q'], env);
    expect(pushed.json().bytes).toMatchObject({ resumed: 0 });
  });

  it('that cannot be kept are a warning, and the push goes through', async () => {
    await writeFile(join(home.directory, 'file'), '');
    const env = { ECRP_STATE_DIR: join(home.directory, 'file') };
    const result = await ecrp(['push', archive, 'unkept/app:1.0', '--create-repo', '--part-size', '5'], env);
    expect(result.status).toBe(0);
    expect(result.stderr.match(/warning: uploads cannot be saved in .*file.uploads/g)).toHaveLength(1);
  });

  it('of an image that another machine pushed meanwhile are forgotten', async () => {
    const env = { ECRP_STATE_DIR: 'behind' };
    await failPush('behind/app', env);
    await mkdir(join(home.directory, 'elsewhere'));
    await ecrp(['push', archive, 'behind/app:1.0'], { ECRP_STATE_DIR: 'elsewhere' });
    expect((await ecrp(['uploads', 'list', '--json'], env)).json().uploads).toHaveLength(1);
    await ecrp(['push', archive, 'behind/app:1.0'], env);
    expect((await ecrp(['uploads', 'list', '--json'], env)).json().uploads).toEqual([]);
  });
});

describe('--retry-budget', () => {
  it('gives up when the service is silent for so long, says so, and keeps what was sent', async () => {
    await ecrp(['repo', 'create', 'silent/app']);
    await setFaults(emulator, ['InitiateLayerUpload stall every=1']);
    const argv = ['push', archive, 'silent/app:1.0', '--retry-budget', '10s', '--progress', 'json'];
    const result = await ecrp(argv);
    await setFaults(emulator, []);
    expect(result.status).toBe(8);
    const lines = result.stderr.trim().split('\n');
    const events = lines.map((line): Record<string, unknown> => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({
      event: 'error',
      code: 'UNAVAILABLE',
      operation: 'InitiateLayerUpload',
    });
    // The limits of the attempt and of silence are the same here: a busy machine may end it by either.
    expect(events.at(-1)?.message).toMatch(/: no (complete )?answer from .* within 10 s/);
  });

  it('is a duration', async () => {
    const result = await ecrp(['repo', 'list', '--retry-budget', '5 minutes']);
    expect(result).toMatchObject({ status: 2 });
    expect(result.stderr).toContain('It must be a duration such as 30 (seconds), 200ms, 90s, 5m or 1h30m');
    expect(await ecrp(['repo', 'list', '--retry-budget', '30'])).toMatchObject({ status: 0 });
    expect(await ecrp(['--retry-budget', '1h30m', 'repo', 'list'])).toMatchObject({ status: 0 });
  });
});
