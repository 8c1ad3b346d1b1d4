import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { catchError } from '../support/catch-error.ts';
import { makeHome, spawnCli } from '../support/cli.ts';
import { collectBytes, openTestRemote, type TestRemote } from '../support/remote.ts';
import { startWorkplace } from '../support/workplace.ts';
import { describeWithClients } from './support/clients.ts';
import {
  type DockerRegistry,
  REGISTRY_LOGIN,
  startDockerRegistry,
  startTokenServer,
  type TokenServer,
} from './support/docker-registry.ts';
import { runToSuccess } from './support/process.ts';

const archive = join(import.meta.dirname, '../../fixtures/archives/docker-20.10-one.tar');
const { username, password } = REGISTRY_LOGIN;
const auth = Buffer.from(`${username}:${password}`).toString('base64');
const { signal } = new AbortController();

const home = await makeHome();
afterAll(() => home.remove());

const { home: ownHome, emulator } = await startWorkplace();

const skopeo = (...argv: readonly string[]) =>
  runToSuccess('skopeo', argv, { env: { HOME: home.directory, PATH: process.env.PATH ?? '' } });

/** Puts an image into a registry with skopeo, under three tags. */
async function fill({ host }: DockerRegistry, repository: string): Promise<void> {
  for (const tag of ['v1', 'v2', 'v3']) {
    const to = `docker://${host}/${repository}:${tag}`;
    const login = `--dest-creds=${username}:${password}`;
    await skopeo(
      '--insecure-policy',
      'copy',
      '-q',
      '--dest-tls-verify=false',
      login,
      `docker-archive:${archive}`,
      to,
    );
  }
}

/** What skopeo reads, with the login. */
async function readWithSkopeo({ host }: DockerRegistry, repository: string): Promise<Buffer> {
  const reference = `docker://${host}/${repository}:v1`;
  const login = `--creds=${username}:${password}`;
  const { stdout } = await skopeo('inspect', '--raw', '--tls-verify=false', login, reference);
  return Buffer.from(stdout);
}

/** Reads a whole image with its tags, and checks every digest. */
async function readWhole({ remote }: TestRemote): Promise<Buffer> {
  const digest = await remote.findDigest('v1', signal);
  const manifest = await remote.readManifest(digest ?? '', signal);
  if (manifest === undefined) throw new Error('the manifest is missing');
  const image = parseManifest(manifest.bytes, manifest.mediaType);
  if (image.kind !== 'image') throw new Error('it is an index');
  for (const blob of [image.config, ...image.layers]) {
    const whole = await collectBytes(remote.openBlob(blob, 0));
    expect(digestOf(whole)).toBe(blob.digest);
    const start = Math.floor(blob.size / 2);
    const rest = await collectBytes(remote.openBlob(blob, start));
    expect(rest.equals(whole.subarray(start))).toBe(true);
  }
  const tags: string[] = [];
  for await (const page of remote.listTagPages(signal)) tags.push(...page);
  expect(tags.sort()).toEqual(['v1', 'v2', 'v3']);
  expect(await remote.findReferrers(manifest.digest, signal)).toEqual([]);
  expect(await remote.readManifest('missing', signal)).toBeUndefined();
  return manifest.bytes;
}

/** Writes docker's config with an entry for the host, and returns the environment. */
async function storeLogin(host: string, entry: object): Promise<Readonly<Record<string, string>>> {
  await mkdir(join(home.directory, '.docker'), { recursive: true });
  const config = { auths: { [host]: entry } };
  await writeFile(join(home.directory, '.docker', 'config.json'), JSON.stringify(config));
  return home.env;
}

/** Runs the built program with the emulator as ECR Public, and with docker's config in `home`. */
const ecrp = (argv: readonly string[], stdin = '') =>
  spawnCli(argv, { env: { ...ownHome.env, ...emulator.env, ...home.env }, stdin }).ended;

/** Expects that both commands read a repository, byte for byte as skopeo reads it. */
async function expectCommands(registry: DockerRegistry, repository: string): Promise<void> {
  const digest = digestOf(await readWithSkopeo(registry, repository));
  const from = `${registry.host}/${repository}:v1`;
  const copied = await ecrp(['copy', from, `${repository}:v1`, '--create-repo', '--verify', '--json']);
  expect(copied.status, copied.stderr + copied.stdout).toBe(0);
  expect(copied.json()).toMatchObject({ imageDigest: digest });
  const pulled = await ecrp(['pull', from, join(home.directory, `${repository}.tar`), '--json']);
  expect(pulled.status, pulled.stderr + pulled.stdout).toBe(0);
  expect(pulled.json()).toMatchObject({ imageDigest: digest });
}

const remotes: TestRemote[] = [];
const open: typeof openTestRemote = async (...given) => {
  const opened = await openTestRemote(...given);
  remotes.push(opened);
  return opened;
};
afterEach(() => {
  for (const { remote } of remotes.splice(0)) remote.close();
});

