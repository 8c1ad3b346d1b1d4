import { describe, expect, it } from 'vitest';
import { ECR_PUBLIC_LIMITS } from '../../../src/ecr/limits.ts';
import type { ImageTarget } from '../../../src/ends/image-target.ts';
import type { TagPolicy } from '../../../src/engine/guard-tags.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { catchError } from '../../support/catch-error.ts';
import { type FakeService, fakeService } from '../../support/fake-service.ts';
import { makeImage } from '../../support/images.ts';
import { layoutSource } from '../../support/memory-source.ts';
import { pushWith } from '../../support/push-with.ts';

const image = await makeImage({ seed: 1, layers: [{}, {}] });
const foreign = digestOf('another image');

/** Pushes under a policy; `locateTag` is asked before the push, and again before each tag is put. */
async function push(
  service: FakeService,
  ifExists: TagPolicy,
  tags: readonly string[],
  locateTag: ImageTarget['locateTag'],
) {
  const root = { kind: 'manifest', names: [], root: image.descriptor } as const;
  const plan = await planPush(layoutSource([image]), root, { limits: ECR_PUBLIC_LIMITS });
  return pushWith(plan, { service, tags, ifExists, locateTag });
}

/** Answers in turn, by tag; the last answer stays. */
function answer(places: Readonly<Record<string, readonly (Digest | undefined)[]>>): ImageTarget['locateTag'] {
  const asked = new Map<string, number>();
  return async (tag) => {
    const count = asked.get(tag) ?? 0;
    asked.set(tag, count + 1);
    return places[tag]?.[Math.min(count, places[tag].length - 1)];
  };
}

describe('a tag that another client takes while the layers are sent', () => {
  const taken = answer({ '1.0': [undefined, foreign] });

  it('is not moved: fail ends the push', async () => {
    const service = fakeService(1000);
    const error = await catchError(() => push(service, 'fail', ['1.0'], taken));
    expect(error.code).toBe('CONFLICT');
    expect(error.message).toContain(foreign);
    expect(error.message).toContain(image.descriptor.digest);
    expect(service.tags.size).toBe(0);
  });

  it('is not moved: skip puts the others', async () => {
    const service = fakeService(1000);
    const locate = answer({ '1.0': [undefined, foreign] });
    const result = await push(service, 'skip', ['1.0', '1'], locate);
    expect(service.tags).toEqual(new Map([['1', image.descriptor.digest]]));
    expect(result).toMatchObject({
      imageDigest: image.descriptor.digest,
      tags: [
        { imageTag: '1.0', status: 'unchanged', imageDigest: foreign },
        { imageTag: '1', status: 'created' },
      ],
    });
  });

  it('is not moved, and leaves nothing to put when there is no other', async () => {
    const service = fakeService(1000);
    const result = await push(service, 'skip', ['1.0'], answer({ '1.0': [undefined, foreign] }));
    expect(service.images.size).toBe(0);
    expect(result).toMatchObject({ imageDigest: foreign, manifests: [] });
  });
});

it('a tag that is on the same image is put by fail, and left by skip', async () => {
  const same = answer({ '1.0': [image.descriptor.digest] });
  const service = fakeService(1000);
  expect(await push(service, 'fail', ['1.0'], same)).toMatchObject({
    tags: [{ imageTag: '1.0', status: 'unchanged' }],
  });
  expect(service.tags.size).toBe(1);
  const untouched = fakeService(1000);
  expect(await push(untouched, 'skip', ['1.0'], same)).toMatchObject({
    imageDigest: image.descriptor.digest,
  });
  expect(untouched.log).toEqual([]);
});

it('a tag that cannot be located ends the push before anything is sent', async () => {
  const service = fakeService(1000);
  const locate: ImageTarget['locateTag'] = async () => {
    throw new Error('nobody knows');
  };
  await expect(push(service, 'fail', ['1.0'], locate)).rejects.toThrow('nobody knows');
  expect(service.log).toEqual([]);
});
