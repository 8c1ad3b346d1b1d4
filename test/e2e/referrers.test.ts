import { execFileSync } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { resolveTag } from '../../src/registry/registry-reader.ts';
import { locateArchive } from '../support/archives.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { directConnections } from '../support/connections.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { describeBytes, makeImage, makeIndex } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// Layouts with what refers to an image, as oras, cosign and regctl write them: the same image in each.

const { home, emulator } = await startWorkplace();
const image = 'sha256:a7627e6d8d6a8b92252bf838e9f27ceff9191d90f8eae5d6efd4d2370d92d53a';
const sbom = 'sha256:fdcacfeee507cbdff3eb7a7c20d585b996d7b7966ff81fe9b7468daa6d8d040e';
const notary = 'sha256:6f74f6e508012dc25000ac4da71669578660370f145fc87b85baf74912216af5';
const cosign = 'sha256:cfc869cf41d861966f98f89c57c4f99c7621d63be677d53f176b76c09bfb64d2';
const fallbackTag = image.replace(':', '-');

function push(layout: string, ...argv: string[]): Promise<CliResult> {
  const path = locateArchive(layout);
  return runCli(['push', path, ...argv, '--create-repo', '--json'], {
    env: { ...home.env, ...emulator.env },
  });
}

function find(repositoryName: string, imageTag: string): Promise<string | undefined> {
  const { registryHost, registryAlias } = emulator;
  const place = { registryHost, repositoryPath: `${registryAlias}/${repositoryName}`, imageTag };
  return resolveTag(directConnections, place, new AbortController().signal);
}

/** The second has the list of a fallback tag, which is not pushed: the registry makes its own. */
const layouts = ['oras-copy', 'regctl-copy'];

