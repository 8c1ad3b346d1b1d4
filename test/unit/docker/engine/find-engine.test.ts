import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatEngineAddress } from '../../../../src/docker/engine/address.ts';
import { findEngine } from '../../../../src/docker/engine/find-engine.ts';
import { catchError } from '../../../support/catch-error.ts';
import { useTemporaryDirectories } from '../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

/** Writes a context as `docker context create` does. */
async function writeContext(directory: string, name: string, meta: unknown, tls: readonly string[] = []) {
  const id = createHash('sha256').update(name).digest('hex');
  await mkdir(join(directory, 'contexts', 'meta', id), { recursive: true });
  await writeFile(join(directory, 'contexts', 'meta', id, 'meta.json'), JSON.stringify(meta));
  await mkdir(join(directory, 'contexts', 'tls', id, 'docker'), { recursive: true });
  for (const file of tls) await writeFile(join(directory, 'contexts', 'tls', id, 'docker', file), file);
}

function makeMeta(host: unknown, more: object = {}) {
  return { Name: 'any', Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false, ...more } } };
}

async function find(env: Record<string, string>, configDirectory?: string): Promise<readonly string[]> {
  return (await findEngine({ env, configDirectory })).addresses.map(formatEngineAddress);
}

describe('findEngine', () => {
  it('prefers DOCKER_HOST, then DOCKER_CONTEXT, then the current context', async () => {
    const directory = await makeDirectory();
    await writeFile(join(directory, 'config.json'), '{"currentContext": "current"}');
    await writeContext(directory, 'current', makeMeta('ssh://me@current'));
    await writeContext(directory, 'given', makeMeta('unix:///given.sock'));
    expect(await find({}, directory)).toEqual(['ssh://me@current']);
    expect(await find({ DOCKER_CONTEXT: 'given' }, directory)).toEqual(['unix:///given.sock']);
    const both = { DOCKER_CONTEXT: 'given', DOCKER_HOST: 'tcp://host' };
    expect(await find(both, directory)).toEqual(['tcp://host:2375']);
    expect(await find({ DOCKER_CONTEXT: 'default' }, directory)).toContain('unix:///var/run/docker.sock');
    // Empty variables count as missing.
    expect(await find({ DOCKER_CONTEXT: '', DOCKER_HOST: '' }, directory)).toEqual(['ssh://me@current']);
  });

  it("tries docker's sockets, then those of podman, if nothing is configured", async () => {
    const directory = await makeDirectory();
    const env = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/1000' };
    expect(await find(env, directory)).toEqual([
      'unix:///var/run/docker.sock',
      'unix:///run/user/1000/docker.sock',
      'unix:///home/me/.docker/run/docker.sock',
      'unix:///run/user/1000/podman/podman.sock',
      'unix:///run/podman/podman.sock',
    ]);
    expect(await find({})).toEqual(['unix:///var/run/docker.sock', 'unix:///run/podman/podman.sock']);
  });

  it('reads the TLS files of a context', async () => {
    const directory = await makeDirectory();
    await writeContext(directory, 'secure', makeMeta('tcp://host'), ['ca.pem', 'cert.pem', 'key.pem']);
    await writeContext(directory, 'unverified', makeMeta('tcp://host', { SkipTLSVerify: true }));
    const found = await findEngine({ env: { DOCKER_CONTEXT: 'secure' }, configDirectory: directory });
    const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => Buffer.from(name));
    expect(found.addresses).toEqual([
      { kind: 'tcp', host: 'host', port: 2376, basePath: '', tls: { ca, cert, key, verify: true } },
    ]);
    const other = await findEngine({ env: { DOCKER_CONTEXT: 'unverified' }, configDirectory: directory });
    expect(other.addresses).toMatchObject([{ port: 2376, tls: { ca: undefined, verify: false } }]);
  });

  it('takes TLS from the variables, for TCP only', async () => {
    const directory = await makeDirectory();
    await writeFile(join(directory, 'ca.pem'), 'root');
    const env = { DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: directory };
    expect(await findEngine({ env, configDirectory: undefined })).toMatchObject({
      addresses: [{ port: 2376, tls: { ca: Buffer.from('root'), cert: undefined, verify: true } }],
    });
    // Without DOCKER_CERT_PATH, the files are in docker's own directory.
    const { DOCKER_CERT_PATH: _, ...rest } = env;
    expect(await findEngine({ env: rest, configDirectory: directory })).toMatchObject({
      addresses: [{ tls: { ca: Buffer.from('root') } }],
    });
    const unverified = { DOCKER_HOST: 'tcp://host', DOCKER_TLS: '1' };
    expect(await findEngine({ env: unverified, configDirectory: undefined })).toMatchObject({
      addresses: [{ port: 2376, tls: { ca: undefined, verify: false } }],
    });
    expect(await find({ ...env, DOCKER_HOST: 'unix:///run/d.sock' })).toEqual(['unix:///run/d.sock']);
  });

  it('takes no other roots where DOCKER_TLS_VERIFY is set', async () => {
    const directory = await makeDirectory();
    const env = { DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1' };
    for (const configDirectory of [directory, undefined]) {
      const error = await catchError(() => findEngine({ env, configDirectory }));
      expect(error).toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('ca.pem does not exist'),
      });
    }
  });

  it.each<[string, unknown, string]>([
    ['no object', 'text', 'names no docker endpoint'],
    ['no endpoint', { Endpoints: { kubernetes: {} } }, 'names no docker endpoint'],
    ['a host that is no text', makeMeta(7), 'host is not a string'],
    ['a switch that is no switch', makeMeta('tcp://h', { SkipTLSVerify: 'no' }), 'not a boolean'],
    ['a host that is no address', makeMeta('gopher://h'), 'gopher is not supported'],
  ])('refuses the file of a context with %s', async (_, meta, problem) => {
    const directory = await makeDirectory();
    await writeContext(directory, 'bad', meta);
    const error = await catchError(() =>
      findEngine({ env: { DOCKER_CONTEXT: 'bad' }, configDirectory: directory }),
    );
    expect(error.message).toContain(problem);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(INVALID_INPUT|USAGE)$/),
      hint: expect.any(String),
    });
  });

  it('takes an empty host of a context for the default socket', async () => {
    const directory = await makeDirectory();
    await writeContext(directory, 'empty', makeMeta(''));
    expect(await find({ DOCKER_CONTEXT: 'empty' }, directory)).toEqual(['unix:///var/run/docker.sock']);
  });

  it('says which context is missing, and what chose it', async () => {
    const directory = await makeDirectory();
    await writeFile(join(directory, 'config.json'), '{"currentContext": "../../etc"}');
    const current = await catchError(() => findEngine({ env: {}, configDirectory: directory }));
    expect(current).toMatchObject({
      code: 'USAGE',
      message: `${join(directory, 'config.json')}: there is no docker context "../../etc"`,
      hint: expect.stringContaining('docker context ls'),
    });
    const given = await catchError(() =>
      findEngine({ env: { DOCKER_CONTEXT: 'x' }, configDirectory: undefined }),
    );
    expect(given).toMatchObject({ code: 'USAGE', message: expect.stringMatching(/^DOCKER_CONTEXT: /) });
  });

  it('reads no endless file of a context', async () => {
    const directory = await makeDirectory();
    await writeContext(directory, 'long', makeMeta('x'.repeat(1024 * 1024)));
    const error = await catchError(() =>
      findEngine({ env: { DOCKER_CONTEXT: 'long' }, configDirectory: directory }),
    );
    expect(error.message).toContain('longer than');
  });
});
