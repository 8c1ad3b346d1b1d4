import { describe, expect, it } from 'vitest';
import { chooseImage } from '../../../src/cli/push/choose-image.ts';
import { chooseTarget, type GivenTarget } from '../../../src/cli/push/choose-target.ts';
import type { ImageSource, SourceImage } from '../../../src/source/image-source.ts';

function makeImage(...names: string[]): SourceImage {
  return { kind: 'archive', names, config: Buffer.from('{}'), layers: [] };
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
  ])('%s', (wanted, image) => expect(chooseImage(source, wanted)).toBe(image));

  it('needs no name when there is one', () => {
    expect(chooseImage(makeSource(app), undefined)).toBe(app);
  });

  it.each([
    [undefined, 'app.tar holds 3 images', 'docker.io/library/app:latest, team/other:1.0 = team/other:latest'],
    ['app:2', 'no image named app:2', '(an image without a name)'],
    ['other:1.0', 'no image named other:1.0', 'team/other:1.0'],
  ])('refuses %s', (wanted, message, hint) => {
    expect(() => chooseImage(source, wanted)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  it('refuses a name that means two', () => {
    const twice = makeSource(makeImage('app'), makeImage('library/app:latest'));
    expect(() => chooseImage(twice, 'app:latest')).toThrow('2 images that app:latest may mean');
  });
});

describe('choosing a target', () => {
  const host = 'public.ecr.aws';
  const uri = `${host}/a1b2c3d4/team/app`;
  const digest = `sha256:${'a'.repeat(64)}`;
  const choose = (given: Partial<GivenTarget>, names: readonly string[] = []) =>
    chooseTarget({ reference: undefined, tags: [], byDigest: false, ...given }, names, host);

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

  it('takes the repository of the names alone with --by-digest', () => {
    expect(choose({ byDigest: true }, [`${uri}:1.0`])).toMatchObject({
      repositoryName: 'team/app',
      tags: [],
    });
  });

  it.each<[string, Partial<GivenTarget>, readonly string[], string]>([
    ['no name at the host', {}, ['app:1'], 'it is named app:1, nothing at public.ecr.aws'],
    ['no name', {}, [], 'the image has no name'],
    ['names in two', {}, [`${host}/a1/one:1`, `${host}/a1/two:1`], 'one repository, but these are two'],
    ['a further tag in another', { reference: 'app:1', tags: ['other:2'] }, [], 'are two: app, other'],
    ['in another registry', { reference: `${uri}:1`, tags: [`${host}/b2/team/app:2`] }, [], 'are two'],
    ['in one that is named once', { reference: 'team/app:1', tags: [`${uri}:2`] }, [], 'are two'],
    ['at another host', { reference: 'app:1', tags: ['ghcr.io/me/app:1'] }, [], 'points at ghcr.io'],
    [
      'two digests',
      { reference: `app@${digest}`, tags: [`app:1@sha256:${'b'.repeat(64)}`] },
      [],
      'one digest',
    ],
    ['a tag that is none', { reference: 'app', tags: ['a b'] }, [], 'not an image tag'],
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