/** The digests that the registry lists, sorted. */
async function listReferrers(repositoryName: string): Promise<readonly string[]> {
  const { registryHost, registryAlias } = emulator;
  const base = `http://${registryHost}`;
  const scope = `repository:${registryAlias}/${repositoryName}:pull`;
  // as: both answers are of the OCI distribution specification
  const { token } = (await (await fetch(`${base}/token/?scope=${scope}`)).json()) as {
    readonly token: string;
  };
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${base}/v2/${registryAlias}/${repositoryName}/referrers/${image}`, { headers });
  const { manifests } = (await answer.json()) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  return manifests.map(({ digest }) => digest).toSorted();
}

it.each(layouts)('%s: what refers to the image is pushed after it', async (layout) => {
  for (const options of [[], ['--dry-run'], ['--image', '1.0'], ['--image', image]]) {
    const result = await push(layout, 'with/app:2', ...options);
    const { imageDigest, tags, manifests } = result.json();
    expect({ imageDigest, tags }).toMatchObject({ imageDigest: image, tags: [{ imageTag: '2' }] });
    const digests = (manifests as { imageDigest: string }[]).map((each) => each.imageDigest); // as: of push.json
    expect(digests.slice(-3)).toEqual([image, notary, sbom]);
    expect(result.stderr).toMatch(
      /Pushed with the image, as they refer to it: (signature, SBOM|SBOM, signature)/,
    );
    // Private ECR has refused one of the kind; ECR Public takes the signature of notation.
    expect(result.stderr).toContain(`may refuse ${sbom}: private ECR has refused artifacts with a subject`);
    expect(result.stderr).not.toContain(`may refuse ${notary}`);
  }
  expect(await find('with/app', fallbackTag)).toBeUndefined();
  expect(await listReferrers('with/app')).toEqual([sbom, notary].toSorted());
});

it.each(['oras-copy', 'regctl-copy', 'cosign-save'])(
  '%s: --referrers drop pushes the image alone',
  async (layout) => {
    const result = await push(layout, `${layout}/alone:2`, '--referrers', 'drop');
    expect(result.json().manifests).toMatchObject([{ imageDigest: image }]);
    expect(result.stderr).not.toMatch(/refer|signature|sha256-/);
    expect(await listReferrers(`${layout}/alone`)).toEqual([]);
  },
);

it('pushed again, all is unchanged', async () => {
  await push('oras-copy', 'again/app:1');
  const result = await push('oras-copy', 'again/app:1');
  expect(result.json()).toMatchObject({
    layers: { uploaded: 0 },
    manifests: [{ status: 'unchanged' }, { status: 'unchanged' }, { status: 'unchanged' }],
  });
  expect(result.stderr).toContain('Unchanged: everything was there already');
});

it.each(['cosign-save', 'regctl-copy'])('%s: the signature of cosign goes along', async (layout) => {
  const result = await push(layout, `${layout}/app:2`);
  const { imageDigest, manifests } = result.json();
  expect(imageDigest).toBe(image);
  expect(manifests).toMatchObject(
    [cosign, image, ...(layout === 'regctl-copy' ? [notary, sbom] : [])].map((each) => ({
      imageDigest: each,
    })),
  );
  expect(await find(`${layout}/app`, `${fallbackTag}.sig`)).toBe(cosign);
});

describe('--all', () => {
  it.each(layouts)('%s: what refers to an image is pushed after it', async (layout) => {
    for (const reference of [`all/${layout}`, `all/${layout}:2.0`]) {
      const result = await push(layout, reference, '--all');
      const imageTag = reference.endsWith(':2.0') ? '2.0' : '1.0';
      const { images } = result.json();
      expect(images).toMatchObject([{ imageDigest: image, tags: [{ imageTag }] }]);
      expect(JSON.stringify(images)).toContain(sbom);
    }
    expect(await find(`all/${layout}`, fallbackTag)).toBeUndefined();
    expect(await listReferrers(`all/${layout}`)).toEqual([sbom, notary].toSorted());
  });

  it('pushes one image with its tag as well', async () => {
    const result = await push('cosign-save', 'all/cosign:1', '--all');
    expect(result.json()).toMatchObject({ images: [{ imageDigest: image, tags: [{ imageTag: '1' }] }] });
    expect(await find('all/cosign', `${fallbackTag}.sig`)).toBe(cosign);
  });
});

it.each(['piped', 'gzipped and piped'])(
  'a layout that is %s is pushed with what refers to the image',
  async (how) => {
    const tar = execFileSync('tar', ['-cf', '-', '-C', locateArchive('oras-copy'), '.']);
    const stdin = how === 'piped' ? tar : gzipSync(tar);
    const argv = ['push', '-', `piped/${stdin.length}:1`, '--create-repo', '--json', '--verify'];
    for (const options of [[], ['--referrers', 'drop']]) {
      const result = await runCli([...argv, ...options], { env: { ...home.env, ...emulator.env }, stdin });
      expect(result.json()).toMatchObject({
        imageDigest: image,
        verified: { manifests: options.length === 0 ? 3 : 1 },
      });
    }
  },
);

it('--verify reads back what was pushed with the image as well', async () => {
  const result = await push('regctl-copy', 'verified/app:1', '--verify');
  expect(result.json()).toMatchObject({ verified: { manifests: 4 } });
});

/** Writes the layout of oras again, with another entry in its list and another blob. */
async function addToLayout(entry: object, blob: Buffer): Promise<string> {
  const directory = join(home.directory, `layout-${digestOf(blob).slice(7, 19)}`);
  await cp(locateArchive('oras-copy'), directory, { recursive: true });
  await writeFile(join(directory, 'blobs/sha256', digestOf(blob).slice('sha256:'.length)), blob);
  const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'));
  index.manifests.push({ ...entry, digest: digestOf(blob), size: blob.length });
  await writeFile(join(directory, 'index.json'), JSON.stringify(index));
  return directory;
}

it('an artifact of a retired kind is left behind, and alone it is refused with what to do', async () => {
  const mediaType = 'application/vnd.oci.artifact.manifest.v1+json';
  const blob = Buffer.from(
    JSON.stringify({
      mediaType,
      artifactType: 'application/spdx+json',
      subject: { digest: image, size: 401 },
    }),
  );
  const layout = await addToLayout({ mediaType, artifactType: 'application/spdx+json' }, blob);
  const env = { ...home.env, ...emulator.env };
  const argv = ['push', layout, 'retired/app:1', '--create-repo', '--json'];
  const result = await runCli(argv, { env });
  expect(result.json()).toMatchObject({ imageDigest: image, manifests: [{}, {}, {}] });
  expect(result.stderr).toMatch(
    /left behind: the SBOM sha256:.*is a retired kind of artifact, which registries refuse/,
  );
  const alone = await runCli([...argv, '--image', digestOf(blob)], { env });
  expect(alone.json().error).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('retired kind of artifact'),
    hint: expect.stringContaining('oras 1.1'),
  });
});

describe('a service that refuses artifacts with a subject', () => {
  const strict = startTestEmulator({ manifestSwitches: { artifactsWithSubject: 'refused' } });
  afterAll(async () => (await strict).close());
  const pushStrictly = async (...argv: readonly string[]) =>
    runCli(['push', ...argv, '--create-repo'], { env: { ...home.env, ...(await strict).env } });

  it('takes the image, and a warning names what it refused', async () => {
    const argv = [locateArchive('oras-copy'), 'strict/app:1'];
    const result = await pushStrictly(...argv, '--json');
    expect(result.status).toBe(0);
    expect(result.json()).toMatchObject({
      imageDigest: image,
      manifests: [
        { imageDigest: image, status: 'put' },
        { imageDigest: notary, status: 'refused', artifactType: 'application/vnd.cncf.notary.signature' },
        { imageDigest: sbom, status: 'refused', artifactType: 'application/spdx+json' },
      ],
    });
    expect(result.stderr).toMatch(
      /warning: refused, so not pushed with the image: application\/spdx\+json sha256:fdcacfee.*Invalid JSON syntax/,
    );
    const again = await pushStrictly(...argv, '--verify');
    expect(again.stderr).toContain('Unchanged: everything was there already; verified');
    // Alone, the artifact is the image.
    const alone = await pushStrictly(...argv, '--image', sbom, '--json');
    expect(alone.status).toBe(3);
    expect(alone.json().error).toMatchObject({
      operation: 'PutImage',
      hint: expect.stringContaining('--referrers drop'),
    });
  });

  it('takes an index without the attestations that BuildKit makes with oci-artifact=true', async () => {
    const child = await makeImage({ seed: 1, layers: [{}] });
    const { digest, mediaType, size } = child.descriptor;
    const attested = await makeImage({ seed: 2, layers: [{}] });
    const manifest = Buffer.from(
      JSON.stringify({
        ...JSON.parse(attested.manifest.toString()),
        artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
        subject: { mediaType, digest, size },
      }),
    );
    const annotations = {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': digest,
    };
    const platform = { architecture: 'unknown', os: 'unknown' };
    const descriptor = { ...describeBytes(mediaType, manifest), platform, annotations };
    const index = makeIndex([child, { ...attested, manifest, descriptor }], ['1']);
    const layout = join(home.directory, 'attested');
    await writeOciLayout(layout, [index]);
    const kept = await pushStrictly(layout, 'attested/app:1', '--json');
    expect(kept.stderr).toContain(`may refuse ${descriptor.digest}: private ECR has refused`);
    expect(kept.json()).toMatchObject({
      error: { operation: 'PutImage', hint: expect.stringContaining('--attestations drop') },
      exitStatus: 3,
    });
    const dropped = await pushStrictly(layout, 'attested/app:1', '--attestations', 'drop', '--json');
    expect(dropped.json()).toMatchObject({ manifests: [{ imageDigest: digest }, { status: 'put' }] });
  });
});

it('what refers to an image can be chosen by its digest', async () => {
  const result = await push('oras-copy', 'chosen/app:sbom', '--image', sbom.slice(7, 19));
  expect(result.json()).toMatchObject({ imageDigest: sbom, tags: [{ imageTag: 'sbom' }] });
  const missing = await push('oras-copy', 'chosen/app:sbom', '--image', 'none');
  expect(missing.json().error).toMatchObject({
    hint: expect.stringMatching(
      /1\.0 \(a7627e6d8d6a, image of unknown platform, ID 0b55215e35ac\), 6f74f6e50801 \(signature\), fdcacfeee507 \(SBOM\)/,
    ),
  });
});
