import { describe, expect, it } from 'vitest';
import { type Choice, chooseImages } from '../../../../../src/cli/commands/push/choose-images.ts';
import type { GivenTarget } from '../../../../../src/cli/commands/push/choose-target.ts';
import type { ImageSource, ListedImage } from '../../../../../src/ends/image-source.ts';
import { catchError } from '../../../../support/catch-error.ts';

const host = 'public.ecr.aws';

type Given = Partial<GivenTarget & Pick<Choice, 'image' | 'all'>>;

async function choose(names: readonly (readonly string[])[], given: Given) {
  const images = names.map(
    (each): ListedImage => ({ kind: 'archive', names: each, config: Buffer.from('{}'), layers: [] }),
  );
  const source: ImageSource = {
    path: 'many.tar',
    format: 'docker-archive',
    images,
    has: () => false,
    async *open() {},
    close: async () => undefined,
  };
  const { reference, tags = [], byDigest = false, image: name, all = true } = given;
  const choice: Choice = {
    target: { reference, tags, byDigest },
    image: name,
    all,
    hosts: { registryHost: host },
    selection: { platforms: [], attestations: 'keep', referrers: 'keep' },
  };
  return (await chooseImages(source, choice)).map(({ image, target }) => [
    images.indexOf(image),
    target.registryAlias,
    `${target.repositoryName}:${target.tags.join(',')}`,
  ]);
}

describe('each image of an archive', () => {
  it('goes where its names at the registry host point', async () => {
    const names = [
      ['public.ecr.aws/a1b2c3d4/one:1.0', 'one:dev'],
      ['public.ecr.aws/a1b2c3d4/two:latest', 'public.ecr.aws/a1b2c3d4/two:2.0'],
    ];
    expect(await choose(names, {})).toEqual([
      [0, 'a1b2c3d4', 'one:1.0'],
      [1, 'a1b2c3d4', 'two:2.0,latest'],
    ]);
  });

  it('goes to the repository given, under the tags of its names', async () => {
    const names = [['app:1.0', 'docker.io/library/app:1'], ['localhost:5000/app:2.0'], ['3.0']];
    expect(await choose(names, { reference: 'team/app' })).toEqual([
      [0, undefined, 'team/app:1.0,1'],
      [1, undefined, 'team/app:2.0'],
      [2, undefined, 'team/app:3.0'],
    ]);
  });

  it('goes to the repository given by digest, when it has no tag', async () => {
    expect(await choose([['a:1'], [], ['team/b']], { reference: 'app' })).toEqual([
      [0, undefined, 'app:1'],
      [1, undefined, 'app:'],
      [2, undefined, 'app:'],
    ]);
  });

  it('goes to the repository given or named, under no tag with --by-digest', async () => {
    expect(await choose([['a:1'], []], { reference: 'team/app', byDigest: true })).toEqual([
      [0, undefined, 'team/app:'],
      [1, undefined, 'team/app:'],
    ]);
    expect(await choose([['public.ecr.aws/a1b2c3d4/one:1']], { byDigest: true })).toEqual([
      [0, 'a1b2c3d4', 'one:'],
    ]);
  });

  it('goes to the tag given when it is the only one', async () => {
    expect(await choose([['app:1.0']], { reference: 'app:2.0', tags: ['latest'] })).toEqual([
      [0, undefined, 'app:2.0,latest'],
    ]);
  });

  it.each<[string, readonly (readonly string[])[], Given, string]>([
    ['a tag for all', [['a:1'], ['b:2']], { reference: 'app:1' }, '"app:1" can be only one of them'],
    ['a further tag for all', [['a:1'], ['b:2']], { reference: 'app', tags: ['x'] }, '"x" can be only one'],
    ['one tag twice', [['a:1'], ['b:1']], { reference: 'app' }, 'two images of many.tar would be app:1'],
    [
      'no name and no repository',
      [['public.ecr.aws/a1/app:1'], []],
      {},
      'no target for the image without a name',
    ],
    ['no name at the host', [['a:1'], ['b:1']], {}, 'no target for the image a:1'],
  ])('is a usage error with %s', async (_what, names, choice, message) => {
    const error = await catchError(() => choose(names, choice));
    expect(error).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/give (a|the) repository .*without a tag/i),
    });
  });
});

it('without --all it is one image', async () => {
  expect(
    await choose([['a:1'], ['b:2']], { all: false, image: 'b:2', reference: 'app:1', tags: ['2'] }),
  ).toEqual([[1, undefined, 'app:1,2']]);
});
