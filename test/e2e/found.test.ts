import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { resolveTag } from '../../src/registry/registry-reader.ts';
import { locateFound } from '../support/archives.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { directConnections } from '../support/connections.ts';
import { listFound, writeItems } from '../support/found.ts';
import { packTar } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// The table of fixtures/found/README.md: what is right for each input, in each form that it can come in.

const { home, emulator } = await startWorkplace();

type Form = 'directory' | 'file' | 'gzipped file' | 'pipe' | 'gzipped pipe';
const TAR_FORMS: readonly Form[] = ['file', 'gzipped file', 'pipe', 'gzipped pipe'];
const ALL_FORMS: readonly Form[] = ['directory', ...TAR_FORMS];

interface Row {
  /** File in fixtures/found/. */
  readonly name: string;
  /** Folder in it that is a layout; undefined: the file is the archive. */
  readonly folder?: string;
  /** Default: all forms that it can have. */
  readonly forms?: readonly Form[];
  readonly options?: readonly string[];
  readonly status: number;
  /** Of the JSON document. */
  readonly result: object;
  /** On stderr. */
  readonly says?: RegExp;
}

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const amd64 = 'sha256:acb9b0b9650c18b2a7b318fc49898d8472e6013924afa3846722f65f1ff0070d';
const arm64 = 'sha256:4adfc95e888077d33096a8bd1259b95a7a72b02547b257f4f9cd34eef83112db';
const attestation = 'sha256:794a5e02d6becc5832c176f06c80a3a19f19918ea4075412356031505ae22c68';
const signature = 'sha256:e7f89447ad7cf32f829ad16b0c50a644f1046bdd7a1fc1d648ddb877af688e4e';
/** What `docker push` makes of the image of two layers, and of the one of one layer. */
const twoLayers = {
  imageManifestMediaType: DOCKER_MANIFEST,
  layers: { total: 3 },
  verified: { manifests: 1 },
};
const oneLayer = {
  imageManifestMediaType: DOCKER_MANIFEST,
  layers: { total: 2 },
  verified: { manifests: 1 },
};
const refused = (message: RegExp, hint: RegExp) => ({
  error: { message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
});

const rows: readonly Row[] = [
  { name: 'save-25-manifest-without-layers.tar', status: 0, result: twoLayers },
  { name: 'save-25-index-manifests-null.tar', status: 0, result: twoLayers },
  {
    name: 'gzip-layer-padded-with-nul.tar',
    status: 3,
    result: refused(/ad7b8f18[a-f0-9]*\.tar\.gz/, /without padding/),
  },
  {
    name: 'layout-two-platforms-flat.tar',
    status: 0,
    result: {
      imageManifestMediaType: OCI_INDEX,
      manifests: [
        { imageDigest: amd64, platform: { architecture: 'amd64' } },
        { imageDigest: arm64, platform: { architecture: 'arm64' } },
        {},
      ],
    },
  },
  {
    name: 'layout-two-platforms-flat.tar',
    options: ['--platform', 'linux/arm64'],
    status: 0,
    result: { imageManifestMediaType: OCI_INDEX, manifests: [{ imageDigest: arm64 }, {}] },
  },
  {
    name: 'layout-two-platforms-flat.tar',
    options: ['--all'],
    status: 0,
    result: { images: [{ imageManifestMediaType: OCI_INDEX, manifests: [{}, {}, {}] }] },
  },
  {
    name: 'layout-two-platforms-flat.tar',
    options: ['--image', amd64],
    status: 0,
    result: { imageDigest: amd64, imageManifestMediaType: OCI_MANIFEST },
  },
  {
    name: 'layout-two-platforms-flat.tar',
    options: ['--platform', 'linux/s390x'],
    status: 2,
    result: refused(/linux\/s390x/, /linux\/amd64, linux\/arm64/),
  },
  {
    name: 'two-images-without-names.tar',
    status: 2,
    result: refused(
      /2 images/,
      /--image: acb9b0b9650c \(image linux\/amd64, ID 8e3b0bc589b5\), e1244031d574 \(image linux\/amd64\)/,
    ),
  },
  {
    name: 'two-images-without-names.tar',
    options: ['--image', '8e3b0bc589b5'],
    status: 0,
    result: { imageDigest: amd64, imageManifestMediaType: OCI_MANIFEST },
  },
  {
    name: 'two-images-without-names.tar',
    options: ['--image', amd64],
    status: 0,
    result: { imageDigest: amd64 },
  },
  {
    name: 'two-images-without-names.tar',
    options: ['--image', 'sha256:e1244031d57433be0bcad1c38c420c777a32c4c72493f0ae7a383b1e1878b646'],
    status: 0,
    result: oneLayer,
  },
  {
    name: 'save-20.10-by-two-ids.tar.gz',
    status: 2,
    result: refused(/2 images/, /--image.*8e3b0bc589b5.*b7dd8eb25111/),
  },
  {
    name: 'save-20.10-by-two-ids.tar.gz',
    options: ['--image', '8e3b0bc589b5b'],
    status: 0,
    result: twoLayers,
  },
  {
    name: 'layout-image-and-signature.tar',
    folder: 'c3-crio9135-cosign',
    status: 0,
    result: {
      imageManifestMediaType: OCI_INDEX,
      manifests: [{ imageDigest: signature }, { imageDigest: amd64 }, { imageDigest: arm64 }, {}],
    },
    says: /The tag sha256-491b8263[a-f0-9]*\.sig goes with the image/,
  },
  {
    name: 'containerd-store-one-platform-present.tar',
    status: 0,
    result: {
      imageManifestMediaType: OCI_INDEX,
      manifests: [{ imageDigest: amd64 }, { imageDigest: attestation }, {}],
    },
    says: /left out of the image: linux\/arm64/,
  },
  {
    name: 'bazel-layout-of-symlinks.tar',
    folder: 'c7-rulesoci560/bin/image',
    forms: ['directory'],
    status: 0,
    result: { imageDigest: amd64, imageManifestMediaType: OCI_MANIFEST },
  },
  {
    name: 'bazel-layout-of-symlinks.tar',
    folder: 'c7-rulesoci560/bin/image',
    forms: TAR_FORMS,
    status: 3,
    result: refused(/leads outside the archive/, /./),
  },
  { name: 'repacked-sparse-pax.tar', status: 0, result: oneLayer },
  {
    name: 'powershell-utf16.tar',
    status: 3,
    result: refused(/written by PowerShell's `>`/, /docker save -o/),
  },
  {
    name: 'buildkit-cache.tar',
    folder: 'c4-buildx173-cache',
    status: 3,
    result: refused(/a build cache, not an image/, /buildx build --output type=oci/),
  },
  {
    name: 'layout-image-without-layers.tar',
    folder: 'c10-nolayers',
    // What the service says, which the warning has announced.
    status: 3,
    result: { error: { operation: 'PutImage', message: expect.stringContaining('at least 1 layer') } },
    says: /ECR Public may refuse sha256:[a-f0-9]+: it has no layers/,
  },
  {
    name: 'layout-empty-config.tar',
    folder: 'c8-devcontainers814',
    status: 7,
    result: refused(/Config sha256:e3b0c442/, /config `{}`/),
  },
];

let count = 0;

/** Pushes an input in one of its forms into a repository of its own. */
async function push(row: Row, form: Form): Promise<CliResult> {
  count += 1;
  const { name, folder, options = [] } = row;
  const place = join(home.directory, `found-${count}`);
  const items = folder === undefined ? [] : await listFound(name, folder);
  const found = await readFile(locateFound(name));
  const plain = name.endsWith('.gz') ? gunzipSync(found) : found;
  const tar = folder === undefined ? plain : await packTar(items);
  const bytes = form.startsWith('gzipped') ? gzipSync(tar) : tar;
  const isPiped = form.endsWith('pipe');
  let path = place;
  if (form === 'directory' && name.startsWith('bazel')) {
    await writeItems(place, await listFound(name));
    path = join(place, folder ?? '');
  } else if (form === 'directory') await writeItems(place, items);
  else if (!isPiped) await writeFile(place, bytes);
  const reference = options.includes('--all') ? `found/r${count}` : `found/r${count}:1`;
  const argv = ['push', isPiped ? '-' : path, reference, '--create-repo', '--json', '--verify', ...options];
  return runCli(argv, { env: { ...home.env, ...emulator.env }, ...(isPiped && { stdin: bytes }) });
}

const seen = new Map<string, unknown>();

describe.each(rows.map((row) => [row.name, row.options?.join(' ') ?? '', row] as const))(
  '%s %s',
  (_name, _options, row) => {
    const forms = row.forms ?? (row.folder === undefined ? TAR_FORMS : ALL_FORMS);

    it.each(forms)('as a %s', async (form) => {
      const result = await push(row, form);
      expect(result.json(), result.stderr).toMatchObject(row.result);
      expect(result.status).toBe(row.status);
      if (row.says !== undefined) expect(result.stderr).toMatch(row.says);
      // Whichever way it comes, it is the same image.
      const key = `${row.name} ${row.options?.join(' ')} ${row.status}`;
      const { imageDigest } = result.json();
      expect(imageDigest).toBe(seen.has(key) ? seen.get(key) : imageDigest);
      seen.set(key, imageDigest);
    });
  },
);

describe('what belongs together', () => {
  it('the same image has the same digest, whichever way it was saved', () => {
    const find = (key: string) => seen.get(key);
    expect(find('save-25-index-manifests-null.tar undefined 0')).toBe(
      find('save-25-manifest-without-layers.tar undefined 0'),
    );
    expect(find('save-20.10-by-two-ids.tar.gz --image 8e3b0bc589b5b 0')).toBe(
      find('save-25-manifest-without-layers.tar undefined 0'),
    );
  });

  it("cosign's signature gets cosign's tag", async () => {
    const row = rows.find(({ name }) => name === 'layout-image-and-signature.tar');
    if (row === undefined) throw new Error('no such row');
    const result = await push(row, 'directory');
    const { imageDigest, repositoryName } = result.json();
    const { registryHost, registryAlias } = emulator;
    const imageTag = `${String(imageDigest).replace(':', '-')}.sig`;
    const place = { registryHost, repositoryPath: `${registryAlias}/${repositoryName}`, imageTag };
    expect(await resolveTag(directConnections, place, AbortSignal.timeout(60_000))).toBe(signature);
  });
});
