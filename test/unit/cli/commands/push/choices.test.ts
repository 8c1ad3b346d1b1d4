import { describe, expect, it } from 'vitest';
import { chooseImage } from '../../../../../src/cli/commands/push/choose-image.ts';
import { chooseTarget, type GivenTarget } from '../../../../../src/cli/commands/push/choose-target.ts';
import type { ImageSource, SourceImage } from '../../../../../src/ends/image-source.ts';
import { digestOf } from '../../../../../src/oci/digest.ts';
import { catchError } from '../../../../support/catch-error.ts';
import { makeImage as makeGenerated, makeIndex } from '../../../../support/images.ts';
import { layoutSource } from '../../../../support/memory-source.ts';

let count = 0;

function makeImage(...names: string[]): SourceImage {
  count += 1;
  const config = { os: 'linux', architecture: 'amd64', count, rootfs: { type: 'layers', diff_ids: [] } };
  return { kind: 'archive', names, config: Buffer.from(JSON.stringify(config)), layers: [] };
}

function findDigits(image: SourceImage): string {
  return image.kind === 'archive' ? digestOf(image.config).slice(7, 19) : '';
}

function makeSource(...images: SourceImage[]): ImageSource {
  return {
    path: 'app.tar',
    format: 'docker-archive',
    images,
    has: () => false,
    async *open() {},
    close: async () => undefined,
  };
}

