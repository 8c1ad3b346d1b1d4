import { execFile, spawn, spawnSync } from 'node:child_process';
import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { canRunAsOther, OTHER_ID } from '../support/other-user.ts';
import { startWorkplace } from '../support/workplace.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const source = join(root, 'fixtures', 'archives', 'skopeo-oci-dir');

const { home, emulator } = await startWorkplace();
const env = { ...home.env, ...emulator.env };
let digest: string;
beforeAll(async () => {
  const pushed = await runCli(['push', source, 'app:1', '--create-repo', '--json'], { env });
  digest = String(pushed.json().imageDigest);
});

/** Runs the built program in a shell: `$ECRP` pushes, all but the digest file given. */
async function runInShell(
  line: string,
): Promise<{ readonly status: number | null; readonly stdout: string }> {
  const ecrp = `${process.execPath} ${join(root, 'bin', 'ecrp.js')} push ${source} app:1 --quiet --digest-file`;
  const child = spawn('bash', ['-c', line], {
    env: { ...env, PATH: process.env.PATH, ECRP: ecrp },
    cwd: home.directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, stdout: Buffer.concat(chunks).toString() };
}

describe('--digest-file', () => {
  test.each(['/dev/null', '/dev/zero'])('writes into the device %s, which stays one', async (device) => {
    const { status } = await runCli(['push', source, 'app:1', '--digest-file', device], { env });
    expect(status).toBe(0);
    expect((await lstat(device)).isCharacterDevice()).toBe(true);
  });

  test('says on a full disk that it is full, and prints the result all the same', async () => {
    const { status, stderr, stdout } = await runCli(['push', source, 'app:1', '--digest-file', '/dev/full'], {
      env,
    });
    expect(status).toBe(3);
    expect(stdout).toContain(digest);
    expect(stderr).toContain('the disk is full (ENOSPC)');
    expect(stderr).toContain('Free space there, or give --digest-file a path on another disk.');
  });

  test('writes through a link, which stays one', async () => {
    const line = 'mkdir links && ln -s links/target link && $ECRP link && readlink link && cat links/target';
    const { stdout } = await runInShell(line);
    expect(stdout.split('\n').slice(1)).toEqual(['links/target', digest]);
  });

  test('gives the digest to the reader of a FIFO', async () => {
    const { stdout } = await runInShell(
      'mkfifo fifo && { $ECRP fifo >/dev/null & cat fifo; wait; test -p fifo && echo; }',
    );
    expect(stdout).toBe(`${digest}\n`);
  });

  test.each([
    [
      'a process substitution',
      '$ECRP >(cat >substituted) >/dev/null; while ! grep -q : substituted; do :; done; cat substituted',
    ],
    ['a descriptor', '$ECRP /dev/fd/5 5>descriptor >/dev/null; cat descriptor'],
  ])('writes into %s', async (_name, line) => {
    expect(await runInShell(line)).toEqual({ status: 0, stdout: digest });
  });

  test.each([
    ['a pipe', '$ECRP /dev/stdout'],
    ['a file', '$ECRP /dev/stdout >out; cat out'],
    ['a file that it is appended to', 'echo before >out; $ECRP /dev/stdout >>out; tail -n 2 out'],
  ])('writes into /dev/stdout after the result, when that is %s', async (_name, line) => {
    const { stdout } = await runInShell(line);
    expect(stdout.split('\n')).toEqual([expect.stringContaining(`app:1@${digest}`), digest]);
    expect((await lstat('/dev/stdout')).isSymbolicLink()).toBe(true);
  });

  /** Only the superuser may mount. */
  const canMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  test.skipIf(!canMount)(
    'writes into a file that is mounted, and refuses one mounted read-only at once',
    async () => {
      await writeFile(join(home.directory, 'inner'), 'old');
      await writeFile(join(home.directory, 'mounted'), '');
      const mount = 'mount --bind inner mounted && exec bash -c "$LINE"';
      const line = `export LINE; LINE='$ECRP mounted >/dev/null; stat -c %i inner mounted | uniq | wc -l'; unshare --mount bash -c '${mount}'; cat inner`;
      expect(await runInShell(line)).toEqual({ status: 0, stdout: `1\n${digest}` });

      const before = emulator.requests.length;
      const { status } = await runInShell(
        `unshare --mount bash -c 'mount --bind inner mounted && mount -o remount,ro,bind mounted && exec $ECRP mounted 2>/dev/null'`,
      );
      expect(status).toBe(3);
      expect(emulator.requests.length).toBe(before);
    },
  );

  test.runIf(canRunAsOther()).each([
    ['of somebody else, in a directory like /tmp', 'chmod 1777 . && touch file && chmod 644 file', 3],
    ['in a directory that cannot be written', 'chmod 755 . && touch file && chmod 644 file', 3],
    ['that is new, in a directory that cannot be written', 'chmod 755 .', 3],
    ['that can be written, in a directory that cannot', 'chmod 755 . && touch file && chmod 666 file', 0],
    ['that can be written, in a directory like /tmp', 'chmod 1777 . && touch file && chmod 666 file', 0],
  ])('judges a file %s before anything is sent', async (_name, prepare, status) => {
    const directory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
    try {
      const before = emulator.requests.length;
      const line = `cd ${directory} && ${prepare} && exec setpriv --reuid ${OTHER_ID} --regid ${OTHER_ID} --clear-groups env ECRP_STATE_DIR=/nowhere ECRP_CACHE_DIR=/nowhere $ECRP file`;
      expect(await runInShell(line)).toMatchObject({ status });
      if (status === 0) expect(await readFile(join(directory, 'file'), 'utf8')).toBe(digest);
      else expect(emulator.requests.length).toBe(before);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('that fails after the push leaves the result, and the one JSON document', async () => {
    const file = join(home.directory, 'gone', 'digest');
    await run('mkdir', [join(home.directory, 'gone')]);
    const pushing = runCli(['push', source, 'app:2', '--json', '--digest-file', file], {
      env,
      main: async (argv, io) => {
        const { main } = await import('../../src/main.ts');
        const write = io.stdout.write.bind(io.stdout);
        // Between the result and the digest.
        io.stdout.write = ((text: string, done: () => void) => {
          spawnSync('rm', ['-r', join(home.directory, 'gone')]);
          return write(text, done);
        }) as typeof io.stdout.write; // As the program calls it.
        return main(argv, io);
      },
    });
    const { status, json, stderr } = await pushing;
    expect(status).toBe(3);
    expect(json()).toMatchObject({ imageDigest: digest });
    expect(stderr).toContain('cannot be written: no such file or directory (ENOENT)');
    expect(stderr).toContain('hint: ');
  });

  test('is written although nobody can read the result', async () => {
    const { stdout } = await runInShell(
      '$ECRP unread | true; cat unread; $ECRP unread2 >/dev/full; echo " $?"; cat unread2',
    );
    expect(stdout).toBe(`${digest} 3\n${digest}`);
  });
});
