import { describe, expect, it } from 'vitest';
import { chooseImage } from '../../../src/cli/push/choose-image.ts';
import { chooseTarget } from '../../../src/cli/push/choose-target.ts';
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

  it('takes the reference before the names', () => {
    const names = ['public.ecr.aws/a1b2c3d4/named:1'];
    expect(chooseTarget('app:2', ['2.1', 'latest'], names, host)).toEqual({
      registryAlias: undefined,
      repositoryName: 'app',
      tags: ['2.1', '2', 'latest'],
      mainTag: '2',
    });
  });

  it('takes all names at the host without a reference', () => {
    const names = [
      'app:dev',
      'public.ecr.aws/a1b2c3d4/team/app:latest',
      'public.ecr.aws/a1b2c3d4/team/app:1.0',
    ];
    expect(chooseTarget(undefined, ['1'], names, host)).toEqual({
      registryAlias: 'a1b2c3d4',
      repositoryName: 'team/app',
      tags: ['1.0', '1', 'latest'],
      mainTag: '1.0',
    });
  });

  it.each([
    [['app:1'], 'it is named app:1, nothing at public.ecr.aws'],
    [[], 'the image has no name'],
    [['public.ecr.aws/a1/one:1', 'public.ecr.aws/a1/two:1'], 'several repositories: one, two'],
  ])('refuses %j', (names, message) => {
    expect(() => chooseTarget(undefined, [], names, host)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
    );
  });

  it('refuses a tag that is none', () => {
    expect(() => chooseTarget('app', ['a b'], [], host)).toThrow('not an image tag');
  });
});