describeWithClients("Debian's docker-registry", ['docker-registry', 'skopeo'], () => {
  describe('with Basic logins', () => {
    let registry: DockerRegistry;
    beforeAll(async () => {
      registry = await startDockerRegistry('htpasswd');
      await fill(registry, 'team/app');
    });
    afterAll(() => registry.close());

    test('is read with the login of docker, as skopeo reads it', async () => {
      const env = await storeLogin(registry.host, { auth });
      const opened = await open(`${registry.host}/team/app`, env);
      expect(await readWhole(opened)).toEqual(await readWithSkopeo(registry, 'team/app'));
      expect(opened.stderr()).not.toContain(auth);
    });

    test('is copied and pulled by the commands', async () => {
      await mkdir(join(home.directory, 'team'), { recursive: true });
      await storeLogin(registry.host, { auth });
      await expectCommands(registry, 'team/app');
    });

    test('is copied with a password on standard input', async () => {
      await storeLogin('ghcr.io', { auth });
      const argv = ['copy', `${registry.host}/team/app:v2`, 'given/app', '--create-repo', '--json'];
      const login = ['--from-username', username, '--from-password-stdin'];
      const right = await ecrp([...argv, ...login], `${password}\n`);
      expect(right.status, right.stderr).toBe(0);
      const wrong = await ecrp([...argv, ...login], 'wrong-password\n');
      expect(wrong.status).toBe(4);
      expect(wrong.json()).toMatchObject({ error: { hint: expect.stringContaining('Check the user name') } });
      expect(wrong.stdout + wrong.stderr).not.toContain('wrong-password');
    });

    test('is read with the login that the command line gives', async () => {
      const env = await storeLogin(registry.host, { auth: Buffer.from('me:stale').toString('base64') });
      const givenLogin = { username, secret: password };
      await readWhole(await open(`${registry.host}/team/app`, env, { givenLogin }));
    });

    test.each([
      ['no login', {}, 'AUTH', "run 'docker login"],
      [
        'a wrong login',
        { auth: Buffer.from('me:stale').toString('base64') },
        'AUTH',
        'refuses the login of docker',
      ],
    ])('is not read with %s', async (_, entry, code, hint) => {
      const env = await storeLogin(registry.host, entry);
      const { remote } = await open(`${registry.host}/team/app`, env);
      const error = await catchError(() => remote.readManifest('v1', signal));
      expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) });
      expect(error).toMatchObject({ message: expect.stringContaining('HTTP 401') });
    });
  });

  describe('with tokens', () => {
    let registry: DockerRegistry;
    let tokens: TokenServer;
    beforeAll(async () => {
      tokens = await startTokenServer();
      registry = await startDockerRegistry(tokens);
      await Promise.all([fill(registry, 'team/app'), fill(registry, 'public/app')]);
    });
    afterAll(async () => {
      tokens.close();
      await registry.close();
    });

    test('is read by everyone where everyone may', async () => {
      const opened = await open(`${registry.host}/public/app`, await storeLogin('ghcr.io', { auth }));
      expect(await readWhole(opened)).toEqual(await readWithSkopeo(registry, 'public/app'));
    });

    test.each([
      ['a password', { auth }],
      ['an identity token', { auth, identitytoken: 'refresh-me' }],
    ])('is read with %s of docker', async (_, entry) => {
      const opened = await open(`${registry.host}/team/app`, await storeLogin(registry.host, entry));
      expect(await readWhole(opened)).toEqual(await readWithSkopeo(registry, 'team/app'));
    });

    test('is copied and pulled by the commands', async () => {
      await mkdir(join(home.directory, 'public'), { recursive: true });
      await storeLogin(registry.host, { identitytoken: 'refresh-me' });
      await expectCommands(registry, 'public/app');
    });

    test('is read with a login of podman for a part of the registry', async () => {
      const file = join(home.directory, 'auth.json');
      await writeFile(file, JSON.stringify({ auths: { [`${registry.host}/team`]: { auth } } }));
      await storeLogin('ghcr.io', { auth });
      const opened = await open(`${registry.host}/team/app`, { ...home.env, REGISTRY_AUTH_FILE: file });
      await readWhole(opened);
      expect(opened.stderr()).toContain(`podman's logins ${file}`);
    });

    test.each([
      ['password', { auth: Buffer.from('me:stale').toString('base64') }],
      ['identity token', { identitytoken: 'stale' }],
    ])('is read by everyone when the stored %s is refused, which is said', async (_, entry) => {
      const opened = await open(`${registry.host}/public/app`, await storeLogin(registry.host, entry));
      await readWhole(opened);
      expect(opened.stderr()).toContain(`${registry.host} refuses the login of docker's config`);
    });

    test('is not read without a login where one is needed', async () => {
      const { remote } = await open(`${registry.host}/team/app`, await storeLogin('ghcr.io', { auth }));
      const error = await catchError(() => remote.readManifest('v1', signal));
      expect(error).toMatchObject({ code: 'AUTH', hint: expect.stringContaining('docker login') });
    });

    test('gives one token for all of an image', async () => {
      const before = tokens.seen.length;
      await readWhole(await open(`${registry.host}/team/app`, await storeLogin(registry.host, { auth })));
      expect(tokens.seen.slice(before)).toEqual([`GET ${username}`]);
    });
  });
});
