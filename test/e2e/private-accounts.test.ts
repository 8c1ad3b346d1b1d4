import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// Whose registry of private ECR a push goes to, and what stands in its way.

const one = locateArchive('docker-20.10-one.tar');
const guestAccount = '210987654321';

/** The emulator prints the keys of the first. */
const { home, emulator } = await startWorkplace({
  private: {},
  identities: [
    { accessKeyId: 'OWNER', secretAccessKey: 'of-owner', allowedActions: ['*'] },
    { accessKeyId: 'GUEST', secretAccessKey: 'of-guest', allowedActions: ['*'], registryId: guestAccount },
    {
      ...{ accessKeyId: 'PUSHER', secretAccessKey: 'of-pusher' },
      allowedActions: ['ecr:BatchCheckLayerAvailability', 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart'],
    },
    {
      ...{ accessKeyId: 'WRITER', secretAccessKey: 'of-writer' },
      allowedActions: [
        ...['ecr:BatchCheckLayerAvailability', 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart'],
        ...['ecr:CompleteLayerUpload', 'ecr:PutImage'],
      ],
    },
  ],
});
const host = String(emulator.privateRegistryHost);
/** A host of AWS that names the owner's registry. Its API is the emulator's. */
const ownerHost = `${emulator.registryId}.dkr.ecr.us-east-1.amazonaws.com`;

const keysOf = (name: string) => ({
  AWS_ACCESS_KEY_ID: name.toUpperCase(),
  AWS_SECRET_ACCESS_KEY: `of-${name}`,
});

function ecrp(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return runCli([...argv, '--json'], {
    env: { ...home.env, ...emulator.env, ...env },
    cwd: home.directory,
  });
}

async function succeed(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const result = await ecrp(argv, env);
  expect(result.status, result.stderr).toBe(0);
  return result.json();
}

describe('the registry of another account', () => {
  it('is named by its host, and takes pushes that its policy allows', async () => {
    await succeed(['repo', 'create', `${host}/shared`]);
    const push = ['push', one, `${ownerHost}/shared:1.0`];
    const refused = await ecrp(push, keysOf('guest'));
    expect(refused.status).toBe(4);
    expect(refused.json().error).toMatchObject({
      code: 'AUTH',
      hint: `Ask the owner of the repository to run 'ecrp policy grant ${ownerHost}/shared --push ${guestAccount}'.`,
    });
    await succeed(['policy', 'grant', `${host}/shared`, '--push', guestAccount]);
    expect(await succeed(push, keysOf('guest'))).toMatchObject({
      reference: `${ownerHost}/shared:1.0`,
      registryId: emulator.registryId,
      tags: [{ imageTag: '1.0', status: 'created' }],
      layers: { uploaded: 5 },
    });
    expect(await succeed(['push', one, `${host}/shared:1.0`])).toMatchObject({
      tags: [{ status: 'unchanged' }],
    });
  });

  it("is not the caller's own, where a repository of the same name may be", async () => {
    await succeed(['repo', 'create', `${host}/twin`], keysOf('guest'));
    const refused = await ecrp(['push', one, `${ownerHost}/twin:1.0`], keysOf('guest'));
    expect(refused.status).not.toBe(0);
    const own = await succeed(['push', one, `${host}/twin:1.0`, '--dry-run'], keysOf('guest'));
    expect(own).toMatchObject({ layers: { existing: 0 } });
  });
});

describe('what stands in the way', () => {
  it('names the missing action of private ECR', async () => {
    await succeed(['repo', 'create', `${host}/denied`]);
    const { status, json } = await ecrp(['push', one, `${host}/denied:1`], keysOf('pusher'));
    expect(status).toBe(4);
    expect(json().error).toMatchObject({ hint: expect.stringContaining('ecr:CompleteLayerUpload') });
  });

  it('is nothing where the five actions of a push are allowed and no other', async () => {
    await succeed(['repo', 'create', `${host}/written`, '--immutable-tags']);
    const push = ['push', one, `${host}/written:1`];
    // Nobody may ask where the tag was.
    expect(await succeed(push, keysOf('writer'))).toMatchObject({ tags: [{ imageTag: '1' }] });
    expect(await succeed(push, keysOf('writer'))).toMatchObject({ tags: [{ status: 'unchanged' }] });
    const moved = await ecrp(
      ['push', locateArchive('skopeo-oci.tar'), `${host}/written:1`],
      keysOf('writer'),
    );
    expect(moved.status).toBe(6);
    expect(moved.json().error).toMatchObject({
      awsError: 'ImageTagAlreadyExistsException',
      hint: expect.stringContaining(`${host}/written`),
    });
  });

  it('explains a key of KMS that cannot be used', async () => {
    await succeed(['repo', 'create', `${host}/encrypted`]);
    await setFaults(emulator, ['InitiateLayerUpload error KmsException']);
    const { status, json } = await ecrp(['push', one, `${host}/encrypted:1`]);
    await setFaults(emulator, []);
    expect(status).toBe(4);
    expect(json().error).toMatchObject({
      code: 'AUTH',
      awsError: 'KmsException',
      message: expect.stringContaining(`The encryption key of ${host}/encrypted cannot be used`),
    });
  });
});

describe('names in an archive', () => {
  it('lead to private registries, each through its own session', async () => {
    await succeed(['repo', 'create', `${host}/named`]);
    const images = await Promise.all([
      makeImage({ seed: 1, layers: [{ size: 100 }], names: [`${host}/named:1`] }),
      makeImage({ seed: 2, layers: [{ size: 200 }], names: [`${ownerHost}/named:2`] }),
      makeImage({ seed: 3, layers: [{ size: 300 }], names: ['example.com/named:3'] }),
    ]);
    await writeDockerArchive(join(home.directory, 'first.tar'), images.slice(0, 1), { style: 'skopeo' });
    expect(await succeed(['push', 'first.tar'])).toMatchObject({ reference: `${host}/named:1` });
    await writeDockerArchive(join(home.directory, 'each.tar'), images.slice(0, 2), { style: 'skopeo' });
    expect(await succeed(['push', 'each.tar', '--all'])).toMatchObject({
      images: [
        { reference: `${host}/named:1`, tags: [{ status: 'unchanged' }] },
        { reference: `${ownerHost}/named:2`, tags: [{ status: 'created' }] },
      ],
    });
    await writeDockerArchive(join(home.directory, 'other.tar'), images.slice(2), { style: 'skopeo' });
    expect(await ecrp(['push', 'other.tar'])).toMatchObject({ status: 2 });
  });

  it('at the public registry come first', async () => {
    const names = [`${host}/both:1`, `${emulator.registryHost}/${emulator.registryAlias}/both:1`];
    const image = await makeImage({ seed: 4, layers: [{ size: 100 }], names });
    await writeDockerArchive(join(home.directory, 'both.tar'), [image], { style: 'skopeo' });
    expect(await succeed(['push', 'both.tar', '--create-repo'])).toMatchObject({ reference: names[1] });
  });
});

describe('--transport registry', () => {
  it('sends layers raw to the private registry, and the result is the same', async () => {
    await writeFile(join(home.directory, 'large.bin'), Buffer.alloc(12 * 1024 * 1024, 'raw'));
    const argv = (tag: string) => [
      ...['push', `${host}/raw:${tag}`, 'large.bin', '--artifact-type', 'application/vnd.example'],
      ...['--create-repo', '--verify'],
    ];
    const since = emulator.count('UploadLayerPart');
    const raw = await succeed([...argv('raw'), '--transport', 'registry']);
    expect(raw).toMatchObject({ transport: 'registry', layers: { uploaded: 2 } });
    expect(emulator.count('UploadLayerPart')).toBe(since);
    expect(await succeed(argv('api'))).toMatchObject({
      imageDigest: raw.imageDigest,
      layers: { existing: 2 },
    });
  });
});
