import { describe, expect, it } from 'vitest';
import type { TagLocator } from '../../../../src/ecr/private/locate-tags.ts';
import { respectImmutableTags } from '../../../../src/ecr/private/put-image.ts';
import type { PutAnswer } from '../../../../src/ends/image-target.ts';
import { EcrpError } from '../../../../src/errors.ts';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';
import { catchError } from '../../../support/catch-error.ts';

const { signal } = new AbortController();
const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app';
const [digest, other] = [digestOf('image'), digestOf('other')];
const taken = new EcrpError('CONFLICT', 'The image tag already exists', {
  hint: 'x',
  operation: 'PutImage',
  awsError: 'ImageTagAlreadyExistsException',
  requestId: 'r-1',
});
const denied = new EcrpError('AUTH', 'not authorized to perform ecr:BatchGetImage', { hint: 'x' });

interface Case {
  readonly answer: PutAnswer | Error;
  /** Where the tag is now, or why that cannot be said. */
  readonly now: Digest | undefined | Error;
  /** What was known before the put. */
  readonly before: Digest | undefined | 'unknown';
}

/** Puts the image. */
function put({ answer, now, before }: Case, named: { tag?: string } = { tag: '1.0' }) {
  const asked: string[] = [];
  const locator: TagLocator = {
    locateTag: async (name) => {
      asked.push(name);
      if (now instanceof Error) throw now;
      return now;
    },
    glanceAtTag: async () => before,
    recall: () => before,
    note: () => undefined,
  };
  const inner = async (): Promise<PutAnswer> => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const manifest = { bytes: Buffer.from('{}'), mediaType: 'application/json', digest, ...named };
  return { asked, done: respectImmutableTags(inner, locator, repository)(manifest, signal) };
}

const unchanged: PutAnswer = { kind: 'unchanged' };

describe('a tag that the service refuses to move', () => {
  it.each([['unknown'], [digest]] as const)('is unchanged on the same image (before: %s)', async (before) => {
    await expect(put({ answer: taken, now: digest, before }).done).resolves.toEqual(unchanged);
  });

  it('was put by an attempt whose answer was lost, when it did not exist before', async () => {
    const { done } = put({ answer: taken, now: digest, before: undefined });
    await expect(done).resolves.toEqual({ kind: 'put', registryId: undefined });
  });

  it.each([
    ['ImageTagAlreadyExistsException', taken],
    ['ImageAlreadyExistsException, as moto says', unchanged],
  ])('is a conflict on another image: %s', async (_, answer) => {
    const error = await catchError(() => put({ answer, now: other, before: 'unknown' }).done);
    expect(error).toMatchObject({ code: 'CONFLICT', operation: 'PutImage' });
    expect(error.message).toContain(digest);
    expect(error.message).toContain(other);
    expect(error.hint).toContain(`ecrp image untag ${repository}:1.0`);
  });

  it('is the error of the service when nobody may say where the tag is', async () => {
    const error = await catchError(() => put({ answer: taken, now: denied, before: 'unknown' }).done);
    expect(error).toBe(taken);
  });
});

describe('what the service calls unchanged', () => {
  it('is believed without a question when the tag was seen on the image', async () => {
    const { asked, done } = put({ answer: unchanged, now: other, before: digest });
    await expect(done).resolves.toEqual(unchanged);
    expect(asked).toEqual([]);
  });

  it('is looked at otherwise', async () => {
    const { asked, done } = put({ answer: unchanged, now: digest, before: 'unknown' });
    await expect(done).resolves.toEqual(unchanged);
    expect(asked).toEqual(['1.0']);
  });

  it('is believed when nobody may look', async () => {
    await expect(put({ answer: unchanged, now: denied, before: 'unknown' }).done).resolves.toEqual(unchanged);
  });
});

it('asks nothing about an image that was put, nor about one without a tag', async () => {
  const stored: PutAnswer = { kind: 'put', registryId: '123456789012' };
  const tagged = put({ answer: stored, now: denied, before: other }, { tag: '1.0' });
  await expect(tagged.done).resolves.toEqual(stored);
  const untagged = put({ answer: unchanged, now: denied, before: 'unknown' }, {});
  await expect(untagged.done).resolves.toEqual(unchanged);
  expect([...tagged.asked, ...untagged.asked]).toEqual([]);
});

it('passes on every other error', async () => {
  const failure = new EcrpError('UNAVAILABLE', 'gone', { hint: 'x' });
  await expect(put({ answer: failure, now: digest, before: 'unknown' }).done).rejects.toBe(failure);
  await expect(put({ answer: taken, now: failure, before: 'unknown' }).done).rejects.toBe(failure);
});
