import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const archives = join(import.meta.dirname, '..', '..', 'fixtures', 'archives');
const one = join(archives, 'docker-20.10-one.tar');
const other = join(archives, 'skopeo-multi-oci.tar');

const { home, emulator } = await startWorkplace();

function ecrp(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env, ...env }, cwd: home.directory });
}

/** A repository whose tag 1.0 is on the image of `other`; gives its digest. */
async function makeTaken(name: string): Promise<string> {
  await ecrp(['repo', 'create', name]);
  return readDigest(await ecrp(['push', other, `${name}:1.0`, '--json']));
}

function readDigest(result: CliResult): string {
  expect(result).toMatchObject({ status: 0 });
  return String(result.json().imageDigest);
}

async function findTags(name: string): Promise<Record<string, string>> {
  const { url, registryAlias } = emulator;
  const answer = await (await fetch(`${url}/token/`)).text();
  const token: unknown = JSON.parse(answer).token;
  const tags: Record<string, string> = {};
  for (const tag of ['1.0', '2.0', 'latest']) {
    const response = await fetch(`${url}/v2/${registryAlias}/${name}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}` },
    });
    const digest = response.headers.get('docker-content-digest');
    if (digest !== null) tags[tag] = digest;
  }
  return tags;
}

/** How often anything was asked that changes the repository. */
function countChanges(): number {
  return emulator.count('InitiateLayerUpload') + emulator.count('PutImage');
}

/** Nobody answers there: only the API can tell where a tag is. */
const silent = { ECRP_REGISTRY_HOST: '127.0.0.1:1' };

describe.each([
  ['told by the registry', {}],
  ['told by the API, as the registry is silent', silent],
])('a tag that is on another image, %s', (how, env) => {
  const suffix = how.includes('API') ? 'api' : 'registry';

  it('ends a push with --if-exists fail, before anything is sent', async () => {
    const name = `fail/${suffix}`;
    const taken = await makeTaken(name);
    const before = countChanges();
    const result = await ecrp(
      ['push', one, `${name}:1.0`, '-t', '2.0', '--if-exists', 'fail', '--json'],
      env,
    );
    expect(result.status).toBe(6);
    expect(result.json().error).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(taken) });
    expect(countChanges()).toBe(before);
    expect(await findTags(name)).toEqual({ '1.0': taken });
  });

  it('is left with --if-exists skip, and other tags are put', async () => {
    const name = `skip/${suffix}`;
    const taken = await makeTaken(name);
    const argv = ['push', one, `${name}:1.0`, '--if-exists', 'skip', '--json'];
    const before = countChanges();
    const skipped = await ecrp([...argv, '--digest-file', 'digest.txt'], env);
    expect(skipped).toMatchObject({ status: 0 });
    expect(skipped.json()).toMatchObject({
      imageDigest: taken,
      tags: [{ imageTag: '1.0', status: 'unchanged', imageDigest: taken }],
      manifests: [],
      layers: { total: 0, uploaded: 0 },
    });
    expect(skipped.stderr).toContain('Skipped: the tag exists already');
    expect(await readFile(join(home.directory, 'digest.txt'), 'utf8')).toBe(taken);
    expect(countChanges()).toBe(before);

    const partly = await ecrp([...argv, '-t', '2.0'], env);
    const imageDigest = readDigest(partly);
    expect(partly.json()).toMatchObject({
      reference: expect.stringMatching(/:2\.0$/),
      tags: [
        { imageTag: '1.0', status: 'unchanged', imageDigest: taken },
        { imageTag: '2.0', status: 'created' },
      ],
    });
    expect(await findTags(name)).toEqual({ '1.0': taken, '2.0': imageDigest });
  });
});

describe('a tag that is nowhere, or on the same image', () => {
  it.each(['fail', 'skip'])('is pushed, or left unchanged, with --if-exists %s', async (policy) => {
    const argv = ['push', one, `same/${policy}:1.0`, '--if-exists', policy, '--create-repo', '--json'];
    const first = await ecrp(argv);
    expect(first.json()).toMatchObject({ tags: [{ imageTag: '1.0', status: 'created' }] });
    const again = await ecrp(argv);
    expect(again.json()).toMatchObject({
      imageDigest: first.json().imageDigest,
      tags: [{ imageTag: '1.0', status: 'unchanged' }],
    });
  });

  it('is known to be the same without a cache, and nothing is sent', async () => {
    const argv = ['push', one, 'same/cold:1.0', '--create-repo', '--if-exists', 'fail'];
    await ecrp(argv);
    const before = emulator.count('InitiateLayerUpload');
    const again = await ecrp(argv, { ECRP_CACHE_DIR: join(home.directory, 'cold') });
    expect(again).toMatchObject({ status: 0, stderr: expect.stringContaining('Unchanged') });
    expect(emulator.count('InitiateLayerUpload')).toBe(before);
  });
});

it('is a usage error for an unknown policy', async () => {
  expect(await ecrp(['push', one, 'app:1', '--if-exists', 'maybe'])).toMatchObject({ status: 2 });
});
