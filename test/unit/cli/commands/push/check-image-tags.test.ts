import { expect, it } from 'vitest';
import { checkImageTags } from '../../../../../src/cli/commands/push/check-image-tags.ts';
import { ECR_PUBLIC_LIMITS } from '../../../../../src/ecr/limits.ts';
import { EcrpError } from '../../../../../src/errors.ts';
import { digestOf } from '../../../../../src/oci/digest.ts';
import { catchError } from '../../../../support/catch-error.ts';

const imageDigest = digestOf('image');
const { signal } = new AbortController();
const tags = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

type Session = Parameters<typeof checkImageTags>[0];
type Place = Parameters<typeof checkImageTags>[1];

/** Checks against a service that answers as `describe` says. */
function check(describe: () => readonly string[], count: number, address = { repositoryName: 'app' }) {
  const call = async () => ({ items: [{ imageDigest, imageTags: describe() }], nextToken: undefined });
  // as: of both, the check needs nothing else.
  const session = { client: { call } } as unknown as Session;
  const place = {
    finder: { findAddress: async () => address },
    limits: ECR_PUBLIC_LIMITS,
  } as unknown as Place;
  return checkImageTags(session, place, imageDigest, tags(count), signal);
}

it('counts the tags that the image has, each once', async () => {
  await check(() => ['t1', 't2'], 1000);
  await check(() => ['other'], 999);
  const error = await catchError(() => check(() => ['t1', 'other'], 1000));
  expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringContaining('would have 1001 tags') });
});

it.each(['NOT_FOUND', 'AUTH'] as const)('checks nothing when the answer is %s', async (code) => {
  await check(() => {
    throw new EcrpError(code, 'nobody knows');
  }, 1000);
});

it('passes on what else goes wrong', async () => {
  const error = await catchError(() =>
    check(() => {
      throw new EcrpError('UNAVAILABLE', 'not now');
    }, 1),
  );
  expect(error.message).toBe('not now');
});
