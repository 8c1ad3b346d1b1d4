import { describe, expect, it } from 'vitest';
import { resolveTag } from '../../src/registry/registry-reader.ts';
import { locateArchive } from '../support/archives.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { directConnections } from '../support/connections.ts';
import { startWorkplace } from '../support/workplace.ts';

// Layouts with what refers to an image, as oras, cosign and regctl write them: the same image in each.

const { home, emulator } = await startWorkplace();
const image = 'sha256:a7627e6d8d6a8b92252bf838e9f27ceff9191d90f8eae5d6efd4d2370d92d53a';
const sbom = 'sha256:fdcacfeee507cbdff3eb7a7c20d585b996d7b7966ff81fe9b7468daa6d8d040e';
const notary = 'sha256:6f74f6e508012dc25000ac4da71669578660370f145fc87b85baf74912216af5';
const cosign = 'sha256:cfc869cf41d861966f98f89c57c4f99c7621d63be677d53f176b76c09bfb64d2';
const fallback = 'sha256:17530796dde855a25a43abf45aa4ec25ad702860c4ff727df82fc1ce999abbcd';
const fallbackTag = image.replace(':', '-');

function push(layout: string, ...argv: string[]): Promise<CliResult> {
  const path = locateArchive(layout);
  return runCli(['push', path, ...argv, '--create-repo', '--json'], {
    env: { ...home.env, ...emulator.env },
  });
}

function find(repositoryName: string, imageTag: string): Promise<string | undefined> {
  const { registryHost, registryAlias } = emulator;
  const place = { registryHost, registryAlias, repositoryName, imageTag };
  return resolveTag(directConnections, place, new AbortController().signal);
}

it.each([
  ['oras-copy', /left behind: 2 that refer to the image \(signature, SBOM\); --all pushes them as well/],
  ['regctl-copy', /left behind: 2 that refer to the image \((signature, SBOM|SBOM, signature)\)/],
])('%s: the image is meant, and what is left behind is counted', async (layout, says) => {
  for (const options of [[], ['--dry-run'], ['--image', '1.0'], ['--image', image]]) {
    const result = await push(layout, 'counted/app:2', ...options);
    expect(result.json()).toMatchObject({ imageDigest: image, tags: [{ imageTag: '2' }] });
    expect(result.stderr).toMatch(says);
  }
});

it.each(['cosign-save', 'regctl-copy'])('%s: the signature of cosign goes along', async (layout) => {
  const result = await push(layout, `${layout}/app:2`);
  expect(result.json()).toMatchObject({
    imageDigest: image,
    manifests: [{ imageDigest: cosign }, { imageDigest: image }],
  });
  expect(await find(`${layout}/app`, `${fallbackTag}.sig`)).toBe(cosign);
  expect(result.stderr.includes('left behind')).toBe(layout === 'regctl-copy');
});

describe('--all', () => {
  it('pushes what has no tag by its digest', async () => {
    for (const reference of ['all/oras', 'all/oras:2.0']) {
      const result = await push('oras-copy', reference, '--all');
      const imageTag = reference.endsWith(':2.0') ? '2.0' : '1.0';
      expect(result.json()).toMatchObject({
        images: [
          { imageDigest: image, tags: [{ imageTag }] },
          { imageDigest: notary, tags: [] },
          { imageDigest: sbom, tags: [] },
        ],
      });
      expect(result.stderr).not.toContain('left behind');
    }
  });

  it('pushes the list of a fallback tag under that tag', async () => {
    const result = await push('regctl-copy', 'all/regctl', '--all');
    expect(result.json()).toMatchObject({
      images: [
        { imageDigest: image, tags: [{ imageTag: '1.0' }] },
        { imageDigest: fallback, tags: [{ imageTag: fallbackTag }] },
      ],
    });
    expect(await find('all/regctl', fallbackTag)).toBe(fallback);
  });

  it('pushes one image with its tag as well', async () => {
    const result = await push('cosign-save', 'all/cosign:1', '--all');
    expect(result.json()).toMatchObject({ images: [{ imageDigest: image, tags: [{ imageTag: '1' }] }] });
    expect(await find('all/cosign', `${fallbackTag}.sig`)).toBe(cosign);
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