describe('choosing an image', () => {
  const app = makeImage('docker.io/library/app:latest');
  const other = makeImage('team/other:1.0', 'team/other:latest');
  const source = makeSource(app, other, makeImage());

  it.each([
    ['app', app],
    ['app:latest', app],
    ['docker.io/library/app:latest', app],
    ['team/other', other],
    ['team/other:1.0', other],
  ])('%s', async (wanted, image) => expect(await chooseImage(source, wanted)).toBe(image));

  it('needs no name when there is one', async () => {
    expect(await chooseImage(makeSource(app), undefined)).toBe(app);
  });

  it.each([
    [undefined, 'app.tar holds 3 images', 'team/other:1.0 = team/other:latest ('],
    ['app:2', 'no image app:2', 'docker.io/library/app:latest ('],
    ['other:1.0', 'no image other:1.0', 'team/other:1.0'],
    ['0123456789ab', 'no image 0123456789ab', 'Choose with --image'],
  ])('refuses %s', async (wanted, message, hint) => {
    const error = await catchError(() => chooseImage(source, wanted));
    expect(error).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it('refuses a name that means two, and lists by which digests they go', async () => {
    const [one, two] = [makeImage('app'), makeImage('library/app:latest')];
    const error = await catchError(() => chooseImage(makeSource(one, two), 'app:latest'));
    expect(error.message).toContain('2 images that app:latest may mean');
    const [first, second] = [one, two].map(findDigits);
    expect(error.hint).toBe(
      `Choose by digest with --image: app (${first}, image linux/amd64), library/app:latest (${second}, image linux/amd64)`,
    );
  });

  it('cuts a long list', async () => {
    const many = Array.from({ length: 25 }, (_, position) => makeImage(`app:${position}`));
    const error = await catchError(() => chooseImage(makeSource(...many), undefined));
    expect(error.hint).toMatch(/app:9 \([^)]*\) and 15 more$/);
  });

  it.each([12, 20, 64])('takes %i digits of the image ID, and the digest', async (count) => {
    const digits = digestOf(other.kind === 'archive' ? other.config : '').slice(7);
    expect(await chooseImage(source, digits.slice(0, count))).toBe(other);
    expect(await chooseImage(source, `sha256:${digits.slice(0, count)}`)).toBe(other);
    const error = await catchError(() => chooseImage(source, digits.slice(0, 11)));
    expect(error.message).toContain('no image');
  });

  it('takes digests of layouts: of manifests, configs, and what an index is made of', async () => {
    const [amd64, arm64, single] = await Promise.all([
      makeGenerated({ seed: 1, layers: [] }),
      makeGenerated({ seed: 2, layers: [], platform: { os: 'linux', architecture: 'arm64' } }),
      makeGenerated({ seed: 3, layers: [], names: ['1.0'] }),
    ]);
    const index = makeIndex([amd64, arm64]);
    const layout = {
      ...layoutSource([index, single]),
      images: [index, single].map(({ names, descriptor: root }) => ({
        kind: 'manifest' as const,
        names,
        root,
      })),
    };
    const find = async (wanted: string) => {
      const image = await chooseImage(layout, wanted);
      return image.kind === 'manifest' ? image.root.digest : undefined;
    };
    expect(await find(index.descriptor.digest)).toBe(index.descriptor.digest);
    expect(await find(single.descriptor.digest.slice(7, 19))).toBe(single.descriptor.digest);
    expect(await find(digestOf(single.config))).toBe(single.descriptor.digest);
    expect(await find(arm64.descriptor.digest)).toBe(arm64.descriptor.digest);
    expect(await find(digestOf(arm64.config).slice(7, 20))).toBe(arm64.descriptor.digest);
    const error = await catchError(() => chooseImage(layout, undefined));
    expect(error.hint).toContain('(linux/amd64, linux/arm64)');
    expect(error.hint).toMatch(/1\.0 \([a-f0-9]{12}, image linux\/amd64, ID [a-f0-9]{12}\)/);
  });
});

describe('choosing a target', () => {
  const host = 'public.ecr.aws';
  const uri = `${host}/a1b2c3d4/team/app`;
  const digest = `sha256:${'a'.repeat(64)}`;
  const choose = (given: Partial<GivenTarget>, names: readonly string[] = []) =>
    chooseTarget({ reference: undefined, tags: [], byDigest: false, ...given }, names, {
      registryHost: host,
    });

  it('takes the reference before the names', () => {
    const names = ['public.ecr.aws/a1b2c3d4/named:1'];
    expect(choose({ reference: 'app:2', tags: ['2.1', 'latest'] }, names)).toEqual({
      registryHost: host,
      repositoryName: 'app',
      tags: ['2.1', '2', 'latest'],
      mainTag: '2',
      imageDigest: undefined,
    });
  });

  it('takes all names at the host without a reference', () => {
    expect(choose({ tags: ['1'] }, ['app:dev', `${uri}:latest`, `${uri}:1.0`])).toMatchObject({
      registryAlias: 'a1b2c3d4',
      repositoryName: 'team/app',
      tags: ['1.0', '1', 'latest'],
      mainTag: '1.0',
    });
  });

  it('takes what docker/metadata-action writes as it is, and its repository where there is no reference', () => {
    const written = `  ${uri}:1.0.2 \r\n${uri}:latest\n\n   \n${uri}:1.0\n`;
    const tags = ['1.0.2', '1.0', 'latest'];
    expect(choose({ tags: [written] })).toMatchObject({
      registryAlias: 'a1b2c3d4',
      repositoryName: 'team/app',
      tags,
      mainTag: '1.0.2',
    });
    expect(choose({ reference: `${uri}:1.0`, tags: [written] })).toMatchObject({ tags, mainTag: '1.0' });
    expect(choose({ reference: 'app:2', tags: ['1\n2\n 3 ', 'app:4'] })).toMatchObject({
      tags: ['2', '1', '3', '4'],
    });
  });

  it('takes the dual-stack name for the same registry, in further tags too', () => {
    const dual = 'ecr-public.aws.com/a1b2c3d4/team/app';
    expect(choose({ reference: `${dual}:1`, tags: [`${uri}:2`] })).toMatchObject({
      registryHost: 'ecr-public.aws.com',
      tags: ['1', '2'],
    });
  });

  it.each<[string, Partial<GivenTarget>, object]>([
    ['no tag is latest', { reference: 'app' }, { tags: ['latest'], mainTag: 'latest' }],
    ['--by-digest: none', { reference: 'app', byDigest: true }, { tags: [] }],
    ['a digest alone: none', { reference: `app@${digest}` }, { tags: [], imageDigest: digest }],
    ['a digest after a tag', { reference: `app:1@${digest}` }, { tags: ['1'], imageDigest: digest }],
    [
      'a digest and a further tag',
      { reference: `app@${digest}`, tags: ['2'] },
      { tags: ['2'], mainTag: '2', imageDigest: digest },
    ],
  ])('%s', (_what, given, target) => {
    expect(choose(given)).toMatchObject({ repositoryName: 'app', ...target });
  });

  it('leaves it to the service whether names by several aliases are of one repository', () => {
    const tags = [`${uri}:2`, `${host}/b2/team/app:3`, 'team/app:4'];
    const { otherNames } = choose({ reference: 'team/app:1', tags });
    expect(otherNames).toMatchObject([{ registryAlias: uri.split('/')[1] }, { registryAlias: 'b2' }]);
    expect(choose({ reference: `${uri}:1`, tags: [`${uri}:2`] })).not.toHaveProperty('otherNames');
  });

  it('takes the repository of the names alone with --by-digest', () => {
    expect(choose({ byDigest: true }, [`${uri}:1.0`])).toMatchObject({
      repositoryName: 'team/app',
      tags: [],
    });
  });

  it.each<[string, Partial<GivenTarget>, readonly string[], string]>([
    ['no name at the host', {}, ['app:1'], 'it is named app:1, with nothing at public.ecr.aws'],
    ['no name', {}, [], 'the image has no name'],
    ['names in two', {}, [`${host}/a1/one:1`, `${host}/a1/two:1`], 'one repository, but these are two'],
    ['a further tag in another', { reference: 'app:1', tags: ['other:2'] }, [], 'are two: app, other'],
    ['at another host', { reference: 'app:1', tags: ['ghcr.io/me/app:1'] }, [], 'points at ghcr.io'],
    [
      'two digests',
      { reference: `app@${digest}`, tags: [`app:1@sha256:${'b'.repeat(64)}`] },
      [],
      'one digest',
    ],
    ['a tag that is none', { reference: 'app', tags: ['a b'] }, [], 'not an image tag'],
    ['tags in one line', { reference: 'app', tags: ['1.0,latest'] }, [], 'not an image tag'],
    ['no tag in a value', { reference: 'app', tags: [' \n'] }, [], '--tag is empty'],
    ['a tag with --by-digest', { reference: 'app:1', byDigest: true }, [], '--by-digest'],
    ['a further tag with it', { reference: 'app', tags: ['1'], byDigest: true }, [], '--by-digest'],
  ])('refuses %s', (_what, given, names, message) => {
    expect(() => choose(given, names)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(message),
        hint: expect.any(String),
      }),
    );
  });
});
